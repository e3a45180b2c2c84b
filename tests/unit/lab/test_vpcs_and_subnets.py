# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Network = t.Any
Refused = t.Any


def test_a_new_account_has_a_default_vpc_with_a_way_out(ec2: t.Any) -> None:
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    here = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=here)["Subnets"]
    assert vpc["CidrBlock"] == "172.31.0.0/16"
    assert len(subnets) == len(ec2.describe_availability_zones()["AvailabilityZones"]) == 4
    assert all(subnet["MapPublicIpOnLaunch"] and subnet["DefaultForAz"] for subnet in subnets)
    routes = ec2.describe_route_tables(Filters=here)["RouteTables"][0]["Routes"]
    assert {route["GatewayId"][:4] for route in routes} == {"loca", "igw-"}


def test_a_vpc_starts_pending_and_gets_its_defaults(ec2: t.Any) -> None:
    made = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]
    here = [{"Name": "vpc-id", "Values": [made["VpcId"]]}]
    assert made["State"] == "pending"
    assert ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"][0]["State"] == "available"
    assert [one["GroupName"] for one in ec2.describe_security_groups(Filters=here)["SecurityGroups"]] == ["default"]
    assert ec2.describe_route_tables(Filters=here)["RouteTables"][0]["Associations"][0]["Main"] is True


def test_a_block_is_made_canonical(ec2: t.Any) -> None:
    assert ec2.create_vpc(CidrBlock="10.1.2.3/16")["Vpc"]["CidrBlock"] == "10.1.0.0/16"


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29"])
def test_a_vpc_of_a_wrong_size_is_refused(ec2: t.Any, refused: Refused, cidr: str) -> None:
    with refused("InvalidVpc.Range", cidr):
        ec2.create_vpc(CidrBlock=cidr)


def test_a_malformed_block_is_refused(ec2: t.Any, refused: Refused) -> None:
    with refused("InvalidParameterValue", "10.0.0.0.0/16"):
        ec2.create_vpc(CidrBlock="10.0.0.0.0/16")


def test_dns_attributes_are_kept_one_at_a_time(ec2: t.Any, network: Network, refused: Refused) -> None:
    vpc = network.vpc(dns=False)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"] is True
    with refused("InvalidParameterCombination", "enableDnsHostnames, enableDnsSupport"):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True}, EnableDnsSupport={"Value": True})


def test_a_limit_is_enforced_once_it_is_set(aws: EmbeddedAws, ec2: t.Any, refused: Refused) -> None:
    aws.limits(vpcs=2)
    ec2.create_vpc(CidrBlock="10.1.0.0/16")
    with refused("VpcLimitExceeded"):
        ec2.create_vpc(CidrBlock="10.2.0.0/16")


def occupy(ec2: t.Any, network: Network, vpc: str, what: str) -> None:
    if what == "subnet":
        network.subnet(vpc)
    elif what == "gateway":
        network.gateway(vpc)
    elif what == "table":
        ec2.create_route_table(VpcId=vpc)
    elif what == "group":
        network.group(vpc)
    elif what == "endpoint":
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-west-2.s3")


@pytest.mark.parametrize("what", ["subnet", "gateway", "table", "group", "endpoint"])
def test_a_vpc_in_use_is_not_deleted(ec2: t.Any, network: Network, refused: Refused, what: str) -> None:
    vpc = network.vpc()
    occupy(ec2, network, vpc, what)
    with refused("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."):
        ec2.delete_vpc(VpcId=vpc)


def test_a_deleted_vpc_takes_its_defaults_and_tags_along(aws: EmbeddedAws, ec2: t.Any) -> None:
    before = [one["id"] for one in aws.holdings()]
    ec2.describe_vpcs()
    start = {one["id"] for one in aws.holdings()}
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "us"}]}]
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    ec2.delete_vpc(VpcId=vpc)
    assert {one["id"] for one in aws.holdings()} == start >= set(before)
    assert ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"] == []


