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
    return World(client, network, out=False)


def test_a_role_is_seen_late(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    aws.hide_new_ids(calls=1)
    world.cluster_role = world.role("late", "eks.amazonaws.com")
    with refused("InvalidParameterException", "could not be assumed because it does not exist", status=400):
        world.cluster()
    world.cluster("other")


def test_each_call_says_in_its_own_words_that_it_sees_no_role(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    world.cluster()
    aws.hide_new_ids(calls=1)
    pods = world.role("pods", "pods.eks.amazonaws.com")
    wanted = {"clusterName": "main", "namespace": "apps", "serviceAccount": "a", "roleArn": pods}
    with refused("InvalidParameterException", "Trust policy of the role provided is invalid."):
        world.eks.create_pod_identity_association(**wanted)
    world.eks.create_pod_identity_association(**wanted)
    admin = world.role("admin", "ec2.amazonaws.com")
    with refused("InvalidParameterException", "invalid principal"):
        world.eks.create_access_entry(clusterName="main", principalArn=admin)


def test_what_eks_made_is_seen_late(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    aws.hide_new_ids(calls=2)
    world.cluster()
    assert world.eks.list_clusters()["clusters"] == []
    with refused("ResourceNotFoundException", "No cluster found for name: main.", status=404):
        world.described()
    assert world.eks.list_clusters()["clusters"] == ["main"]
    aws.hide_new_ids(calls=1)
    world.eks.create_addon(clusterName="main", addonName="vpc-cni")
    with refused("ResourceNotFoundException", "No addon: vpc-cni", status=404):
        world.eks.describe_addon(clusterName="main", addonName="vpc-cni")
    assert world.eks.list_addons(clusterName="main")["addons"] == ["vpc-cni"]


def test_a_launch_template_is_seen_late(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    world.cluster()
    aws.hide_new_ids(calls=1, prefixes=["lt-"])
    template = world.template({})
    with refused("InvalidRequestException", template):
        world.nodegroup(launchTemplate={"id": template})
