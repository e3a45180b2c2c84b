"""The seven phases of every kind of load balancing: predicted, made, kept, changed, predicted gone, gone, and so on."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.balancer_world import Entry, World, balancer, group, listener, rule, told

EDGE = {"addresses": {"public-a": "edge-a", "public-b": "edge-b"}}
ADDRESSES = [{"name": "edge-a"}, {"name": "edge-b"}]
JOBS = rule("jobs", 10, hosts=["api.example.internal"], forward="guard")


@dataclass
class Case:
    """A kind, what it stands on, and an entry before and after a change."""

    name: str
    entry: Entry
    changed: Entry
    under: dict[str, t.Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.name}-{self.entry['name']}"


CASES = [
    Case("target_groups", group(health_check={"path": "/health"}), group(health_check={"path": "/ready"})),
    Case(
        "target_groups",
        group("edge", protocol="TCP", port=443),
        group("edge", protocol="TCP", port=443, proxy_protocol_v2=True),
    ),
    Case("load_balancers", balancer(), balancer(idle_timeout_seconds=300)),
    Case(
        "load_balancers",
        balancer("edge", type="network", scheme="internet-facing", **EDGE),
        balancer("edge", type="network", scheme="internet-facing", cross_zone=True, **EDGE),
        {"elastic_ips": ADDRESSES},
    ),
    Case(
        "listeners",
        balancer(listeners=[listener()]),
        balancer(listeners=[listener(forward="guard")]),
        {"target_groups": [group()], "load_balancers": [balancer()]},
    ),
    Case(
        "rules",
        balancer(listeners=[listener(rules=[JOBS])]),
        balancer(listeners=[listener(rules=[{**JOBS, "priority": 20}])]),
        {
            "target_groups": [group()],
            "load_balancers": [balancer()],
            "listeners": [balancer(listeners=[listener()])],
        },
    ),
]
NOTHING: dict[str, list[Entry]] = {"listeners": [balancer()], "rules": [balancer(listeners=[listener()])]}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_kind_lives_through_all_its_phases(world: World, case: Case) -> None:
    world.lay(**case.under)
    predicted = world.apply(case.name, case.entry, check=True)
    assert [action for _part, action in told(predicted)] == ["create"]
    assert world.writes() == []
    assert told(world.apply(case.name, case.entry)) == told(predicted)
    _writes_nothing(world, case.name, case.entry)
    foreseen = world.apply(case.name, case.changed, check=True)
    assert [action for _part, action in told(foreseen)] == ["change"]
    assert world.writes() == []
    assert told(world.apply(case.name, case.changed)) == told(foreseen)
    _writes_nothing(world, case.name, case.changed)
    nothing = NOTHING.get(case.name, [])
    assert [action for _part, action in told(world.apply(case.name, *nothing, check=True))] == ["remove"]
    assert world.writes() == []
    world.apply(case.name, *nothing)
    assert world.standing(case.name) == {}
    _writes_nothing(world, case.name, *nothing)


def _writes_nothing(world: World, name: str, *entries: Entry) -> None:
    """Hold that nothing is left to do, in check mode and out of it."""
    world.lab.clear_journal()
    assert not world.apply(name, *entries).changed
    assert not world.apply(name, *entries, check=True).changed
    assert world.writes() == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_kind_bears_ids_that_are_shown_late(world: World, case: Case) -> None:
    world.lay(**case.under)
    world.lab.hide_new_ids(2)
    world.apply(case.name, case.entry)
    world.lab.clear_faults()
    _writes_nothing(world, case.name, case.entry)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_kind_is_tagged_in_the_call_that_makes_it(world: World, case: Case) -> None:
    world.lay(**case.under)
    world.apply(case.name, case.entry)
    assert "AddTags" not in world.writes()
    found = next(iter(world.standing(case.name).values()))
    assert found.tags["Name"] == f"us-{found.part}"
    assert (found.tags["cloister:region"], found.tags["cloister:stack"]) == ("us", "load_balancers")
    assert found.tags["owner"] == "platform"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_tags_that_were_taken_off_by_hand_come_back(world: World, case: Case) -> None:
    world.lay(**case.under)
    world.apply(case.name, case.entry)
    world.aws.call("elbv2", "remove_tags", ResourceArns=[_only(world, case)], TagKeys=["owner"])
    assert [action for _part, action in told(world.apply(case.name, case.entry))] == ["change"]
    _writes_nothing(world, case.name, case.entry)


CREATES = {
    "target_groups": "CreateTargetGroup",
    "load_balancers": "CreateLoadBalancer",
    "listeners": "CreateListener",
    "rules": "CreateRule",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_create_whose_answer_is_lost_makes_no_second_one(
    world: World, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world.lay(**case.under)
    world.lab.reset_connections(CREATES[case.name], applied=True)
    world.apply(case.name, case.entry)
    assert len(world.standing(case.name)) == 1
    _writes_nothing(world, case.name, case.entry)


DELETES = {
    "target_groups": "DeleteTargetGroup",
    "load_balancers": "DeleteLoadBalancer",
    "listeners": "DeleteListener",
    "rules": "DeleteRule",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_deletion_whose_answer_is_lost_is_done(world: World, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world.lay(**case.under)
    world.apply(case.name, case.entry)
    world.lab.reset_connections(DELETES[case.name], applied=True)
    world.apply(case.name, *NOTHING.get(case.name, []))
    assert world.standing(case.name) == {}


def _only(world: World, case: Case) -> str:
    return next(iter(world.standing(case.name).values())).id
