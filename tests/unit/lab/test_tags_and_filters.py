# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest

Network = t.Any
Refused = t.Any
Made = tuple[str, Callable[[list[dict[str, t.Any]]], list[str]]]
TAGS = [{"Key": "cloister:region", "Value": "us"}, {"Key": "cloister:part", "Value": "main"}]


def specification(kind: str) -> list[dict[str, t.Any]]:
    return [{"ResourceType": kind, "Tags": TAGS}]


def make(ec2: t.Any, network: Network, kind: str) -> tuple[str, str, str, str]:
    """Make one thing of `kind`, tagged in the same call; (id, describe action, result key, id key)."""
    tags = {"TagSpecifications": specification(kind)}
    vpc = network.vpc() if kind not in ("vpc", "internet-gateway", "elastic-ip") else ""
    if kind == "vpc":
        return ec2.create_vpc(CidrBlock="10.1.0.0/16", **tags)["Vpc"]["VpcId"], "vpcs", "Vpcs", "VpcId"
    if kind == "subnet":
        made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", **tags)["Subnet"]["SubnetId"]
        return made, "subnets", "Subnets", "SubnetId"
    if kind == "internet-gateway":
        made = ec2.create_internet_gateway(**tags)["InternetGateway"]["InternetGatewayId"]
        return made, "internet_gateways", "InternetGateways", "InternetGatewayId"
    if kind == "elastic-ip":
        return ec2.allocate_address(Domain="vpc", **tags)["AllocationId"], "addresses", "Addresses", "AllocationId"
    if kind == "natgateway":
        network.gateway(vpc)
        subnet = network.subnet(vpc)
        made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=network.address(), **tags)["NatGateway"]
        return made["NatGatewayId"], "nat_gateways", "NatGateways", "NatGatewayId"
    if kind == "route-table":
        made = ec2.create_route_table(VpcId=vpc, **tags)["RouteTable"]["RouteTableId"]
        return made, "route_tables", "RouteTables", "RouteTableId"
    if kind == "security-group":
        made = ec2.create_security_group(GroupName="w", Description="w", VpcId=vpc, **tags)["GroupId"]
        return made, "security_groups", "SecurityGroups", "GroupId"
    if kind == "security-group-rule":
        permission = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
        made = ec2.authorize_security_group_ingress(GroupId=network.group(vpc), IpPermissions=permission, **tags)
        rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return rule, "security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId"
    if kind == "vpc-endpoint":
        made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-west-2.s3", **tags)["VpcEndpoint"]
        return made["VpcEndpointId"], "vpc_endpoints", "VpcEndpoints", "VpcEndpointId"
    if kind == "vpc-peering-connection":
        made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=network.vpc("10.1.0.0/16"), **tags)
        peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        return peering, "vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId"
    if kind == "vpc-flow-log":
        made = ec2.create_flow_logs(
            ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName="flow",
            DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow", **tags,
        )  # fmt: skip
        return made["FlowLogIds"][0], "flow_logs", "FlowLogs", "FlowLogId"
    made = ec2.create_network_interface(SubnetId=network.subnet(vpc), **tags)["NetworkInterface"]
    return made["NetworkInterfaceId"], "network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"


KINDS = [
    "vpc", "subnet", "internet-gateway", "elastic-ip", "natgateway", "route-table", "security-group",
    "security-group-rule", "vpc-endpoint", "vpc-peering-connection", "vpc-flow-log", "network-interface",
]  # fmt: skip


def find(ec2: t.Any, made: tuple[str, str, str, str], *filters: tuple[str, str]) -> list[str]:
    _, action, result, key = made
    parameter = "Filter" if action in ("nat_gateways", "flow_logs") else "Filters"
    given = {parameter: [{"Name": name, "Values": [value]} for name, value in filters]}
    return [one[key] for one in getattr(ec2, f"describe_{action}")(**given)[result]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_tagged_at_birth_and_found_by_its_tags(ec2: t.Any, network: Network, kind: str) -> None:
    made = make(ec2, network, kind)
    assert find(ec2, made, ("tag:cloister:region", "us"), ("tag:cloister:part", "main")) == [made[0]]
    assert find(ec2, made, ("tag-key", "cloister:part")) == [made[0]]
    assert find(ec2, made, ("tag:cloister:region", "kr")) == []
    assert find(ec2, made, ("tag:cloister:region", "u?")) == [made[0]]
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [made[0]]}])["Tags"]
    assert {(tag["Key"], tag["ResourceType"]) for tag in tags} == {(tag["Key"], kind) for tag in TAGS}


