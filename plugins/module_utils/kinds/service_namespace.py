# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Service Connect namespaces: where services of a cluster find each other, called ``<region_name>-<part>``.

https://docs.aws.amazon.com/cloud-map/latest/api/API_CreateHttpNamespace.html: one without DNS, for API calls, which is
all that Service Connect needs. Creating and deleting are operations that end later; a namespace goes once the entries
that ECS keeps in it have gone.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._ecs import aws_name
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_dict, tag_list

_LETTING_GO = Patience(frozenset({"ResourceInUse"}), seconds=300)
_GONE = "NamespaceNotFound"


class ServiceNamespace(Kind):
    """A namespace; its id is its ARN, by which Service Connect takes it. It has no fields."""

    noun = "service namespace"
    made_by = "ecs"
    rank = 13

    def find(self) -> list[Found]:
        """Return ours, by name and tags."""
        raws = [raw for raw in self._all() if raw["Name"].startswith(f"{self.owner.region}-")]
        found = each(lambda raw: Found(raw["Arn"], self._tags(raw["Arn"]), raw), raws)
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return nothing: it is a name."""
        return {}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it and wait, as its ARN is known only then; botocore's request id makes repeating safe."""
        name = aws_name(self.owner, want.part)
        answer = self.aws.make("servicediscovery", "create_http_namespace", Name=name, Tags=tag_list(tags))
        self._done(answer["OperationId"], f"namespace {name} to be made")
        raw = next(raw for raw in self._all() if raw["Name"] == name)
        return Found(raw["Arn"], tags, raw)

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("servicediscovery", "tag_resource", ResourceARN=found.id, Tags=tag_list(tags))

    def delete(self, found: Found) -> None:
        """Delete it, after ECS has taken its entries out."""
        try:
            answer = self.aws.call("servicediscovery", "delete_namespace", Id=found.raw["Id"], patience=_LETTING_GO)
        except ApiError as exc:
            if exc.code != _GONE:
                raise
            return
        self._done(answer["OperationId"], f"namespace {found.raw['Name']} to be gone")

    def foreign(self, want: Want) -> str | None:
        """Return a namespace of that name that is not ours."""
        name = aws_name(self.owner, want.part)
        theirs = [raw["Arn"] for raw in self._all() if raw["Name"] == name]
        return next((arn for arn in theirs if not self.owner.owns(self._tags(arn))), None)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its name in AWS, which ends the names of its services."""
        return {"name": found.raw["Name"]}

    def _all(self) -> list[dict[str, t.Any]]:
        raws = self.aws.pages("servicediscovery", "list_namespaces", "Namespaces")
        return [raw for raw in raws if raw.get("Type") == "HTTP"]

    def _tags(self, arn: str) -> dict[str, str]:
        try:
            return tag_dict(self.aws.call("servicediscovery", "list_tags_for_resource", ResourceARN=arn)["Tags"])
        except ApiError as exc:
            if exc.code not in (_GONE, "ResourceNotFoundException"):
                raise
            return {}

    def _done(self, operation: str, what: str) -> None:
        def ended() -> bool:
            said = self.aws.call("servicediscovery", "get_operation", OperationId=operation)["Operation"]
            if said["Status"] == "FAIL":
                raise RegionError(f"waiting for {what}: {said.get('ErrorCode')}: {said.get('ErrorMessage')}")
            return bool(said["Status"] == "SUCCESS")

        self.until(what, ended, seconds=120)


def want(name: str) -> Want:
    """Return the wish for a namespace."""
    return Want(name, {})
