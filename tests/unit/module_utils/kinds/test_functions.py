# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Functions, rules and schedules on the embedded AWS."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, MissingError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._function_code import digest, package
from ansible_collections.cloister.aws.plugins.module_utils._functions import KINDS, Functions, Wishes
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome

from lab.embedded_aws.client import EmbeddedAws

Entry = dict[str, t.Any]
OWNER = Owner("us", "nights", {"owner": "platform"})
STATEMENT: Entry = {
    "sid": None,
    "effect": "Allow",
    "actions": ["autoscaling:Describe*"],
    "resources": ["*"],
    "conditions": {},
}
SLEEP: Entry = {
    "name": "sleep",
    "reason": "Lets machines rest",
    "code": "resting",
    "environment": {"REGION_NAME": "us"},
    "statements": [STATEMENT],
    "memory_mib": 256,
    "timeout_seconds": 60,
    "log_retention_days": 30,
}
SWEEP: Entry = {
    "name": "sweep",
    "reason": "Looks again",
    "function": "sleep",
    "pattern": {},
    "every_minutes": 15,
    "input": {"action": "stop", "schedule": "x"},
    "enabled": True,
}
NEWS: Entry = {**SWEEP, "name": "news", "pattern": {"source": ["shop"]}, "every_minutes": None, "input": None}
NIGHT: Entry = {
    "name": "stop",
    "reason": "Stops at eight",
    "function": "sleep",
    "expression": "cron(0 20 ? * MON-FRI *)",
    "time_zone": "Asia/Seoul",
    "input": {"action": "stop", "schedule": "nights"},
    "enabled": True,
}
LATE_LAMBDA = "The role defined for the function cannot be assumed by Lambda."
LATE_SCHEDULER = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
ALL: Entry = {"functions": [SLEEP], "rules": [SWEEP, NEWS], "schedules": [NIGHT]}


