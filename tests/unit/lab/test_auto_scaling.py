# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import time
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Network = t.Any
Refused = t.Any
ECS = "/aws/service/ecs/optimized-ami/amazon-linux-2023"
SSM_IMAGE = f"resolve:ssm:{ECS}/gpu/recommended/image_id"
TAGS = [{"Key": "cloister:region", "Value": "us", "PropagateAtLaunch": True}]
NAME = "us-gpu"


class Pool:
    """A launch template and the calls of one group upon it."""

    def __init__(self, client: t.Any, network: Network) -> None:
        self.asg, self.ec2 = client("autoscaling"), client("ec2")
        self.vpc = network.vpc()
        zones = enumerate("abc", start=1)
        self.subnets = [network.subnet(self.vpc, f"10.0.{n}.0/24", f"us-west-2{zone}") for n, zone in zones]
        parameter = client("ssm").get_parameter(Name=f"{ECS}/gpu/recommended/image_id")
        self.image = parameter["Parameter"]["Value"]
        data = {"ImageId": self.image, "InstanceType": "g5.xlarge"}
        made = self.ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data)
        self.template = {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}

    def version(self, **data: t.Any) -> dict[str, str]:
        made = self.ec2.create_launch_template_version(
            LaunchTemplateName=NAME, SourceVersion="1", LaunchTemplateData=data
        )
        return {**self.template, "Version": str(made["LaunchTemplateVersion"]["VersionNumber"])}

    def make(self, name: str = NAME, **given: t.Any) -> None:
        plain = {"MinSize": 0, "MaxSize": 4, "DesiredCapacity": 1, "VPCZoneIdentifier": ",".join(self.subnets)}
        if "MixedInstancesPolicy" not in given:
            plain["LaunchTemplate"] = self.template
        asked = {key: value for key, value in {**plain, **given}.items() if value is not None}
        self.asg.create_auto_scaling_group(AutoScalingGroupName=name, **asked)

    def policy(self, kinds: list[str], **shares: t.Any) -> dict[str, t.Any]:
        return {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": self.template,
                "Overrides": [{"InstanceType": kind} for kind in kinds],
            },
            "InstancesDistribution": shares,
        }

    def change(self, **given: t.Any) -> None:
        self.asg.update_auto_scaling_group(AutoScalingGroupName=NAME, **given)

    def group(self, name: str = NAME) -> dict[str, t.Any]:
        found = self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return t.cast("dict[str, t.Any]", found[0])

    def ids(self) -> list[str]:
        return [one["InstanceId"] for one in self.group()["Instances"]]

    def zones(self) -> list[str]:
        return sorted(one["AvailabilityZone"][-1] for one in self.group()["Instances"])

    def machine(self, instance: str) -> dict[str, t.Any]:
        found = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return t.cast("dict[str, t.Any]", found)

    def activities(self) -> list[dict[str, t.Any]]:
        found = self.asg.describe_scaling_activities(AutoScalingGroupName=NAME)["Activities"]
        return t.cast("list[dict[str, t.Any]]", found)

    def failures(self) -> list[str]:
        return [one["StatusMessage"] for one in self.activities() if one["StatusCode"] == "Failed"]

    def refresh(self, **given: t.Any) -> str:
        return str(self.asg.start_instance_refresh(AutoScalingGroupName=NAME, **given)["InstanceRefreshId"])

    def refreshes(self) -> list[dict[str, t.Any]]:
        found = self.asg.describe_instance_refreshes(AutoScalingGroupName=NAME)["InstanceRefreshes"]
        return t.cast("list[dict[str, t.Any]]", found)


@pytest.fixture
def pool(client: t.Any, network: Network) -> Pool:
    return Pool(client, network)


# Making


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
    aws.delays(instance=0.3)
    pool.make()
    assert [one["LifecycleState"] for one in pool.group()["Instances"]] == ["Pending"]
    assert pool.activities()[0]["StatusCode"] == "InProgress"
    time.sleep(0.4)
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


