# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way to the operator host on the embedded AWS: which machine it is, and what is in the way."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import text, trust
from ansible_collections.cloister.aws.plugins.module_utils._operator_way import Way
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list

from lab.embedded_aws.client import EmbeddedAws

OWNER = Owner("us", "operator")
HOST = {"name": "operator", "mode": "ssm", "cluster": "main"}
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


class World:
    """A private subnet, and machines of the host's group in it."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.vpc = aws.make("ec2", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        aws.call("ec2", "modify_vpc_attribute", VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.subnet = aws.make("ec2", "create_subnet", VpcId=self.vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        said = {"GroupName": "operator", "Description": "operator", "VpcId": self.vpc}
        self.group = aws.make("ec2", "create_security_group", **said)["GroupId"]
        https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        aws.call("ec2", "authorize_security_group_ingress", GroupId=self.group, IpPermissions=[https])

    def machine(self, **more: t.Any) -> str:
        tags = [{"ResourceType": "instance", "Tags": tag_list(OWNER.tags_for("operator"))}]
        where = {"SubnetId": self.subnet, "SecurityGroupIds": [self.group], "TagSpecifications": tags}
        many = {"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        return str(self.aws.make("ec2", "run_instances", **many, **where, **more)["Instances"][0]["InstanceId"])

    def endpoints(self) -> None:
        for name in ("ssm", "ssmmessages"):
            where = {"VpcId": self.vpc, "SubnetIds": [self.subnet], "SecurityGroupIds": [self.group]}
            service = f"com.amazonaws.us-west-2.{name}"
            self.aws.make(
                "ec2",
                "create_vpc_endpoint",
                VpcEndpointType="Interface",
                ServiceName=service,
                PrivateDnsEnabled=True,
                **where,
            )

    def profile(self) -> dict[str, t.Any]:
        trusted = text(trust(["ec2"], [], {}, [], "aws"))
        self.aws.make("iam", "create_role", RoleName="operator", AssumeRolePolicyDocument=trusted)
        arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
        self.aws.call("iam", "attach_role_policy", RoleName="operator", PolicyArn=arn)
        self.aws.make("iam", "create_instance_profile", InstanceProfileName="operator")
        both = {"InstanceProfileName": "operator", "RoleName": "operator"}
        self.aws.call("iam", "add_role_to_instance_profile", **both)
        return {"IamInstanceProfile": {"Name": "operator"}}

    def way(self) -> Way:
        return Way(self.aws, OWNER, seconds=0)


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws)


def test_there_is_no_host_before_its_machine(world: World) -> None:
    assert world.way().member(HOST, check=True) is None


def test_a_replaced_machine_is_found_by_its_tags(world: World) -> None:
    world.endpoints()
    profile = world.profile()
    first = world.machine(**profile)
    world.aws.call("ec2", "terminate_instances", InstanceIds=[first])
    second = world.machine(**profile)
    member = world.way().member(HOST, check=False)
    assert member is not None
    assert (member.id, member.action) == (second, "keep")
    assert member.shows == {"mode": "ssm", "aws_region": "us-west-2", "cluster": "us-main"}


def test_a_way_that_is_missing_is_named(world: World) -> None:
    machine = world.machine(**world.profile())
    with pytest.raises(DeadlineError, match=rf"{machine} runs, .* It does not reach ssm \([a-z-]+\): "):
        world.way().member(HOST, check=False)


def test_a_role_that_does_not_let_it_is_named(world: World) -> None:
    world.endpoints()
    world.machine()
    with pytest.raises(DeadlineError, match=r"look at its role \(no instance profile\), which needs AmazonSSM"):
        world.way().member(HOST, check=False)


def test_a_bastion_is_not_waited_for(world: World) -> None:
    machine = world.machine()
    member = world.way().member({**HOST, "mode": "bastion"}, check=False)
    assert member is not None
    assert member.id == machine


def test_a_plan_waits_for_nobody(world: World) -> None:
    world.machine()
    assert world.way().member(HOST, check=True) is not None
