# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route tables: the longest prefix wins, and the answer needs a way back.

https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html#route-tables-priority
https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html: a gateway endpoint is a route by prefix list.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability.groups import ranges_of_list
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Network,
    Region,
    Thing,
    network,
    within,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken

TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "VpcPeeringConnectionId",
    "TransitGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
)
# A prefix list whose ranges are not known counts as one address: it is always narrower than a default route.
_NARROW = 32


def route_to(region: Region, subnet_id: str, address: Network | None, prefix_list: str = "") -> Thing | None:
    """Return the route of a subnet's table that a packet takes; None when no route is for it."""
    table = region.table_of(subnet_id) or {}
    best: tuple[int, Thing] | None = None
    for route in table.get("Routes") or ():
        length = _length(region, route, address, prefix_list)
        if length is not None and (best is None or length > best[0]):
            best = (length, route)
    return best[1] if best else None


def _length(region: Region, route: Thing, address: Network | None, prefix_list: str) -> int | None:
    listed = route.get("DestinationPrefixListId")
    if listed:
        if listed == prefix_list:
            return _NARROW
        fitting = [one for one in map(network, ranges_of_list(region, listed)) if one and within(address, one)]
        return max((one.prefixlen for one in fitting), default=None)
    range_ = network(route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock"))
    return range_.prefixlen if range_ is not None and within(address, range_) else None


def target_of(route: Thing) -> str:
    """Return the id of what a route leads to; ``local`` for the VPC itself."""
    return next((str(route[key]) for key in TARGETS if route.get(key)), "")


def is_dead(route: Thing) -> bool:
    """Return whether what the route leads to is gone."""
    return str(route.get("State") or "active") == "blackhole"


def default_gateway(region: Region, subnet_id: str, address: Network | None) -> Thing | None:
    """Return the route of a subnet to an internet gateway that takes ``address``, when it lives."""
    route = route_to(region, subnet_id, address)
    alive = route is not None and target_of(route).startswith("igw-") and not is_dead(route)
    return route if alive and route is not None and not detached(region, target_of(route)) else None


def detached(region: Region, gateway_id: str) -> bool:
    """Return whether an internet gateway is known to be attached to nothing."""
    gateway = region.get("internet_gateways", gateway_id)
    if gateway is None:
        return False
    return not any(str(one.get("State")) in ("available", "attached") for one in gateway.get("Attachments") or ())


def nat_step(region: Region, nat_id: str, address: Network | None) -> Step | None:
    """Return why a NAT gateway does not lead to the internet; None when it does."""
    gateway, who = region.get("nat_gateways", nat_id), region.called("nat_gateways", nat_id)
    if gateway is None:
        return None
    if gateway.get("State", "available") != "available":
        said = f"NAT gateway {who} is {gateway.get('State')} ({gateway.get('FailureMessage') or 'it says no more'})"
        return broken("nat-not-available", said, "wait for it, or run the stack network again", nat_id)
    subnet_id = str(gateway.get("SubnetId"))
    if gateway.get("ConnectivityType") == "private":
        return broken("nat-without-way-out", f"NAT gateway {who} is a private one", "use a public one", nat_id)
    if default_gateway(region, subnet_id, address) is None:
        said = (
            f"NAT gateway {who} is in {region.called('subnets', subnet_id)}, which has no route to an internet gateway"
        )
        return broken(
            "nat-without-way-out", said, "give that subnet tier: public in network_subnets", nat_id, subnet_id
        )
    return None


def nat_addresses(region: Region, nat_id: str) -> list[str]:
    """Return the public addresses by which the world sees what leaves through a NAT gateway."""
    held = (region.get("nat_gateways", nat_id) or {}).get("NatGatewayAddresses") or ()
    return [str(one["PublicIp"]) for one in held if one.get("PublicIp")]


def other_side(region: Region, peering_id: str, vpc_id: str) -> str:
    """Return the VPC at the other end of a peering connection."""
    peering = region.get("vpc_peerings", peering_id) or {}
    sides = [(peering.get(key) or {}).get("VpcId") for key in ("RequesterVpcInfo", "AccepterVpcInfo")]
    return str(next((one for one in sides if one and one != vpc_id), ""))


def peering_step(region: Region, peering_id: str) -> Step | None:
    """Return why a peering connection takes no packets; None when it does."""
    peering = region.get("vpc_peerings", peering_id) or {}
    status = (peering.get("Status") or {}).get("Code", "active")
    if status == "active":
        return None
    said = f"peering {region.called('vpc_peerings', peering_id)} is {status}"
    return broken(
        "peering-not-active", said, "accept it, or run the stack network of the side that accepts", peering_id
    )


def route_said(region: Region, subnet_id: str, route: t.Mapping[str, t.Any]) -> str:
    """Return a route as a person reads it."""
    table = (region.table_of(subnet_id) or {}).get("RouteTableId")
    to = (
        route.get("DestinationCidrBlock")
        or route.get("DestinationPrefixListId")
        or route.get("DestinationIpv6CidrBlock")
    )
    return f"{region.called('route_tables', table)} leads {to} to {target_of(route)}"