def test_a_name_in_use_is_refused_and_one_that_is_not_is_told(pool: Pool, refused: Refused) -> None:
    pool.make()
    with refused("AlreadyExists", NAME):
        pool.make()
    with refused("ValidationError", "AutoScalingGroup name not found"):
        pool.asg.set_desired_capacity(AutoScalingGroupName="none", DesiredCapacity=1)
    assert pool.asg.describe_auto_scaling_groups(AutoScalingGroupNames=["none"])["AutoScalingGroups"] == []


# Launching that fails


def test_a_zone_without_room_is_told_and_another_is_taken(aws: EmbeddedAws, pool: Pool) -> None:
    aws.capacity({"g5.xlarge": {"us-west-2a": 0}})
    pool.make()
    assert pool.zones() == ["b"]
    (message,) = pool.failures()
    assert message.startswith("We currently do not have sufficient g5.xlarge capacity in the Availability Zone")
    assert message.endswith("Launching EC2 instance failed.")
    failed = next(one for one in pool.activities() if one["StatusCode"] == "Failed")
    assert json.loads(failed["Details"])["Availability Zone"] == "us-west-2a"
    assert "Status Reason: We currently" in failed["Description"]


def test_a_group_without_room_stays_short_and_launches_once_there_is_some(aws: EmbeddedAws, pool: Pool) -> None:
    aws.capacity({"g5.xlarge": {"*": 0}})
    pool.make(DesiredCapacity=2)
    assert pool.group()["DesiredCapacity"] == 2
    assert pool.ids() == []
    assert len(pool.failures()) == 3
    aws.capacity({"g5.xlarge": {"*": None}})
    assert len(pool.ids()) == 2


def test_a_vcpu_quota_ends_as_a_failed_activity(aws: EmbeddedAws, pool: Pool) -> None:
    aws.limits(vcpus_g=4)
    pool.make(DesiredCapacity=2)
    assert len(pool.ids()) == 1
    assert "current vCPU limit of 4" in pool.failures()[0]


def test_an_image_that_went_ends_as_a_failed_activity(pool: Pool) -> None:
    pool.make()
    own = pool.ec2.create_image(InstanceId=pool.ids()[0], Name="ours")["ImageId"]
    pool.change(LaunchTemplate=pool.version(ImageId=own))
    pool.ec2.deregister_image(ImageId=own)
    pool.change(DesiredCapacity=2)
    assert len(pool.ids()) == 1
    assert pool.failures()[0] == f"The image id '[{own}]' does not exist. Launching EC2 instance failed."


def test_a_parameter_is_resolved_when_a_machine_is_launched(aws: EmbeddedAws, pool: Pool) -> None:
    pool.make(LaunchTemplate=pool.version(ImageId=SSM_IMAGE), DesiredCapacity=1)
    aws.new_images()
    pool.change(DesiredCapacity=2)
    images = [one["ImageId"] for one in pool.group()["Instances"]]
    assert images[0] == pool.image
    assert images[1] != pool.image


# Several types, and spot


