# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first half of a way: out of the client's groups and subnet, by the route that its table has."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils.reachability import routes
from ansible_collections.cloister.aws.plugins.module_utils.reachability.acls import (
    ANY_CLIENT,
    LINUX_CLIENT,
    Ports,
    both_ways,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import EVERYWHERE, Place
from ansible_collections.cloister.aws.plugins.module_utils.reachability.groups import Peer, admitting, named
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Region,
    Thing,
    group_ids,
    is_private,
    network,
    public_addresses,
    within,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Internet, Vantage
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed


@dataclass(frozen=True)
class Left:
    """How a request left: as whom the destination sees it, from which subnet, and whether over the internet."""

    steps: tuple[Step, ...]
    seen_as: Peer
    subnet_id: str = ""
    over_internet: bool = False
    into_aws: bool = False
    ephemeral: Ports = LINUX_CLIENT
    over_private_link: bool = False


def leave(region: Region, source: Vantage | Internet, place: Place, port: int, protocol: str) -> Left:
    """Return how a request for ``place`` leaves its source."""
    if isinstance(source, Internet):
        return _from_internet(source, place)
    route = routes.route_to(region, source.subnet_id, place.address, place.prefix_list)
    target = routes.target_of(route) if route else ""
    steps = [_route_step(region, source, place, route, target)]
    if place.interface is not None and target.startswith("pcx-"):
        steps += _way_back(region, source, place.interface, target)
    steps += _filters(region, source, place, port, protocol)
    if target.startswith("nat-"):
        steps += _past_nat(region, source, place, target, port, protocol)
        seen = network(next(iter(routes.nat_addresses(region, target)), None)) or EVERYWHERE
        return Left(tuple(steps), Peer(seen, f"NAT gateway {target}"), source.subnet_id, True, False, ANY_CLIENT)
    if target.startswith("igw-"):
        seen = network(source.public_ip) or EVERYWHERE
        return Left(tuple(steps), Peer(seen, str(source.public_ip)), source.subnet_id, True)
    return Left(tuple(steps), source.peer(region), source.subnet_id, into_aws=target.startswith("vpce-"))


def _from_internet(source: Internet, place: Place) -> Left:
    peer = Peer(source.range(), "the internet" if source.address == "0.0.0.0/0" else source.address)
    steps: tuple[Step, ...] = ()
    public = place.interface is None or str(place.address).partition("/")[0] in public_addresses(place.interface)
    if is_private(place.address) or not public:
        said = f"{place.said} is a private address, and nothing leads to it from the internet"
        fix = "use a name that leads to a public address"
        steps = (broken("address-not-public", said, fix, (place.interface or {}).get("NetworkInterfaceId")),)
    return Left(steps, peer, "", True, False, ANY_CLIENT)


def _route_step(region: Region, source: Vantage, place: Place, route: Thing | None, target: str) -> Step:
    table = (region.table_of(source.subnet_id) or {}).get("RouteTableId")
    if route is None:
        return _no_route(region, source, place, table)
    said = routes.route_said(region, source.subnet_id, route)
    if routes.is_dead(route):
        return broken("blackhole", f"{said}, which is gone", "run the stack network again", table, target)
    if target == "local" or target.startswith("vpce-"):
        return passed("route", said, table, target)
    if target.startswith("nat-"):
        return routes.nat_step(region, target, place.address) or passed("route", said, table, target)
    if target.startswith("pcx-"):
        return routes.peering_step(region, target) or passed("route", said, table, target)
    if not target.startswith("igw-"):
        text = f"{said}, which is not modelled: whether the packet arrives is not known"
        return broken("not-modelled", text, "look beyond it by hand", table, target)
    if routes.detached(region, target):
        return broken("gateway-detached", f"{said}, which is attached to no VPC", "run the stack network", target)
    if source.public_ip is None:
        text = f"{said}, and the client has no public address"
        fix = "move it to a private subnet with endpoints (endpoints_sets) or NAT (nat in network_vpcs)"
        return broken("no-public-ip", text, fix, table, target)
    return passed("route", said, table, target)


def _no_route(region: Region, source: Vantage, place: Place, table: t.Any) -> Step:
    subnet = region.called("subnets", source.subnet_id)
    if not place.service or place.address != EVERYWHERE:
        said = f"{region.called('route_tables', table)} of {subnet} has no route to {place.said}"
        if place.address == EVERYWHERE:
            fix = "give its VPC a NAT gateway (nat in network_vpcs)"
        else:
            fix = "add a route: a peering in network_peerings, or the network's own"
        return broken("no-route", said, fix, table, source.subnet_id)
    gateway = _gateway_endpoint(region, source.vpc_id, place.service)
    if gateway:
        who = region.called("vpc_endpoints", gateway.get("VpcEndpointId"))
        said = f"gateway endpoint {who} stands and {region.called('route_tables', table)} of {subnet} does not have it"
        fix = "run the stack network: it puts the endpoint into every private table"
        return broken("gateway-endpoint-not-routed", said, fix, gateway.get("VpcEndpointId"), table)
    where = region.called("vpcs", source.vpc_id)
    if place.service == "s3":
        said = f"{where} has no gateway endpoint for S3, and {subnet} has no route to the internet"
        return broken("s3-gateway-missing", said, "gateway_endpoints: [s3] in network_vpcs", source.vpc_id, table)
    said = f"{where} has no interface endpoint for {place.service}, and {subnet} has no route to the internet"
    fix = f"add {place.service} to endpoints_services (or its set to endpoints_sets), or give the VPC a NAT gateway"
    return broken("no-endpoint-and-no-nat", said, fix, source.vpc_id, table)


def _gateway_endpoint(region: Region, vpc_id: str, service: str) -> Thing | None:
    for endpoint in region.all("vpc_endpoints"):
        named_so = str(endpoint.get("ServiceName") or "").endswith(f".{service}")
        if named_so and endpoint.get("VpcEndpointType") == "Gateway" and endpoint.get("VpcId") == vpc_id:
            return endpoint
    return None


def _way_back(region: Region, source: Vantage, interface: Thing, peering_id: str) -> list[Step]:
    """The subnet at the other end of a peering needs a route back."""
    subnet_id, client = str(interface.get("SubnetId")), source.peer(region).address
    route = routes.route_to(region, subnet_id, client)
    where = region.called("subnets", subnet_id)
    if route is not None and routes.target_of(route) == peering_id and not routes.is_dead(route):
        return [passed("route", f"the answer comes back: {routes.route_said(region, subnet_id, route)}", peering_id)]
    table = (region.table_of(subnet_id) or {}).get("RouteTableId")
    said = f"{where} has no route back to {client} over {region.called('vpc_peerings', peering_id)}"
    fix = "give the other side of the peering its routes: run its stack network with the peering in network_peerings"
    return [broken("no-return-route", said, fix, subnet_id, table, peering_id)]


def _filters(region: Region, source: Vantage, place: Place, port: int, protocol: str) -> list[Step]:
    """What the client's groups and the ACL of its subnet say of a request that goes out."""
    steps = []
    inside = place.interface is not None and not _is_public(region, place)
    groups = frozenset(group_ids(place.interface)) if place.interface is not None and inside else frozenset[str]()
    peer = Peer(place.address, place.said, groups, place.prefix_list)
    if source.filtered:
        steps.append(_egress(region, source, peer, port, protocol))
    if not inside or str((place.interface or {}).get("SubnetId")) != source.subnet_id:
        ephemeral = LINUX_CLIENT if source.filtered and not source.balancer else ANY_CLIENT
        step = both_ways(region, source.subnet_id, True, place.address, protocol, port, ephemeral)
        steps += [step] if step else []
    return steps


def _past_nat(region: Region, source: Vantage, place: Place, nat_id: str, port: int, protocol: str) -> t.Iterator[Step]:
    """The ACL of a NAT gateway's subnet sees a request twice: as it comes in, and as it leaves anew."""
    subnet_id = str((region.get("nat_gateways", nat_id) or {}).get("SubnetId"))
    client = source.peer(region).address
    seen = both_ways(region, subnet_id, False, client, protocol, port, LINUX_CLIENT)
    again = both_ways(region, subnet_id, True, place.address, protocol, port, ANY_CLIENT)
    yield from (step for step in (seen if subnet_id != source.subnet_id else None, again) if step)


def _is_public(region: Region, place: Place) -> bool:
    interface = place.interface or {}
    return not any(within(place.address, one) for one in region.ranges_of(interface.get("VpcId")))


def _egress(region: Region, source: Vantage, peer: Peer, port: int, protocol: str) -> Step:
    who, to = named(region, source.security_groups), f"{peer.said} port {port}/{protocol}"
    found = admitting(region, source.security_groups, "out", peer, port, protocol)
    if found:
        return passed("security_group", f"{region.called('security_groups', found)} lets it out to {to}", found)
    fix = "add an egress rule in security_groups_defined"
    return broken("egress-closed", f"{who} lets nothing out to {to}", fix, *source.security_groups)
