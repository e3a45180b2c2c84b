# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups of schedules in EventBridge Scheduler: the group has the tags, and its schedules go with it.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_dict, tag_list

_GONE = "ResourceNotFoundException"
_LEAVING = "DELETING"
_BUSY = Patience(frozenset({"ConflictException"}), seconds=120)


class ScheduleGroup(Kind):
    """A group, called ``<region_name>-<part>`` (``raw["Name"]``); its id is its ARN. It has no fields."""

    noun = "schedule group"
    made_by = "schedule"
    rank = 22

    def find(self) -> list[Found]:
        """Return ours, by name and tags."""
        raws = self.aws.pages("scheduler", "list_schedule_groups", "ScheduleGroups", NamePrefix=f"{self.owner.region}-")
        found = each(self._read, [raw for raw in raws if raw.get("State") != _LEAVING])
        return [item for item in found if item and self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return nothing: a group is its name."""
        return {}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; one of the same name that is on its way out is waited for."""
        name = tags["Name"]
        self.until(f"the old {name} to be gone", lambda: not self._leaves(name), 300)
        answer = self.aws.make("scheduler", "create_schedule_group", Name=name, Tags=tag_list(tags))
        return Found(answer["ScheduleGroupArn"], tags, {"Name": name})

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("scheduler", "tag_resource", ResourceArn=found.id, Tags=tag_list(tags))

    def delete(self, found: Found) -> None:
        """Delete it with its schedules."""
        try:
            self.aws.call("scheduler", "delete_schedule_group", patience=_BUSY, Name=found.raw["Name"])
        except ApiError as exc:
            if exc.code != _GONE:
                raise

    def foreign(self, want: Want) -> str | None:
        """Return a group of that name that is not ours."""
        name = f"{self.owner.region}-{want.part}"
        raws = self.aws.pages("scheduler", "list_schedule_groups", "ScheduleGroups", NamePrefix=name)
        named = [raw for raw in raws if raw["Name"] == name and raw.get("State") != _LEAVING]
        return next((item.id for item in each(self._read, named) if item and not self.owner.owns(item.tags)), None)

    def _leaves(self, name: str) -> bool:
        raws = self.aws.pages("scheduler", "list_schedule_groups", "ScheduleGroups", NamePrefix=name)
        return any(raw["Name"] == name and raw.get("State") == _LEAVING for raw in raws)

    def _read(self, raw: t.Mapping[str, t.Any]) -> Found | None:
        try:
            tags = self.aws.call("scheduler", "list_tags_for_resource", ResourceArn=raw["Arn"])["Tags"]
        except ApiError as exc:
            if exc.code != _GONE:
                raise
            return None
        return Found(raw["Arn"], tag_dict(tags), raw)


def want(name: str) -> Want:
    """Return the wish for a group."""
    return Want(name, {})
