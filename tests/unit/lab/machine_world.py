# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines and pools of machines for the tests of the embedded AWS."""

from __future__ import annotations

import json
import typing as t

Network = t.Any

ECS = "/aws/service/ecs/optimized-ami/amazon-linux-2023"
GPU = f"{ECS}/gpu/recommended"
NAME = "us-gpu"


def image_of(client: t.Any, name: str = f"{GPU}/image_id") -> str:
    return str(client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def seen(ec2: t.Any, instance: str) -> dict[str, t.Any]:
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return t.cast("dict[str, t.Any]", found)


class Runner:
    """Runs one machine with as little as AWS asks for."""

    def __init__(self, ec2: t.Any, image: str, subnet: str) -> None:
        self.ec2, self.image, self.subnet = ec2, image, subnet

    def __call__(self, **given: t.Any) -> dict[str, t.Any]:
        plain = {"ImageId": self.image, "InstanceType": "t3.medium", "SubnetId": self.subnet}
        asked = {"MinCount": 1, "MaxCount": 1, **plain, **given}
        made = self.ec2.run_instances(**{key: value for key, value in asked.items() if value is not None})
        return t.cast("dict[str, t.Any]", made["Instances"][0])


def profile(client: t.Any, role: bool = True) -> str:
    iam = client("iam")
    iam.create_instance_profile(InstanceProfileName="node")
    if role:
        statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName="node", AssumeRolePolicyDocument=trust)
        iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    return "node"


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
