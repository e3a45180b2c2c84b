# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.machine_world import NAME, Network, Pool

Refused = t.Any
TAGS = [{"Key": "cloister:region", "Value": "us", "PropagateAtLaunch": True}]


@pytest.fixture
def pool(client: t.Any, network: Network) -> Pool:
    return Pool(client, network)


def test_a_group_launches_its_machines_spread_over_the_zones(pool: Pool) -> None:
    pool.make(DesiredCapacity=4, Tags=TAGS, NewInstancesProtectedFromScaleIn=True)
    group = pool.group()
    assert pool.zones() == ["a", "a", "b", "c"]
    assert {one["LifecycleState"] for one in group["Instances"]} == {"InService"}
    assert {one["LaunchTemplate"]["Version"] for one in group["Instances"]} == {"1"}
    assert all(one["ProtectedFromScaleIn"] for one in group["Instances"])
    tags = {one["Key"]: one["Value"] for one in pool.machine(pool.ids()[0])["Tags"]}
    assert tags["cloister:region"] == "us"
    assert tags["aws:autoscaling:groupName"] == NAME
    assert {one["StatusCode"] for one in pool.activities()} == {"Successful"}


def test_a_template_with_interfaces_is_put_into_the_groups_subnets(pool: Pool, network: Network) -> None:
    group = network.group(pool.vpc)
    nic = {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": [group], "DeleteOnTermination": True}
    pool.make(LaunchTemplate=pool.version(NetworkInterfaces=[nic]), DesiredCapacity=2)
    machines = [pool.machine(one) for one in pool.ids()]
    assert [one["SubnetId"] for one in machines] == pool.subnets[:2]
    assert [one["SecurityGroups"][0]["GroupId"] for one in machines] == [group, group]
    assert all("PublicIpAddress" in one for one in machines)


def test_what_is_not_said_has_aws_own_defaults(pool: Pool) -> None:
    pool.make(MinSize=1, DesiredCapacity=1)
    group = pool.group()
    assert (group["DefaultCooldown"], group["HealthCheckType"], group["HealthCheckGracePeriod"]) == (300, "EC2", 0)
    assert (group["CapacityRebalance"], group["NewInstancesProtectedFromScaleIn"]) == (False, False)
    assert group["TerminationPolicies"] == ["Default"]
    assert group["AvailabilityZones"] == ["us-west-2a", "us-west-2b", "us-west-2c"]
    assert "MaxInstanceLifetime" not in group
    assert group["LaunchTemplate"]["LaunchTemplateName"] == NAME


def test_machines_come_into_service_when_they_run(aws: EmbeddedAws, pool: Pool) -> None:
    aws.delays(instance=60)
    pool.make()
    assert [one["LifecycleState"] for one in pool.group()["Instances"]] == ["Pending"]
    assert pool.activities()[0]["StatusCode"] == "InProgress"
    aws.skip(60)
    assert [one["LifecycleState"] for one in pool.group()["Instances"]] == ["InService"]
    assert pool.activities()[0]["StatusCode"] == "Successful"


def test_groups_are_found_by_tag_and_held_until_they_are_gone(aws: EmbeddedAws, pool: Pool) -> None:
    pool.make(Tags=TAGS, DesiredCapacity=0)
    pool.make("another", DesiredCapacity=0)
    filters = [{"Name": "tag:cloister:region", "Values": ["us"]}]
    found = pool.asg.describe_auto_scaling_groups(Filters=filters)["AutoScalingGroups"]
    assert [one["AutoScalingGroupName"] for one in found] == [NAME]
    assert found[0]["Tags"] == [{**TAGS[0], "ResourceId": NAME, "ResourceType": "auto-scaling-group"}]
    made = [one for one in aws.writes() if one["action"] == "CreateAutoScalingGroup"]
    assert made[0]["made"] == [NAME]
    held = [one for one in aws.holdings() if one["kind"] == "autoscaling:autoScalingGroup"]
    assert sorted(one["name"] for one in held) == ["another", NAME]
    pool.asg.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    assert [one["name"] for one in aws.holdings() if one["kind"] == "autoscaling:autoScalingGroup"] == ["another"]


def test_tags_change_and_go_and_do_not_reach_running_machines(aws: EmbeddedAws, pool: Pool) -> None:
    pool.make(Tags=TAGS)
    row = {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": "Name", "Value": "x"}
    pool.asg.create_or_update_tags(Tags=[{**row, "PropagateAtLaunch": True}])
    assert NAME in aws.writes()[-1]["named"]
    assert {one["Key"] for one in pool.group()["Tags"]} == {"cloister:region", "Name"}
    assert "Name" not in {one["Key"] for one in pool.machine(pool.ids()[0])["Tags"]}
    pool.asg.delete_tags(Tags=[row])
    assert [one["Key"] for one in pool.asg.describe_tags()["Tags"]] == ["cloister:region"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"MinSize": 3, "MaxSize": 2}, "Max bound, 2, must be greater than or equal to min bound, 3"),
        ({"DesiredCapacity": 9}, "Desired capacity:9 must be between"),
        ({"VPCZoneIdentifier": "subnet-0123456789abcdef0"}, "subnet-0123456789abcdef0"),
        ({"VPCZoneIdentifier": None}, "At least one Availability Zone or VPC Subnet is required."),
        ({"LaunchTemplate": {"LaunchTemplateName": "none"}}, "valid fully-formed launch template"),
        ({"LaunchTemplate": {"LaunchTemplateName": NAME, "Version": "7"}}, "valid fully-formed launch template"),
        ({"TargetGroupARNs": ["arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/x/1"]}, "Target Groups"),
        ({"MaxInstanceLifetime": 60}, "lifetime"),
        ({"HealthCheckType": "PING"}, "HealthCheckType"),
    ],
)
def test_settings_aws_does_not_take_are_refused(
    pool: Pool, refused: Refused, given: dict[str, t.Any], word: str
) -> None:
    with refused("ValidationError", word):
        pool.make(**given)
    assert pool.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_template_that_could_not_launch_is_refused_at_once(pool: Pool, refused: Refused) -> None:
    with refused("ValidationError", "fully-formed launch template", "Invalid IAM Instance Profile name"):
        pool.make(LaunchTemplate=pool.version(IamInstanceProfile={"Name": "none"}))
    with refused("ValidationError", "The image id '[ami-0123456789abcdef0]' does not exist"):
        pool.make(LaunchTemplate=pool.version(ImageId="ami-0123456789abcdef0"))
    nic = {"DeviceIndex": 0, "AssociatePublicIpAddress": False}
    with refused("InvalidQueryParameter", "the security groups must be a part of it"):
        pool.make(LaunchTemplate=pool.version(NetworkInterfaces=[nic], SecurityGroupIds=["sg-0123456789abcdef0"]))