class World:
    """A stack of functions and its lab."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab

    def apply(self, check: bool = False, **wishes: t.Any) -> Outcome:
        outcome = Functions(self.aws, OWNER, Wishes(**wishes)).bring_about(check)
        for error in outcome.errors:
            raise error
        return outcome

    def standing(self) -> list[str]:
        return sorted(f"{kind.noun} {one.part}" for kind in KINDS for one in kind(self.aws, OWNER).find())

    def writes(self) -> list[str]:
        done = [write["action"] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def changes(outcome: Outcome) -> list[tuple[str, str]]:
    return [(member.kind, change["field"]) for member in outcome.members for change in member.changes]


def writes_nothing(world: World, **wishes: t.Any) -> None:
    world.writes()
    assert not world.apply(**wishes).changed
    assert not world.apply(check=True, **wishes).changed
    assert world.writes() == []


def test_a_stack_of_functions_lives_through_its_phases(world: World) -> None:
    made = ["IAM role function-sleep", "IAM role scheduler", "event rule news", "event rule sweep", "function sleep"]
    made += ["log group lambda/sleep", "schedule group nights", "schedule nights stop"]
    told = world.apply(check=True, **ALL)
    assert {member.action for member in told.members} == {"create"}
    assert world.writes() == []
    world.apply(**ALL)
    assert world.standing() == made
    assert not {"TagResource", "TagRole"} & set(world.writes())
    writes_nothing(world, **ALL)
    assert {member.action for member in world.apply(check=True).members} == {"remove"}
    assert world.writes() == []
    world.apply()
    assert world.standing() == []
    writes_nothing(world)
    assert [one for one in world.lab.holdings() if one["tags"].get("cloister:region")] == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"functions": [{**SLEEP, "memory_mib": 512}]}, [("function", "memory_mib")]),
        ({"functions": [{**SLEEP, "timeout_seconds": 90}]}, [("function", "timeout_seconds")]),
        ({"functions": [{**SLEEP, "environment": {"REGION_NAME": "kr"}}]}, [("function", "environment")]),
        (
            {"functions": [{**SLEEP, "code": "endpoint_targets"}]},
            [("function", "code"), ("function", "handler")],
        ),
        ({"functions": [{**SLEEP, "statements": []}]}, [("IAM role", "policies")]),
        ({"functions": [{**SLEEP, "log_retention_days": 7}]}, [("log group", "retention_days")]),
        ({"rules": [{**SWEEP, "every_minutes": 1}, NEWS]}, [("event rule", "schedule")]),
        ({"rules": [{**SWEEP, "input": {"a": 1}}, NEWS]}, [("event rule", "targets")]),
        ({"rules": [{**SWEEP, "enabled": False}, NEWS]}, [("event rule", "enabled")]),
        ({"rules": [SWEEP, {**NEWS, "pattern": {"source": [{"prefix": "shop"}]}}]}, [("event rule", "pattern")]),
        ({"schedules": [{**NIGHT, "expression": "cron(0 21 * * ? *)"}]}, [("schedule", "expression")]),
        ({"schedules": [{**NIGHT, "time_zone": "Europe/Berlin"}]}, [("schedule", "time_zone")]),
        ({"schedules": [{**NIGHT, "input": {"action": "start"}}]}, [("schedule", "input")]),
        ({"schedules": [{**NIGHT, "enabled": False}]}, [("schedule", "enabled")]),
    ],
)
def test_each_field_is_changed_and_changed_back(world: World, change: Entry, found: list[tuple[str, str]]) -> None:
    world.apply(**ALL)
    changed = {**ALL, **change}
    assert changes(world.apply(check=True, **changed)) == found
    assert changes(world.apply(**changed)) == found
    writes_nothing(world, **changed)
    assert changes(world.apply(**ALL)) == found
    writes_nothing(world, **ALL)


def test_a_rule_that_is_no_longer_listed_may_no_longer_invoke(world: World) -> None:
    world.apply(**ALL)
    outcome = world.apply(**{**ALL, "rules": [SWEEP]})
    assert changes(outcome) == [("function", "invokers")]
    assert "event rule news" not in world.standing()
    writes_nothing(world, **{**ALL, "rules": [SWEEP]})


@pytest.mark.parametrize("action", ["CreateFunction", "AddPermission", "PutRule", "PutTargets", "CreateSchedule"])
def test_what_was_killed_half_way_is_finished_by_the_next_run(world: World, action: str) -> None:
    world.lab.fail(action, "AccessDeniedException", times=1)
    with pytest.raises(Exception, match="AccessDenied"):
        world.apply(**ALL)
    assert world.apply(**ALL).changed
    writes_nothing(world, **ALL)


def test_a_role_that_lambda_and_scheduler_see_late_is_waited_for(world: World) -> None:
    late = {
        "CreateFunction": ("InvalidParameterValueException", LATE_LAMBDA),
        "CreateSchedule": ("ValidationException", LATE_SCHEDULER),
    }
    for action, (code, message) in late.items():
        world.lab.fail(action, code, times=1, message=message)
    world.lab.hide_new_ids(calls=2)
    world.apply(**ALL)
    world.lab.clear_faults()
    writes = world.writes()
    assert (writes.count("CreateFunction") >= 2, writes.count("CreateSchedule")) == (True, 2)
    writes_nothing(world, **ALL)


def test_a_function_that_is_slow_to_begin_is_waited_for(world: World) -> None:
    world.lab.delays(function=30)
    world.apply(**ALL)
    world.apply(**{**ALL, "functions": [{**SLEEP, "code": "endpoint_targets", "memory_mib": 512}]})
    world.lab.delays(function=0)
    writes_nothing(world, **{**ALL, "functions": [{**SLEEP, "code": "endpoint_targets", "memory_mib": 512}]})


def test_a_function_of_others_in_its_place_is_refused_before_anything_is_written(world: World) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = world.aws.make("iam", "create_role", RoleName="other", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    said = {"FunctionName": "us-sleep", "Runtime": "python3.13", "Role": role, "Handler": "resting.handler"}
    arn = world.aws.make("lambda", "create_function", Code={"ZipFile": package("resting")}, **said)["FunctionArn"]
    world.writes()
    with pytest.raises(OwnershipError, match=arn):
        world.apply(**ALL)
    assert world.writes() == []


def test_a_rule_that_waits_for_calls_is_refused_while_no_trail_logs_them(world: World) -> None:
    """F5."""
    calls = {"source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"]}
    world.writes()
    with pytest.raises(MissingError, match=r"event rule news: EventBridge hears of calls .* role audit"):
        world.apply(**{**ALL, "rules": [{**NEWS, "pattern": calls}]})
    assert world.writes() == []


def test_what_is_invoked_must_be_beside_it(world: World) -> None:
    with pytest.raises(InputError, match=r"schedule stop: there is no function sleep beside it \(there is: none\)"):
        world.apply(schedules=[NIGHT])


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"functions": [{**SLEEP, "name": "x" * 62}]}, "at most 64"),
        ({"functions": [SLEEP], "rules": [{**SWEEP, "pattern": {"source": ["a"]}}]}, "one of them says when"),
        ({"functions": [SLEEP], "schedules": [{**NIGHT, "name": "a b"}]}, "letters, digits"),
    ],
)
def test_what_aws_would_refuse_is_refused_first(world: World, wishes: Entry, said: str) -> None:
    world.writes()
    with pytest.raises(InputError, match=said):
        world.apply(**wishes)
    assert world.writes() == []


def test_the_same_code_gives_the_same_bytes(world: World) -> None:
    assert package("resting") == package("resting")
    world.apply(functions=[SLEEP])
    raw = world.aws.call("lambda", "get_function", FunctionName="us-sleep")["Configuration"]
    assert raw["CodeSha256"] == digest(package("resting"))
