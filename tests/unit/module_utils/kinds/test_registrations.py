# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines leave their target groups and come back, while their group looks away; against the embedded AWS."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._balanced_fleet import read
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError
from ansible_collections.cloister.aws.plugins.module_utils._registrations import Registrar
from ansible_collections.cloister.aws.plugins.module_utils._suspensions import PROCESSES, ROLLING, Suspender

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.conftest import Waiting
from tests.unit.module_utils.kinds.edge_world import Edge

BOTH = {"us-edge-http": ["i"], "us-edge-https": ["i"]}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws, tmp_path: Path) -> Edge:
    world = Edge(aws, embedded_aws, tmp_path)
    embedded_aws.clear_journal()
    return world


def moved(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: ["i"] * len(ids) for name, ids in found.items()}


def test_the_fleet_is_read_with_all_that_matters_of_it(world: Edge) -> None:
    fleet = read(world.aws, "us", world.ids[:1])
    assert sorted(fleet.machines) == world.ids
    assert fleet.lacking == {"proxy": 0}
    assert {(one.name, one.in_use, one.cuts_unhealthy, one.cross_zone) for one in fleet.targets.values()} == {
        ("us-edge-https", True, False, False),
        ("us-edge-http", True, False, False),
    }
    assert all(fleet.serves(one) and not fleet.out(one) for one in fleet.machines.values())
    world.ends(unhealthy=True)
    key = "load_balancing.cross_zone.enabled"
    crosses = [{"Key": key, "Value": "true"}]
    world.aws.call("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=world.balancer, Attributes=crosses)
    assert {(one.cuts_unhealthy, one.cross_zone) for one in read(world.aws, "us", world.ids).targets.values()} == {
        (True, True)
    }


def test_one_is_taken_out_once_its_balancer_knows_and_put_back_until_it_serves(world: Edge, waiting: Waiting) -> None:
    node, registrar = world.ids[0], Registrar(world.aws, "us")
    Suspender(world.aws, "us").suspend([node])
    world.lab.delays(target_health=10)
    waiting.meanwhile(20, lambda: world.lab.target_health(node, healthy=False))
    assert moved(registrar.take_out([node], gently=True, settle_seconds=15, wait_seconds=60)) == BOTH
    assert waiting.seconds >= 35
    assert world.states(node) <= {"absent", "draining"}
    assert registrar.take_out([node], gently=True, settle_seconds=60, wait_seconds=60) == {}
    world.lab.target_health(node, healthy=None)
    assert moved(registrar.put_back([node], wait_seconds=20)) == BOTH
    assert world.states(node) == {"healthy"}
    assert registrar.put_back([node], wait_seconds=20) == {}


def test_one_that_its_balancer_goes_on_to_believe_in_stays(world: Edge) -> None:
    node = world.ids[0]
    with pytest.raises(DeadlineError, match=f"us-edge-https? still finds {node} healthy: its health check has to ask"):
        Registrar(world.aws, "us").take_out([node], gently=True, settle_seconds=0, wait_seconds=0.3)
    assert world.states(node) == {"healthy"}
    assert "DeregisterTargets" not in world.actions()


def test_where_health_may_not_fail_first_one_leaves_at_once(world: Edge) -> None:
    node, registrar = world.ids[0], Registrar(world.aws, "us")
    assert moved(registrar.take_out([node], gently=False, settle_seconds=0, wait_seconds=0)) == BOTH
    assert world.states(node) <= {"absent", "draining"}


def test_one_that_does_not_become_healthy_is_told_with_why(world: Edge) -> None:
    node, registrar = world.ids[0], Registrar(world.aws, "us")
    registrar.take_out([node], gently=False, settle_seconds=0, wait_seconds=0)
    Suspender(world.aws, "us").suspend([node])
    world.lab.target_health(node, healthy=False, reason="Target.Timeout")
    with pytest.raises(DeadlineError, match=f"{node} is unhealthy .Target.Timeout.* in us-edge-http"):
        registrar.put_back([node], wait_seconds=0.3)


def test_one_that_is_only_half_in_is_put_back_whole(world: Edge) -> None:
    node = world.ids[0]
    half = {"TargetGroupArn": world.targets["edge-https"], "Targets": [{"Id": node}]}
    world.aws.call("elbv2", "deregister_targets", **half)
    assert moved(Registrar(world.aws, "us").put_back([node], wait_seconds=20)) == {"us-edge-https": ["i"]}


def test_a_plan_names_them_and_moves_none(world: Edge) -> None:
    node, registrar = world.ids[0], Registrar(world.aws, "us", check=True)
    assert moved(registrar.take_out([node], gently=True, settle_seconds=60, wait_seconds=60)) == BOTH
    assert Suspender(world.aws, "us", check=True).suspend([node]) == ["us-proxy"]
    assert world.actions() == []


def test_a_machine_of_another_target_group_is_known_as_a_stray(world: Edge) -> None:
    arn = world.lead("by-hand", 8443)
    world.aws.call("elbv2", "register_targets", TargetGroupArn=arn, Targets=[{"Id": world.ids[0]}])
    assert world.seen(world.ids[0]).strays == ("us-by-hand",)


def test_a_group_that_looks_away_replaces_nobody_and_looks_again_afterwards(world: Edge) -> None:
    before, node, suspender = world.ids, world.ids[0], Suspender(world.aws, "us")
    assert suspender.suspend([node]) == ["us-proxy"]
    assert suspender.suspend([node]) == []
    world.lab.target_health(node, healthy=False)
    assert world.ids == before
    world.lab.target_health(node, healthy=None)
    assert suspender.resume() == ["us-proxy"]
    assert suspender.resume() == []
    group = world.scaling("proxy")
    assert (group.raw["SuspendedProcesses"], ROLLING in group.tags) == ([], False)
    assert world.ids == before
    world.lab.target_health(node, healthy=False)
    assert node not in world.ids


def test_without_that_the_group_would_have_replaced_it(world: Edge) -> None:
    node = world.ids[0]
    world.lab.target_health(node, healthy=False)
    assert node not in world.ids


def test_what_somebody_else_suspended_stays_suspended(world: Edge) -> None:
    theirs = {"AutoScalingGroupName": "us-proxy", "ScalingProcesses": ["AZRebalance", "Launch"]}
    world.aws.call("autoscaling", "suspend_processes", **theirs)
    suspender = Suspender(world.aws, "us")
    suspender.suspend(world.ids)
    assert world.scaling("proxy").tags[ROLLING].split() == ["HealthCheck", "ReplaceUnhealthy"]
    suspender.resume()
    assert [one["ProcessName"] for one in world.scaling("proxy").raw["SuspendedProcesses"]] == ["AZRebalance", "Launch"]


@pytest.mark.parametrize("killed_before", ["suspend_processes", "delete_tags"])
def test_a_killed_run_is_made_good_by_the_next(world: Edge, killed_before: str) -> None:
    suspender = Suspender(_Killed(world.aws, killed_before), "us")
    with pytest.raises(KeyboardInterrupt):
        (suspender.suspend(world.ids), suspender.resume())
    again = Suspender(world.aws, "us")
    again.suspend(world.ids)
    group = world.scaling("proxy")
    assert {one["ProcessName"] for one in group.raw["SuspendedProcesses"]} == set(PROCESSES)
    assert again.resume() == ["us-proxy"]
    assert world.scaling("proxy").raw["SuspendedProcesses"] == []


def test_a_machine_that_was_marked_and_serves_again_stays(world: Edge) -> None:
    """The group may have looked at the very moment at which it was told to look away."""
    before, node, suspender = world.ids, world.ids[0], Suspender(world.aws, "us")
    suspender.suspend([node])
    world.aws.call("autoscaling", "set_instance_health", InstanceId=node, HealthStatus="Unhealthy")
    suspender.resume()
    assert world.ids == before


def test_a_marked_machine_that_is_gone_by_now_does_not_keep_the_group_from_looking_again(world: Edge) -> None:
    suspender = Suspender(world.aws, "us")
    suspender.suspend(world.ids)
    for node in world.ids:
        world.aws.call("autoscaling", "set_instance_health", InstanceId=node, HealthStatus="Unhealthy")
    world.lab.fail("SetInstanceHealth", "ValidationError", times=len(world.ids))
    assert suspender.resume() == ["us-proxy"]
    assert world.scaling("proxy").raw["SuspendedProcesses"] == []


class _Killed(Aws):
    """An AWS whose caller is killed before one of its calls."""

    def __init__(self, aws: Aws, action: str) -> None:
        super().__init__(aws.connection)
        self.action = action

    def call(self, service: str, action: str, /, *more: t.Any, **params: t.Any) -> t.Any:
        if action == self.action:
            raise KeyboardInterrupt
        return super().call(service, action, *more, **params)
