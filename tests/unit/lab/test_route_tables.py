# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

Network = t.Any
Refused = t.Any


@pytest.fixture
def table(ec2: t.Any, network: Network) -> tuple[str, str]:
    """(vpc, route table)."""
    vpc = network.vpc()
    return vpc, ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


def routes_of(ec2: t.Any, table: str) -> dict[str, dict[str, t.Any]]:
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return {route.get("DestinationCidrBlock") or route["DestinationPrefixListId"]: route for route in routes}


def test_a_table_begins_with_the_local_route(ec2: t.Any, table: tuple[str, str]) -> None:
    route = routes_of(ec2, table[1])["10.0.0.0/16"]
    assert (route["GatewayId"], route["Origin"], route["State"]) == ("local", "CreateRouteTable", "active")


def test_a_repeated_request_with_one_token_makes_one_table(ec2: t.Any, network: Network) -> None:
    vpc = network.vpc()
    tables = [ec2.create_route_table(VpcId=vpc, ClientToken="one")["RouteTable"]["RouteTableId"] for _ in range(2)]
    assert tables[0] == tables[1]


def test_routes_lead_to_gateways(ec2: t.Any, network: Network, table: tuple[str, str]) -> None:
    vpc, route_table = table
    gateway = network.gateway(vpc)
    nat = network.nat(network.subnet(vpc))
    ec2.create_route(RouteTableId=route_table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.create_route(RouteTableId=route_table, DestinationCidrBlock="10.9.0.0/16", NatGatewayId=nat)
    seen = routes_of(ec2, route_table)
    assert (seen["0.0.0.0/0"]["GatewayId"], seen["10.9.0.0/16"]["NatGatewayId"]) == (gateway, nat)
    assert seen["0.0.0.0/0"]["Origin"] == "CreateRoute"


def test_a_destination_has_one_route(ec2: t.Any, network: Network, table: tuple[str, str], refused: Refused) -> None:
    gateway = network.gateway(table[0])
    ec2.create_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    with refused("RouteAlreadyExists", "0.0.0.0/0"):
        ec2.create_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def test_a_route_is_replaced_only_where_one_is(
    ec2: t.Any, network: Network, table: tuple[str, str], refused: Refused
) -> None:
    gateway = network.gateway(table[0])
    with refused("InvalidParameterValue", "Use CreateRoute instead"):
        ec2.replace_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    nat = network.nat(network.subnet(table[0]))
    ec2.create_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.replace_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    assert routes_of(ec2, table[1])["0.0.0.0/0"]["NatGatewayId"] == nat
    assert "GatewayId" not in routes_of(ec2, table[1])["0.0.0.0/0"]


def test_targets_must_exist_in_the_same_network(
    ec2: t.Any, network: Network, table: tuple[str, str], refused: Refused
) -> None:
    def route(**target: str) -> None:
        ec2.create_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0", **target)

    with refused("InvalidInternetGatewayID.NotFound"):
        route(GatewayId="igw-0123456789abcdef0")
    with refused("InvalidNatGatewayID.NotFound"):
        route(NatGatewayId="nat-0123456789abcdef0")
    with refused("InvalidParameterValue", "belong to different networks"):
        route(GatewayId=network.gateway(network.vpc("10.5.0.0/16")))


def test_a_route_to_what_is_gone_is_a_black_hole(ec2: t.Any, network: Network, table: tuple[str, str]) -> None:
    gateway = network.gateway(table[0])
    nat = network.nat(network.subnet(table[0]))
    ec2.create_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.create_route(RouteTableId=table[1], DestinationCidrBlock="8.8.8.8/32", GatewayId=gateway)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=table[0])
    seen = routes_of(ec2, table[1])
    assert (seen["0.0.0.0/0"]["State"], seen["8.8.8.8/32"]["State"]) == ("blackhole", "blackhole")


def test_routes_are_deleted_but_not_the_local_one(
    ec2: t.Any, network: Network, table: tuple[str, str], refused: Refused
) -> None:
    ec2.create_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0", GatewayId=network.gateway(table[0]))
    ec2.delete_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0")
    with refused("InvalidRoute.NotFound"):
        ec2.delete_route(RouteTableId=table[1], DestinationCidrBlock="0.0.0.0/0")
    with refused("InvalidParameterValue", "local route"):
        ec2.delete_route(RouteTableId=table[1], DestinationCidrBlock="10.0.0.0/16")


def test_a_subnet_has_one_table(ec2: t.Any, network: Network, table: tuple[str, str], refused: Refused) -> None:
    subnet = network.subnet(table[0])
    association = ec2.associate_route_table(RouteTableId=table[1], SubnetId=subnet)["AssociationId"]
    again = ec2.associate_route_table(RouteTableId=table[1], SubnetId=subnet)["AssociationId"]
    other = ec2.create_route_table(VpcId=table[0])["RouteTable"]["RouteTableId"]
    assert again == association
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_route_table(RouteTableId=other, SubnetId=subnet)
    ec2.replace_route_table_association(AssociationId=association, RouteTableId=other)
    found = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["RouteTables"]
    assert [one["RouteTableId"] for one in found] == [other]


def test_a_table_and_a_subnet_share_their_network(
    ec2: t.Any, network: Network, table: tuple[str, str], refused: Refused
) -> None:
    stranger = network.subnet(network.vpc("10.7.0.0/16"), "10.7.1.0/24")
    with refused("InvalidParameterValue", "different networks"):
        ec2.associate_route_table(RouteTableId=table[1], SubnetId=stranger)


def test_a_table_in_use_is_not_deleted(ec2: t.Any, network: Network, table: tuple[str, str], refused: Refused) -> None:
    association = ec2.associate_route_table(RouteTableId=table[1], SubnetId=network.subnet(table[0]))["AssociationId"]
    with refused("DependencyViolation", table[1]):
        ec2.delete_route_table(RouteTableId=table[1])
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=table[1])
    with refused("InvalidRouteTableID.NotFound"):
        ec2.describe_route_tables(RouteTableIds=[table[1]])


def test_the_main_table_stays(ec2: t.Any, table: tuple[str, str], refused: Refused) -> None:
    filters = [{"Name": "vpc-id", "Values": [table[0]]}, {"Name": "association.main", "Values": ["true"]}]
    main = ec2.describe_route_tables(Filters=filters)["RouteTables"][0]
    with refused("DependencyViolation"):
        ec2.delete_route_table(RouteTableId=main["RouteTableId"])
    with refused("InvalidParameterValue", "main route table"):
        ec2.disassociate_route_table(AssociationId=main["Associations"][0]["RouteTableAssociationId"])