def test_a_name_in_use_is_refused_and_one_that_is_not_is_told(pool: Pool, refused: Refused) -> None:
    pool.make()
    with refused("AlreadyExists", NAME):
        pool.make()
    with refused("ValidationError", "AutoScalingGroup name not found"):
        pool.asg.set_desired_capacity(AutoScalingGroupName="none", DesiredCapacity=1)
    assert pool.asg.describe_auto_scaling_groups(AutoScalingGroupNames=["none"])["AutoScalingGroups"] == []


# Deleting


def test_a_group_with_machines_goes_only_by_force(aws: EmbeddedAws, pool: Pool, refused: Refused) -> None:
    aws.delays(instance_terminate=60)
    pool.make(DesiredCapacity=2)
    with refused("ResourceInUse", "there are instances"):
        pool.asg.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    pool.asg.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)
    assert pool.group()["Status"] == "Delete in progress"
    assert {one["LifecycleState"] for one in pool.group()["Instances"]} == {"Terminating"}
    with refused("ScalingActivityInProgress", "pending delete"):
        pool.change(MaxSize=3)
    aws.skip(60)
    assert pool.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert "ec2:instance" not in {one["kind"] for one in aws.holdings()}


def test_a_group_that_empties_is_not_deleted_before_it_is_empty(aws: EmbeddedAws, pool: Pool, refused: Refused) -> None:
    aws.delays(instance_terminate=60)
    pool.make()
    pool.change(MinSize=0, DesiredCapacity=0)
    with refused("ScalingActivityInProgress"):
        pool.asg.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    aws.skip(60)
    pool.asg.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    assert pool.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []


# Refused loudly


def test_what_is_not_modelled_says_so(pool: Pool, refused: Refused) -> None:
    pool.make()
    with refused("NotModelled"):
        pool.asg.put_warm_pool(AutoScalingGroupName=NAME)
    with refused("UnsupportedOperation"):
        pool.asg.create_launch_configuration(LaunchConfigurationName="x")
    with refused("ValidationError", "Filter type"):
        pool.asg.describe_auto_scaling_groups(Filters=[{"Name": "status", "Values": ["x"]}])


def test_policies_and_hooks_need_their_group(pool: Pool, refused: Refused) -> None:
    with refused("ValidationError", "name not found"):
        pool.asg.put_scaling_policy(AutoScalingGroupName=NAME, PolicyName="x", PolicyType="TargetTrackingScaling")
    pool.make()
    transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
    pool.asg.put_lifecycle_hook(AutoScalingGroupName=NAME, LifecycleHookName="x", LifecycleTransition=transition)
    hooks = pool.asg.describe_lifecycle_hooks(AutoScalingGroupName=NAME)["LifecycleHooks"]
    assert [one["LifecycleHookName"] for one in hooks] == ["x"]
