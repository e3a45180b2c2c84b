# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Network = t.Any
Refused = t.Any
PREFIX = "com.amazonaws.us-west-2."


@pytest.fixture
def place(network: Network) -> tuple[str, str]:
    """(vpc with DNS on, subnet in us-west-2a)."""
    vpc = network.vpc()
    return vpc, network.subnet(vpc)


def make(ec2: t.Any, vpc: str, service: str = "ecr.api", **more: t.Any) -> dict[str, t.Any]:
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=PREFIX + service, VpcEndpointType="Interface", **more)
    return t.cast("dict[str, t.Any]", made["VpcEndpoint"])


def seen(ec2: t.Any, endpoint: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0])


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("ecr.api", "api.ecr.us-west-2.amazonaws.com"),
        ("ecr.dkr", "*.dkr.ecr.us-west-2.amazonaws.com"),
        ("logs", "logs.us-west-2.amazonaws.com"),
        ("ssmmessages", "ssmmessages.us-west-2.amazonaws.com"),
        ("eks-auth", "eks-auth.us-west-2.api.aws"),
        ("secretsmanager", "secretsmanager.us-west-2.amazonaws.com"),
    ],
)
def test_services_are_known_by_their_private_names(ec2: t.Any, service: str, name: str) -> None:
    found = ec2.describe_vpc_endpoint_services(ServiceNames=[PREFIX + service])
    assert found["ServiceNames"] == [PREFIX + service]
    assert found["ServiceDetails"][0]["PrivateDnsNames"] == [{"PrivateDnsName": name}]
    assert len(found["ServiceDetails"][0]["AvailabilityZones"]) == 4


def test_s3_is_offered_both_ways(ec2: t.Any) -> None:
    details = ec2.describe_vpc_endpoint_services(ServiceNames=[PREFIX + "s3"])["ServiceDetails"]
    assert sorted(one["ServiceType"][0]["ServiceType"] for one in details) == ["Gateway", "Interface"]
    gateways = [{"Name": "service-type", "Values": ["Gateway"]}]
    names = ec2.describe_vpc_endpoint_services(Filters=gateways)["ServiceNames"]
    assert names == [PREFIX + "dynamodb", PREFIX + "s3"]


def test_an_interface_endpoint_becomes_available_in_its_time(
    aws: EmbeddedAws, ec2: t.Any, place: tuple[str, str]
) -> None:
    aws.delays(vpc_endpoint=60)
    made = make(ec2, place[0], SubnetIds=[place[1]])
    assert made["State"] == seen(ec2, made["VpcEndpointId"])["State"] == "pending"
    aws.skip(60)
    assert seen(ec2, made["VpcEndpointId"])["State"] == "available"
    aws.delays(vpc_endpoint=0)


def test_an_interface_endpoint_holds_an_address_in_each_subnet(
    ec2: t.Any, network: Network, place: tuple[str, str]
) -> None:
    second = network.subnet(place[0], "10.0.2.0/24", "us-west-2b")
    group = network.group(place[0])
    made = make(ec2, place[0], SubnetIds=[place[1], second], SecurityGroupIds=[group])
    enis = ec2.describe_network_interfaces(NetworkInterfaceIds=made["NetworkInterfaceIds"])["NetworkInterfaces"]
    assert {eni["SubnetId"] for eni in enis} == {place[1], second}
    assert {eni["InterfaceType"] for eni in enis} == {"vpc_endpoint"}
    assert {group["GroupId"] for eni in enis for group in eni["Groups"]} == {group}
    assert ec2.describe_subnets(SubnetIds=[second])["Subnets"][0]["AvailableIpAddressCount"] == 250


def test_an_endpoint_is_known_by_regional_zonal_and_private_names(ec2: t.Any, place: tuple[str, str]) -> None:
    made = make(ec2, place[0], SubnetIds=[place[1]], PrivateDnsEnabled=True)
    names = [one["DnsName"] for one in seen(ec2, made["VpcEndpointId"])["DnsEntries"]]
    assert names[0].startswith(made["VpcEndpointId"])
    assert names[0].endswith(".api.ecr.us-west-2.vpce.amazonaws.com")
    assert "-us-west-2a.api.ecr." in names[1]
    assert names[2] == "api.ecr.us-west-2.amazonaws.com"


