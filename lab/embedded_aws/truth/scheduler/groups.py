# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups of schedules: only they have tags, and their schedules go with them.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws.truth.patching import refuser

Backend = t.Any  # moto's EventBridgeSchedulerBackend of one account and region

refuse = refuser("scheduler")

NAME = re.compile(r"[0-9a-zA-Z\-_.]{1,64}")


def check_create(self: Backend, name: str, tags: t.Any) -> None:
    if not NAME.fullmatch(name):
        refuse("ValidationException", f"Invalid group name {name}: [0-9a-zA-Z-_.]+, at most 64 characters.")
    if name in self.schedule_groups:
        refuse("ConflictException", f"Schedule group {name} already exists.")


def check_tagged(self: Backend, resource_arn: str, *_: t.Any) -> None:
    if not any(group.arn == resource_arn for group in self.schedule_groups.values()):
        refuse("ResourceNotFoundException", f"Schedule group {resource_arn.rpartition('/')[2]} does not exist.")


def delete_schedule_group(self: Backend, name: str | None) -> None:
    if name in (None, "default"):
        refuse("ValidationException", "The default schedule group cannot be deleted.")
    group = self.get_schedule_group(name)
    self.tagger.delete_all_tags_for_resource(group.arn)
    del self.schedule_groups[name]


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    """Groups of one's own, with their schedules in what is shown of each, and schedules that have no such group."""
    from moto.core.resource_tagging import TaggedResource

    for group in self.schedule_groups.values():
        told = [{**one.to_dict(), "LastModificationDate": None} for one in group.schedules.values()]
        if group.name != "default":
            more = {"shown": [group.name, told], "name": group.name}
            yield TaggedResource(
                group.arn, self.tagger.get_tag_dict_for_resource(group.arn), "scheduler:schedule-group", more
            )
        for one, shown in zip(group.schedules.values(), told, strict=True):
            yield TaggedResource(one.arn, {}, "scheduler:schedule", {"shown": shown, "name": one.name})
