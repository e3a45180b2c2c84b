# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A network, roles, an image and a cluster in the embedded AWS, for tests of its ECS."""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.client import EmbeddedAws

ACCOUNT, REGION = "123456789012", "us-west-2"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{REGISTRY}/guard:one"
PULLING = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ecs", "ecs-agent", "ecs-telemetry")
Json = dict[str, t.Any]


def trust(service: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
    )


class World:
    """A private subnet (10.0.1.0/24, zone a) with every endpoint a task needs, made once each is asked for."""

    def __init__(self, aws: EmbeddedAws, client: t.Any) -> None:
        self.aws = aws
        self.ecs, self.ec2, self.iam, self.elb = (client(one) for one in ("ecs", "ec2", "iam", "elbv2"))
        self.client = client
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.subnet = self.subnet_in("us-west-2a", "10.0.1.0/24")
        self.group = self.ec2.create_security_group(GroupName="task", Description="a test", VpcId=self.vpc)["GroupId"]
        self.table = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["RouteTables"][
            0
        ]["RouteTableId"]
        self.ecs.create_cluster(clusterName="main", capacityProviders=["FARGATE", "FARGATE_SPOT"])

    def subnet_in(self, zone: str, cidr: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=zone)
        return str(made["Subnet"]["SubnetId"])

    def endpoints(self, *without: str) -> None:
        """Interface endpoints open to the VPC, and the gateway endpoint of S3, but for those named."""
        groups = self.ec2.create_security_group(GroupName="endpoints", Description="a test", VpcId=self.vpc)
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        self.ec2.authorize_security_group_ingress(GroupId=groups["GroupId"], IpPermissions=[rule])
        for name in ENDPOINTS:
            if name not in without:
                self.ec2.create_vpc_endpoint(
                    VpcId=self.vpc, VpcEndpointType="Interface", ServiceName=f"com.amazonaws.{REGION}.{name}",
                    SubnetIds=[self.subnet], SecurityGroupIds=[groups["GroupId"]], PrivateDnsEnabled=True,
                )  # fmt: skip
        if "s3" not in without:
            self.ec2.create_vpc_endpoint(
                VpcId=self.vpc, VpcEndpointType="Gateway", ServiceName=f"com.amazonaws.{REGION}.s3",
                RouteTableIds=[self.table],
            )  # fmt: skip

    def role(self, name: str, service: str = "ecs-tasks.amazonaws.com", policy: str | None = PULLING) -> str:
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        if policy:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        return str(made)

    def allow(self, role: str, *actions: str) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=document)

    def image(self) -> str:
        """The reference of an image that is in its repository."""
        self.client("ecr").create_repository(repositoryName="guard")
        self.aws.publish(REGION, images=["guard:one"])
        return IMAGE

    def ready(self) -> str:
        """All that a plain Fargate task needs; the execution role."""
        self.endpoints()
        self.image()
        return self.role("execution")

    def define(self, family: str = "guard", **changes: t.Any) -> str:
        """Register a Fargate task definition of one container at port 8080; its ARN."""
        container = {"name": "guard", "image": IMAGE, "portMappings": [{"containerPort": 8080, "name": "http"}]}
        container.update(changes.pop("container", {}))
        given = {
            "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "512", "memory": "1024",
            "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution", "containerDefinitions": [container],
        }  # fmt: skip
        made = self.ecs.register_task_definition(family=family, **{**given, **changes})
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def serve(self, name: str = "guard", **changes: t.Any) -> Json:
        """Create a Fargate service of the definition "guard"; what CreateService answers."""
        network = {"subnets": [self.subnet], "securityGroups": [self.group]}
        given = {
            "cluster": "main", "serviceName": name, "taskDefinition": "guard", "desiredCount": 1,
            "launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": network},
        }  # fmt: skip
        merged = {key: value for key, value in {**given, **changes}.items() if value is not None}
        return t.cast("Json", self.ecs.create_service(**merged)["service"])

    def service(self, name: str = "guard") -> Json:
        return t.cast("Json", self.ecs.describe_services(cluster="main", services=[name])["services"][0])

    def events(self, name: str = "guard") -> list[str]:
        """Messages, oldest first."""
        return [one["message"] for one in reversed(self.service(name)["events"])]

    def tasks(self, status: str = "RUNNING") -> list[Json]:
        arns = self.ecs.list_tasks(cluster="main", desiredStatus=status)["taskArns"]
        return t.cast("list[Json]", self.ecs.describe_tasks(cluster="main", tasks=arns)["tasks"] if arns else [])

    def stopped(self) -> str:
        """The reason of the last task that stopped."""
        self.service()
        return str(self.tasks("STOPPED")[-1]["stoppedReason"])
