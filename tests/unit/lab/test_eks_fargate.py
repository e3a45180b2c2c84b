# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.eks_world import World

Refused = t.Any


@pytest.fixture
def world(client: t.Any, network: t.Any) -> World:
    made = World(client, network)
    made.cluster()
    return made


def profile(world: World, name: str = "system", **more: t.Any) -> dict[str, t.Any]:
    role = f"arn:aws:iam::123456789012:role/{name}"
    if "podExecutionRoleArn" not in more:
        role = world.role(name, "eks-fargate-pods.amazonaws.com", "AmazonEKSFargatePodExecutionRolePolicy")
    given = {
        "clusterName": "main", "fargateProfileName": name, "podExecutionRoleArn": role, "subnets": world.subnets,
        "selectors": [{"namespace": "kube-system"}], **more,
    }  # fmt: skip
    return t.cast("dict[str, t.Any]", world.eks.create_fargate_profile(**given)["fargateProfile"])


def test_profiles_are_made_and_deleted_one_at_a_time(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    aws.delays(eks_fargate_profile=60)
    assert profile(world, tags={"a": "1"})["status"] == "CREATING"
    with refused(
        "ResourceInUseException",
        "Cannot create Fargate Profile other because cluster main currently has Fargate profile system in status "
        "CREATING",
    ):
        profile(world, "other")
    aws.skip(60)
    shown = world.eks.describe_fargate_profile(clusterName="main", fargateProfileName="system")["fargateProfile"]
    assert (shown["status"], shown["tags"]) == ("ACTIVE", {"a": "1"})
    assert shown["selectors"] == [{"namespace": "kube-system", "labels": {}}]
    with refused("ResourceInUseException", "Cluster has Fargate profiles attached"):
        world.eks.delete_cluster(name="main")
    world.eks.delete_fargate_profile(clusterName="main", fargateProfileName="system")
    with refused("ResourceInUseException", "in status DELETING"):
        profile(world, "third")
    aws.skip(60)
    assert world.eks.list_fargate_profiles(clusterName="main")["fargateProfileNames"] == []
    assert world.eks.list_access_entries(clusterName="main")["accessEntries"] == []


def test_coredns_may_run_on_fargate(world: World) -> None:
    world.eks.create_addon(clusterName="main", addonName="coredns")
    profile(world)
    assert world.eks.describe_addon(clusterName="main", addonName="coredns")["addon"]["status"] == "ACTIVE"


def test_a_profile_that_cannot_be_is_refused(world: World, refused: Refused) -> None:
    public = world.ec2.describe_subnets(Filters=[{"Name": "cidr-block", "Values": ["10.0.1.0/24"]}])["Subnets"][0]
    invalid = "InvalidParameterException"
    with refused(invalid, f"Subnet {public['SubnetId']} provided in Fargate Profile is not a private subnet"):
        profile(world, subnets=[public["SubnetId"]])
    with refused(invalid, "Misconfigured PodExecutionRole Trust Policy"):
        profile(world, "b", podExecutionRoleArn=world.node_role)
    with refused(invalid, "requires at least one selector"):
        profile(world, "c", selectors=[])
    with refused(invalid, "cannot be found"):
        profile(world, "d", podExecutionRoleArn="arn:aws:iam::123456789012:role/none")
    profile(world, "e")
    with refused("ResourceInUseException", "already exists with this name"):
        profile(world, "e", podExecutionRoleArn=world.node_role)
