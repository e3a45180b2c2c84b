# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import dataclasses
import typing as t

import pytest

Network = t.Any
Refused = t.Any
Tags = list[dict[str, t.Any]]
TAGS = [{"Key": "cloister:region", "Value": "us"}, {"Key": "cloister:part", "Value": "main"}]


def specification(kind: str) -> list[dict[str, t.Any]]:
    return [{"ResourceType": kind, "Tags": TAGS}]


@dataclasses.dataclass
class Maker:
    """Makes one thing of each kind, tagged in the same call."""

    ec2: t.Any
    network: Network

    def vpc(self, tags: Tags) -> str:
        return str(self.ec2.create_vpc(CidrBlock="10.2.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"])

    def subnet(self, tags: Tags) -> str:
        vpc = self.network.vpc()
        made = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", TagSpecifications=tags)
        return str(made["Subnet"]["SubnetId"])

    def internet_gateway(self, tags: Tags) -> str:
        made = self.ec2.create_internet_gateway(TagSpecifications=tags)
        return str(made["InternetGateway"]["InternetGatewayId"])

    def elastic_ip(self, tags: Tags) -> str:
        return str(self.ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"])

    def natgateway(self, tags: Tags) -> str:
        vpc = self.network.vpc()
        self.network.gateway(vpc)
        place = {"SubnetId": self.network.subnet(vpc), "AllocationId": self.network.address()}
        return str(self.ec2.create_nat_gateway(TagSpecifications=tags, **place)["NatGateway"]["NatGatewayId"])

    def route_table(self, tags: Tags) -> str:
        made = self.ec2.create_route_table(VpcId=self.network.vpc(), TagSpecifications=tags)
        return str(made["RouteTable"]["RouteTableId"])

    def security_group(self, tags: Tags) -> str:
        vpc = self.network.vpc()
        made = self.ec2.create_security_group(GroupName="w", Description="w", VpcId=vpc, TagSpecifications=tags)
        return str(made["GroupId"])

    def security_group_rule(self, tags: Tags) -> str:
        group = self.network.group(self.network.vpc())
        permission = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
        made = self.ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=permission, TagSpecifications=tags
        )
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def vpc_endpoint(self, tags: Tags) -> str:
        service = "com.amazonaws.us-west-2.s3"
        made = self.ec2.create_vpc_endpoint(VpcId=self.network.vpc(), ServiceName=service, TagSpecifications=tags)
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def vpc_peering_connection(self, tags: Tags) -> str:
        vpcs = {"VpcId": self.network.vpc(), "PeerVpcId": self.network.vpc("10.1.0.0/16")}
        made = self.ec2.create_vpc_peering_connection(TagSpecifications=tags, **vpcs)
        return str(made["VpcPeeringConnection"]["VpcPeeringConnectionId"])

    def vpc_flow_log(self, tags: Tags) -> str:
        made = self.ec2.create_flow_logs(
            ResourceIds=[self.network.vpc()],
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName="flow",
            DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
            TagSpecifications=tags,
        )
        return str(made["FlowLogIds"][0])

    def network_interface(self, tags: Tags) -> str:
        subnet = self.network.subnet(self.network.vpc())
        made = self.ec2.create_network_interface(SubnetId=subnet, TagSpecifications=tags)
        return str(made["NetworkInterface"]["NetworkInterfaceId"])


# kind -> what Describe action lists it, under which key, and the key of its id there.
KINDS = {
    "vpc": ("vpcs", "Vpcs", "VpcId"),
    "subnet": ("subnets", "Subnets", "SubnetId"),
    "internet-gateway": ("internet_gateways", "InternetGateways", "InternetGatewayId"),
    "elastic-ip": ("addresses", "Addresses", "AllocationId"),
    "natgateway": ("nat_gateways", "NatGateways", "NatGatewayId"),
    "route-table": ("route_tables", "RouteTables", "RouteTableId"),
    "security-group": ("security_groups", "SecurityGroups", "GroupId"),
    "security-group-rule": ("security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId"),
    "vpc-endpoint": ("vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "vpc-peering-connection": ("vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId"),
    "vpc-flow-log": ("flow_logs", "FlowLogs", "FlowLogId"),
    "network-interface": ("network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
}


def make(ec2: t.Any, network: Network, kind: str) -> tuple[str, str, str, str]:
    """Make one thing of `kind`; (its id, Describe action, result key, id key)."""
    made = getattr(Maker(ec2, network), kind.replace("-", "_"))(specification(kind))
    return made, *KINDS[kind]


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


@pytest.mark.parametrize(
    ("asked", "meant"), [("a*", {"a*", "ab", "a[b]"}), (r"a\*", {"a*"}), ("a?", {"a*", "ab"}), ("a[b]", {"a[b]"})]
)
def test_a_wildcard_behind_a_backslash_is_itself(ec2: t.Any, asked: str, meant: set[str]) -> None:
    for value in ("a*", "ab", "a[b]"):
        tags = [{"ResourceType": "internet-gateway", "Tags": [{"Key": "team", "Value": value}]}]
        ec2.create_internet_gateway(TagSpecifications=tags)
    found = ec2.describe_internet_gateways(Filters=[{"Name": "tag:team", "Values": [asked]}])["InternetGateways"]
    assert {gateway["Tags"][0]["Value"] for gateway in found} == meant
