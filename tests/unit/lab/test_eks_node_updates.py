# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.eks_world import World
from tests.unit.lab.test_eks_node_groups import machines

Refused = t.Any
NAMED = {"clusterName": "main", "nodegroupName": "apps"}
GROUP = {"name": "main", "nodegroupName": "apps"}


@pytest.fixture
def world(client: t.Any, network: t.Any) -> World:
    made = World(client, network)
    made.cluster()
    return made


def ids(world: World) -> set[str]:
    return {one["InstanceId"] for one in machines(world)}


def test_sizes_labels_and_taints_change_in_place(world: World) -> None:
    world.nodegroup(labels={"a": "1", "b": "2"})
    before = ids(world)
    update = world.eks.update_nodegroup_config(
        **NAMED,
        labels={"addOrUpdateLabels": {"a": "3"}, "removeLabels": ["b"]},
        taints={"addOrUpdateTaints": [{"key": "k", "value": "v", "effect": "NO_SCHEDULE"}]},
        scalingConfig={"desiredSize": 3},
        updateConfig={"maxUnavailable": 2},
    )["update"]
    assert update["type"] == "ConfigUpdate"
    assert {"type": "DesiredSize", "value": "3"} in update["params"]
    shown = world.group()
    assert (shown["status"], shown["labels"], shown["updateConfig"]) == ("ACTIVE", {"a": "3"}, {"maxUnavailable": 2})
    assert shown["taints"] == [{"key": "k", "value": "v", "effect": "NO_SCHEDULE"}]
    assert shown["scalingConfig"] == {"minSize": 1, "maxSize": 3, "desiredSize": 3}
    assert len(ids(world)) == 3
    assert before < ids(world)
    assert world.eks.list_updates(**GROUP)["updateIds"] == [update["id"]]


def test_sizes_that_others_set_are_told(world: World) -> None:
    name = world.nodegroup()["resources"]["autoScalingGroups"][0]["name"]
    world.client("autoscaling").set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=1)
    assert world.group()["scalingConfig"]["desiredSize"] == 1


def test_one_change_of_a_node_group_at_a_time(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    world.nodegroup()
    aws.delays(eks_update=30)
    world.eks.update_nodegroup_config(**NAMED, scalingConfig={"desiredSize": 3})
    assert world.group()["status"] == "UPDATING"
    with refused("ResourceInUseException", "not in Active State", status=409):
        world.eks.update_nodegroup_version(**NAMED)


def test_a_cluster_waits_for_its_node_groups_before_the_next_version(world: World, refused: Refused) -> None:
    world.nodegroup()
    world.eks.update_cluster_version(name="main", version="1.34")
    with refused("InvalidParameterException", "Nodegroups apps must be updated to match cluster version 1.34 before"):
        world.eks.update_cluster_version(name="main", version="1.35")
    with refused("InvalidParameterException", "equal to Cluster kubernetes version 1.34 or NodeGroup kubernetes"):
        world.eks.update_nodegroup_version(**NAMED, version="1.35")
    world.eks.update_nodegroup_version(**NAMED, version="1.34")
    assert (world.group()["version"], world.group()["releaseVersion"]) == ("1.34", "1.34.5-20261101")
    world.eks.update_cluster_version(name="main", version="1.35")
    assert world.described()["version"] == "1.35"


def test_a_new_version_comes_with_new_machines(world: World, aws: EmbeddedAws) -> None:
    world.nodegroup()
    world.eks.update_cluster_version(name="main", version="1.34")
    before = machines(world)
    aws.delays(eks_node_group=60)
    update = world.eks.update_nodegroup_version(**NAMED, version="1.34")["update"]
    assert world.group()["status"] == "UPDATING"
    assert len(machines(world)) == 4
    aws.skip(60)
    followed = world.eks.describe_update(**GROUP, updateId=update["id"])["update"]
    assert (followed["status"], followed["type"]) == ("Successful", "VersionUpdate")
    after = machines(world)
    assert len(after) == 2
    assert not {one["InstanceId"] for one in after} & {one["InstanceId"] for one in before}
    assert {one["ImageId"] for one in after} != {one["ImageId"] for one in before}


def test_a_new_version_of_the_template_replaces_machines(world: World, refused: Refused) -> None:
    template = world.template({"MetadataOptions": {"HttpPutResponseHopLimit": 2}})
    world.nodegroup(launchTemplate={"id": template})
    before = ids(world)
    world.ec2.create_launch_template_version(
        LaunchTemplateId=template, LaunchTemplateData={"MetadataOptions": {"HttpPutResponseHopLimit": 3}}
    )
    world.eks.update_nodegroup_version(**NAMED, launchTemplate={"id": template, "version": "2"})
    assert world.group()["launchTemplate"]["version"] == "2"
    assert {one["MetadataOptions"]["HttpPutResponseHopLimit"] for one in machines(world)} == {3}
    assert not ids(world) & before
    other = world.template({}, "other")
    with refused("InvalidRequestException", "different launch template"):
        world.eks.update_nodegroup_version(**NAMED, launchTemplate={"id": other})


def test_new_images_are_a_new_release(world: World, aws: EmbeddedAws) -> None:
    world.nodegroup()
    before = {one["ImageId"] for one in machines(world)}
    aws.new_images()
    world.eks.update_nodegroup_version(**NAMED)
    assert world.group()["releaseVersion"] == "1.33.5-20261115"
    assert {one["ImageId"] for one in machines(world)} != before


def test_machines_that_do_not_join_fail_the_update_and_the_old_ones_stay(world: World, aws: EmbeddedAws) -> None:
    world.nodegroup()
    world.eks.update_cluster_version(name="main", version="1.34")
    before = ids(world)
    aws.capacity({"t3.medium": {"*": 0}})
    update = world.eks.update_nodegroup_version(**NAMED, version="1.34")["update"]
    followed = world.eks.describe_update(**GROUP, updateId=update["id"])["update"]
    assert (followed["status"], followed["errors"][0]["errorCode"]) == ("Failed", "NodeCreationFailure")
    assert (world.group()["status"], world.group()["version"]) == ("ACTIVE", "1.33")
    assert ids(world) == before


def test_what_others_delete_makes_a_node_group_ill(world: World) -> None:
    name = world.nodegroup()["resources"]["autoScalingGroups"][0]["name"]
    world.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    shown = world.group()
    assert (shown["status"], shown["health"]["issues"][0]["code"]) == ("DEGRADED", "AutoScalingGroupNotFound")
    world.eks.delete_nodegroup(clusterName="main", nodegroupName="apps")
    world.eks.delete_cluster(name="main")


def test_a_machine_that_ends_is_replaced(world: World) -> None:
    world.nodegroup()
    lost = min(ids(world))
    world.ec2.terminate_instances(InstanceIds=[lost])
    assert lost not in ids(world)
    assert len(ids(world)) == 2
    assert world.group()["status"] == "ACTIVE"


def test_sizes_in_the_wrong_order_are_refused(world: World, refused: Refused) -> None:
    world.nodegroup()
    with refused("InvalidParameterException", "Desired capacity 5 can't be greater than max size 3"):
        world.eks.update_nodegroup_config(**NAMED, scalingConfig={"desiredSize": 5})
    with refused("InvalidParameterException", "No changes needed"):
        world.eks.update_nodegroup_config(**NAMED)
