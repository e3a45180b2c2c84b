# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Schedules: expressions, time zones and windows that AWS takes, and a role that Scheduler may take.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import json
import re
import typing as t
import zoneinfo

from lab.embedded_aws.truth.ecs.grants import role
from lab.embedded_aws.truth.scheduler.groups import NAME, Backend, refuse

PRINCIPAL = "scheduler.amazonaws.com"
CANNOT_BE_ASSUMED = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
RATE = re.compile(r"rate\([1-9]\d* (?:minutes?|hours?|days?)\)")
AT = re.compile(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")
_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_DAYS = "SUN|MON|TUE|WED|THU|FRI|SAT"
# Minutes, hours, days of the month, months, days of the week, years: what each may be made of, and its range.
FIELDS = (
    (r"\d+", "", range(60)), (r"\d+", "", range(24)), (r"\d+|L|\d+W|LW", "?", range(1, 32)),
    (rf"\d+|{_MONTHS}", "", range(1, 13)), (rf"\d+|{_DAYS}|L|(?:\d|{_DAYS})L|(?:\d|{_DAYS})#[1-5]", "?", range(1, 8)),
    (r"\d{4}", "", range(1970, 2200)),
)  # fmt: skip


def invalid(message: str) -> t.NoReturn:
    refuse("ValidationException", message)


def check(self: Backend, **given: t.Any) -> None:
    name, group = given["name"], given.get("group_name") or "default"
    if not NAME.fullmatch(name):
        invalid(f"Invalid schedule name {name}: [0-9a-zA-Z-_.]+, at most 64 characters.")
    if group not in self.schedule_groups:
        refuse("ResourceNotFoundException", f"Schedule group {group} does not exist.")
    if len(given.get("description") or "") > 512:
        invalid("Description must be at most 512 characters.")
    if not expression_is_valid(given["schedule_expression"]):
        invalid(f"Invalid Schedule Expression {given['schedule_expression']}.")
    zone = given.get("schedule_expression_timezone")
    if zone and zone not in zoneinfo.available_timezones():
        invalid(f"Provided timezone is not supported: {zone}.")
    window = given["flexible_time_window"]
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        invalid("MaximumWindowInMinutes must be set if the mode is FLEXIBLE, and only then.")
    if given.get("state") not in (None, "ENABLED", "DISABLED"):
        invalid(f"Invalid state {given['state']}.")
    check_target(self, given["target"])


def check_target(backend: Backend, target: dict[str, t.Any]) -> None:
    if ":lambda:" not in target["Arn"]:
        raise NotImplementedError("schedules that invoke no function")
    try:
        json.loads(target.get("Input") or "{}")
    except ValueError:
        invalid("Invalid Input: for a Lambda target it must be JSON.")
    found = role(backend, target["RoleArn"])
    if found is None or PRINCIPAL not in json.dumps(found.assume_role_policy_document):
        invalid(CANNOT_BE_ASSUMED)


def expression_is_valid(text: str) -> bool:
    if RATE.fullmatch(text) or AT.fullmatch(text):
        return True
    if not (text.startswith("cron(") and text.endswith(")")):
        return False
    fields = text[5:-1].split()
    if len(fields) != len(FIELDS) or [fields[2], fields[4]].count("?") != 1:
        return False
    return all(_field(field, *rule) for field, rule in zip(fields, FIELDS, strict=True))


def _field(text: str, one: str, also: str, values: range) -> bool:
    if text == "*" or (also and text == also):
        return True
    part = rf"(?:\*|(?:{one})(?:-(?:{one}))?)(?:/[1-9]\d*)?"
    if not re.fullmatch(rf"{part}(?:,{part})*", text):
        return False
    numbers = (int(found) for found in re.findall(r"(?<![#/\d])\d+", text))
    return all(number in values for number in numbers)