@pytest.mark.parametrize("kind", KINDS)
def test_tags_of_every_kind_are_changed_and_removed(ec2: t.Any, network: Network, kind: str) -> None:
    made = make(ec2, network, kind)
    ec2.create_tags(Resources=[made[0]], Tags=[{"Key": "cloister:part", "Value": "other"}])
    assert find(ec2, made, ("tag:cloister:part", "other")) == [made[0]]
    ec2.delete_tags(Resources=[made[0]], Tags=[{"Key": "cloister:part"}])
    assert find(ec2, made, ("tag-key", "cloister:part")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_filter_is_refused(ec2: t.Any, network: Network, refused: Refused, kind: str) -> None:
    made = make(ec2, network, kind)
    with refused("InvalidParameterValue", "The filter 'colour' is invalid"):
        find(ec2, made, ("colour", "red"))


def test_tags_of_something_missing_are_refused(ec2: t.Any, refused: Refused) -> None:
    for missing, code in (
        ("vpc-0123456789abcdef0", "InvalidVpcID.NotFound"),
        ("nat-0123456789abcdef0", "NatGatewayNotFound"),
        ("sgr-0123456789abcdef0", "InvalidSecurityGroupRuleId.NotFound"),
    ):
        with refused(code):
            ec2.create_tags(Resources=[missing], Tags=TAGS)


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([{"Key": "aws:x", "Value": "1"}], "InvalidParameterValue"),
        ([{"Key": "k" * 129, "Value": "1"}], "InvalidParameterValue"),
        ([{"Key": "k", "Value": "v" * 257}], "InvalidParameterValue"),
        ([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}], "InvalidParameterValue"),
        ([{"Key": f"k{number}", "Value": "1"} for number in range(51)], "TagLimitExceeded"),
    ],
)
def test_tags_aws_would_not_take_are_refused(
    ec2: t.Any, refused: Refused, tags: list[dict[str, str]], code: str
) -> None:
    with refused(code):
        ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])


def test_tags_of_the_wrong_kind_are_refused(ec2: t.Any, refused: Refused) -> None:
    with refused("InvalidParameterValue", "'subnet' is not a valid taggable resource type"):
        ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=specification("subnet"))


def test_lists_come_in_pages(ec2: t.Any) -> None:
    made = {ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in range(7)}
    pages = list(ec2.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["Vpcs"]) for page in pages] == [5, 3]
    assert made < {vpc["VpcId"] for page in pages for vpc in page["Vpcs"]}


def test_a_malformed_id_is_told_apart_from_a_missing_one(ec2: t.Any, refused: Refused) -> None:
    with refused("InvalidVpcID.Malformed", "main"):
        ec2.describe_vpcs(VpcIds=["main"])


def test_flow_logs_say_where_they_go(ec2: t.Any, network: Network, refused: Refused) -> None:
    log = make(ec2, network, "vpc-flow-log")[0]
    seen = ec2.describe_flow_logs(FlowLogIds=[log])["FlowLogs"][0]
    assert (seen["LogDestinationType"], seen["LogGroupName"]) == ("cloud-watch-logs", "flow")
    assert (seen["FlowLogStatus"], seen["MaxAggregationInterval"]) == ("ACTIVE", 600)
    same = {"ResourceIds": [seen["ResourceId"]], "ResourceType": "VPC", "TrafficType": "ALL", "LogGroupName": "flow"}
    with refused("FlowLogAlreadyExists"):
        ec2.create_flow_logs(**same, DeliverLogsPermissionArn=seen["DeliverLogsPermissionArn"])
    with refused("InvalidParameter", "DeliverLogsPermissionArn"):
        ec2.create_flow_logs(**same)
    assert ec2.delete_flow_logs(FlowLogIds=[log])["Unsuccessful"] == []
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def test_aws_has_prefix_lists_of_its_own(ec2: t.Any) -> None:
    name = "com.amazonaws.us-west-2.s3"
    found = ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [name]}])["PrefixLists"]
    assert (found[0]["PrefixListName"], bool(found[0]["Cidrs"])) == (name, True)
    managed = ec2.describe_managed_prefix_lists(PrefixListIds=[found[0]["PrefixListId"]])["PrefixLists"][0]
    assert (managed["OwnerId"], managed["AddressFamily"]) == ("AWS", "IPv4")
