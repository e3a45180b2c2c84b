# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each rule about the trail and about calendars: what is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import spell
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Region, Stack
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import judge

from tests.unit.spec.described import AWS_REGIONS, Variables, sound, told
from tests.unit.spec.test_pools import GPUS, with_pools

TRAIL, CALENDARS, POOLS = "audit_trail", "schedule_calendars", "pools_defined"
NIGHTS = (CALENDARS, 0)
KEY = "arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"


def whole() -> Variables:
    """The sound region with a trail, calendars, and a pool that follows one."""
    variables = with_pools()
    variables[TRAIL] = {"name": "main", "retention_days": 365, "log_group": True, "kms_key_arn": KEY}
    variables[CALENDARS] = [
        {
            "name": "nights",
            "time_zone": "Asia/Seoul",
            "start": "cron(0 8 ? * MON-FRI *)",
            "stop": "cron(0 20 ? * MON-FRI *)",
        },
        {"name": "weekends", "time_zone": "UTC", "start": "", "stop": "cron(0 0 ? * SAT *)"},
    ]
    variables[POOLS][0] = {**GPUS, "schedule": "nights"}
    return copy.deepcopy(variables)


CASES: list[tuple[tuple[t.Any, ...], t.Any, str, str]] = [
    ((TRAIL, "name"), "Main", f"{TRAIL}.name", "lowercase"),
    ((TRAIL, "name"), "m" * 42, f"{TRAIL}.name", "at most 41"),
    ((TRAIL, "retention_days"), -1, f"{TRAIL}.retention_days", "0 for ever"),
    ((TRAIL, "kms_key_arn"), "alias/mine", f"{TRAIL}.kms_key_arn", "not the ARN of a key"),
    ((TRAIL, "kms_key_arn"), KEY.replace("us-west-2", "us-east-1"), f"{TRAIL}.kms_key_arn", "a key of us-west-2"),
    ((TRAIL, "kms_key_arn"), KEY.replace(":aws:", ":aws-cn:"), f"{TRAIL}.kms_key_arn", "aws-cn"),
    ((*NIGHTS, "name"), "Nights", f"{CALENDARS}[0].name", "lowercase"),
    ((*NIGHTS, "name"), "weekends", f"{CALENDARS}[1].name", "there already"),
    ((*NIGHTS, "start"), "0 8 * * *", f"{CALENDARS}[0].start", "is no cron"),
    ((*NIGHTS, "stop"), "cron(0 20 * * MON-FRI *)", f"{CALENDARS}[0].stop", "must have ?"),
    ((*NIGHTS, "stop"), "cron(0 8 ? * MON-FRI *)", f"{CALENDARS}[0].stop", "It starts at"),
    ((*NIGHTS, "time_zone"), "Asia/Soeul", f"{CALENDARS}[0].time_zone", "did you mean Asia/Seoul?"),
    ((CALENDARS, 1, "stop"), "", f"{CALENDARS}[1]", "neither starts nor stops"),
    ((POOLS, 0, "schedule"), "night", f"{POOLS}[0].schedule", "did you mean nights?"),
]


def test_a_region_with_a_trail_and_calendars_is_sound() -> None:
    assert told(whole()) == []


@pytest.mark.parametrize(("path", "value", "where", "words"), CASES)
def test_each_mistake_is_told_at_its_path(path: tuple[t.Any, ...], value: t.Any, where: str, words: str) -> None:
    variables = whole()
    holder: t.Any = variables
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    found = [one for one in told(variables) if not (path[-1] == "name" and one.startswith(f"{POOLS}["))]
    assert len(found) == 1, found
    assert found[0].startswith(f"{where}: ")
    assert words in found[0]


def test_a_calendar_whose_schedules_would_have_too_long_names_is_refused() -> None:
    variables = whole()
    variables[CALENDARS][1]["name"] = "w" * 59
    assert [one for one in told(variables) if "at most 58 characters" in one]


def test_all_calendars_are_in_one_stack() -> None:
    mine = [{"name": name, "stop": "cron(0 0 * * ? *)"} for name in ("one", "two")]
    stacks = [Stack("all", "all", {**sound(), CALENDARS: mine[:1]}), Stack("more", "schedule", {CALENDARS: mine[1:]})]
    found = judge(Region(stacks, AWS_REGIONS))
    assert [(one.stack, spell(one.path), one.right) for one in found] == [("more", CALENDARS, "all calendars in all")]


def test_two_stacks_have_no_trail_of_one_name() -> None:
    stacks = [
        Stack("all", "all", {**sound(), TRAIL: {"name": "main"}}),
        Stack("more", "audit", {TRAIL: {"name": "main"}}),
    ]
    found = judge(Region(stacks, AWS_REGIONS))
    assert [(one.stack, spell(one.path)) for one in found] == [("more", f"{TRAIL}.name")]
