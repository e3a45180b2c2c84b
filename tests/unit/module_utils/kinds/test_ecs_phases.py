"""The seven phases of a stack of ECS: predicted, made, kept, changed, predicted gone, gone, still gone."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.ecs_world import SECRET, World, container, service, told

GUARD = service(
    desired=2,
    task_role="guard-task",
    target_groups=[
        {"name": "guard-public", "container": "guard", "port": 8080},
        {"name": "guard-inner", "container": "guard", "port": 8080},
    ],
    containers=[container(secrets={"WEBHOOK_KEY": {"secret": SECRET}}, environment={"LEVEL": "info"})],
    scaling={"min": 2, "max": 6, "targets": [{"metric": "cpu", "percent": 60}]},
)
EVERYTHING = [
    ("ECS cluster", "main"),
    ("task definition", "guard"),
    ("log group", "ecs/guard"),
    ("ECS service", "guard"),
    ("scaling policy", "guard"),
]


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws).lay().supply().balance("guard-public", "guard-inner")


def test_a_stack_is_predicted_and_nothing_is_written(world: World) -> None:
    assert told(world.run(GUARD, check=True)) == [(*thing, "create") for thing in EVERYTHING]
    assert world.actions() == []


def test_a_stack_is_made_and_kept(world: World) -> None:
    assert told(world.run(GUARD)) == [(*thing, "create") for thing in EVERYTHING]
    assert (world.raw()["runningCount"], world.raw()["desiredCount"]) == (2, 2)
    world.lab.clear_journal()
    for check in (False, True):
        assert told(world.run(GUARD, check=check)) == []
    assert world.actions() == []


def test_nothing_of_a_stack_is_tagged_in_a_call_of_its_own(world: World) -> None:
    world.run(GUARD)
    assert not {"TagResource", "CreateTags"} & set(world.actions())
    tags = {tag["key"]: tag["value"] for tag in tags_of(world)}
    assert (tags["Name"], tags["cloister:stack"], tags["owner"]) == ("us-guard", "ecs", "platform")


def tags_of(world: World) -> t.Any:
    answer = world.aws.call("ecs", "describe_services", cluster="us-main", services=["us-guard"], include=["TAGS"])
    return answer["services"][0]["tags"]


CHANGES: list[tuple[dict[str, t.Any], set[tuple[str, str]]]] = [
    ({"desired": 3, "scaling": None}, {("ECS service", "desired"), ("scaling policy", "")}),
    ({"scaling": {**GUARD["scaling"], "max": 9}}, {("scaling policy", "max")}),
    ({"security_groups": ["guard", "alb"]}, {("ECS service", "security_groups")}),
    ({"subnets": ["private-a"]}, {("ECS service", "subnets")}),
    ({"target_groups": GUARD["target_groups"][:1]}, {("ECS service", "target_groups")}),
    ({"health_check_grace_seconds": 30}, {("ECS service", "health_check_grace_seconds")}),
    ({"execute_command": True}, {("ECS service", "execute_command")}),
    ({"zone_rebalancing": False}, {("ECS service", "zone_rebalancing")}),
    ({"capacity": [{"provider": "fargate_spot", "weight": 1, "base": 0}]}, {("ECS service", "capacity")}),
    ({"deployment": {**GUARD["deployment"], "minimum_percent": 50}}, {("ECS service", "minimum_percent")}),
    ({"deployment": {**GUARD["deployment"], "rollback": False}}, {("ECS service", "rollback")}),
    ({"memory_mib": 2048}, {("task definition", "memory_mib"), ("ECS service", "task_definition")}),
    ({"task_role": None}, {("task definition", "task_role")}),
    ({"callback_url": "https://a.internal/b"}, {("task definition", "guard: environment")}),
    ({"log_retention_days": 90}, {("log group", "retention_days")}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[next(iter(change)) for change, _ in CHANGES])
def test_a_change_is_predicted_applied_and_kept(
    world: World, change: dict[str, t.Any], expected: set[tuple[str, str]]
) -> None:
    world.run(GUARD)
    changed = {**GUARD, **change}
    foreseen = fields(world.run(changed, check=True))
    assert expected <= foreseen
    assert fields(world.run(changed)) == foreseen
    world.lab.clear_journal()
    assert told(world.run(changed)) == []
    assert world.actions() == []


def fields(outcome: Outcome) -> set[tuple[str, str]]:
    """Which fields of what changed or would; a thing that came or went has none."""
    moved = [member for member in outcome.members if member.action != "keep"]
    return {(one.kind, name) for one in moved for name in ([c["field"] for c in one.changes] or [""])}


def test_a_stack_is_predicted_gone_then_goes_then_stays_gone(world: World) -> None:
    world.run(GUARD)
    world.lab.clear_journal()
    gone = [
        ("scaling policy", "guard", "remove"),
        ("ECS service", "guard", "remove"),
        ("task definition", "guard", "remove"),
    ]
    assert told(world.run(check=True)) == gone
    assert world.actions() == []
    assert told(world.run()) == gone
    world.clusters = []
    assert told(world.run()) == [("ECS cluster", "main", "remove")]
    world.lab.clear_journal()
    assert told(world.run()) == []
    assert world.actions() == []
    assert [one["kind"] for one in world.lab.holdings() if one["kind"].startswith("ecs")] == []


def test_ids_that_are_shown_late_are_borne(world: World) -> None:
    world.lab.hide_new_ids(2)
    world.run(GUARD)
    world.lab.clear_faults()
    world.lab.clear_journal()
    assert told(world.run(GUARD)) == []
    assert world.actions() == []


@pytest.mark.parametrize(
    "action", ["CreateCluster", "RegisterTaskDefinition", "CreateService", "RegisterScalableTarget", "PutScalingPolicy"]
)
def test_a_create_whose_answer_is_lost_makes_no_second_one(
    world: World, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world.lab.reset_connections(action, applied=True)
    world.run(GUARD)
    world.lab.clear_journal()
    assert told(world.run(GUARD)) == []
    assert world.actions() == []
