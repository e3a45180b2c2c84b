# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.client import EmbeddedAws

Clients = t.Any


def test_a_new_id_is_not_found_by_reads_for_so_many_calls(aws: EmbeddedAws, ec2: t.Any, refused: t.Any) -> None:
    aws.hide_new_ids(calls=2)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for _ in range(2):
        with refused("InvalidVpcID.NotFound", vpc):
            ec2.describe_vpcs(VpcIds=[vpc])
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["VpcId"] == vpc


def test_ids_that_are_named_together_become_visible_together(ec2: t.Any, aws: EmbeddedAws, refused: t.Any) -> None:
    aws.hide_new_ids(calls=2)
    ids = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2)]
    for _ in range(2):
        with refused("InvalidAllocationID.NotFound"):
            ec2.describe_addresses(AllocationIds=ids)
    assert len(ec2.describe_addresses(AllocationIds=ids)["Addresses"]) == 2


def test_a_new_id_is_left_out_of_lists(aws: EmbeddedAws, ec2: t.Any) -> None:
    aws.hide_new_ids(calls=1)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    filters = [{"Name": "cidr", "Values": ["10.0.0.0/16"]}]
    assert ec2.describe_vpcs(Filters=filters)["Vpcs"] == []
    assert [one["VpcId"] for one in ec2.describe_vpcs(Filters=filters)["Vpcs"]] == [vpc]


def test_a_write_that_names_a_new_id_is_refused(aws: EmbeddedAws, ec2: t.Any, refused: t.Any) -> None:
    aws.hide_new_ids(calls=1)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    with refused("InvalidVpcID.NotFound"):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert [record["error"] for record in aws.writes()] == [None, "InvalidVpcID.NotFound", None]


def test_what_was_there_before_stays_visible(aws: EmbeddedAws, ec2: t.Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    aws.hide_new_ids(calls=5)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]


def test_each_kind_is_missed_under_its_own_code(aws: EmbeddedAws, ec2: t.Any, network: t.Any, refused: t.Any) -> None:
    vpc = network.vpc()
    aws.hide_new_ids(calls=1)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidInternetGatewayID.NotFound"):
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    with refused("InvalidAllocationID.NotFound"):
        ec2.describe_addresses(AllocationIds=[address])
    group = network.group(vpc)
    with refused("InvalidGroup.NotFound"):
        ec2.describe_security_groups(GroupIds=[group])


def test_only_the_named_prefixes_are_hidden(aws: EmbeddedAws, ec2: t.Any) -> None:
    aws.hide_new_ids(calls=5, prefixes=["igw-"])
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]


def test_a_new_role_is_unseen_by_name(aws: EmbeddedAws, client: Clients, refused: t.Any) -> None:
    aws.hide_new_ids(calls=2)
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").create_role(RoleName="web", AssumeRolePolicyDocument=trust)
    with refused("NoSuchEntity", "web", status=404):
        client("iam").get_role(RoleName="web")
    assert client("iam").list_roles(PathPrefix="/")["Roles"] == []
    assert client("iam").get_role(RoleName="web")["Role"]["RoleName"] == "web"


def test_a_new_zone_is_unseen(aws: EmbeddedAws, client: Clients, refused: t.Any) -> None:
    aws.hide_new_ids(calls=1)
    zone = client("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    with refused("NoSuchHostedZone", status=404):
        client("route53").get_hosted_zone(Id=zone)
    assert client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Id"] == zone


def test_endpoints_and_routes_spell_their_codes_as_aws_does(
    aws: EmbeddedAws, ec2: t.Any, network: t.Any, refused: t.Any
) -> None:
    vpc = network.vpc()
    network.gateway(vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    subnet = network.subnet(vpc)
    aws.hide_new_ids(calls=1)
    other = network.subnet(vpc, "10.0.2.0/24")
    service = {"ServiceName": "com.amazonaws.us-west-2.logs", "VpcEndpointType": "Interface"}
    with refused("InvalidSubnetId.NotFound"):
        ec2.create_vpc_endpoint(VpcId=vpc, SubnetIds=[other], **service)
    address = network.address()
    ec2.describe_addresses()
    nat = network.nat(subnet, address)
    with refused("InvalidNatGatewayID.NotFound"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
