# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which route tables a network has, which routes they hold, and through which NAT gateway a private subnet goes out."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._network_plan import TIERS, zone_suffix

EVERYWHERE = "0.0.0.0/0"

Entry = dict[str, t.Any]
Vpcs = t.Mapping[str, Entry]


def table_name(subnet: t.Mapping[str, t.Any]) -> str:
    """Return the name of a subnet's table: a VPC has one for all public, one for all isolated, one a private zone."""
    name = f"{subnet['vpc']}-{subnet['tier']}"
    return f"{name}-{zone_suffix(subnet['az'])}" if subnet["tier"] == "private" else name


def route_tables(
    vpcs: Vpcs, subnets: t.Sequence[Entry], peerings: t.Sequence[Entry], extra: t.Sequence[Entry]
) -> list[Entry]:
    """Return {name, vpc, subnets, routes} for all tables that the subnets need, without the routes to NAT gateways.

    ``extra`` has {vpc, tiers, destination, target_id}. Raises `InputError` for two routes to one destination.
    """
    tables: dict[str, Entry] = {}
    tiers: dict[str, tuple[str, str]] = {}
    for subnet in sorted(subnets, key=lambda subnet: TIERS.index(subnet["tier"])):
        name = table_name(subnet)
        tiers[name] = (subnet["vpc"], subnet["tier"])
        table = tables.setdefault(name, {"name": name, "vpc": subnet["vpc"], "subnets": [], "routes": []})
        table["subnets"].append(subnet["name"])
    for vpc, served, route in _routes(vpcs, peerings, extra):
        for name, (of, tier) in tiers.items():
            if of == vpc and tier in served:
                _add(tables[name], route)
    return list(tables.values())


def nat_routes(
    tables: t.Sequence[Entry], subnets: t.Sequence[Entry], gateways: t.Mapping[str, t.Sequence[Entry]]
) -> tuple[list[Entry], list[str]]:
    """Return {table, nat_gateway, destination} for the private tables, and warnings.

    A table's gateway is the one of its zone. Where the VPC has one in each zone but this, it is the first listed: no
    zone is nearer than another, and traffic between zones is paid for.
    """
    zones = {table_name(subnet): subnet["az"] for subnet in subnets if subnet["tier"] == "private"}
    routes, warnings = [], []
    for table in tables:
        choice = gateways[table["vpc"]] if table["name"] in zones else []
        if not choice or any(route["destination"] == EVERYWHERE for route in table["routes"]):
            continue
        az = zones[table["name"]]
        gateway = next((item for item in choice if item["az"] == az), choice[0])
        if gateway["az"] != az and len(choice) > 1:
            warnings.append(
                f"VPC {table['vpc']} has no NAT gateway in {az}, where it has no public subnet: private subnets there "
                f"go out through {gateway['name']} in {gateway['az']}"
            )
        routes.append({"table": table["name"], "nat_gateway": gateway["name"], "destination": EVERYWHERE})
    return routes, warnings


def _routes(
    vpcs: Vpcs, peerings: t.Sequence[Entry], extra: t.Sequence[Entry]
) -> t.Iterator[tuple[str, t.Collection[str], Entry]]:
    """Yield (VPC, tiers, route)."""
    for name in vpcs:
        yield name, ("public",), {"destination": EVERYWHERE, "internet_gateway": name}
    for peering in peerings:
        ours = _ranges(vpcs[_vpc(peering["vpc"], vpcs, peering)])
        theirs = peering["peer_cidrs"]
        if peering["peer_vpc"]:
            theirs = _ranges(vpcs[_vpc(peering["peer_vpc"], vpcs, peering)])
        _refuse_overlap(peering, ours, theirs)
        for cidr in theirs:
            yield peering["vpc"], peering["tiers"], {"destination": cidr, "peering": peering["name"]}
        for cidr in ours if peering["peer_vpc"] else ():
            yield peering["peer_vpc"], peering["peer_tiers"], {"destination": cidr, "peering": peering["name"]}
    (only,) = vpcs if len(vpcs) == 1 else ("",)
    for route in extra:
        said = {"destination": route["destination"], "target_id": route["target_id"]}
        yield route.get("vpc") or only, route.get("tiers") or ("private",), said


def _vpc(name: str, vpcs: Vpcs, peering: Entry) -> str:
    if name not in vpcs:
        raise InputError(
            f"network_peerings ({peering['name']}) names VPC {name}, which network_vpcs does not list; a VPC of "
            "somebody else is named by peer_vpc_id"
        )
    return name


def _ranges(vpc: Entry) -> list[str]:
    return [vpc["cidr"], *vpc["secondary_cidrs"]]


def _refuse_overlap(peering: Entry, ours: t.Sequence[str], theirs: t.Sequence[str]) -> None:
    for mine in ours:
        for other in theirs:
            if ipaddress.ip_network(mine).overlaps(ipaddress.ip_network(other)):
                raise InputError(
                    f"network_peerings ({peering['name']}): {mine} of VPC {peering['vpc']} overlaps {other} of its "
                    "peer; AWS peers only VPCs whose ranges differ"
                )


def _add(table: Entry, route: Entry) -> None:
    other = next((item for item in table["routes"] if item["destination"] == route["destination"]), None)
    if other:
        raise InputError(f"route table {table['name']} would lead to {route['destination']} twice: {other} and {route}")
    table["routes"].append(route)
