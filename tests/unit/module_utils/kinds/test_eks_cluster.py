"""EKS clusters and their logs against the embedded AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._eks_beginning import settled
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.conftest import Waiting
from tests.unit.module_utils.kinds.eks_nodes_world import OWNER, World, cluster, fields, nodes, plan

LOG, CLUSTER = "cluster log group", "EKS cluster"


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def test_seven_phases_of_a_cluster_hold(world: World) -> None:
    entry = cluster()
    predicted = world.begin(entry, check=True)
    assert plan(predicted) == [(LOG, "main", "create"), (CLUSTER, "main", "create")]
    assert plan(world.settle(entry, check=True)) == []
    assert world.writes() == []
    assert plan(world.begin(entry)) == plan(predicted)
    assert world.writes() == ["CreateLogGroup", "PutRetentionPolicy", "CreateCluster"]
    assert plan(world.settle(entry)) == [(CLUSTER, "main", "keep")]
    for check in (False, True):
        assert not world.begin(entry, check=check).changed
        assert not world.run(check=check).changed
    assert world.writes() == []
    more = cluster(logs=["api", "audit", "scheduler"])
    assert fields(world.begin(more, check=True)) == ["logs"]
    assert world.writes() == []
    world.begin(more)
    assert world.writes() == ["UpdateClusterConfig"]
    assert not world.begin(more).changed


def test_a_cluster_is_closed_tagged_and_knows_nobody(world: World) -> None:
    world.stand()
    raw = world.cluster()
    network = raw["resourcesVpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert raw["accessConfig"]["authenticationMode"] == "API"
    mine = {"Name": "us-main", "cloister:region": "us", "cloister:stack": "eks", "cloister:part": "main"}
    assert {**mine, "owner": "platform"}.items() <= raw["tags"].items()
    assert world.aws.pages("eks", "list_access_entries", "accessEntries", clusterName="us-main") == []
    groups = world.aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix="/aws/eks/")
    assert [(one["logGroupName"], one["retentionInDays"]) for one in groups] == [("/aws/eks/us-main/cluster", 30)]


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ({"endpoint": {"public": True, "public_cidrs": ["198.51.100.0/24"]}}, ["endpoint"]),
        ({"subnets": ["private-a", "private-b"]}, ["subnets"]),
        ({"security_groups": ["node"]}, ["security_groups"]),
        ({"logs": []}, ["logs"]),
        ({"upgrade_policy": "extended"}, ["upgrade_policy"]),
        ({"deletion_protection": True}, ["deletion_protection"]),
        ({"zonal_shift": True}, ["zonal_shift"]),
        ({"log_retention_days": 90}, ["retention_days"]),
        ({"tags": {"team": "apps"}}, ["tag team"]),
        ({"version": "1.34"}, ["version"]),
        (
            {"logs": ["api"], "subnets": ["private-b", "private-c"], "zonal_shift": True, "version": "1.34"},
            ["logs", "subnets", "version", "zonal_shift"],
        ),
    ],
)
def test_each_field_is_found_and_changed(world: World, said: dict[str, t.Any], changed: list[str]) -> None:
    world.stand()
    other = cluster(**said)
    assert fields(world.begin(other, check=True)) == changed
    assert world.writes() == []
    assert fields(world.begin(other)) == changed
    world.settle(other)
    world.writes()
    assert not world.begin(other).changed
    assert world.writes() == []


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ({"version": "1.30"}, ImmutableError, "cannot go back to 1.30; set version: '1.32'"),
        ({"version": "1.34"}, ImmutableError, "one step at a time: set version: '1.33', run"),
        ({"role": "eks-node"}, ImmutableError, "role is .* for the life of a cluster"),
        ({"service_cidr": "10.100.0.0/16"}, ImmutableError, "service_cidr is .* for the life of a cluster"),
    ],
)
def test_what_eks_does_not_do_is_refused_before_any_write(
    world: World, said: dict[str, t.Any], error: type[Exception], words: str
) -> None:
    world.stand(version="1.32", service_cidr="172.20.0.0/16")
    for check in (True, False):
        with pytest.raises(error, match=words):
            world.begin(cluster(**{"version": "1.32", **said}), check=check)
    assert world.writes() == []


def test_a_cluster_of_others_is_not_taken_over(world: World) -> None:
    network = {"subnetIds": [world.subnets["private-a"], world.subnets["private-b"]]}
    said = {"name": "us-main", "roleArn": world.roles["eks-cluster"], "resourcesVpcConfig": network}
    world.aws.make("eks", "create_cluster", **said)
    world.writes()
    with pytest.raises(OwnershipError, match="cluster/us-main has its place and is not ours"):
        world.begin(cluster())
    assert world.writes() == []


def test_a_protected_cluster_does_not_go(world: World) -> None:
    world.stand(deletion_protection=True)
    kind = EksCluster(world.aws, OWNER)
    (found,) = kind.find()
    with pytest.raises(RegionError, match="protected from deletion; list it with deletion_protection: false"):
        kind.vet_removal(found)
    kind.released = ["data"]
    kind.vet_removal(found)
    kind.delete(found)
    assert kind.find() == []


def test_a_cluster_with_nodes_of_others_does_not_go(world: World) -> None:
    world.stand()
    said = {"clusterName": "us-main", "nodegroupName": "theirs", "subnets": [world.subnets["private-a"]]}
    world.aws.make("eks", "create_nodegroup", nodeRole=world.roles["eks-node"], **said)
    kind = EksCluster(world.aws, OWNER)
    with pytest.raises(OwnershipError, match="nodegroup theirs, not this stack's"):
        kind.vet_removal(kind.find()[0])


def test_a_run_that_was_killed_while_a_change_ran_is_taken_up(world: World) -> None:
    world.stand(version="1.32")
    world.lab.delays(eks_update=60)
    world.aws.call("eks", "update_cluster_version", name="us-main", version="1.33")
    world.writes()
    entry = cluster()
    world.begin(entry)
    world.settle(entry)
    assert "UpdateClusterVersion" not in world.writes()
    assert world.cluster()["version"] == "1.33"


def test_a_cluster_that_is_still_being_made_is_waited_for(world: World) -> None:
    world.lab.delays(eks_cluster=60)
    entry = cluster()
    world.begin(entry)
    assert world.cluster()["status"] == "CREATING"
    again = world.begin(entry)
    assert (again.changed, settled(again)) == (False, False)
    world.settle(entry)
    assert settled(world.begin(entry))
    assert world.cluster()["status"] == "ACTIVE"


def test_nodes_that_lag_behind_come_first(world: World) -> None:
    world.stand(version="1.31")
    world.run(nodes(), version="1.31")
    world.begin(cluster(version="1.32"))
    world.writes()
    with pytest.raises(
        InputError, match=r"is 1.32, and its node groups apps \(1.31\) are not yet; set version: '1.32'"
    ):
        world.begin(cluster())
    assert world.writes() == []


def test_a_version_that_eks_does_not_have_is_refused_with_those_that_it_has(world: World) -> None:
    with pytest.raises(InputError, match=r"EKS has no Kubernetes 1\.99 in us-west-2; it has 1\.36, 1\.35"):
        world.begin(cluster(version="1.99"))
    assert world.writes() == []


def test_a_version_that_did_not_come_is_told_with_the_reason(world: World) -> None:
    world.stand(version="1.32")
    with pytest.raises(RegionError, match=r"is 1\.32 and not 1\.33 as it was asked to become\. EKS was not asked"):
        world.settle(cluster())


def test_a_security_group_that_comes_a_moment_later_is_waited_for(world: World, waiting: Waiting) -> None:
    """It is made in the same layer, beside the cluster."""
    waiting.meanwhile(8, lambda: world.group("late"))
    world.begin(cluster(security_groups=["late"]))
    assert len(world.cluster()["resourcesVpcConfig"]["securityGroupIds"]) == 1
