# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route tables: where a subnet's traffic goes, and which subnets it is for.

Only routes that somebody wrote are ours to compare: those of the VPC itself (``local``), of gateway endpoints (prefix
lists) and those that a virtual private gateway propagates come and go by themselves. Routes to NAT gateways are the
kind `NatRoute`, which is brought about once the gateways carry traffic. A VPC's main table is left alone: every
subnet of ours is associated by name.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Ec2Kind, Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.internet_gateway import InternetGateway
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_peering import VpcPeering

TARGETS = {
    "igw": "GatewayId",
    "vgw": "GatewayId",
    "nat": "NatGatewayId",
    "tgw": "TransitGatewayId",
    "pcx": "VpcPeeringConnectionId",
    "eni": "NetworkInterfaceId",
    "lgw": "LocalGatewayId",
    "cagw": "CarrierGatewayId",
    "eigw": "EgressOnlyInternetGatewayId",
    "vpce": "VpcEndpointId",
}
# What routes lead to by name.
_NAMED: dict[str, type[Kind]] = {"internet_gateway": InternetGateway, "peering": VpcPeering}
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


class RouteTable(Ec2Kind):
    """A route table. Fields: ``vpc`` (id), ``routes`` ({destination: target id}), ``subnets`` (sorted ids)."""

    noun = "route table"
    made_by = "network"
    rank = 30
    immutable: t.ClassVar = {"vpc": "give the table another name"}
    describe, listed, id_key, tag_type = "describe_route_tables", "RouteTables", "RouteTableId", "route-table"

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self._holders: dict[str, tuple[Found, str]] = {}

    def find(self) -> list[Found]:
        """Return ours. All tables are read, to know whose table a subnet is associated with."""
        tables = [self.found(raw) for raw in self.aws.pages("ec2", self.describe, self.listed)]
        self._holders = {subnet: (table, key) for table in tables for subnet, key in associations(table.raw).items()}
        return [table for table in tables if self.owner.owns(table.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return its routes and its subnets."""
        return {
            "vpc": found.raw["VpcId"],
            "routes": {to: target for to, target in routes(found.raw).items() if not target.startswith("nat-")},
            "subnets": sorted(associations(found.raw)),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, empty."""
        answer = self.aws.make(
            "ec2", "create_route_table", VpcId=want.fields["vpc"], TagSpecifications=self.tag_specifications(tags)
        )
        return self.made(answer["RouteTable"], tags)

    def complete(self, found: Found, want: Want) -> None:
        """Write its routes and give it its subnets."""
        self.update(found, want, ("routes", "subnets"))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Write and delete the routes that differ, then move the subnets that differ."""
        have = self.fields(found)
        if "routes" in changed:
            routed: t.Mapping[str, str] = want.fields["routes"]
            written = [(to, routed[to]) for to in routed if have["routes"].get(to) != routed[to]]
            each(lambda route: write_route(self.aws, found.id, *route), written)
            each(lambda to: delete_route(self.aws, found.id, to), [to for to in have["routes"] if to not in routed])
        if "subnets" in changed:
            subnets, elsewhere = set(want.fields["subnets"]), want.create["elsewhere"]
            each(lambda subnet: self._associate(found.id, subnet), sorted(subnets - set(have["subnets"])))
            # What another table of the set asks for is moved by that table, without a gap.
            left = set(have["subnets"]) - subnets - set(elsewhere)
            each(self._dissociate, [associations(found.raw)[subnet] for subnet in sorted(left)])

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse to take a subnet from a table that is not ours."""
        for subnet in want.fields["subnets"]:
            table, _key = self._holders.get(subnet, (found, ""))
            if table and not self.owner.owns(table.tags):
                raise OwnershipError(
                    f"route table {want.part} cannot have {subnet}: it is associated with {table.id}, which is not "
                    "ours; end that association by hand, or take the subnet off our list"
                )

    def delete(self, found: Found) -> None:
        """Let go of its subnets and delete it."""
        each(self._dissociate, sorted(associations(found.raw).values()))
        self.aws.call("ec2", "delete_route_table", RouteTableId=found.id, absent_ok=True, patience=LINGERING)

    def _associate(self, table: str, subnet: str) -> None:
        _holder, key = self._holders.get(subnet, (None, ""))
        if key and self._replace(key, table):
            return
        try:
            self.aws.call("ec2", "associate_route_table", RouteTableId=table, SubnetId=subnet)
        except ApiError as exc:
            if exc.code != "Resource.AlreadyAssociated":
                raise
            self._take(table, subnet, exc)

    def _take(self, table: str, subnet: str, refusal: ApiError) -> None:
        """Take over a subnet that was associated since all tables were read: by a call whose answer was lost."""
        filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
        for raw in self.aws.pages("ec2", self.describe, self.listed, Filters=filters):
            holder = self.found(raw)
            ours = self.owner.owns(holder.tags)
            if holder.id == table or (ours and self._replace(associations(raw)[subnet], table)):
                return
        raise refusal

    def _replace(self, key: str, table: str) -> bool:
        params = {"AssociationId": key, "RouteTableId": table}
        return (
            self.aws.call("ec2", "replace_route_table_association", absent_ok=True, patience=None, **params) is not None
        )

    def _dissociate(self, key: str) -> None:
        self.aws.call("ec2", "disassociate_route_table", AssociationId=key, absent_ok=True)


def associations(raw: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return association ids by subnet, of subnets that are associated by name."""
    return {
        item["SubnetId"]: item["RouteTableAssociationId"]
        for item in raw.get("Associations", ())
        if item.get("SubnetId") and item.get("AssociationState", {}).get("State") not in ("disassociated", "failed")
    }


def routes(raw: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return target ids by destination, of routes that somebody wrote; a blackhole is told by its dead target."""
    return {
        next(route[key] for key in _DESTINATIONS if route.get(key)): _target(route)
        for route in raw.get("Routes", ())
        if route.get("GatewayId") != "local"
        and route.get("Origin") != "EnableVgwRoutePropagation"
        and not (route.get("DestinationPrefixListId") and str(route.get("GatewayId", "")).startswith("vpce-"))
    }


def _target(route: t.Mapping[str, t.Any]) -> str:
    names = dict.fromkeys([*TARGETS.values(), "CoreNetworkArn", "InstanceId"])
    return next((str(route[name]) for name in names if route.get(name)), "nowhere")


def write_route(aws: Aws, table: str, destination: str, target: str) -> None:
    """Make ``destination`` lead to ``target``, whatever it led to before."""
    params: dict[str, t.Any] = {
        "RouteTableId": table,
        **_destination(destination),
        TARGETS[target.split("-")[0]]: target,
    }
    try:
        aws.call("ec2", "create_route", **params)
    except ApiError as exc:
        if exc.code != "RouteAlreadyExists":
            raise
        aws.call("ec2", "replace_route", **params)


def delete_route(aws: Aws, table: str, destination: str) -> None:
    """Delete the route to ``destination``, if there is one."""
    aws.call("ec2", "delete_route", absent_ok=True, RouteTableId=table, **_destination(destination))


def _destination(destination: str) -> dict[str, t.Any]:
    kind = 2 if destination.startswith("pl-") else 1 if ":" in destination else 0
    return {_DESTINATIONS[kind]: destination}


def wants(tables: t.Sequence[t.Mapping[str, t.Any]], names: Names) -> list[Want]:
    """Read all names at once and return the wishes for entries of tables.

    An entry: {name, vpc, subnets, routes: [{destination, internet_gateway | peering | target_id}]}.
    """
    used = {key for table in tables for route in table["routes"] for key in _NAMED if route[key]}
    names.read(Vpc, Subnet, *(_NAMED[key] for key in sorted(used)))
    placed = {table["name"]: names.ids(Subnet, table["subnets"]) for table in tables}
    wishes = []
    for table in tables:
        fields = {
            "vpc": names.id(Vpc, table["vpc"]),
            "routes": {route["destination"]: target(route, names) for route in table["routes"]},
            "subnets": placed[table["name"]],
        }
        elsewhere = [subnet for name, subnets in placed.items() if name != table["name"] for subnet in subnets]
        wishes.append(Want(table["name"], fields, {"elsewhere": elsewhere}))
    return wishes


def target(route: t.Mapping[str, t.Any], names: Names) -> str:
    """Return the id a route leads to."""
    if route["internet_gateway"]:
        return names.id(InternetGateway, route["internet_gateway"])
    if route["peering"]:
        return names.id(VpcPeering, route["peering"])
    if str(route["target_id"]).partition("-")[0] not in TARGETS:
        raise InputError(
            f"the route to {route['destination']} leads to {route['target_id']}, which is no id of a route's target "
            f"({', '.join(f'{prefix}-...' for prefix in TARGETS)})"
        )
    return str(route["target_id"])
