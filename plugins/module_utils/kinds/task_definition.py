# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Task definitions: a family of revisions for each service, called ``<region_name>-<service>``.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html: a revision never changes;
what differs becomes a new one, which the service then follows. Revisions of ours beyond the last few are deregistered
and deleted; tasks that still run on one go on
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html).
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._ecs import aws_name, tags_given, tags_told
from ansible_collections.cloister.aws.plugins.module_utils._ecs_containers import readable
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, UnsureError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART

KEPT_REVISIONS = 5
_DELETED_AT_ONCE = 10
_LOOK_BACK = 10
_ABSENT = ("ClientException", "InvalidParameterException")


class TaskDefinition(Kind):
    """A family; its id is the ARN of its newest revision.

    Fields: as `readable` tells them; of one whose revisions are all inactive there are none. ``create`` holds the
    ``definition`` as ECS registers it.
    """

    noun = "task definition"
    made_by = "ecs"
    rank = 14

    def find(self) -> list[Found]:
        """Return the families of ours by name and tags, each as its newest revision."""
        prefix = f"{self.owner.region}-"
        listings = each(lambda status: self._families(prefix, status), ("ACTIVE", "INACTIVE"))
        active = set(listings[0])
        both = [(name, "ACTIVE") for name in listings[0]]
        both += [(name, "INACTIVE") for name in listings[1] if name not in active]
        found = each(lambda pair: self._newest(*pair), both)
        return [item for item in found if item and self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it runs, container by container."""
        return readable(found.raw) if found.raw["status"] == "ACTIVE" else {}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Register the first revision."""
        answer = self.aws.make(
            "ecs",
            "register_task_definition",
            family=aws_name(self.owner, want.part),
            tags=tags_given(tags),
            **want.create["definition"],
        )
        raw = answer["taskDefinition"]
        return Found(raw["taskDefinitionArn"], tags, raw)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Register a new revision, and let go of those that are too old to go back to."""
        tags = self.owner.tags_for(want.part, want.tags)
        try:
            new = self.create(want, tags)
        except UnsureError:
            there = self._newest(found.raw["family"], "ACTIVE")
            if there is None or self.fields(there) != want.fields:
                raise
            new = there
        self._drop(self._revisions(found.raw["family"], "ACTIVE")[KEPT_REVISIONS:])
        return new

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set its tags, all of them: a pipeline's revision, which is taken over, has none of ours."""
        said = {**self.owner.tags_for(found.part), **tags}
        self.aws.call("ecs", "tag_resource", resourceArn=found.id, tags=tags_given(said))

    def delete(self, found: Found) -> None:
        """Deregister and delete every revision."""
        self._drop(self._revisions(found.raw["family"], "ACTIVE"))
        self._delete(self._revisions(found.raw["family"], "INACTIVE"))

    def foreign(self, want: Want) -> str | None:
        """Return the newest revision of a family of that name that has never been ours."""
        family = aws_name(self.owner, want.part)
        revisions = self._revisions(family, "ACTIVE")
        return revisions[0] if revisions else None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return family and revision."""
        return {"revision": f"{found.raw['family']}:{found.raw['revision']}"}

    def _families(self, prefix: str, status: str) -> list[str]:
        families = self.aws.pages(
            "ecs", "list_task_definition_families", "families", familyPrefix=prefix, status=status
        )
        return [str(name) for name in families]

    def _revisions(self, family: str, status: str) -> list[str]:
        arns = self.aws.pages(
            "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status=status, sort="DESC"
        )
        return [str(arn) for arn in arns]

    def _newest(self, family: str, status: str) -> Found | None:
        """Return the newest revision, as ours when one of the last few is: a pipeline registers without our tags."""
        newest = self._read(family) if status == "ACTIVE" else None
        if newest and (self.owner.owns(newest.tags) or PART in newest.tags):
            return newest
        for arn in self._revisions(family, status)[:_LOOK_BACK]:
            older = self._read(arn)
            if older and self.owner.owns(older.tags):
                ours = {key: value for key, value in older.tags.items() if key != "Name"}
                return Found(newest.id, {**newest.tags, **ours}, newest.raw) if newest else older
        return None

    def _read(self, name: str) -> Found | None:
        try:
            answer = self.aws.call("ecs", "describe_task_definition", taskDefinition=name, include=["TAGS"])
        except ApiError as exc:
            if exc.code not in _ABSENT:
                raise
            return None
        raw = answer["taskDefinition"]
        return Found(raw["taskDefinitionArn"], tags_told(answer.get("tags")), raw)

    def _drop(self, arns: t.Sequence[str]) -> None:
        each(self._deregister, arns)
        self._delete(arns)

    def _deregister(self, arn: str) -> None:
        try:
            self.aws.call("ecs", "deregister_task_definition", taskDefinition=arn)
        except ApiError as exc:
            if exc.code not in _ABSENT:
                raise

    def _delete(self, arns: t.Sequence[str]) -> None:
        for start in range(0, len(arns), _DELETED_AT_ONCE):
            batch = list(arns[start : start + _DELETED_AT_ONCE])
            self.aws.call("ecs", "delete_task_definitions", taskDefinitions=batch)
