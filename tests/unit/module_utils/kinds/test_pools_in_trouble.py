"""Pools whose run was killed or whose answer was lost, and pools that are refused, against the embedded AWS."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.pool_world import ECS_IMAGE, World, fields, plan, pool

TEMPLATE, GROUP = "launch template", "Auto Scaling group"


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws, tmp_path: Path) -> World:
    return World(aws, embedded_aws, tmp_path)


def test_a_version_that_a_killed_run_made_is_taken(world: World) -> None:
    world.make(pool())
    changed = pool(metadata_hop_limit=3)
    world.lab.fail("ModifyLaunchTemplate", "UnauthorizedOperation", status=403)
    with pytest.raises(RegionError, match="UnauthorizedOperation"):
        world.make(changed)
    world.writes()
    world.make(changed)
    assert world.writes() == ["ModifyLaunchTemplate", "UpdateAutoScalingGroup"]


def test_a_group_whose_run_was_killed_before_it_was_made_is_made(world: World) -> None:
    world.lab.fail("CreateAutoScalingGroup", "AccessDenied", status=403)
    with pytest.raises(RegionError, match="AccessDenied"):
        world.make(pool())
    assert plan(world.make(pool())) == [(TEMPLATE, "cpu", "keep"), (GROUP, "cpu", "create")]


def test_a_group_whose_run_was_killed_before_its_metrics_were_on_is_finished(world: World) -> None:
    world.lab.fail("EnableMetricsCollection", "AccessDenied", status=403)
    with pytest.raises(RegionError, match="AccessDenied"):
        world.make(pool())
    assert fields(world.make(pool())) == ["metrics"]


@pytest.mark.parametrize("action", ["CreateLaunchTemplate", "CreateAutoScalingGroup"])
def test_a_lost_answer_makes_no_second_one(world: World, action: str) -> None:
    world.lab.reset_connections(action, applied=True)
    world.make(pool())
    assert len(world.aws.pages("ec2", "describe_launch_templates", "LaunchTemplates")) == 1
    assert len(world.aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")) == 1
    assert not world.make(pool()).changed


def test_ids_that_are_shown_late_are_waited_for(world: World) -> None:
    world.lab.hide_new_ids(calls=3)
    world.make(pool())
    world.lab.hide_new_ids(calls=0)
    assert not world.make(pool()).changed


def test_a_profile_that_auto_scaling_sees_late_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    late = "You must use a valid fully-formed launch template. Invalid IAM Instance Profile name"
    world.lab.fail("CreateAutoScalingGroup", "ValidationError", times=2, message=late)
    world.make(pool())
    assert waits[:2] == [1.0, 2.0]
    assert len(world.machines()) == 1


def test_a_template_of_that_name_that_is_not_ours_is_refused(world: World) -> None:
    theirs = world.aws.make(
        "ec2", "create_launch_template", LaunchTemplateName="us-cpu", LaunchTemplateData={"InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    world.writes()
    with pytest.raises(OwnershipError, match=theirs):
        world.make(pool())
    assert world.writes() == []


def test_a_group_of_that_name_that_is_not_ours_is_refused_before_its_template_is_made(world: World) -> None:
    image = world.aws.call("ssm", "get_parameter", Name=ECS_IMAGE)["Parameter"]["Value"]
    said = {"LaunchTemplateName": "theirs", "LaunchTemplateData": {"InstanceType": "t3.micro", "ImageId": image}}
    template = world.aws.make("ec2", "create_launch_template", **said)["LaunchTemplate"]["LaunchTemplateId"]
    world.aws.make(
        "autoscaling", "create_auto_scaling_group", AutoScalingGroupName="us-cpu", MinSize=0, MaxSize=0,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"}, VPCZoneIdentifier=world.subnets["private-a"],
    )  # fmt: skip
    world.writes()
    with pytest.raises(OwnershipError, match="autoScalingGroupName/us-cpu has its place and is not ours"):
        world.make(pool())
    assert world.writes() == []


def test_two_pools_of_one_name_are_refused(world: World) -> None:
    with pytest.raises(InputError, match="cpu: listed more than once"):
        world.make(pool(), pool())
    assert world.writes() == []


def test_a_secret_in_user_data_is_refused_before_anything_is_asked(world: World) -> None:
    with pytest.raises(InputError, match=r"pool cpu: line 7 looks like a password\. .*Secrets Manager") as refusal:
        world.make(pool(user_data="export DB_PASSWORD=hunter2"))
    assert "hunter2" not in str(refusal.value)
    assert world.lab.reads()["total"] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"instance_types": ["t4g.medium"]}, "is made for x86_64, and t4g.medium is not"),
        ({"instance_types": ["t3.medium", "g5.xlarge"]}, "t3.medium has no GPU and the others have one"),
        ({"instance_types": ["t3.medium", "t3.gigantic"]}, "us-west-2 has no instance type t3.gigantic"),
        ({"root_volume": {"gib": 8}}, "root_volume.gib is 8, and the image ami-.* needs 30 at least"),
    ],
)
def test_what_could_not_start_is_refused_before_anything_is_made(
    world: World, change: dict[str, t.Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        world.make(pool(**change))
    assert world.writes() == []


def test_target_groups_that_come_a_moment_later_are_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"VpcId": world.vpc, "Protocol": "HTTP", "Port": 80, "TargetType": "instance"}
    tags = tag_list(Owner("us", "load_balancers").tags_for("proxies"))
    made: list[str] = []

    def later(seconds: float) -> None:
        if not made:
            answer = world.aws.make("elbv2", "create_target_group", Name="us-proxies", Tags=tags, **said)
            made.append(answer["TargetGroups"][0]["TargetGroupArn"])

    monkeypatch.setattr("time.sleep", later)
    entry = pool(target_groups=["proxies"])
    world.make(entry)
    assert world.scaling().raw["TargetGroupARNs"] == made
    assert not world.make(entry).changed
    assert fields(world.make(pool())) == ["target_groups"]
    assert world.scaling().raw["TargetGroupARNs"] == []
    assert fields(world.make(entry)) == ["target_groups"]