def test_the_first_type_with_room_is_taken(aws: EmbeddedAws, pool: Pool) -> None:
    aws.capacity({"g5.xlarge": {"*": 0}})
    pool.make(MixedInstancesPolicy=pool.policy(["g5.xlarge", "g4dn.xlarge"]))
    assert [one["InstanceType"] for one in pool.group()["Instances"]] == ["g4dn.xlarge"]
    shown = pool.group()["MixedInstancesPolicy"]
    assert [one["InstanceType"] for one in shown["LaunchTemplate"]["Overrides"]] == ["g5.xlarge", "g4dn.xlarge"]
    assert shown["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateName"] == NAME
    assert shown["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 100


def test_without_any_room_a_policy_names_the_code(aws: EmbeddedAws, pool: Pool) -> None:
    aws.capacity({"g5.xlarge": {"*": 0}, "g4dn.xlarge": {"*": 0}})
    pool.make(MixedInstancesPolicy=pool.policy(["g5.xlarge", "g4dn.xlarge"]))
    assert pool.failures()[0].startswith("Could not launch On-Demand Instances. InsufficientInstanceCapacity - We ")


def test_on_demand_comes_first_and_then_its_share(pool: Pool) -> None:
    shares = {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0}
    pool.make(MixedInstancesPolicy=pool.policy(["g5.xlarge"], **shares), DesiredCapacity=3)
    lifecycles = [pool.machine(one).get("InstanceLifecycle") for one in pool.ids()]
    assert lifecycles == [None, "spot", "spot"]


def test_a_policy_keeps_what_a_change_leaves_out(pool: Pool) -> None:
    pool.make(MixedInstancesPolicy=pool.policy(["g5.xlarge", "g4dn.xlarge"], OnDemandBaseCapacity=1))
    pool.change(MixedInstancesPolicy={"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 50}})
    shown = pool.group()["MixedInstancesPolicy"]
    assert len(shown["LaunchTemplate"]["Overrides"]) == 2
    assert shown["InstancesDistribution"]["OnDemandBaseCapacity"] == 1
    assert shown["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 50
    pool.change(LaunchTemplate=pool.template)
    assert "MixedInstancesPolicy" not in pool.group()


# Changing


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


# Deleting


def test_a_group_with_machines_goes_only_by_force(aws: EmbeddedAws, pool: Pool, refused: Refused) -> None:
    aws.delays(instance_terminate=0.3)
    pool.make(DesiredCapacity=2)
    with refused("ResourceInUse", "there are instances"):
        pool.asg.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    pool.asg.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)
    assert pool.group()["Status"] == "Delete in progress"
    assert {one["LifecycleState"] for one in pool.group()["Instances"]} == {"Terminating"}
    with refused("ScalingActivityInProgress", "pending delete"):
        pool.change(MaxSize=3)
    time.sleep(0.4)
    assert pool.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert "ec2:instance" not in {one["kind"] for one in aws.holdings()}


def test_a_group_that_empties_is_not_deleted_before_it_is_empty(aws: EmbeddedAws, pool: Pool, refused: Refused) -> None:
    aws.delays(instance_terminate=0.3)
    pool.make()
    pool.change(MinSize=0, DesiredCapacity=0)
    with refused("ScalingActivityInProgress"):
        pool.asg.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    time.sleep(0.4)
    pool.asg.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    assert pool.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []


# Refreshing


def test_a_refresh_replaces_every_machine(aws: EmbeddedAws, pool: Pool, refused: Refused) -> None:
    pool.make(DesiredCapacity=2)
    before = pool.ids()
    pool.change(LaunchTemplate=pool.version(InstanceType="g6.xlarge"))
    assert pool.ids() == before
    aws.delays(instance_refresh=0.2)
    identifier = pool.refresh(Preferences={"MinHealthyPercentage": 50, "InstanceWarmup": 0})
    assert pool.refreshes()[0]["Status"] == "Pending"
    with refused("InstanceRefreshInProgress"):
        pool.refresh()
    states = set()
    for _ in range(40):
        (seen,) = pool.refreshes()
        states.add((seen["Status"], seen["PercentageComplete"]))
        if seen["Status"] == "Successful":
            break
        time.sleep(0.05)
    assert {("Pending", 0), ("InProgress", 50), ("Successful", 100)} <= states
    assert (seen["InstanceRefreshId"], seen["Preferences"]["MinHealthyPercentage"]) == (identifier, 50)
    assert not set(pool.ids()) & set(before)
    assert {one["InstanceType"] for one in pool.group()["Instances"]} == {"g6.xlarge"}


def test_a_refresh_keeps_enough_machines_in_service(aws: EmbeddedAws, pool: Pool) -> None:
    pool.make(DesiredCapacity=4)
    aws.delays(instance=0.05, instance_refresh=0.05)
    pool.refresh(Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150})
    least = 4
    while pool.refreshes()[0]["Status"] != "Successful":
        least = min(least, sum(1 for one in pool.group()["Instances"] if one["LifecycleState"] == "InService"))
        time.sleep(0.02)
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
    aws.delays(instance_refresh=5)
    pool.refresh()
    with refused("IrreversibleInstanceRefresh"):
        pool.asg.rollback_instance_refresh(AutoScalingGroupName=NAME)
    pool.asg.cancel_instance_refresh(AutoScalingGroupName=NAME)
    newer = pool.version(InstanceType="g6.xlarge")
    pool.refresh(DesiredConfiguration={"LaunchTemplate": newer})
    pool.asg.rollback_instance_refresh(AutoScalingGroupName=NAME)
    assert pool.refreshes()[0]["Status"] == "RollbackSuccessful"


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
