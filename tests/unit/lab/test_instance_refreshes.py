# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.machine_world import NAME, Network, Pool

Refused = t.Any


@pytest.fixture
def pool(client: t.Any, network: Network) -> Pool:
    return Pool(client, network)


def test_a_refresh_replaces_every_machine(aws: EmbeddedAws, pool: Pool, refused: Refused) -> None:
    pool.make(DesiredCapacity=2)
    before = pool.ids()
    pool.change(LaunchTemplate=pool.version(InstanceType="g6.xlarge"))
    assert pool.ids() == before
    aws.delays(instance_refresh=60)
    identifier = pool.refresh(Preferences={"MinHealthyPercentage": 50, "InstanceWarmup": 0})
    assert pool.refreshes()[0]["Status"] == "Pending"
    with refused("InstanceRefreshInProgress"):
        pool.refresh()
    states = set()
    for _ in range(10):
        (seen,) = pool.refreshes()
        states.add((seen["Status"], seen["PercentageComplete"]))
        if seen["Status"] == "Successful":
            break
        aws.skip(60)
    assert {("Pending", 0), ("InProgress", 50), ("Successful", 100)} <= states
    assert (seen["InstanceRefreshId"], seen["Preferences"]["MinHealthyPercentage"]) == (identifier, 50)
    assert not set(pool.ids()) & set(before)
    assert {one["InstanceType"] for one in pool.group()["Instances"]} == {"g6.xlarge"}


def test_a_refresh_keeps_enough_machines_in_service(aws: EmbeddedAws, pool: Pool) -> None:
    pool.make(DesiredCapacity=4)
    aws.delays(instance=60, instance_refresh=60)
    pool.refresh(Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150})
    least = 4
    while pool.refreshes()[0]["Status"] != "Successful":
        least = min(least, sum(1 for one in pool.group()["Instances"] if one["LifecycleState"] == "InService"))
        aws.skip(20)
    assert least == 4
    assert len(pool.ids()) == 4


def test_what_matches_is_skipped(pool: Pool) -> None:
    pool.make(DesiredCapacity=2)
    before = pool.ids()
    pool.refresh(Preferences={"SkipMatching": True})
    assert pool.ids() == before
    assert pool.refreshes()[0]["Status"] == "Successful"


def test_a_desired_configuration_becomes_the_groups_when_it_is_there(pool: Pool) -> None:
    pool.make()
    newer = pool.version(InstanceType="g6.xlarge")
    pool.refresh(DesiredConfiguration={"LaunchTemplate": newer}, Preferences={"SkipMatching": True})
    assert pool.group()["LaunchTemplate"]["Version"] == newer["Version"]
    assert pool.group()["Instances"][0]["InstanceType"] == "g6.xlarge"


def test_a_refresh_that_cannot_launch_goes_back(aws: EmbeddedAws, pool: Pool, refused: Refused) -> None:
    pool.make()
    aws.capacity({"g6.xlarge": {"*": 0}})
    newer = pool.version(InstanceType="g6.xlarge")
    pool.refresh(DesiredConfiguration={"LaunchTemplate": newer}, Preferences={"AutoRollback": True})
    seen = pool.refreshes()[0]
    assert seen["Status"] == "RollbackSuccessful"
    assert "g6.xlarge" in seen["RollbackDetails"]["RollbackReason"]
    assert pool.group()["LaunchTemplate"]["Version"] == "1"
    assert [one["InstanceType"] for one in pool.group()["Instances"]] == ["g5.xlarge"]
    with refused("ValidationError", "desired configuration"):
        pool.refresh(Preferences={"AutoRollback": True})
    pool.refresh(DesiredConfiguration={"LaunchTemplate": newer})
    assert pool.refreshes()[0]["Status"] == "Failed"
    assert "g6.xlarge" in pool.refreshes()[0]["StatusReason"]


def test_protected_machines_are_waited_for_ignored_or_replaced(pool: Pool) -> None:
    pool.make(NewInstancesProtectedFromScaleIn=True)
    before = pool.ids()
    pool.refresh()
    assert pool.refreshes()[0]["Status"] == "InProgress"
    assert "protected from scale in" in pool.refreshes()[0]["StatusReason"]
    pool.asg.cancel_instance_refresh(AutoScalingGroupName=NAME)
    assert pool.refreshes()[0]["Status"] == "Cancelled"
    pool.refresh(Preferences={"ScaleInProtectedInstances": "Ignore"})
    assert pool.ids() == before
    pool.refresh(Preferences={"ScaleInProtectedInstances": "Refresh"})
    assert pool.ids() != before


def test_only_a_refresh_that_runs_is_cancelled_or_rolled_back(aws: EmbeddedAws, pool: Pool, refused: Refused) -> None:
    pool.make()
    with refused("ActiveInstanceRefreshNotFound"):
        pool.asg.cancel_instance_refresh(AutoScalingGroupName=NAME)
    aws.delays(instance_refresh=60)
    pool.refresh()
    with refused("IrreversibleInstanceRefresh"):
        pool.asg.rollback_instance_refresh(AutoScalingGroupName=NAME)
    pool.asg.cancel_instance_refresh(AutoScalingGroupName=NAME)
    newer = pool.version(InstanceType="g6.xlarge")
    pool.refresh(DesiredConfiguration={"LaunchTemplate": newer})
    pool.asg.rollback_instance_refresh(AutoScalingGroupName=NAME)
    assert pool.refreshes()[0]["Status"] == "RollbackSuccessful"


def test_a_large_group_is_refreshed_one_by_one(pool: Pool) -> None:
    pool.make(DesiredCapacity=60, MaxSize=60)
    before = set(pool.ids())
    pool.refresh(Preferences={"MinHealthyPercentage": 99})
    assert pool.refreshes()[0]["Status"] == "Successful"
    assert len(pool.ids()) == 60
    assert not before & set(pool.ids())
