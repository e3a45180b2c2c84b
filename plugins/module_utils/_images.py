# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From how an inventory names an image to what a machine pulls.

``{repository, tag}``, ``{repository, newest}`` (the newest ``<newest>-YYYYMMDD-HHMM``) and ``{repository, digest}``
lead to a repository of the region by its name; ``{uri}`` to any registry, as it is written.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-pull-ecr-image.html
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError, MissingError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._tags import newest_tag
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown, unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.repository import Repository

WAYS = ("tag", "newest", "digest")
_MOST_TOLD = 5


@dataclass(frozen=True)
class Image:
    """An image that is there. ``uri`` is the repository's address; ``tag`` or ``digest`` is empty where unknown."""

    uri: str
    tag: str = ""
    digest: str = ""

    @property
    def reference(self) -> str:
        """What is pulled: by tag where it has one, else by digest; a marker where the repository is still to come."""
        if is_unknown(self.uri) or not (self.tag or self.digest):
            return self.uri
        return f"{self.uri}:{self.tag}" if self.tag else f"{self.uri}@{self.digest}"

    @property
    def pinned(self) -> str:
        """What is pulled, by digest: the same image whatever becomes of its tag."""
        return f"{self.uri}@{self.digest}" if self.digest and not is_unknown(self.uri) else self.reference


def resolve(aws: Aws, names: Names, said: t.Mapping[str, t.Any]) -> Image:
    """Return the image that an entry names; one or two reads.

    `InputError` for an entry that names it in no way or in several, `MissingError` for an image that is not there. In
    check mode a repository that is still to come gives a known-after-apply marker.
    """
    ways = [way for way in WAYS if said.get(way)]
    if said.get("uri"):
        return Image(said["uri"])
    if len(ways) != 1 or not said.get("repository"):
        raise InputError(
            f"an image is {{uri}}, or {{repository}} with one of {', '.join(WAYS)}; this one is {dict(said)}"
        )
    part = str(said["repository"])
    found = names.found(Repository, part)
    if found is None:
        return Image(unknown(Repository.noun, part), said.get("tag") or "", said.get("digest") or "")
    if said.get("newest"):
        return _newest(aws, found, str(said["newest"]))
    wanted = {"imageTag": said["tag"]} if said.get("tag") else {"imageDigest": said["digest"]}
    digest = _digest(aws, found, wanted)
    if digest is None:
        raise MissingError(_missing(aws, found, str(said[ways[0]])))
    return Image(found.raw["repositoryUri"], said.get("tag") or "", digest)


def _newest(aws: Aws, found: Found, prefix: str) -> Image:
    images = _tagged(aws, found)
    tag = newest_tag(images, prefix)
    if tag is None:
        raise MissingError(_missing(aws, found, f"{prefix}-YYYYMMDD-HHMM", images))
    return Image(found.raw["repositoryUri"], tag, images[tag])


def _tagged(aws: Aws, found: Found) -> dict[str, str]:
    """Return the digests of all tagged images by tag."""
    name = found.raw["repositoryName"]
    listed = aws.pages("ecr", "list_images", "imageIds", repositoryName=name, filter={"tagStatus": "TAGGED"})
    return {image["imageTag"]: image["imageDigest"] for image in listed if image.get("imageTag")}


def _digest(aws: Aws, found: Found, wanted: t.Mapping[str, str]) -> str | None:
    try:
        answer = aws.call("ecr", "describe_images", repositoryName=found.raw["repositoryName"], imageIds=[dict(wanted)])
    except ApiError as exc:
        if exc.code != "ImageNotFoundException":
            raise
        return None
    return str(answer["imageDetails"][0]["imageDigest"])


def _missing(aws: Aws, found: Found, wanted: str, images: t.Mapping[str, str] | None = None) -> str:
    tags = sorted(_tagged(aws, found) if images is None else images, reverse=True)
    have = ", ".join(tags[:_MOST_TOLD]) + (f" and {len(tags) - _MOST_TOLD} more" if len(tags) > _MOST_TOLD else "")
    return (
        f"repository {found.part} holds no image {wanted} (it holds {have or 'none'}); push it to "
        f"{found.raw['repositoryUri']}, or name one that is there"
    )
