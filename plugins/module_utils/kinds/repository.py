# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Repositories of images in ECR, called ``<region>/<name>``. One that holds images is kept.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/Repositories.html
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import canonical
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP, Owner, tag_dict, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._repository_policies import lifecycle, pull_policy

_GONE = "RepositoryNotFoundException"
_UNSAID = ("LifecyclePolicyNotFoundException", "RepositoryPolicyNotFoundException", _GONE)


class Holding(Found):
    """A repository; ``raw`` has ECR's description and ``holds_images``."""

    @property
    def kept(self) -> bool:
        """Whether it outlives a teardown: what holds no image can be made again."""
        return super().kept and bool(self.raw["holds_images"])


class Repository(Kind):
    """A repository; its id is its ARN.

    Fields: ``tags_immutable``, ``mutable_tags`` (patterns of tags that may move all the same), ``scan_on_push``,
    ``encryption`` (``AES256`` or ``KMS``), ``kms_key_arn`` (None: ECR's own key), ``lifecycle`` and ``policy``
    (documents, None: none).
    """

    noun = "repository"
    made_by = "registry"
    rank = 70
    immutable: t.ClassVar[t.Mapping[str, str]] = {
        "encryption": "list a second repository, push its images there, then take this one off the list",
        "kms_key_arn": "list a second repository, push its images there, then take this one off the list",
    }

    def find(self) -> list[Found]:
        """Return ours: those under the region's name that carry our tags, which are read one by one."""
        raws = self.aws.pages("ecr", "describe_repositories", "repositories")
        mine = [raw for raw in raws if raw["repositoryName"].startswith(f"{self.owner.region}/")]
        return [item for item in each(self._read, mine) if item and self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is and the two documents that govern it."""
        raw = found.raw
        name = raw["repositoryName"]
        reads = (("get_lifecycle_policy", "lifecyclePolicyText"), ("get_repository_policy", "policyText"))
        expiry, policy = each(lambda read: self._said(read[0], read[1], name), reads)
        key = raw.get("encryptionConfiguration", {})
        filters = raw.get("imageTagMutabilityExclusionFilters") or []
        return {
            "tags_immutable": raw["imageTagMutability"].startswith("IMMUTABLE"),
            "mutable_tags": sorted(item["filter"] for item in filters),
            "scan_on_push": raw.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            "encryption": key.get("encryptionType", "AES256"),
            "kms_key_arn": key.get("kmsKey"),
            "lifecycle": json.loads(expiry) if expiry else None,
            "policy": canonical(policy) if policy else None,
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, empty and without the two documents."""
        fields, key = want.fields, want.fields.get("kms_key_arn")
        answer = self.aws.make(
            "ecr",
            "create_repository",
            repositoryName=name_of(self.owner, want.part),
            tags=tag_list(tags),
            imageScanningConfiguration={"scanOnPush": fields["scan_on_push"]},
            encryptionConfiguration={"encryptionType": fields["encryption"], **({"kmsKey": key} if key else {})},
            **mutability(fields),
        )
        return Holding(answer["repository"]["repositoryArn"], tags, {**answer["repository"], "holds_images": False})

    def complete(self, found: Found, want: Want) -> None:
        """Give it its documents."""
        self.update(found, want, [name for name in ("lifecycle", "policy") if want.fields[name]])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring it to what is wanted."""
        name, fields = found.raw["repositoryName"], want.fields
        if {"tags_immutable", "mutable_tags"} & set(changed):
            self.aws.call("ecr", "put_image_tag_mutability", repositoryName=name, **mutability(fields))
        if "scan_on_push" in changed:
            scanning = {"scanOnPush": fields["scan_on_push"]}
            self.aws.call(
                "ecr", "put_image_scanning_configuration", repositoryName=name, imageScanningConfiguration=scanning
            )
        if "lifecycle" in changed:
            self._bring(name, "lifecycle_policy", "put", "lifecyclePolicyText", fields["lifecycle"])
        if "policy" in changed:
            self._bring(name, "repository_policy", "set", "policyText", fields["policy"])

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("ecr", "tag_resource", resourceArn=found.id, tags=tag_list(tags))

    def delete(self, found: Found) -> None:
        """Delete it, with the images it was seen to hold; what was pushed since then stops it."""
        try:
            self.aws.call(
                "ecr", "delete_repository", repositoryName=found.raw["repositoryName"], force=found.raw["holds_images"]
            )
        except ApiError as exc:
            if exc.code != _GONE:
                raise

    def foreign(self, want: Want) -> str | None:
        """Return the repository of that name, which has not our tags, or it would have been found."""
        try:
            answer = self.aws.call(
                "ecr", "describe_repositories", repositoryNames=[name_of(self.owner, want.part)], absent_ok=True
            )
        except ApiError as exc:
            if exc.code == _GONE:
                return None
            raise
        return str(answer["repositories"][0]["repositoryArn"])

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return where images are pushed to and pulled from."""
        return {"uri": found.raw["repositoryUri"]}

    def _read(self, raw: t.Mapping[str, t.Any]) -> Found | None:
        """Return a repository with its tags, None when it is gone meanwhile."""
        arn, name = raw["repositoryArn"], raw["repositoryName"]
        try:
            tags = tag_dict(self.aws.call("ecr", "list_tags_for_resource", resourceArn=arn)["tags"])
            if not self.owner.owns(tags):
                return None
            images = self.aws.call("ecr", "list_images", repositoryName=name, maxResults=1)["imageIds"]
        except ApiError as exc:
            if exc.code != _GONE:
                raise
            return None
        return Holding(arn, tags, {**raw, "holds_images": bool(images)})

    def _said(self, action: str, key: str, name: str) -> str:
        """Return the text of one of the two documents, empty when there is none."""
        try:
            return str(self.aws.call("ecr", action, repositoryName=name)[key])
        except ApiError as exc:
            if exc.code not in _UNSAID:
                raise
            return ""

    def _bring(self, name: str, what: str, verb: str, key: str, document: t.Mapping[str, t.Any] | None) -> None:
        """Put one of the two documents in place, or take it away."""
        if document:
            said: dict[str, t.Any] = {key: json.dumps(document, sort_keys=True)}
            self.aws.call("ecr", f"{verb}_{what}", repositoryName=name, **said)
            return
        try:
            self.aws.call("ecr", f"delete_{what}", repositoryName=name)
        except ApiError as exc:
            if exc.code not in _UNSAID:
                raise


def mutability(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return how CreateRepository and PutImageTagMutability say which tags may move."""
    if not fields["tags_immutable"]:
        return {"imageTagMutability": "MUTABLE"}
    if not fields["mutable_tags"]:
        return {"imageTagMutability": "IMMUTABLE"}
    filters = [{"filterType": "WILDCARD", "filter": pattern} for pattern in fields["mutable_tags"]]
    return {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": filters}


def name_of(owner: Owner, part: str) -> str:
    """Return what ECR calls a repository of the region."""
    return f"{owner.region}/{part}"


def want(repository: t.Mapping[str, t.Any], partition: str) -> Want:
    """Return the wish for an entry of ``registry_repositories``."""
    fields = {
        "tags_immutable": repository["tags_immutable"],
        "mutable_tags": sorted(repository["mutable_tags"]),
        "scan_on_push": repository["scan_on_push"],
        "encryption": "KMS" if repository["kms_key_arn"] else repository["encryption"],
        "lifecycle": lifecycle(repository),
        "policy": pull_policy(repository["pull_principals"], partition),
    }
    if repository["kms_key_arn"]:
        fields["kms_key_arn"] = repository["kms_key_arn"]
    return Want(repository["name"], fields, tags={KEEP: "true" if repository["keep"] else "false"})
