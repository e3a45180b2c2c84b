# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What services of an inventory need and no run makes: a pipeline pushes images, a person puts secrets.

Certificates that proxies show are such secrets too: somebody signs them, and puts them there.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils import _proxy

Service = Mapping[str, t.Any]
NEWEST = "20260701-0930"


class Needs(t.NamedTuple):
    """Images as ``name:tag``; secrets and parameters by name."""

    images: list[str]
    secrets: list[str]
    parameters: list[str]


def of(services: Iterable[Service], region_name: str) -> Needs:
    """Return what the containers of `services` (the role's variable ``ecs_services``) name, each once."""
    containers = [container for service in services for container in service.get("containers", ())]
    images = {image for container in containers for image in _images(container.get("image"), region_name)}
    sources = [source for container in containers for source in (container.get("secrets") or {}).values()]
    return Needs(
        sorted(images),
        sorted({str(source["secret"]) for source in sources if source.get("secret")}),
        sorted({str(source["parameter"]) for source in sources if source.get("parameter")}),
    )


def _images(image: t.Any, region_name: str) -> Iterator[str]:
    if isinstance(image, Mapping) and image.get("repository"):
        name = f"{region_name}/{image['repository']}"
        if image.get("tag"):
            yield f"{name}:{image['tag']}"
        if image.get("newest"):
            yield f"{name}:{image['newest']}-{NEWEST}"


def certificates(inventory: Path) -> dict[str, list[str]]:
    """Secrets that the proxies of an inventory show as certificates: of each by name, the domains it is for.

    What a template says is not known here: such a name or secret is left out.
    """
    import yaml

    found: dict[str, list[str]] = {}
    for file in sorted((inventory / "group_vars").rglob("*.yml")):
        said = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        listed = said.get("proxy_certificates") if isinstance(said, dict) else None
        if isinstance(listed, list):
            sites = said.get("proxy_sites")
            entries = _proxy.certificate_entries(listed, sites if isinstance(sites, list) else [])
            for one in entries:
                names = [name for name in one["domains"] if "{{" not in name]
                if one.get("source") == "secret" and "{{" not in str(one.get("secret") or "{{") and names:
                    found[str(one["secret"])] = names
    return found
