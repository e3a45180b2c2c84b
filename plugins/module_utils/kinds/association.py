# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Associations of State Manager: a document that Systems Manager itself runs on nodes, now, by schedule, on new ones.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateAssociation.html. An update says everything
anew: what it leaves out is gone. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdateAssociation.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_dict, tag_list

_GONE = ("AssociationDoesNotExist", "InvalidResourceId")
_TYPE = "Association"
_SAID = {
    "parameters": "Parameters",
    "targets": "Targets",
    "schedule": "ScheduleExpression",
    "at_once": "MaxConcurrency",
    "max_errors": "MaxErrors",
    "severity": "ComplianceSeverity",
    "output": "OutputLocation",
}
_PLACE = ("OutputS3Region", "OutputS3BucketName", "OutputS3KeyPrefix")


class Association(Kind):
    """An association, called ``<region_name>-<part>``; its id is AWS's, ``raw`` what DescribeAssociation tells.

    Fields: ``document``, ``parameters`` (lists of texts by name), ``targets``, ``schedule`` (empty: only when it
    changes and on new nodes), ``at_once``, ``max_errors``, ``severity``, ``output`` (AWS's OutputLocation).
    """

    noun = "association"
    made_by = "fleet_apply"
    rank = 12
    immutable = {"document": "take it out, run, put it in again"}

    def find(self) -> list[Found]:
        """Return ours, by name and tags."""
        rows = self.aws.pages("ssm", "list_associations", "Associations")
        named = [row for row in rows if row.get("AssociationName", "").startswith(f"{self.owner.region}-")]
        found = each(self._read, [row["AssociationId"] for row in named])
        return [item for item in found if item and self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it runs, where, when, and how fast."""
        raw = found.raw
        place = (raw.get("OutputLocation") or {}).get("S3Location") or {}
        return {
            "document": raw["Name"],
            "parameters": dict(raw.get("Parameters") or {}),
            "targets": _ordered(raw.get("Targets") or []),
            "schedule": raw.get("ScheduleExpression", ""),
            "at_once": raw.get("MaxConcurrency", ""),
            "max_errors": raw.get("MaxErrors", ""),
            "severity": raw.get("ComplianceSeverity", "UNSPECIFIED"),
            "output": {"S3Location": {key: place[key] for key in _PLACE if place.get(key)}} if place else {},
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, tagged. It begins at once."""
        said = {"Name": want.fields["document"], "Tags": tag_list(tags), **self._said(want, tags["Name"])}
        made = self.aws.make("ssm", "create_association", **said)["AssociationDescription"]
        return Found(made["AssociationId"], tags, made)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Make another version of it, which begins at once."""
        self.aws.call("ssm", "update_association", AssociationId=found.id, **self._said(want, found.tags["Name"]))

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("ssm", "add_tags_to_resource", ResourceType=_TYPE, ResourceId=found.id, Tags=tag_list(tags))

    def delete(self, found: Found) -> None:
        """Delete it. What it did to nodes stays."""
        try:
            self.aws.call("ssm", "delete_association", AssociationId=found.id)
        except ApiError as exc:
            if exc.code not in _GONE:
                raise

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the version that is in force."""
        return {"version": str(found.raw.get("AssociationVersion", ""))}

    def _said(self, want: Want, name: str) -> dict[str, t.Any]:
        said = {_SAID[key]: value for key, value in want.fields.items() if key in _SAID and value}
        return {"AssociationName": name, **said}

    def _read(self, identifier: str) -> Found | None:
        try:
            raw = self.aws.call("ssm", "describe_association", AssociationId=identifier)["AssociationDescription"]
            tags = self.aws.call("ssm", "list_tags_for_resource", ResourceType=_TYPE, ResourceId=identifier)
        except ApiError as exc:
            if exc.code not in _GONE:
                raise
            return None
        return Found(identifier, tag_dict(tags.get("TagList")), raw)


def want(entry: t.Mapping[str, t.Any]) -> Want:
    """Return the wish for an entry: ``name``, and what `Association.fields` has."""
    fields = {key: entry[key] for key in ("document", *_SAID)}
    return Want(entry["name"], {**fields, "targets": _ordered(entry["targets"])})


def _ordered(targets: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Targets in an order of ours: AWS has none."""
    ordered = [{"Key": one["Key"], "Values": sorted(one["Values"])} for one in targets]
    return sorted(ordered, key=lambda one: str(one["Key"]))
