"""A region whose network is made of plain entries, for tests of its kinds."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds import (
    elastic_ip,
    flow_log,
    internet_gateway,
    log_group,
    nat_gateway,
    nat_route,
    route_table,
    subnet,
    vpc,
    vpc_peering,
    vpc_range,
)

from lab.embedded_aws.client import EmbeddedAws

OWNER = Owner("us", "network", {"owner": "platform"})
Entry = dict[str, t.Any]

KINDS: dict[str, type[Kind]] = {
    "vpcs": vpc.Vpc,
    "vpc_ranges": vpc_range.VpcRange,
    "subnets": subnet.Subnet,
    "internet_gateways": internet_gateway.InternetGateway,
    "elastic_ips": elastic_ip.ElasticIp,
    "nat_gateways": nat_gateway.NatGateway,
    "route_tables": route_table.RouteTable,
    "nat_routes": nat_route.NatRoute,
    "vpc_peerings": vpc_peering.VpcPeering,
    "log_groups": log_group.LogGroup,
    "flow_logs": flow_log.FlowLog,
}
DEFAULTS: dict[str, Entry] = {
    "vpcs": {"secondary_cidrs": [], "default_security_group_closed": True},
    "subnets": {"vpc": "main", "public_addresses": False, "kubernetes_role": None, "tags": {}},
    "elastic_ips": {"keep": True, "pool": None, "tags": {}},
    "route_tables": {"vpc": "main", "subnets": [], "routes": []},
    "nat_routes": {"destination": "0.0.0.0/0"},
    "vpc_peerings": {
        "peer_vpc": None,
        "peer_vpc_id": None,
        "peer_account_id": None,
        "peer_region": None,
        "dns_resolution": True,
    },
    "log_groups": {"retention_days": 30, "kms_key_arn": None, "keep": True},
    "flow_logs": {
        "traffic": "reject",
        "interval_seconds": 600,
        "log_group": None,
        "role": None,
        "destination_arn": None,
    },
}
MAIN = {"name": "main", "cidr": "10.0.0.0/16"}
PUBLIC_A = {"name": "public-a", "tier": "public", "az": "us-west-2a", "cidr": "10.0.1.0/24"}
PRIVATE_A = {"name": "private-a", "tier": "private", "az": "us-west-2a", "cidr": "10.0.3.0/24"}
PRIVATE_B = {"name": "private-b", "tier": "private", "az": "us-west-2b", "cidr": "10.0.4.0/24"}
NAT_A = {"name": "main-a", "subnet": "public-a", "elastic_ip": "main-nat-a"}


def route(destination: str, **said: t.Any) -> Entry:
    return {"destination": destination, "internet_gateway": None, "peering": None, "target_id": None, **said}


class World:
    """A region, its AWS and its lab."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        lab.delays(nat_gateway=0, nat_gateway_delete=0, vpc_peering=0)

    def lay(self, **lists: t.Sequence[Entry]) -> World:
        """Make what a test stands on, in the order given, and forget the writes."""
        for name, entries in lists.items():
            self.apply(name, *entries)
        self.lab.clear_journal()
        return self

    def apply(self, name: str, *entries: Entry, owner: Owner = OWNER, adopted: t.Any = None, **how: t.Any) -> Outcome:
        """Bring a list about; raise what went wrong with a member."""
        names = Names(self.aws, "us", how.get("check", False), adopted)
        how.setdefault("check", False)
        outcome = reconcile(KINDS[name](self.aws, owner), self.wanted(name, entries, names, how["check"]), **how)
        for error in outcome.errors:
            raise error
        return outcome

    def wanted(self, name: str, entries: t.Sequence[Entry], names: Names, check: bool) -> list[Want]:
        """Return the wishes for a list."""
        full = [{**DEFAULTS.get(name, {}), **entry} for entry in entries]
        if name == "route_tables":
            tables = [{**table, "routes": [route(**said) for said in table["routes"]]} for table in full]
            return route_table.wants(tables, names)
        if name == "nat_routes":
            return nat_route.wants(full, names, nat_route.Gateways(self.aws, "us", names, check))
        if name == "vpc_ranges":
            return vpc_range.wants(full, names)
        if name in ("vpcs", "elastic_ips", "log_groups"):
            alone = {"vpcs": vpc.want, "elastic_ips": elastic_ip.want, "log_groups": log_group.want}
            return [alone[name](entry) for entry in full]
        named: dict[str, t.Callable[[Entry, Names], Want]] = {
            "subnets": subnet.want,
            "internet_gateways": internet_gateway.want,
            "nat_gateways": nat_gateway.want,
            "vpc_peerings": vpc_peering.want,
            "flow_logs": flow_log.want,
        }
        return [named[name](entry, names) for entry in full]

    def standing(self, name: str) -> dict[str, Found]:
        """Return what the region has of a list's kind, by name."""
        return {found.part: found for found in KINDS[name](self.aws, OWNER).find()}

    def fields(self, name: str) -> dict[str, dict[str, t.Any]]:
        """Return their fields, by name."""
        kind = KINDS[name](self.aws, OWNER)
        return {found.part: kind.fields(found) for found in kind.find()}

    def id(self, name: str, part: str) -> str:
        """Return an id."""
        return self.standing(name)[part].id

    def actions(self) -> list[str]:
        """Return the actions that wrote something, in order."""
        return [write["action"].split(":")[-1] for write in self.lab.writes()]


def told(outcome: Outcome) -> list[tuple[str, str]]:
    return [(member.part, member.action) for member in outcome.members]
