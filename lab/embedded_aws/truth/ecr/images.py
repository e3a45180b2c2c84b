# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images: a digest is that of the manifest, and a tag that may not move does not.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html,
https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
import typing as t

from lab.embedded_aws.truth.patching import before, install, refuser

refuse = refuser("ecr")

REFERENCE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<name>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def digest_of(manifest: str) -> str:
    """The digest by which a registry knows a manifest."""
    return "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()


def image(reference: str) -> t.Any | None:
    """moto's image that a reference in one of our accounts' registries leads to; None when there is none.

    What lies in no registry of ours (public.ecr.aws, docker.io) is None too; `REFERENCE` tells the difference.
    """
    said = REFERENCE.fullmatch(reference)
    if not said:
        return None
    from moto.ecr.models import ecr_backends

    repository = ecr_backends[said["account"]][said["region"]].repositories.get(said["name"])
    tag, digest = said["tag"] or ("" if said["digest"] else "latest"), said["digest"]
    for one in repository.images if repository else ():
        if (not tag or tag in one.image_tags) and (not digest or digest == one.image_digest):
            return one
    return None


def may_move(repository: t.Any, tag: str) -> bool:
    """Whether a tag that exists may be given to another image."""
    filters = [item["filter"] for item in repository.image_tag_mutability_exclusion_filters or ()]
    excepted = any(fnmatch.fnmatchcase(tag, pattern) for pattern in filters)
    return bool(excepted if repository.is_tag_immutable() else not excepted)


def check_put(self: t.Any, repository_name: str, image_manifest: str, image_tag: str | None, *_: t.Any) -> None:
    from moto.ecr.exceptions import RepositoryNotFoundException

    repository = self.repositories.get(repository_name)
    if repository is None:
        raise RepositoryNotFoundException(repository_name, self.account_id)
    digest = digest_of(image_manifest)
    holder = next((one for one in repository.images if image_tag and image_tag in one.image_tags), None)
    if holder and holder.image_digest != digest and not may_move(repository, str(image_tag)):
        refuse(
            "ImageTagAlreadyExistsException",
            f"The image tag '{image_tag}' already exists in the '{repository_name}' repository and cannot be "
            "overwritten because the tag is immutable.",
        )


def apply(models: t.Any) -> None:
    def get_image_digest(self: t.Any) -> str:
        if not self._image_digest:
            self._image_digest = digest_of(self.image_manifest)
        return str(self._image_digest)

    install(models.Image, get_image_digest)
    # What may not move was refused before; moto's own check knows no wildcards and another code.
    models.ECRBackend._resolve_image_tag_mutability = lambda self, repository, tag: [
        one for one in repository.images if tag in one.image_tags
    ]
    before(models.ECRBackend, "put_image", check_put)
