# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scaling activities: what a group did, and why it could not.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html has the words of failures.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t
import uuid

from lab.embedded_aws.truth.autoscaling.base import Params, Response, action, group_named, paged, params
from lab.embedded_aws.truth.autoscaling.group import Group
from lab.embedded_aws.truth.ec2.base import now

# https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-verify-scaling-activity.html: kept for six weeks.
MOST_KEPT = 200


@dataclasses.dataclass(eq=False)
class Activity:
    """One entry of a group's history."""

    group: Group
    description: str
    cause: str
    instance_id: str | None = None
    details: Params = dataclasses.field(default_factory=dict)
    status: str = "InProgress"
    message: str | None = None
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    start: datetime.datetime = dataclasses.field(default_factory=now)
    end: datetime.datetime | None = None

    def finish(self, status: str = "Successful") -> None:
        if self.status == "InProgress":
            self.status, self.end = status, now()

    def view(self) -> Params:
        return {
            "ActivityId": self.id, "AutoScalingGroupName": self.group.name, "Description": self.description,
            "Cause": self.cause, "StartTime": self.start, "EndTime": self.end, "StatusCode": self.status,
            "StatusMessage": self.message, "Progress": 50 if self.status == "InProgress" else 100,
            "Details": json.dumps(self.details), "AutoScalingGroupARN": self.group.arn,
        }  # fmt: skip


def note(group: Group, description: str, cause: str, **more: t.Any) -> Activity:
    """Begin an activity of a group."""
    activity = Activity(group, description, f"At {_stamp()} {cause}", **more)
    group.activities.insert(0, activity)
    del group.activities[MOST_KEPT:]
    return activity


def note_failure(group: Group, message: str, details: Params) -> None:
    """Note a launch that failed, unless the one before failed in the same way."""
    said = f"{message}{'' if message.endswith('.') else '.'} Launching EC2 instance failed."
    last = next((one for one in group.activities if one.details.get("Subnet ID") == details.get("Subnet ID")), None)
    if last is not None and last.status == "Failed" and last.message == said:
        last.end = now()
        return
    cause = difference(group, group.capacity + 1, "an instance was started")
    activity = note(group, f"Launching a new EC2 instance.  Status Reason: {said}", cause, details=details)
    activity.message = said
    activity.finish("Failed")


def difference(group: Group, after: int, what: str) -> str:
    """AWS's words for a change that brings the capacity to what is desired."""
    verb = "increasing" if after > group.capacity else "shrinking"
    return (
        f"{what} in response to a difference between desired and actual capacity, {verb} the capacity from "
        f"{group.capacity} to {after}."
    )


def of_instance(group: Group, instance_id: str) -> list[Activity]:
    return [one for one in group.activities if one.instance_id == instance_id and one.status == "InProgress"]


def in_progress(group: Group) -> bool:
    return any(one.status == "InProgress" for one in group.activities)


def _stamp() -> str:
    return f"{now():%Y-%m-%dT%H:%M:%SZ}"


@action
def describe_scaling_activities(response: Response) -> t.Any:
    backend, given = response.autoscaling_backend, params(response)
    name = given.get("AutoScalingGroupName")
    groups = [group_named(backend, name)] if name else list(backend.autoscaling_groups.values())
    found = sorted((one for group in groups for one in group.activities), key=lambda one: one.start, reverse=True)
    wanted = given.get("ActivityIds") or []
    views = [one.view() for one in found if not wanted or one.id in wanted]
    return paged(given, "Activities", views, 100, 100)
