"""Launch templates and Auto Scaling groups of pools against the embedded AWS."""

from __future__ import annotations

import base64
import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._pools import sizes, told
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import KEPT_VERSIONS

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.pool_world import GPU_IMAGE, World, fields, plan, pool

TEMPLATE, GROUP = "launch template", "Auto Scaling group"
SPOT = {"on_demand_base": 1, "on_demand_percent": 50, "rebalance": True}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws, tmp_path: Path) -> World:
    return World(aws, embedded_aws, tmp_path)


def test_seven_phases_of_pools_hold(world: World) -> None:
    gpu = pool("gpu", image={"parameter": GPU_IMAGE}, instance_types=["g5.xlarge", "g4dn.xlarge"], spot=SPOT)
    some = pool(), gpu
    predicted = world.make(*some, check=True)
    assert world.writes() == []
    assert not world.lock_file.exists()
    made = world.make(*some)
    assert plan(made) == plan(predicted)
    assert sorted(world.writes()) == [
        *["CreateAutoScalingGroup"] * 2, *["CreateLaunchTemplate"] * 2, *["EnableMetricsCollection"] * 2,
    ]  # fmt: skip
    assert made.ids["gpu"].endswith(":autoScalingGroupName/us-gpu")
    assert not world.make(*some).changed
    assert not world.make(*some, check=True).changed
    assert not world.settle(*some).changed
    assert world.writes() == []

    less = pool(size={"min": 1, "max": 2}), gpu
    assert fields(world.make(*less, check=True)) == ["max"]
    assert world.writes() == []
    world.make(*less)
    assert world.writes() == ["UpdateAutoScalingGroup"]

    assert plan(world.settle(check=True)) == [
        (kind, one, "remove") for kind in (GROUP, TEMPLATE) for one in ("cpu", "gpu")
    ]
    assert world.writes() == []
    world.settle()
    assert world.aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups") == []
    assert world.aws.pages("ec2", "describe_launch_templates", "LaunchTemplates") == []
    world.writes()
    assert not world.settle().changed
    assert world.writes() == []