def test_private_dns_is_kept_as_asked(ec2: t.Any, place: tuple[str, str]) -> None:
    off = make(ec2, place[0], PrivateDnsEnabled=False)
    assert seen(ec2, off["VpcEndpointId"])["PrivateDnsEnabled"] is False
    ec2.modify_vpc_endpoint(VpcEndpointId=off["VpcEndpointId"], PrivateDnsEnabled=True)
    assert seen(ec2, off["VpcEndpointId"])["PrivateDnsEnabled"] is True


def test_private_dns_needs_both_attributes_of_the_vpc(ec2: t.Any, network: Network, refused: Refused) -> None:
    vpc = network.vpc(dns=False)
    with refused("InvalidParameter", "requires both enableDnsSupport and enableDnsHostnames"):
        make(ec2, vpc, PrivateDnsEnabled=True)
    endpoint = make(ec2, vpc, PrivateDnsEnabled=False)["VpcEndpointId"]
    with refused("InvalidParameter"):
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=True)


def test_one_private_name_serves_one_endpoint(ec2: t.Any, place: tuple[str, str], refused: Refused) -> None:
    first = make(ec2, place[0], PrivateDnsEnabled=True)
    with refused("InvalidParameter", "conflicting DNS domain for api.ecr.us-west-2.amazonaws.com in the VPC"):
        make(ec2, place[0], PrivateDnsEnabled=True)
    make(ec2, place[0], PrivateDnsEnabled=False)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[first["VpcEndpointId"]])
    make(ec2, place[0], PrivateDnsEnabled=True)


def test_a_private_zone_of_the_name_conflicts_too(
    ec2: t.Any, client: t.Any, place: tuple[str, str], refused: Refused
) -> None:
    vpc = {"VPCId": place[0], "VPCRegion": "us-west-2"}
    client("route53").create_hosted_zone(Name="logs.us-west-2.amazonaws.com", CallerReference="1", VPC=vpc)
    with refused("InvalidParameter", "conflicting DNS domain"):
        make(ec2, place[0], "logs", PrivateDnsEnabled=True)


def test_one_zone_takes_one_subnet(ec2: t.Any, network: Network, place: tuple[str, str], refused: Refused) -> None:
    same_zone = network.subnet(place[0], "10.0.2.0/24", "us-west-2a")
    with refused("DuplicateSubnetsInSameZone", same_zone):
        make(ec2, place[0], SubnetIds=[place[1], same_zone])
    endpoint = make(ec2, place[0], SubnetIds=[place[1]])["VpcEndpointId"]
    with refused("DuplicateSubnetsInSameZone"):
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[same_zone])
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[same_zone], RemoveSubnetIds=[place[1]])
    assert seen(ec2, endpoint)["SubnetIds"] == [same_zone]


def test_subnets_groups_and_policy_are_changed(ec2: t.Any, network: Network, place: tuple[str, str]) -> None:
    first, second = network.group(place[0], "one"), network.group(place[0], "two")
    endpoint = make(ec2, place[0], SubnetIds=[place[1]], SecurityGroupIds=[first])["VpcEndpointId"]
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint, AddSecurityGroupIds=[second], RemoveSecurityGroupIds=[first], PolicyDocument=policy
    )
    assert [group["GroupId"] for group in seen(ec2, endpoint)["Groups"]] == [second]
    assert seen(ec2, endpoint)["PolicyDocument"] == policy
    eni = ec2.describe_network_interfaces(NetworkInterfaceIds=seen(ec2, endpoint)["NetworkInterfaceIds"])
    assert eni["NetworkInterfaces"][0]["Groups"][0]["GroupId"] == second
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
    assert "Allow" in seen(ec2, endpoint)["PolicyDocument"]


