# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Schedules of EventBridge Scheduler: when, in which time zone, which function is invoked with what.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html. A schedule has no tags: it is found
in its group, and called as its stack calls it.
"""

from __future__ import annotations

import json
import re
import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, HeldKind, Want
from ansible_collections.cloister.aws.plugins.module_utils.kinds.schedule_group import ScheduleGroup

LONGEST_NAME = 64
_NAME = re.compile(r"[0-9a-zA-Z\-_.]+")
_GONE = "ResourceNotFoundException"
_BUSY = Patience(frozenset({"ConflictException"}), seconds=60)
# Scheduler sees a new role, and its trust, seconds late.
_LATE = re.compile(r"must allow AWS EventBridge Scheduler to assume the role", re.IGNORECASE)
_LATE_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)


class Schedule(HeldKind):
    """A schedule; its id is its ARN, its part ``<group> <name>``.

    Fields: ``expression``, ``time_zone``, ``function`` and ``role`` (ARNs), ``input`` (data), ``description``,
    ``enabled``, ``window_minutes`` (0: at the minute), ``attempts`` (how often it is tried again) and ``age_seconds``
    (for how long).
    """

    noun = "schedule"
    made_by = "schedule"
    rank = 20
    holder = ScheduleGroup

    def within(self, holders: t.Iterable[Found]) -> list[Found]:
        """Return those in our groups."""
        return [found for held in each(self._in, list(holders)) for found in held]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is, its input as data."""
        raw, target = found.raw, found.raw["Target"]
        window, retry = raw["FlexibleTimeWindow"], target.get("RetryPolicy", {})
        return {
            "expression": raw["ScheduleExpression"],
            "time_zone": raw.get("ScheduleExpressionTimezone", "UTC"),
            "function": target["Arn"],
            "role": target["RoleArn"],
            "input": json.loads(target.get("Input") or "{}"),
            "description": raw.get("Description", ""),
            "enabled": raw["State"] == "ENABLED",
            "window_minutes": window.get("MaximumWindowInMinutes", 0),
            "attempts": retry.get("MaximumRetryAttempts", 185),
            "age_seconds": retry.get("MaximumEventAgeInSeconds", 86400),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; a role that Scheduler does not see yet is waited for."""
        names = self._names(want.part)
        answer = _bear_late_roles(
            lambda: self.aws.make("scheduler", "create_schedule", **names, **_settings(want.fields))
        )
        return Found(answer["ScheduleArn"], tags, dict(names))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring it to what is wanted; it is put whole."""
        names = self._names(want.part)
        action = "update_schedule"
        _bear_late_roles(lambda: self.aws.call("scheduler", action, patience=_BUSY, **names, **_settings(want.fields)))

    def delete(self, found: Found) -> None:
        """Delete it."""
        try:
            self.aws.call("scheduler", "delete_schedule", patience=_BUSY, **self._names(found.part))
        except ApiError as exc:
            if exc.code != _GONE:
                raise

    def _in(self, group: Found) -> list[Found]:
        raws = self.aws.pages("scheduler", "list_schedules", "Schedules", GroupName=group.raw["Name"])
        return [found for found in each(lambda raw: self._read(group, raw["Name"]), raws) if found]

    def _read(self, group: Found, name: str) -> Found | None:
        try:
            raw = self.aws.call("scheduler", "get_schedule", GroupName=group.raw["Name"], Name=name)
        except ApiError as exc:
            if exc.code != _GONE:
                raise
            return None
        return Found(raw["Arn"], self.tags_in(group, name), raw)

    def _names(self, part: str) -> dict[str, t.Any]:
        group, _space, name = part.partition(" ")
        return {"GroupName": f"{self.owner.region}-{group}", "Name": name}


def _settings(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    minutes = fields["window_minutes"]
    return {
        "ScheduleExpression": fields["expression"],
        "ScheduleExpressionTimezone": fields["time_zone"],
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes} if minutes else {"Mode": "OFF"},
        "Description": fields["description"],
        "State": "ENABLED" if fields["enabled"] else "DISABLED",
        "ActionAfterCompletion": "NONE",
        "Target": {
            "Arn": fields["function"],
            "RoleArn": fields["role"],
            "Input": json.dumps(fields["input"], separators=(",", ":"), sort_keys=True),
            "RetryPolicy": {
                "MaximumRetryAttempts": fields["attempts"],
                "MaximumEventAgeInSeconds": fields["age_seconds"],
            },
        },
    }


def _bear_late_roles(work: t.Callable[[], t.Any]) -> t.Any:
    """Do ``work`` again while Scheduler does not see a role that was made a moment ago."""
    for pause in (*_LATE_WAITS, None):
        try:
            return work()
        except ApiError as exc:
            if pause is None or not _LATE.search(str(exc)):
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


def want(schedule: t.Mapping[str, t.Any], group: str, function_arn: str, role_arn: str) -> Want:
    """Return the wish for an entry {name, reason, expression, time_zone, input, enabled} in ``group``."""
    name = schedule["name"]
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise InputError(
            f"schedule {name}: its name has {len(name)} characters: at most {LONGEST_NAME} letters, digits, -, _ and ."
        )
    fields = {
        "expression": schedule["expression"],
        "time_zone": schedule["time_zone"],
        "function": function_arn,
        "role": role_arn,
        "input": schedule["input"],
        "description": schedule["reason"],
        "enabled": schedule["enabled"],
        "window_minutes": 0,
        "attempts": 5,
        "age_seconds": 3600,
    }
    return Want(f"{group} {name}", fields)
