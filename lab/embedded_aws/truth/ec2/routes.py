# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Routes: made, replaced, deleted, and black holes when what they lead to is gone.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html
"""

from __future__ import annotations

import typing as t

from moto.ec2.models.route_tables import Route

from lab.embedded_aws.truth.ec2.base import Backend, Response, action, catch_up, done, refuse
from lab.embedded_aws.truth.ec2.kinds import find
from lab.embedded_aws.truth.ec2.vpcs import read_network

# Parameter of CreateRoute -> the keyword of moto's Route that holds the object.
TARGETS = {
    "GatewayId": "gateway", "NatGatewayId": "nat_gateway", "VpcPeeringConnectionId": "vpc_pcx",
    "NetworkInterfaceId": "interface", "TransitGatewayId": "transit_gateway", "InstanceId": "instance",
    "EgressOnlyInternetGatewayId": "egress_only_igw", "CarrierGatewayId": "carrier_gateway",
}  # fmt: skip
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def route_view(backend: Backend, route: Route) -> dict[str, t.Any]:
    """A route as DescribeRouteTables shows it."""
    return {
        "DestinationCidrBlock": route.destination_cidr_block,
        "DestinationIpv6CidrBlock": route.destination_ipv6_cidr_block,
        "DestinationPrefixListId": route.destination_prefix_list_id, "GatewayId": route.gateway_id,
        "NatGatewayId": route.nat_gateway_id, "VpcPeeringConnectionId": route.vpc_peering_connection_id,
        "NetworkInterfaceId": route.network_interface_id, "TransitGatewayId": route.transit_gateway_id,
        "InstanceId": route.instance_id, "EgressOnlyInternetGatewayId": route.egress_only_internet_gateway_id,
        "CarrierGatewayId": route.carrier_gateway_id,
        "Origin": "CreateRouteTable" if route.local else "CreateRoute",
        "State": "active" if _leads_somewhere(backend, route) else "blackhole",
    }  # fmt: skip


def _leads_somewhere(backend: Backend, route: Route) -> bool:
    nat, peering, gateway = route.nat_gateway, route.vpc_pcx, route.gateway
    if nat is not None:
        return nat.state in ("pending", "available")
    if peering is not None:
        return peering._status.code == "active"
    if gateway is not None and gateway.id.startswith("igw-"):
        attached = backend.internet_gateways.get(gateway.id)
        return attached is not None and attached.vpc is not None
    if route.interface is not None:
        return route.interface.id in backend.enis
    return True


@action
def create_route(response: Response) -> t.Any:
    backend = response.ec2_backend
    table = find(backend, response._get_param("RouteTableId"))
    destination, key = _destination(response)
    response.error_on_dryrun()
    if any(_same(route, destination) for route in table.routes):
        refuse("RouteAlreadyExists", f"The route identified by {destination} already exists.")
    put(backend, table, key, destination, _target(response, table))
    return done()


def put(backend: Backend, table: t.Any, key: str, destination: str, target: dict[str, t.Any]) -> None:
    """Set a table's route to `destination`."""
    prefix_list = find(backend, destination) if key == DESTINATIONS[2] else None
    route = Route(
        table,
        destination if key == DESTINATIONS[0] else None,
        destination if key == DESTINATIONS[1] else None,
        prefix_list,
        **target,
    )
    table._routes[route.id] = route


def _destination(response: Response) -> tuple[str, str]:
    key = next((one for one in DESTINATIONS if response._get_param(one)), None)
    if key is None:
        refuse("MissingParameter", "The request must contain the parameter destinationCidrBlock")
    text = response._get_param(key)
    if key == DESTINATIONS[0]:
        text = str(read_network(text, "destinationCidrBlock"))
    return text, key


def _same(route: Route, destination: str) -> bool:
    return destination in (
        route.destination_cidr_block, route.destination_ipv6_cidr_block, route.destination_prefix_list_id
    )  # fmt: skip


def _target(response: Response, table: t.Any) -> dict[str, t.Any]:
    """The keyword and object a route leads to; refuses none, several, or one in another network."""
    backend = response.ec2_backend
    named = [one for one in TARGETS if response._get_param(one)]
    if len(named) != 1:
        refuse(
            "InvalidParameterCombination", "The request must contain exactly one gateway ID, interface ID or the like"
        )
    value = response._get_param(named[0])
    if named[0] == "NatGatewayId" and value not in backend.nat_gateways:
        refuse("InvalidNatGatewayID.NotFound", f"The natGateway ID '{value}' does not exist")
    if named[0] == "GatewayId" and value.startswith("vpce-"):
        refuse("InvalidParameterValue", f"invalid value for parameter gateway-id: {value}")
    if named[0] == "InstanceId":
        return {"instance": backend.get_instance(value)}
    found = _elsewhere(backend, named[0], value) or find(backend, value)
    network = _network(found)
    if network and table.vpc_id not in network:
        what = "network gateway" if named[0] == "GatewayId" else "resource"
        refuse("InvalidParameterValue", f"route table {table.id} and {what} {value} belong to different networks")
    return {TARGETS[named[0]]: found}


def _elsewhere(backend: Backend, parameter: str, value: str) -> t.Any:
    """Targets of the kinds that only moto knows."""
    tables = {
        "TransitGatewayId": backend.transit_gateways, "CarrierGatewayId": backend.carrier_gateways,
        "EgressOnlyInternetGatewayId": backend.egress_only_internet_gateways, "GatewayId": backend.vpn_gateways,
    }  # fmt: skip
    return tables.get(parameter, {}).get(value)


def _network(found: t.Any) -> tuple[str, ...]:
    """The VPCs a target belongs to; none when it may be anywhere."""
    if found.id.startswith("igw-"):
        return (found.vpc.id,) if found.vpc else ("detached",)
    if found.id.startswith("pcx-"):
        return (found.vpc.id, found.peer_vpc.id)
    if found.id.startswith(("nat-", "eni-")):
        return (found.vpc_id,)
    return ()


@action
def replace_route(response: Response) -> t.Any:
    backend = response.ec2_backend
    table = find(backend, response._get_param("RouteTableId"))
    destination, key = _destination(response)
    if not any(_same(route, destination) for route in table.routes):
        refuse(
            "InvalidParameterValue",
            f"There is no route defined for '{destination}' in the route table. Use CreateRoute instead.",
        )
    put(backend, table, key, destination, _target(response, table))
    return done()


@action
def delete_route(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    table = find(backend, response._get_param("RouteTableId"))
    destination, _ = _destination(response)
    route = next((one for one in table.routes if _same(one, destination)), None)
    if route is None:
        refuse("InvalidRoute.NotFound", f"no route with destination-cidr-block {destination} in route table {table.id}")
    if route.local:
        refuse("InvalidParameterValue", f"cannot remove local route {destination} in route table {table.id}")
    if route.gateway is not None and route.gateway.id.startswith("vpce-"):
        refuse("InvalidParameterValue", f"cannot remove VPC endpoint route {destination} in route table {table.id}")
    del table._routes[route.id]
    return done()