def test_a_machine_is_closed_encrypted_and_tagged(world: World) -> None:
    world.make(pool(root_volume={"gib": 50}, tags={"team": "inference"}, role="vllm"))
    said = world.data()
    assert said["MetadataOptions"]["HttpTokens"] == "required"
    assert said["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    assert "KeyName" not in said
    interface = said["NetworkInterfaces"][0]
    assert interface["AssociatePublicIpAddress"] is False
    assert interface["Groups"] == [world.groups["node"]]
    root = said["BlockDeviceMappings"][0]
    assert (root["DeviceName"], root["Ebs"]["VolumeSize"], root["Ebs"]["VolumeType"]) == ("/dev/xvda", 50, "gp3")
    assert root["Ebs"]["Encrypted"] is True
    assert said["IamInstanceProfile"] == {"Name": "us-node"}
    machine = world.aws.pages("ec2", "describe_instances", "Reservations")[0]["Instances"][0]
    tags = {tag["Key"]: tag["Value"] for tag in machine["Tags"]}
    mine = {"Name": "us-cpu", "cloister:region": "us", "cloister:stack": "pools", "cloister:part": "cpu"}
    assert {**mine, "owner": "platform", "team": "inference", "cloister:role": "vllm"}.items() <= tags.items()
    assert {one["ResourceType"] for one in said["TagSpecifications"]} == {"instance", "volume", "network-interface"}


def test_a_machine_of_ecs_is_told_its_cluster_and_a_gpu_is_offered(world: World) -> None:
    world.make(pool(), pool("gpu", image={"parameter": GPU_IMAGE}, instance_types=["g5.xlarge"]))
    cpu, gpu = (base64.b64decode(world.data(name)["UserData"]).decode() for name in ("cpu", "gpu"))
    assert "ECS_CLUSTER=us-main\n" in cpu
    assert "ECS_AWSVPC_BLOCK_IMDS=true\n" in cpu
    assert "ECS_ENABLE_GPU_SUPPORT" not in cpu
    assert "ECS_ENABLE_GPU_SUPPORT=true\n" in gpu


def test_a_plain_machine_does_what_it_is_told_and_its_metadata_stays_on_it(world: World) -> None:
    world.make(pool(purpose="plain", user_data="#!/bin/sh\necho\n", detailed_monitoring=True))
    assert base64.b64decode(world.data()["UserData"]) == b"#!/bin/sh\necho\n"
    assert world.data()["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert world.data()["Monitoring"] == {"Enabled": True}
    assert world.scaling().raw["NewInstancesProtectedFromScaleIn"] is False


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"instance_types": ["t3.large"]}, ["instance_type", "instance_types"]),
        ({"image": {"parameter": GPU_IMAGE}}, ["image"]),
        ({"security_groups": ["node", "other"]}, ["security_groups"]),
        ({"instance_profile": ""}, ["instance_profile"]),
        ({"metadata_hop_limit": 3}, ["metadata"]),
        ({"detailed_monitoring": True}, ["detailed_monitoring"]),
        ({"root_volume": {"gib": 40, "iops": 4000, "throughput_mibps": 250}}, ["volumes"]),
        ({"volumes": [{"device": "/dev/sdf", "gib": 10}]}, ["volumes"]),
        ({"agent_settings": {"ECS_LOGLEVEL": "warn"}}, ["user_data"]),
        ({"capacity_reservation": {"preference": "none"}}, ["capacity_reservation"]),
        ({"exposure": "public"}, ["public_address"]),
    ],
)
def test_each_field_of_a_template_makes_a_version_and_comes_back(
    world: World, change: dict[str, t.Any], changed: list[str]
) -> None:
    world.make(pool())
    world.writes()
    wanted = sorted([*changed, "template_version"])
    predicted = world.make(pool(**change), check=True)
    assert fields(predicted) == wanted
    assert world.writes() == []
    assert fields(world.make(pool(**change))) == wanted
    assert world.writes() == ["CreateLaunchTemplateVersion", "ModifyLaunchTemplate", "UpdateAutoScalingGroup"]
    assert not world.make(pool(**change)).changed
    assert fields(world.make(pool())) == wanted
    assert not world.make(pool()).changed
    assert world.template().raw["LatestVersionNumber"] == 3


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"size": {"min": 2, "max": 3}}, ["max", "min"]),
        ({"size": {"min": 1, "max": 4, "desired": 2}}, ["desired"]),
        ({"subnets": ["private-a"]}, ["subnets"]),
        ({"instance_types": ["t3.medium", "t3.large"]}, ["instance_types"]),
        ({"spot": SPOT}, ["on_demand_base", "on_demand_percent", "spot_rebalance"]),
        ({"spot": {"max_price": "0.5", "strategy": "capacity-optimized"}}, ["spot_max_price", "spot_strategy"]),
        ({"spot": {"on_demand_strategy": "lowest-price"}}, ["on_demand_strategy"]),
        ({"health_check": {"grace_seconds": 60}}, ["grace_seconds"]),
        ({"health_check": {"type": "elb"}}, ["health_check"]),
        ({"scale_in_protection": False}, ["scale_in_protection"]),
        ({"max_lifetime_seconds": 604800}, ["max_lifetime_seconds"]),
        ({"warmup_seconds": 120}, ["warmup_seconds"]),
        ({"metrics": False}, ["metrics"]),
    ],
)
def test_each_field_of_a_group_changes_and_comes_back(
    world: World, change: dict[str, t.Any], changed: list[str]
) -> None:
    # What scaling makes of the size is not ours to take back.
    plain = pool(size={"min": 1, "max": 4, **({"desired": 1} if "desired" in changed else {})})
    world.make(plain)
    assert fields(world.make(pool(**change), check=True)) == changed
    assert fields(world.make(pool(**change))) == changed
    assert not world.make(pool(**change)).changed
    assert fields(world.make(plain)) == changed
    assert not world.make(plain).changed


def test_a_size_that_scaling_made_is_left_alone(world: World) -> None:
    world.make(pool())
    world.update(DesiredCapacity=3)
    assert not world.make(pool()).changed
    assert fields(world.make(pool(size={"min": 1, "max": 4, "desired": 1}))) == ["desired"]


