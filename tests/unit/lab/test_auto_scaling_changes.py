# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from tests.unit.lab.machine_world import NAME, Network, Pool

Refused = t.Any


@pytest.fixture
def pool(client: t.Any, network: Network) -> Pool:
    return Pool(client, network)


def test_sizes_draw_the_desired_capacity_along(pool: Pool, refused: Refused) -> None:
    pool.make()
    pool.change(MinSize=2)
    assert (pool.group()["DesiredCapacity"], len(pool.ids())) == (2, 2)
    pool.change(MinSize=0, MaxSize=1)
    assert (pool.group()["DesiredCapacity"], len(pool.ids())) == (1, 1)
    with refused("ValidationError", "above max value 1"):
        pool.asg.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=2)
    with refused("ValidationError"):
        pool.change(MinSize=5)


def test_what_is_not_named_in_a_change_stays(pool: Pool) -> None:
    pool.make(DefaultInstanceWarmup=120, HealthCheckGracePeriod=60)
    pool.change(HealthCheckType="ELB", CapacityRebalance=True)
    group = pool.group()
    assert (group["HealthCheckType"], group["CapacityRebalance"]) == ("ELB", True)
    assert (group["DefaultInstanceWarmup"], group["HealthCheckGracePeriod"]) == (120, 60)
    pool.change(DefaultInstanceWarmup=-1)
    assert "DefaultInstanceWarmup" not in pool.group()


def test_protected_machines_do_not_go_when_the_group_shrinks(pool: Pool) -> None:
    pool.make(DesiredCapacity=3)
    kept = pool.ids()[:2]
    pool.asg.set_instance_protection(AutoScalingGroupName=NAME, InstanceIds=kept, ProtectedFromScaleIn=True)
    pool.change(DesiredCapacity=0)
    assert pool.ids() == kept
    pool.asg.set_instance_protection(AutoScalingGroupName=NAME, InstanceIds=kept, ProtectedFromScaleIn=False)
    assert pool.ids() == []


def test_the_fullest_zone_shrinks_first(pool: Pool) -> None:
    pool.make(DesiredCapacity=4)
    pool.change(DesiredCapacity=3)
    assert pool.zones() == ["a", "b", "c"]


def test_a_machine_that_ends_is_replaced(pool: Pool) -> None:
    pool.make()
    (first,) = pool.ids()
    pool.ec2.terminate_instances(InstanceIds=[first])
    (second,) = pool.ids()
    assert second != first
    causes = " ".join(one["Cause"] for one in pool.activities())
    assert "EC2 health check indicating it has been terminated or stopped" in causes
    pool.asg.set_instance_health(InstanceId=second, HealthStatus="Unhealthy")
    assert pool.ids() != [second]


def test_one_machine_goes_with_or_without_another_in_its_place(pool: Pool, refused: Refused) -> None:
    pool.make(DesiredCapacity=2, MinSize=1)
    first, second = pool.ids()
    answer = pool.asg.terminate_instance_in_auto_scaling_group(InstanceId=first, ShouldDecrementDesiredCapacity=True)
    assert answer["Activity"]["Description"] == f"Terminating EC2 instance: {first}"
    assert (pool.ids(), pool.group()["DesiredCapacity"]) == ([second], 1)
    with refused("ValidationError", "min size"):
        pool.asg.terminate_instance_in_auto_scaling_group(InstanceId=second, ShouldDecrementDesiredCapacity=True)
    pool.asg.terminate_instance_in_auto_scaling_group(InstanceId=second, ShouldDecrementDesiredCapacity=False)
    assert len(pool.ids()) == 1
    assert pool.ids() != [second]
    with refused("ValidationError", "No managed instance found"):
        pool.asg.terminate_instance_in_auto_scaling_group(InstanceId=second, ShouldDecrementDesiredCapacity=False)


def test_suspended_processes_hold_the_group_still(pool: Pool) -> None:
    pool.make()
    pool.asg.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Launch", "Terminate"])
    pool.change(DesiredCapacity=2)
    assert len(pool.ids()) == 1
    shown = [one["ProcessName"] for one in pool.group()["SuspendedProcesses"]]
    assert shown == ["Launch", "Terminate"]
    pool.asg.resume_processes(AutoScalingGroupName=NAME)
    assert len(pool.ids()) == 2


def test_metrics_are_collected_and_no_longer(pool: Pool) -> None:
    pool.make()
    pool.asg.enable_metrics_collection(AutoScalingGroupName=NAME, Granularity="1Minute", Metrics=["GroupMinSize"])
    assert pool.group()["EnabledMetrics"] == [{"Metric": "GroupMinSize", "Granularity": "1Minute"}]
    pool.asg.disable_metrics_collection(AutoScalingGroupName=NAME)
    assert pool.group()["EnabledMetrics"] == []


def test_machines_are_targets_while_they_serve(pool: Pool, client: t.Any) -> None:
    elb = client("elbv2")
    made = elb.create_target_group(Name=NAME, Protocol="HTTP", Port=80, VpcId=pool.vpc, TargetType="instance")
    arn = made["TargetGroups"][0]["TargetGroupArn"]

    def targets() -> list[str]:
        health = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [one["Target"]["Id"] for one in health if one["TargetHealth"]["State"] != "draining"]

    pool.make(TargetGroupARNs=[arn])
    assert targets() == pool.ids()
    pool.change(DesiredCapacity=2)
    assert sorted(targets()) == sorted(pool.ids())
    pool.asg.detach_load_balancer_target_groups(AutoScalingGroupName=NAME, TargetGroupARNs=[arn])
    assert targets() == []
    pool.asg.attach_traffic_sources(AutoScalingGroupName=NAME, TrafficSources=[{"Identifier": arn, "Type": "elbv2"}])
    assert sorted(targets()) == sorted(pool.ids())
    assert pool.group()["TrafficSources"] == [{"Identifier": arn, "Type": "elbv2"}]
