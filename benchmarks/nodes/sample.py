"""One machine as AWS tells of it, byte for byte: what a simulated account of many is made of."""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.client import EmbeddedAws

REGION = "us-west-2"
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
POLICY = "AmazonSSMManagedInstanceCore"
# As many as a machine of a pool has.
TAGS = {
    "Name": "us-gpu",
    "aws-autoscaling-group": "us-gpu",
    "aws-template": "lt-31ffd4dc61a3c8593",
    "aws-template-version": "1",
    "cloister:part": "gpu",
    "cloister:region": "us",
    "cloister:role": "ecs",
    "cloister:stack": "pools",
    "environment": "production",
    "owner": "platform",
}


class Sample(t.NamedTuple):
    """A machine: its id, its ``<item>`` of a reservation in DescribeInstances, its row of the list of managed nodes."""

    id: str
    reservation: str
    row: str


def take() -> Sample:
    """Start an embedded AWS, let a machine run there that Systems Manager knows, and keep the answers about it."""
    lab = EmbeddedAws.start()
    try:
        return _taken(lab)
    finally:
        lab.stop()


def _taken(lab: EmbeddedAws) -> Sample:
    import boto3

    keys = lab.environment
    session = boto3.session.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    ec2, iam, ssm = (session.client(service, endpoint_url=lab.endpoint) for service in ("ec2", "iam", "ssm"))
    profile = _profile(iam)
    machine = _machine(ec2, profile)
    said: dict[str, str] = {}

    def keep(name: str) -> t.Callable[..., None]:
        def handler(response_dict: t.Any, **_more: t.Any) -> None:
            said[name] = response_dict["body"].decode()

        return handler

    ec2.meta.events.register("before-parse.ec2.DescribeInstances", keep("ec2"))
    ssm.meta.events.register("before-parse.ssm.DescribeInstanceInformation", keep("ssm"))
    ec2.describe_instances(InstanceIds=[machine])
    ssm.describe_instance_information()
    inside = said["ec2"].split("<reservationSet>", 1)[1].rsplit("</reservationSet>", 1)[0]
    (row,) = json.loads(said["ssm"])["InstanceInformationList"]
    return Sample(machine, inside.strip(), json.dumps(row))


def _profile(iam: t.Any) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="node", AssumeRolePolicyDocument=document)["Role"]
    partition = role["Arn"].split(":")[1]
    iam.attach_role_policy(RoleName="node", PolicyArn=f"arn:{partition}:iam::aws:policy/{POLICY}")
    iam.create_instance_profile(InstanceProfileName="node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    return "node"


def _machine(ec2: t.Any, profile: str) -> str:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="node", Description="Nodes", VpcId=vpc)["GroupId"]
    inside = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=inside)
    for name in ("ssm", "ssmmessages"):
        ec2.create_vpc_endpoint(
            VpcEndpointType="Interface", VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.{name}",
            SubnetIds=[subnet], SecurityGroupIds=[group], PrivateDnsEnabled=True,
        )  # fmt: skip
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    made = ec2.run_instances(
        ImageId=IMAGE, InstanceType="g5.xlarge", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group],
        IamInstanceProfile={"Name": profile}, TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )  # fmt: skip
    return str(made["Instances"][0]["InstanceId"])