def test_machines_let_go_of_protection_when_the_pool_does(world: World) -> None:
    world.make(pool())
    assert [one["ProtectedFromScaleIn"] for one in world.machines()] == [True]
    world.make(pool(scale_in_protection=False))
    assert [one["ProtectedFromScaleIn"] for one in world.machines()] == [False]


def test_new_tags_of_the_region_reach_template_group_and_machines_to_come(world: World) -> None:
    world.make(pool())
    owner = Owner("us", "pools", {"owner": "platform", "cost": "7"})
    outcome = world.make(pool(), owner=owner)
    assert fields(outcome) == ["tag cost", "tag cost", "tags", "template_version"]
    assert world.scaling().tags["cost"] == "7"
    assert not world.make(pool(), owner=owner).changed


def test_what_was_set_by_hand_in_a_new_version_is_found(world: World) -> None:
    world.make(pool())
    template = world.template()
    metadata = {key: value for key, value in template.raw["data"]["MetadataOptions"].items() if key != "State"}
    data = {**template.raw["data"], "MetadataOptions": metadata, "KeyName": "mine"}
    said = {"LaunchTemplateId": template.id, "LaunchTemplateData": data}
    answer = world.aws.make("ec2", "create_launch_template_version", **said)
    number = str(answer["LaunchTemplateVersion"]["VersionNumber"])
    world.aws.call("ec2", "modify_launch_template", LaunchTemplateId=template.id, DefaultVersion=number)
    assert "others" in fields(world.make(pool(), check=True))
    world.make(pool())
    assert "KeyName" not in world.data()


def test_old_versions_go_and_those_in_use_stay(world: World) -> None:
    world.make(pool())
    for hops in range(3, 3 + KEPT_VERSIONS + 2):
        world.make(pool(metadata_hop_limit=hops))
    versions = world.aws.pages(
        "ec2", "describe_launch_template_versions", "LaunchTemplateVersions", LaunchTemplateId=world.template().id
    )
    # The one machine still has the first.
    assert sorted(one["VersionNumber"] for one in versions) == [1, 4, 5, 6, 7, 8]


def test_newer_images_come_when_they_are_asked_for_and_a_plan_says_so_and_keeps_nothing(world: World) -> None:
    world.make(pool())
    locked, before = world.lock_file.read_text(), world.data()["ImageId"]
    world.lab.new_images()
    assert not world.make(pool()).changed
    assert fields(world.make(pool(), check=True, refresh=True)) == ["image", "template_version"]
    assert world.lock_file.read_text() == locked
    world.make(pool(), refresh=True)
    after = world.data()["ImageId"]
    assert after != before
    assert after in world.lock_file.read_text()
    assert not world.make(pool()).changed


def test_a_pool_tells_what_it_has_and_may_have(world: World) -> None:
    entry = pool("gpu", image={"parameter": GPU_IMAGE}, instance_types=["g5.xlarge", "g4dn.xlarge"])
    ground, _ = world.made(entry)
    assert told(sizes(entry, ground)) == "4 to 16 vCPU, 1 to 4 GPU (A10G or T4), 16 to 64 GiB"


def test_3_14_groups_of_other_sizes_and_roles_are_entries_of_one_list(world: World) -> None:
    sizes_of = {"api": (2, 24), "cron": (1, 1), "queue": (2, 4)}
    world.make(*(pool(name, role=name, size={"min": least, "max": most}) for name, (least, most) in sizes_of.items()))
    for name, size in sizes_of.items():
        group = world.scaling(name).raw
        assert (group["MinSize"], group["MaxSize"], len(group["Instances"])) == (*size, size[0])
    machines = world.aws.pages("ec2", "describe_instances", "Reservations")
    roles = [
        tag["Value"]
        for one in machines
        for machine in one["Instances"]
        for tag in machine["Tags"]
        if tag["Key"] == "cloister:role"
    ]
    assert sorted(roles) == ["api", "api", "cron", "queue", "queue"]
