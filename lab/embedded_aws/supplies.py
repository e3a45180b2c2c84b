# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a region needs and does not make itself: images that a pipeline pushed, secrets and parameters of a person.

A rehearsal brings them with `publish`. An image appears in its repository when that is made, in whichever AWS region.
"""

from __future__ import annotations

import json
import secrets
import typing as t

from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.truth.happenings import REPOSITORY_MADE, on

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
# (account, repository) -> tags that wait for it.
_awaited: dict[tuple[str, str], list[str]] = {}


def publish(
    account: str,
    region: str,
    images: list[str],
    secret_values: dict[str, str],
    parameters: dict[str, str],
    certificates: t.Mapping[str, t.Sequence[str]],
) -> dict[str, t.Any]:
    """Bring images ``name:tag``, and secrets and parameters by name; an empty value is made up.

    `certificates` are secrets too: of each, the domains that it is for. What is there already stays as it is. Returns
    {images, waiting, secrets, parameters}, secrets by ARN.
    """
    from lab.embedded_aws import truth
    from lab.embedded_aws.authority import authority

    secret_values = secret_values | {
        name: json.dumps(authority().issue(domains)) for name, domains in certificates.items()
    }

    for service in ("ecr", "secretsmanager", "ssm"):
        truth.apply(service)
    with BACKEND:
        waiting = [reference for reference in images if not _push(account, reference)]
        return {
            "images": sorted(set(images) - set(waiting)),
            "waiting": waiting,
            "secrets": {name: _put_secret(account, region, name, value) for name, value in secret_values.items()},
            "parameters": [_put_parameter(account, region, name, value) for name, value in parameters.items()],
        }


def forget() -> None:
    """Wait for no repository any more."""
    _awaited.clear()


def manifest(name: str, tag: str) -> str:
    """A manifest as docker pushes it: a config and two layers, always the same for a name and a tag."""
    from lab.embedded_aws.truth.ecr.images import digest_of

    def part(kind: str, what: str, size: int) -> dict[str, t.Any]:
        return {
            "mediaType": f"application/vnd.docker.{kind}",
            "size": size,
            "digest": digest_of(f"{what} {name}:{tag}"),
        }

    layer = "image.rootfs.diff.tar.gzip"
    layers = [part(layer, "base of", 31_357_624), part(layer, "code of", 6_412_118)]
    config = part("container.image.v1+json", "config of", 7_023)
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}, indent=3)


def secret_value(account: str, region: str, identifier: str) -> str | None:
    """The current value of a secret by name, ARN or ARN without its suffix; None when there is none."""
    from moto.secretsmanager.models import secretsmanager_backends

    store = secretsmanager_backends[account][region].secrets
    secret = store.get(identifier) if identifier in store else None
    if secret is None or secret.is_deleted():
        return None
    stored = [one for one in secret.versions.values() if "AWSCURRENT" in one["version_stages"]]
    return t.cast("str | None", stored[0].get("secret_string")) if stored else None


def parameter_value(account: str, region: str, name: str) -> str | None:
    """The value of a parameter by name or ARN; None when there is none."""
    from moto.ssm.models import ssm_backends

    path = name.partition(":parameter")[2] or name
    found = ssm_backends[account][region].get_parameters([path])
    return next((str(one.decrypt(one.value)) for one in found.values()), None)


@on(REPOSITORY_MADE)
def _deliver(account: str, region: str, repository: t.Any) -> None:
    for tag in _awaited.get((account, repository.name), ()):
        _put_image(account, region, repository.name, tag)


def _push(account: str, reference: str) -> bool:
    """Push into each repository of that name, and into those to come; return whether there is one."""
    from moto.ecr.models import ecr_backends

    name, _colon, tag = reference.rpartition(":")
    if not name or "/" in tag:
        raise ValueError(f"{reference} is no image: name it as repository:tag")
    waits = _awaited.setdefault((account, name), [])
    waits += [tag] if tag not in waits else []
    regions = [region for region, backend in list(ecr_backends[account].items()) if name in backend.repositories]
    for region in regions:
        _put_image(account, region, name, tag)
    return bool(regions)


def _put_image(account: str, region: str, name: str, tag: str) -> None:
    from moto.ecr.models import ecr_backends

    backend = ecr_backends[account][region]
    if not any(tag in one.image_tags for one in backend.repositories[name].images):
        backend.put_image(name, manifest(name, tag), tag, MANIFEST)


def _put_secret(account: str, region: str, name: str, value: str) -> str:
    from moto.secretsmanager.models import secretsmanager_backends

    backend = secretsmanager_backends[account][region]
    if secret_value(account, region, name) is None:
        backend.create_secret(name, value or secrets.token_urlsafe(24), None, None, [], None, None, [], False)
    return str(backend.secrets[name].arn)


def _put_parameter(account: str, region: str, name: str, value: str) -> str:
    from moto.ssm.models import ssm_backends

    if parameter_value(account, region, name) is None:
        made = value or secrets.token_urlsafe(24)
        ssm_backends[account][region].put_parameter(
            name, "", made, "SecureString", "", "alias/aws/ssm", False, [], "text", None, None
        )
    return name