def test_a_gateway_endpoint_is_a_route(ec2: t.Any, place: tuple[str, str], refused: Refused) -> None:
    table = ec2.create_route_table(VpcId=place[0])["RouteTable"]["RouteTableId"]
    made = ec2.create_vpc_endpoint(VpcId=place[0], ServiceName=PREFIX + "s3", RouteTableIds=[table])["VpcEndpoint"]
    endpoint = made["VpcEndpointId"]
    assert (made["VpcEndpointType"], made["State"]) == ("Gateway", "available")
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    route = next(one for one in routes if one.get("GatewayId") == endpoint)
    assert route["DestinationPrefixListId"].startswith("pl-")
    with refused("RouteAlreadyExists", table):
        ec2.create_vpc_endpoint(VpcId=place[0], ServiceName=PREFIX + "s3", RouteTableIds=[table])
    with refused("InvalidParameterValue", "VPC endpoint route"):
        ec2.delete_route(RouteTableId=table, DestinationPrefixListId=route["DestinationPrefixListId"])
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[table])
    assert len(ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]) == 1
    assert seen(ec2, endpoint)["RouteTableIds"] == []


def test_what_is_named_must_exist(ec2: t.Any, place: tuple[str, str], refused: Refused) -> None:
    with refused("InvalidServiceName", PREFIX + "nosuch"):
        make(ec2, place[0], "nosuch")
    with refused("InvalidVpcId.NotFound"):
        make(ec2, "vpc-0123456789abcdef0")
    with refused("InvalidSubnetId.NotFound"):
        make(ec2, place[0], SubnetIds=["subnet-0123456789abcdef0"])
    with refused("InvalidSecurityGroupId.NotFound"):
        make(ec2, place[0], SecurityGroupIds=["sg-0123456789abcdef0"])
    with refused("InvalidRouteTableId.NotFound"):
        ec2.create_vpc_endpoint(VpcId=place[0], ServiceName=PREFIX + "s3", RouteTableIds=["rtb-0123456789abcdef0"])
    with refused("InvalidParameter", "does not match available service types ([Interface])"):
        ec2.create_vpc_endpoint(VpcId=place[0], ServiceName=PREFIX + "logs", VpcEndpointType="Gateway")


def test_each_type_takes_its_own_parameters(ec2: t.Any, place: tuple[str, str], refused: Refused) -> None:
    with refused("InvalidParameter", "Subnet IDs are only supported for Interface"):
        ec2.create_vpc_endpoint(VpcId=place[0], ServiceName=PREFIX + "s3", SubnetIds=[place[1]])
    with refused("InvalidParameter", "Route table IDs are only supported for Gateway"):
        make(ec2, place[0], RouteTableIds=["rtb-0123456789abcdef0"])
    with refused("InvalidSubnetId.Malformed", "expecting 'subnet-"):
        make(ec2, place[0], SubnetIds=["private-a"])


def test_a_deleted_endpoint_leaves_its_interfaces_a_little_longer(
    aws: EmbeddedAws, ec2: t.Any, place: tuple[str, str], refused: Refused
) -> None:
    endpoint = make(ec2, place[0], SubnetIds=[place[1]])["VpcEndpointId"]
    aws.delays(vpc_endpoint_delete=60, endpoint_interface_delete=60)
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    assert seen(ec2, endpoint)["State"] == "deleting"
    aws.skip(60)
    with refused("InvalidVpcEndpointId.NotFound", endpoint):
        seen(ec2, endpoint)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=place[1])
    aws.skip(60)
    ec2.delete_subnet(SubnetId=place[1])
    aws.delays(vpc_endpoint_delete=0, endpoint_interface_delete=0)


def test_deleting_what_is_not_there_is_told_in_the_answer(ec2: t.Any) -> None:
    missing = "vpce-0123456789abcdef0"
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=[missing])["Unsuccessful"]
    assert [(one["ResourceId"], one["Error"]["Code"]) for one in answer] == [(missing, "InvalidVpcEndpointId.NotFound")]


def test_a_repeated_request_with_one_token_makes_one_endpoint(ec2: t.Any, place: tuple[str, str]) -> None:
    ids = {make(ec2, place[0], SubnetIds=[place[1]], ClientToken="t")["VpcEndpointId"] for _ in range(2)}
    assert len(ids) == 1
