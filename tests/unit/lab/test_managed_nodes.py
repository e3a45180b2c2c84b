# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines that Systems Manager knows: by their role, and by their way to it."""

from __future__ import annotations

import json
import typing as t

import pytest

TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


class World:
    """A VPC with a private subnet, and the endpoints that Systems Manager wants."""

    def __init__(self, client: t.Any, network: t.Any) -> None:
        self.ec2, self.iam, self.ssm, self.network = client("ec2"), client("iam"), client("ssm"), network
        self.vpc = network.vpc()
        self.subnet = network.subnet(self.vpc)
        self.group = network.group(self.vpc)
        inside = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=inside)

    def endpoints(self) -> None:
        for name in ("ssm", "ssmmessages"):
            self.ec2.create_vpc_endpoint(
                VpcEndpointType="Interface", VpcId=self.vpc, ServiceName=f"com.amazonaws.us-west-2.{name}",
                SubnetIds=[self.subnet], SecurityGroupIds=[self.group], PrivateDnsEnabled=True,
            )  # fmt: skip

    def role(self, *policies: str) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        self.iam.create_role(RoleName="operator", AssumeRolePolicyDocument=document)
        for policy in policies:
            self.iam.attach_role_policy(RoleName="operator", PolicyArn=policy)
        self.iam.create_instance_profile(InstanceProfileName="operator")
        self.iam.add_role_to_instance_profile(InstanceProfileName="operator", RoleName="operator")

    def machine(self, **more: t.Any) -> str:
        made = self.ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=self.subnet,
            SecurityGroupIds=[self.group], **more,
        )  # fmt: skip
        return str(made["Instances"][0]["InstanceId"])

    def known(self) -> dict[str, str]:
        rows = self.ssm.describe_instance_information()["InstanceInformationList"]
        return {row["InstanceId"]: row["PingStatus"] for row in rows}


@pytest.fixture
def world(client: t.Any, network: t.Any) -> World:
    return World(client, network)


PROFILE = {"IamInstanceProfile": {"Name": "operator"}}


def test_a_machine_with_role_and_way_is_online(world: World) -> None:
    world.endpoints()
    world.role(POLICY)
    machine = world.machine(**PROFILE)
    assert world.known() == {machine: "Online"}
    which = [{"Key": "InstanceIds", "Values": ["i-0123456789abcdef0"]}]
    assert world.ssm.describe_instance_information(Filters=which)["InstanceInformationList"] == []


def test_without_the_policy_it_is_unknown(world: World) -> None:
    world.endpoints()
    world.role()
    world.machine(**PROFILE)
    world.machine()
    assert world.known() == {}


def test_without_a_way_it_is_unknown(world: World) -> None:
    world.role(POLICY)
    world.machine(**PROFILE)
    assert world.known() == {}


def test_one_that_loses_its_role_is_lost(world: World) -> None:
    world.endpoints()
    world.role(POLICY)
    machine = world.machine(**PROFILE)
    assert world.known() == {machine: "Online"}
    world.iam.detach_role_policy(RoleName="operator", PolicyArn=POLICY)
    assert world.known() == {machine: "ConnectionLost"}


def test_one_that_ended_is_forgotten(world: World) -> None:
    world.endpoints()
    world.role(POLICY)
    machine = world.machine(**PROFILE)
    assert world.known() == {machine: "Online"}
    world.ec2.terminate_instances(InstanceIds=[machine])
    assert world.known() == {}


def test_one_whose_machine_is_awaited_is_unknown_until_it_is_given_up(world: World, aws: t.Any) -> None:
    world.endpoints()
    world.role(POLICY)
    aws.await_machines("cloister:role")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "cloister:role", "Value": "proxy"}]}]
    plain, awaited = world.machine(**PROFILE), world.machine(**PROFILE, TagSpecifications=tags)
    assert world.known() == {plain: "Online"}
    aws.await_machines("cloister:role", [awaited])
    assert world.known() == {plain: "Online", awaited: "Online"}
