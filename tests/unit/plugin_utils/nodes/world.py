"""Machines that Systems Manager knows on the embedded AWS: EC2's behind endpoints, and hybrid ones."""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Node

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients

POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
ACCOUNT = "123456789012"
PARTNER = "999988887777"


def tag_list(tags: t.Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


class World:
    """One AWS region of one account, with a role for machines and one for those from elsewhere."""

    def __init__(
        self, lab: EmbeddedAws, region: str = "us-west-2", account: str = "", new_account: bool = True
    ) -> None:
        keys = lab.account_keys(account) if account else lab.environment
        self.lab, self.region, self.keys, self.account = lab, region, keys, account
        self.ec2, self.iam, self.ssm = map(Clients(keys, region), ("ec2", "iam", "ssm"))
        if new_account:
            self._roles()
        self._subnet, self._group = "", ""

    def machine(self, profile: str = "machine", **tags: str) -> str:
        """Start a machine, which Systems Manager knows unless it has no profile; the first one brings its network."""
        if not self._subnet:
            self._network()
        made = self.ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=self._subnet,
            SecurityGroupIds=[self._group], IamInstanceProfile={"Name": profile} if profile else {},
            TagSpecifications=[{"ResourceType": "instance", "Tags": tag_list(spelled(tags))}] if tags else [],
        )  # fmt: skip
        return str(made["Instances"][0]["InstanceId"])

    def hybrid(self, number: int = 1, **tags: str) -> list[str]:
        """Register so many machines from elsewhere."""
        answer = self.ssm.create_activation(IamRole="office", RegistrationLimit=number, Tags=tag_list(spelled(tags)))
        return [
            self.lab.register(self.region, answer, f"desk-{n}", f"192.168.0.{n % 250}", self.account)
            for n in range(number)
        ]

    def _roles(self) -> None:
        for name, service in (("machine", "ec2"), ("office", "ssm")):
            whom = {"Service": f"{service}.amazonaws.com"}
            trust = {"Effect": "Allow", "Principal": whom, "Action": "sts:AssumeRole"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        self.iam.attach_role_policy(RoleName="machine", PolicyArn=POLICY)
        self.iam.create_instance_profile(InstanceProfileName="machine")
        self.iam.add_role_to_instance_profile(InstanceProfileName="machine", RoleName="machine")

    def _network(self) -> None:
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        self._subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        self._group = self.ec2.create_security_group(GroupName="web", Description="a test", VpcId=vpc)["GroupId"]
        inside = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
        self.ec2.authorize_security_group_ingress(GroupId=self._group, IpPermissions=inside)
        for name in ("ssm", "ssmmessages"):
            self.ec2.create_vpc_endpoint(
                VpcEndpointType="Interface", VpcId=vpc, ServiceName=f"com.amazonaws.{self.region}.{name}",
                SubnetIds=[self._subnet], SecurityGroupIds=[self._group], PrivateDnsEnabled=True,
            )  # fmt: skip


def spelled(tags: t.Mapping[str, str]) -> dict[str, str]:
    """`cloister_role` for `cloister:role`, which no argument can be called."""
    return {key.replace("cloister_", "cloister:"): value for key, value in tags.items()}


def profiles(folder: t.Any, monkeypatch: t.Any, **worlds: World) -> None:
    """Write AWS's configuration so that each profile has the keys of a world's account."""
    lines = []
    for name, world in worlds.items():
        lines += [f"[{name}]", f"aws_access_key_id = {world.keys['AWS_ACCESS_KEY_ID']}"]
        lines += [f"aws_secret_access_key = {world.keys['AWS_SECRET_ACCESS_KEY']}"]
    file = folder / "credentials"
    file.write_text("\n".join(lines))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    for name in [name for name in os.environ if name.startswith(("AWS_ACCESS", "AWS_SE"))]:
        monkeypatch.delenv(name)


def a_node(identifier: str = "i-0123456789abcdef0", **more: t.Any) -> Node:
    """A node that is online, with what a test says of it."""
    texts = {
        name: ""
        for name in Node.__annotations__
        if name not in ("id", "resource_type", "ping", "platform", "tags", "aws_region")
    }
    known = {"resource_type": "EC2Instance", "ping": "Online", "platform": "Linux", "aws_region": "us-west-2"}
    return t.cast("Node", {**texts, "id": identifier, **known, "tags": {}, **more})