def test_a_missing_vpc_is_refused_by_id(ec2: t.Any, refused: Refused) -> None:
    missing = "vpc-0123456789abcdef0"
    with refused("InvalidVpcID.NotFound", f"The vpc ID '{missing}' does not exist"):
        ec2.describe_vpcs(VpcIds=[missing])
    with refused("InvalidVpcID.NotFound"):
        ec2.create_subnet(VpcId=missing, CidrBlock="10.0.0.0/24")


def test_a_secondary_block_takes_subnets_and_may_not_overlap(ec2: t.Any, network: Network, refused: Refused) -> None:
    vpc = network.vpc("10.0.0.0/16")
    with refused("InvalidVpc.Range"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.0.128.0/17")
    ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.64.0.0/16")
    blocks = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlockAssociationSet"]
    assert [block["CidrBlock"] for block in blocks] == ["10.0.0.0/16", "100.64.0.0/16"]
    assert network.subnet(vpc, "100.64.1.0/24")


def test_a_subnet_is_what_was_asked_for(ec2: t.Any, network: Network) -> None:
    subnet = network.subnet(network.vpc(), "10.0.1.0/24", "us-west-2b")
    seen = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
    assert (seen["AvailabilityZone"], seen["AvailabilityZoneId"]) == ("us-west-2b", "usw2-az1")
    assert (seen["AvailableIpAddressCount"], seen["State"]) == (251, "available")
    assert (seen["MapPublicIpOnLaunch"], seen["DefaultForAz"]) == (False, False)
    assert seen["SubnetArn"] == f"arn:aws:ec2:us-west-2:123456789012:subnet/{subnet}"


def test_a_subnet_may_be_placed_by_zone_id(ec2: t.Any, network: Network) -> None:
    made = ec2.create_subnet(VpcId=network.vpc(), CidrBlock="10.0.1.0/24", AvailabilityZoneId="usw2-az3")["Subnet"]
    assert made["AvailabilityZone"] == "us-west-2c"


@pytest.mark.parametrize(
    ("cidr", "code"),
    [("10.9.0.0/24", "InvalidSubnet.Range"), ("10.0.0.0/29", "InvalidSubnet.Range"),
     ("10.0.1.128/25", "InvalidSubnet.Conflict")],
)  # fmt: skip
def test_a_subnet_that_does_not_fit_is_refused(
    ec2: t.Any, network: Network, refused: Refused, cidr: str, code: str
) -> None:
    vpc = network.vpc("10.0.0.0/16")
    network.subnet(vpc, "10.0.1.0/24")
    with refused(code, cidr):
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)


@pytest.mark.parametrize("zone", ["us-west-2z", "ap-northeast-2a"])
def test_a_zone_of_elsewhere_is_refused(ec2: t.Any, network: Network, refused: Refused, zone: str) -> None:
    with refused("InvalidParameterValue", zone, "us-west-2a, us-west-2b, us-west-2c, us-west-2d"):
        network.subnet(network.vpc(), "10.0.1.0/24", zone)


def test_a_subnet_with_interfaces_is_not_deleted(ec2: t.Any, network: Network, refused: Refused) -> None:
    subnet = network.subnet(network.vpc())
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert eni["PrivateIpAddress"] == "10.0.1.4"
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"] == 250
    with refused("DependencyViolation", subnet):
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    ec2.delete_subnet(SubnetId=subnet)
    with refused("InvalidSubnetID.NotFound"):
        ec2.describe_subnets(SubnetIds=[subnet])


def test_a_deleted_subnet_leaves_its_route_table(ec2: t.Any, network: Network) -> None:
    vpc = network.vpc()
    subnet = network.subnet(vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_route_table(RouteTableId=table)


def test_zones_have_ids_and_unknown_ones_are_refused(ec2: t.Any, client: t.Any, refused: Refused) -> None:
    zones = client("ec2", "ap-northeast-2").describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneId"] for zone in zones] == ["apne2-az1", "apne2-az2", "apne2-az3", "apne2-az4"]
    with refused("InvalidParameterValue", "us-west-2q"):
        ec2.describe_availability_zones(ZoneNames=["us-west-2q"])
