# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ECS services of an inventory need and no run makes: a pipeline pushes the images, a person puts the secrets."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping

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
