"""Clusters and nodes that EKS shows late, cannot make, or does not get through a change."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.eks_nodes_world import World, cluster, nodes, plan, profile


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def test_what_was_made_a_moment_ago_and_is_shown_late_is_borne(world: World) -> None:
    world.lab.hide_new_ids(2)
    world.stand()
    made = world.run(nodes(), profiles=[profile()])
    assert {action for _kind, _part, action in plan(made)} == {"create"}
    world.lab.hide_new_ids(0)
    assert not world.begin(cluster()).changed
    assert not world.run(nodes(), profiles=[profile()]).changed


def test_machines_that_cannot_be_had_are_told_with_what_helps(world: World) -> None:
    world.stand()
    world.lab.capacity({"t3.large": {"*": 0}})
    with pytest.raises(RegionError, match=r"AsgInstanceLaunchFailures: .*list further instance_types or subnets"):
        world.run(nodes())
    world.lab.capacity({"t3.large": {"*": None}})
    world.run(nodes())
    assert world.nodes()["status"] == "ACTIVE"


def test_a_roll_over_that_fails_is_told_and_tried_again_by_the_next_run(world: World) -> None:
    world.stand()
    world.run(nodes())
    world.lab.capacity({"t3.large": {"*": 0}})
    other = nodes(root_volume={"gib": 80})
    with pytest.raises(RegionError, match="VersionUpdate of us-main apps ended as Failed: NodeCreationFailure"):
        world.run(other)
    world.lab.capacity({"t3.large": {"*": None}})
    assert world.run(other).changed
    assert not world.run(other).changed


def test_a_call_whose_answer_is_lost_makes_no_second_cluster_and_no_second_group(world: World) -> None:
    world.lab.reset_connections("CreateCluster", applied=True)
    world.stand()
    world.lab.reset_connections("CreateNodegroup", applied=True)
    world.lab.reset_connections("CreateFargateProfile", applied=True)
    world.run(nodes(), profiles=[profile()])
    assert world.aws.pages("eks", "list_clusters", "clusters") == ["us-main"]
    assert world.aws.pages("eks", "list_nodegroups", "nodegroups", clusterName="us-main") == ["apps"]
    assert not world.run(nodes(), profiles=[profile()]).changed


def test_profiles_come_one_after_the_other_and_beside_nodes(world: World) -> None:
    world.stand()
    world.lab.delays(eks_fargate_profile=20, eks_node_group=60)
    three = [profile(name) for name in ("a", "b", "c")]
    world.run(nodes(), profiles=three)
    assert not world.run(nodes(), profiles=three).changed
    world.lab.delays(eks_fargate_profile=0, eks_node_group=0)
    world.run(profiles=[])
    assert world.aws.pages("eks", "list_fargate_profiles", "fargateProfileNames", clusterName="us-main") == []
