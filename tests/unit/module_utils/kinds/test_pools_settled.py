"""Pools that were made are joined: machines waited for, replaced and removed, against the embedded AWS."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.pool_world import World, fields, plan, pool

GROUP, TEMPLATE = "Auto Scaling group", "launch template"
NOBODY: dict[str, dict[str, int | None]] = {"t3.medium": {"*": 0}}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws, tmp_path: Path) -> World:
    return World(aws, embedded_aws, tmp_path)


def ids(world: World) -> set[str]:
    return {one["InstanceId"] for one in world.machines()}


def refreshes(world: World) -> list[dict[str, t.Any]]:
    answer = world.aws.call("autoscaling", "describe_instance_refreshes", AutoScalingGroupName="us-cpu")
    return t.cast("list[dict[str, t.Any]]", answer["InstanceRefreshes"])


# Capacity


def test_machines_are_not_waited_for_when_made_and_are_when_joined(world: World) -> None:
    world.lab.delays(instance=5)
    world.make(pool())
    assert [one["LifecycleState"] for one in world.machines()] == ["Pending"]
    assert not world.settle(pool()).changed
    assert [one["LifecycleState"] for one in world.machines()] == ["InService"]


def test_a_size_that_is_desired_is_waited_for(world: World) -> None:
    entry = pool(size={"min": 1, "max": 4, "desired": 2})
    world.make(entry)
    world.settle(entry)
    assert len(world.machines()) == 2


def test_machines_that_aws_does_not_have_are_told_with_the_cause_and_what_to_do(world: World) -> None:
    world.lab.capacity(NOBODY)
    world.make(pool())
    with pytest.raises(DeadlineError) as refusal:
        world.settle(pool(), capacity_seconds=0.5)
    told = str(refusal.value)
    assert "0 of 1 machines of us-cpu are in service" in told
    assert "do not have sufficient t3.medium capacity" in told
    assert "Likely: AWS has no free machines of these types" in told
    assert "list more instance_types" in told


def test_a_quota_that_is_used_up_is_told_at_once(world: World) -> None:
    world.lab.limits(vcpus_standard=1)
    world.make(pool())
    world.update(DesiredCapacity=2)
    with pytest.raises(
        RegionError, match=r"vCPU limit of 1 .*Likely: the account's vCPU quota .*request-service-quota"
    ):
        world.settle(pool(), capacity_seconds=3)


def test_processes_that_somebody_suspended_are_told(world: World) -> None:
    world.make(pool(size={"min": 0, "max": 4}))
    said: dict[str, t.Any] = {"AutoScalingGroupName": "us-cpu", "ScalingProcesses": ["Launch"]}
    world.aws.call("autoscaling", "suspend_processes", **said)
    world.make(pool())
    with pytest.raises(DeadlineError, match="Somebody has suspended Launch"):
        world.settle(pool(), capacity_seconds=0.3)


# Refresh


def test_machines_of_an_older_template_are_replaced_and_then_left_alone(world: World) -> None:
    world.make(pool())
    before, changed = ids(world), pool(metadata_hop_limit=3, refresh={"healthy_percent": 50, "warmup_seconds": 0})
    world.make(changed)
    assert ids(world) == before
    predicted = world.settle(changed, check=True)
    assert plan(predicted) == [(GROUP, "cpu", "change")]
    assert fields(predicted) == ["machines"]
    world.writes()
    settled = world.settled(changed)
    assert plan(settled.outcome) == [(GROUP, "cpu", "change")]
    assert "StartInstanceRefresh" in world.writes()
    assert not ids(world) & before
    assert [one["LaunchTemplate"]["Version"] for one in world.machines()] == ["2"]
    assert [(one["status"], one["percent"]) for one in settled.refreshes["cpu"]] == [("Successful", 100)]
    preferences = refreshes(world)[0]["Preferences"]
    assert preferences["MinHealthyPercentage"] == 50
    assert preferences["InstanceWarmup"] == 0
    assert preferences["SkipMatching"] is True
    assert preferences["ScaleInProtectedInstances"] == "Refresh"
    assert not world.settle(changed).changed
    assert world.writes() == []


def test_a_group_without_machines_needs_no_refresh(world: World) -> None:
    world.make(pool(size={"min": 0, "max": 4}))
    changed = pool(size={"min": 0, "max": 4}, metadata_hop_limit=3)
    world.make(changed)
    assert not world.settle(changed).changed
    assert refreshes(world) == []


def test_machines_stay_where_the_pool_says_so(world: World) -> None:
    world.make(pool())
    changed = pool(metadata_hop_limit=3, refresh={"enabled": False})
    world.make(changed)
    assert not world.settle(changed).changed
    assert refreshes(world) == []


def test_new_tags_replace_no_machine(world: World) -> None:
    world.make(pool())
    world.make(pool(), owner=Owner("us", "pools", {"owner": "platform", "cost": "7"}))
    assert (
        world.scaling().raw["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"] == "2"
    )
    assert not world.settle(pool()).changed


def test_a_machine_of_a_type_that_is_no_longer_listed_is_replaced(world: World) -> None:
    world.make(pool(instance_types=["t3.medium", "t3.large"]))
    changed = pool(instance_types=["t3.large"])
    world.make(changed)
    world.settle(changed)
    assert {one["InstanceType"] for one in world.machines()} == {"t3.large"}
    assert not world.settle(changed).changed


def test_another_first_type_replaces_no_machine(world: World) -> None:
    world.make(pool(instance_types=["t3.medium", "t3.large"]))
    turned = pool(instance_types=["t3.large", "t3.medium"])
    world.make(turned)
    assert not world.settle(turned).changed


def test_a_refresh_that_runs_is_joined(world: World) -> None:
    world.make(pool())
    changed = pool(metadata_hop_limit=3)
    world.make(changed)
    world.lab.delays(instance_refresh=5)
    preferences = {"SkipMatching": True, "ScaleInProtectedInstances": "Refresh"}
    world.aws.make("autoscaling", "start_instance_refresh", AutoScalingGroupName="us-cpu", Preferences=preferences)
    world.settle(changed)
    assert [one["Status"] for one in refreshes(world)] == ["Successful"]
    assert [one["LaunchTemplate"]["Version"] for one in world.machines()] == ["2"]


def test_a_refresh_whose_start_was_not_answered_is_joined(world: World) -> None:
    world.make(pool())
    changed = pool(metadata_hop_limit=3)
    world.make(changed)
    world.lab.delays(instance_refresh=5)
    world.lab.reset_connections("StartInstanceRefresh", applied=True)
    world.settle(changed)
    assert len(refreshes(world)) == 1


def test_a_refresh_that_takes_too_long_is_told_with_its_progress_and_taken_up_by_the_next_run(world: World) -> None:
    world.make(pool())
    changed = pool(metadata_hop_limit=3)
    world.make(changed)
    world.lab.delays(instance_refresh=5)
    with pytest.raises(
        DeadlineError, match=r"instance refresh .* of us-cpu is at 0 % after 0 s \(1 machines to go.*goes on"
    ):
        world.settle(changed, refresh_seconds=0.2)
    world.settle(changed)
    assert [one["Status"] for one in refreshes(world)] == ["Successful"]


def test_a_refresh_that_fails_is_told_with_the_reason(world: World) -> None:
    world.make(pool())
    changed = pool(metadata_hop_limit=3)
    world.make(changed)
    world.lab.capacity(NOBODY)
    with pytest.raises(RegionError) as refusal:
        world.settle(changed)
    told = str(refusal.value)
    assert "ended as Failed" in told
    assert "do not have sufficient t3.medium capacity" in told
    assert "Likely: AWS has no free machines" in told
    world.lab.capacity({"t3.medium": {"*": None}})
    world.settle(changed)
    assert [one["LaunchTemplate"]["Version"] for one in world.machines()] == ["2"]


# Removal


def test_a_pool_that_is_no_longer_listed_goes_machines_first(world: World) -> None:
    world.lab.delays(instance_terminate=60)
    world.make(pool(), pool("more", size={"min": 2, "max": 2}))
    world.settle(pool(), pool("more"))
    gone = {one["InstanceId"] for one in world.machines("more")}
    predicted = world.settle(pool(), check=True)
    assert plan(predicted) == [(GROUP, "cpu", "keep"), (GROUP, "more", "remove"), (TEMPLATE, "more", "remove")]
    world.writes()
    assert plan(world.settle(pool())) == plan(predicted)
    done = [action for action in world.writes() if action != "TerminateInstances"]
    assert done == [
        "UpdateAutoScalingGroup", "SetInstanceProtection", "UpdateAutoScalingGroup", "DeleteAutoScalingGroup",
        "DeleteLaunchTemplate",
    ]  # fmt: skip
    reservations = world.aws.pages("ec2", "describe_instances", "Reservations", InstanceIds=sorted(gone))
    states = {one["State"]["Name"] for reservation in reservations for one in reservation["Instances"]}
    assert states == {"terminated"}
    interfaces = world.aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces")
    assert len(interfaces) == len(world.machines())


def test_a_removal_that_was_killed_half_way_is_finished(world: World) -> None:
    world.make(pool())
    world.lab.fail("DeleteAutoScalingGroup", "AccessDenied", status=403)
    with pytest.raises(RegionError, match="AccessDenied"):
        world.settle()
    assert world.machines() == []
    world.settle()
    assert world.aws.pages("ec2", "describe_launch_templates", "LaunchTemplates") == []


def test_a_pool_that_ecs_still_uses_stays_until_it_does_not(world: World) -> None:
    world.make(pool())
    provider = {"autoScalingGroupArn": world.scaling().id, "managedScaling": {"status": "DISABLED"}}
    world.aws.make("ecs", "create_capacity_provider", name="us-cpu", autoScalingGroupProvider=provider)
    settled = world.settled()
    assert settled.still_used == {"cpu": ["us-cpu"]}
    assert settled.outcome.members == []
    world.aws.call("ecs", "delete_capacity_provider", capacityProvider="us-cpu")
    assert plan(world.settle()) == [(GROUP, "cpu", "remove"), (TEMPLATE, "cpu", "remove")]


def test_a_pool_whose_machines_do_not_come_removes_nothing(world: World) -> None:
    world.make(pool(), pool("more", size={"min": 0, "max": 1}))
    world.lab.capacity(NOBODY)
    more = pool(size={"min": 2, "max": 4})
    world.make(more)
    with pytest.raises(DeadlineError):
        world.settle(more, capacity_seconds=0.3)
    assert world.scaling("more")
