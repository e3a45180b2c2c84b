"""Somebody else's things in the same account: one of every kind that Cloister makes, some named like ours."""

from __future__ import annotations

import json
import typing as t

from tests.clients import Clients
from tests.integration.playbook import Region


def session(region: Region, account: str = "") -> Clients:
    """Return boto3 clients of the region's embedded AWS, with the keys of the region's account or of another one."""
    keys = region.lab.account_keys(account) if account else region.lab.environment
    return Clients(keys, region.settings["region_aws_region"])


def settle_neighbours(region: Region) -> list[dict[str, t.Any]]:
    """Build them and return them as the embedded AWS describes them."""
    before = {thing["id"] for thing in region.lab.holdings()}
    client = session(region)
    name = region.settings["region_name"]
    vpc = _network(client("ec2"), name, region.settings["region_aws_region"])
    client("route53").create_hosted_zone(
        Name="neighbour.example.internal",
        CallerReference="neighbour",
        VPC={"VPCRegion": region.settings["region_aws_region"], "VPCId": vpc},
    )
    client("route53").create_health_check(
        CallerReference="neighbour", HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.9", "Port": 443}
    )
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = client("iam")
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=document)
    iam.create_instance_profile(InstanceProfileName="node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    # Under our names, and without our tags.
    client("ecr").create_repository(repositoryName=f"{name}/neighbour")
    client("acm").request_certificate(DomainName="neighbour.example.net", ValidationMethod="DNS")
    _balancer(client("elbv2"), client("ec2"), name, vpc)
    client("ssm").put_parameter(Name=f"/neighbour/{name}/lock", Value="ours", Type="String")
    return settled(region, before)


def _balancer(elb: t.Any, ec2: t.Any, name: str, vpc: str) -> None:
    """Put a load balancer there whose name begins like ours, with a port and a group."""
    tags = [{"Key": "Name", "Value": f"{name}-public"}, {"Key": "cloister:stack", "Value": "load_balancers"}]
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    subnet = ec2.describe_subnets(Filters=filters)["Subnets"][0]["SubnetId"]
    said = {"Type": "network", "Scheme": "internal", "Subnets": [subnet], "Tags": tags}
    balancer = elb.create_load_balancer(Name=f"{name}-neighbour", **said)["LoadBalancers"][0]["LoadBalancerArn"]
    made = elb.create_target_group(Name=f"{name}-neighbour", Protocol="TCP", Port=443, VpcId=vpc, TargetType="ip")
    group = made["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.9", "Port": 443}])
    action = {"Type": "forward", "TargetGroupArn": group}
    elb.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=443, DefaultActions=[action], Tags=tags)


def settled(region: Region, before: t.Collection[str]) -> list[dict[str, t.Any]]:
    """Return what is there beside the ids of ``before``, as the embedded AWS describes it, what AWS made left out."""
    return [thing for thing in region.lab.holdings() if thing["id"] not in before and not thing["default"]]


def _network(ec2: t.Any, name: str, aws_region: str) -> str:
    """Lay out a VPC with the range and the Name tag of ours, and tags that only look like ownership."""

    def tags(kind: str, part: str) -> list[dict[str, t.Any]]:
        half = {"Name": f"{name}-{part}", "cloister:stack": "network"}
        return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in half.items()]}]

    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", "main"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock="10.0.1.0/24",
        AvailabilityZone=f"{aws_region}a",
        TagSpecifications=tags("subnet", "public-a"),
    )["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=tags("internet-gateway", "main"))
    ec2.attach_internet_gateway(InternetGatewayId=gateway["InternetGateway"]["InternetGatewayId"], VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip", "nat-a"))["AllocationId"]
    ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, TagSpecifications=tags("natgateway", "main-a"))
    ec2.create_route_table(VpcId=vpc, TagSpecifications=tags("route-table", "main-public"))
    ec2.create_security_group(
        GroupName=f"{name}-public-alb",
        Description="theirs",
        VpcId=vpc,
        TagSpecifications=tags("security-group", "public-alb"),
    )
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{aws_region}.s3", TagSpecifications=tags("vpc-endpoint", "s3")
    )
    return str(vpc)
