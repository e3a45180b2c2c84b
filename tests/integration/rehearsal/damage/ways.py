"""Ways through a network: routes and what they lead to."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils.kinds.nat_gateway import NatGateway
from ansible_collections.cloister.aws.plugins.module_utils.kinds.nat_route import NatRoute
from ansible_collections.cloister.aws.plugins.module_utils.kinds.route_table import RouteTable, associations, routes
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_endpoint import VpcEndpoint
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_peering import VpcPeering

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, Thing, act, tag, told

OUT = "0.0.0.0/0"


def _leading_to(hands: Hands, target: str) -> list[tuple[Thing, str]]:
    """Return our tables with the destinations that they lead to a target."""
    return [(table, to) for table in hands.all(RouteTable) for to, at in routes(table).items() if at == target]


@act(RouteTable)
def the_way_to_the_internet_is_deleted(hands: Hands) -> set[Action]:
    table = hands.one(RouteTable, "main-public")
    hands.ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=OUT)
    return {told(RouteTable, table, "change")}


@act(RouteTable)
def a_subnet_is_taken_off_its_route_table(hands: Hands) -> set[Action]:
    table = hands.named(RouteTable, "main-private-")[-1]
    hands.ec2.disassociate_route_table(AssociationId=min(associations(table).values()))
    return {told(RouteTable, table, "change")}


@act(RouteTable)
def a_way_back_over_a_peering_is_deleted(hands: Hands) -> set[Action]:
    for peering in hands.all(VpcPeering):
        table, to = _leading_to(hands, peering["VpcPeeringConnectionId"])[-1]
        hands.ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=to)
        return {told(RouteTable, table, "change")}
    return set()


@act(NatRoute)
def a_way_out_through_the_nat_gateway_is_deleted(hands: Hands) -> set[Action]:
    for table in hands.named(RouteTable, "main-private-"):
        if OUT in routes(table):
            hands.ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=OUT)
            return {("network", NatRoute.noun, f"{tag(table)} {OUT}", "create")}
    return set()


@act(NatGateway)
def a_nat_gateway_is_deleted(hands: Hands) -> set[Action]:
    for gateway in hands.all(NatGateway)[-1:]:
        led = _leading_to(hands, gateway["NatGatewayId"])
        hands.ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
        rewritten = {("network", NatRoute.noun, f"{tag(table)} {to}", "change") for table, to in led}
        return rewritten | {told(NatGateway, gateway, "create")}
    return set()


@act(VpcPeering)
def a_peering_is_deleted(hands: Hands) -> set[Action]:
    for peering in [peering for peering in hands.all(VpcPeering) if peering["Status"]["Code"] == "active"]:
        led = _leading_to(hands, peering["VpcPeeringConnectionId"])
        hands.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
        return {told(VpcPeering, peering, "create")} | {told(RouteTable, table, "change") for table, _ in led}
    return set()


@act(VpcEndpoint)
def the_s3_endpoint_is_taken_off_a_route_table(hands: Hands) -> set[Action]:
    endpoint = hands.one(VpcEndpoint, "main-s3")
    table = min(endpoint["RouteTableIds"])
    hands.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], RemoveRouteTableIds=[table])
    return {told(VpcEndpoint, endpoint, "change")}


@act(VpcEndpoint)
def an_endpoint_is_deleted(hands: Hands) -> set[Action]:
    for endpoint in hands.called(VpcEndpoint, "logs"):
        hands.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
        return {told(VpcEndpoint, endpoint, "create")}
    return set()


@act(VpcEndpoint)
def an_endpoint_is_taken_out_of_a_zone(hands: Hands) -> set[Action]:
    several = [one for one in hands.all(VpcEndpoint) if len(one["SubnetIds"]) > 1 and tag(one) != "logs"]
    for endpoint in several[-1:]:
        subnet = min(endpoint["SubnetIds"])
        hands.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], RemoveSubnetIds=[subnet])
        return {told(VpcEndpoint, endpoint, "change")}
    return set()
