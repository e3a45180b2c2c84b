# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a network consists of, worked out from its variables.

Pure functions over plain data. `layout` is the whole; its keys are the options of the modules that make it so. The
inventory's own check has judged the variables one by one and against each other (ranges, zones, names); what is
refused here is what cannot be worked out.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._network_plan import computed_subnets, zone_suffix
from ansible_collections.cloister.aws.plugins.module_utils._network_routes import nat_routes, route_tables

KUBERNETES_ROLE = {"public": "elb", "private": "internal-elb", "isolated": "none"}
VPC_DEFAULTS: t.Mapping[str, t.Any] = {
    "secondary_cidrs": [],
    "default_security_group_closed": True,
    "nat": "none",
    "nat_az": None,
    "gateway_endpoints": ["s3"],
    "kubernetes_clusters": [],
    "kubernetes_ownership": "shared",
    "flow_logs": True,
}
SUBNET_DEFAULTS: t.Mapping[str, t.Any] = {"public_addresses": False, "tags": {}}
PEERING_DEFAULTS: t.Mapping[str, t.Any] = {
    "peer_vpc": None,
    "peer_vpc_id": None,
    "peer_account_id": None,
    "peer_region": None,
    "peer_cidrs": [],
    "tiers": ["private"],
    "peer_tiers": ["private"],
    "dns_resolution": True,
}
FLOW_LOGS_DEFAULTS: t.Mapping[str, t.Any] = {
    "destination": "none",
    "traffic": "reject",
    "interval_seconds": 600,
    "retention_days": 30,
    "kms_key_arn": None,
    "bucket_arn": None,
}
FLOW_LOGS_ROLE = "flow-logs"
# Lists whose modules remove what is not in them by themselves.
_APART = ("nat_routes", "endpoints")

Entry = dict[str, t.Any]
Adopted = t.Mapping[str, t.Mapping[str, str]]


class Inputs(t.TypedDict):
    """The variables of the role ``network``, without their prefix."""

    vpcs: t.Sequence[Entry]
    subnets: t.Sequence[Entry]
    subnet_plans: t.Sequence[Entry]
    peerings: t.Sequence[Entry]
    routes: t.Sequence[Entry]
    flow_logs: Entry


def layout(inputs: Inputs, adopted: Adopted) -> dict[str, t.Any]:
    """Return the lists of a network; raise `InputError` for what cannot be.

    Keys: ``vpcs``, ``subnets``, ``internet_gateways``, ``elastic_ips``, ``nat_gateways``, ``nat_routes``,
    ``route_tables``, ``vpc_peerings``, ``endpoints``, ``flow_logs``, ``log_groups``: entries of the modules' options;
    ``listed``: the names in them, as the module that removes the others takes them; ``adopted``: {vpcs, subnets}, what
    others made and we look at first; ``warnings``: sentences. What is adopted is used by the lists and not among them.
    """
    vpcs = {vpc["name"]: {**VPC_DEFAULTS, **vpc} for vpc in inputs["vpcs"]}
    subnets = all_subnets(inputs)
    peerings = [{**PEERING_DEFAULTS, **peering} for peering in inputs["peerings"]]
    gateways = {name: _nat_gateways(vpc, subnets) for name, vpc in vpcs.items()}
    made = [subnet for subnet in subnets if not _is(adopted, "subnet", subnet["name"])]
    tables = route_tables(vpcs, made, peerings, inputs["routes"])
    routes, warnings = nat_routes(tables, made, gateways)
    nats = [item for items in gateways.values() for item in items if not _is(adopted, "NAT gateway", item["name"])]
    lists = {
        "vpcs": [_vpc(vpc) for vpc in vpcs.values() if not _is(adopted, "VPC", vpc["name"])],
        "subnets": [_subnet(subnet, vpcs[subnet["vpc"]]) for subnet in made],
        "internet_gateways": _internet_gateways(made, adopted),
        "elastic_ips": [
            {"name": nat["elastic_ip"]} for nat in nats if not _is(adopted, "Elastic IP", nat["elastic_ip"])
        ],
        "nat_gateways": [{key: nat[key] for key in ("name", "subnet", "elastic_ip")} for nat in nats],
        "nat_routes": routes,
        "route_tables": tables,
        "vpc_peerings": [_peering(peering) for peering in peerings],
        "endpoints": _endpoints(vpcs, tables),
        **_flow_logs(vpcs, inputs["flow_logs"]),
    }
    return {**lists, "listed": _listed(lists), "adopted": _to_check(vpcs, subnets, adopted), "warnings": warnings}


def _listed(lists: t.Mapping[str, t.Sequence[Entry]]) -> dict[str, list[str]]:
    listed = {name: [entry["name"] for entry in entries] for name, entries in lists.items() if name not in _APART}
    roles = dict.fromkeys(log["role"] for log in lists["flow_logs"] if "role" in log)
    ranges = [f"{vpc['name']} {cidr}" for vpc in lists["vpcs"] for cidr in vpc["secondary_cidrs"]]
    return {**listed, "vpc_ranges": ranges, "iam_roles": list(roles)}


def all_subnets(inputs: Inputs) -> list[Entry]:
    """Return all subnets, those listed and those computed from plans, each with its VPC's name and its defaults."""
    ranges = {vpc["name"]: vpc["cidr"] for vpc in inputs["vpcs"]}
    only = next(iter(ranges)) if len(ranges) == 1 else None
    subnets = []
    for plan in inputs["subnet_plans"]:
        vpc = _known(plan.get("vpc") or only, ranges, "network_subnet_plans")
        subnets += computed_subnets({**plan, "vpc": vpc}, ranges[vpc])
    for subnet in inputs["subnets"]:
        vpc = _known(subnet.get("vpc") or only, ranges, f"network_subnets ({subnet['name']})")
        subnets.append({**subnet, "vpc": vpc})
    names = [subnet["name"] for subnet in subnets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"network_subnets and network_subnet_plans give more than one subnet called {', '.join(twice)}; a plan's "
            "name_prefix tells those of several VPCs apart"
        )
    return [{**SUBNET_DEFAULTS, **subnet} for subnet in subnets]


def _known(vpc: str | None, vpcs: t.Collection[str], where: str) -> str:
    if vpc is None:
        raise InputError(f"{where} must say its vpc, one of {', '.join(vpcs)}, as there is more than one")
    if vpc not in vpcs:
        raise InputError(f"{where} is in VPC {vpc}, which network_vpcs does not list (it lists {', '.join(vpcs)})")
    return vpc


def _is(adopted: Adopted, noun: str, name: str) -> bool:
    return name in adopted.get(noun, {})


def _vpc(vpc: Entry) -> Entry:
    return {key: vpc[key] for key in ("name", "cidr", "secondary_cidrs", "default_security_group_closed")}


def _subnet(subnet: Entry, vpc: Entry) -> Entry:
    """Add what Kubernetes looks for, in a VPC of which a cluster is told."""
    clusters = vpc["kubernetes_clusters"] if subnet["tier"] != "isolated" else []
    marks = {f"kubernetes.io/cluster/{cluster}": vpc["kubernetes_ownership"] for cluster in clusters}
    shown = {key: subnet[key] for key in ("name", "vpc", "tier", "az", "cidr", "public_addresses")}
    role = {"kubernetes_role": KUBERNETES_ROLE[subnet["tier"]]} if vpc["kubernetes_clusters"] else {}
    return {**shown, "tags": {**subnet["tags"], **marks}, **role}


def _peering(peering: Entry) -> Entry:
    keys = ("name", "vpc", "peer_vpc", "peer_vpc_id", "peer_account_id", "peer_region", "dns_resolution")
    return {key: peering[key] for key in keys if peering[key] is not None}


def _internet_gateways(subnets: t.Sequence[Entry], adopted: Adopted) -> list[Entry]:
    """Return one for each VPC with a public subnet of ours, called like the VPC."""
    vpcs = dict.fromkeys(subnet["vpc"] for subnet in subnets if subnet["tier"] == "public")
    return [{"name": vpc, "vpc": vpc} for vpc in vpcs if not _is(adopted, "internet gateway", vpc)]


def _nat_gateways(vpc: Entry, subnets: t.Sequence[Entry]) -> list[Entry]:
    """Return {name, subnet, elastic_ip, az} for each NAT gateway of a VPC, in the order of its public subnets."""
    if vpc["nat"] == "none":
        return []
    places = {subnet["az"]: subnet for subnet in reversed(_of(subnets, vpc["name"], "public"))}
    served = {subnet["az"] for subnet in _of(subnets, vpc["name"], "private")}
    zones = [subnet["az"] for subnet in _of(subnets, vpc["name"], "public")]
    if vpc["nat"] == "single":
        wanted = [vpc["nat_az"] or (zones[0] if zones else "")]
    else:
        wanted = [az for az in dict.fromkeys(zones) if az in served] or zones[:1]
    if not zones or wanted[0] not in places:
        raise InputError(
            f"VPC {vpc['name']} has nat: {vpc['nat']}, and no public subnet"
            + (f" in {vpc['nat_az']}" if vpc["nat_az"] else "")
            + " to put a NAT gateway in; add one, or say nat: none"
        )
    return [
        {
            "name": f"{vpc['name']}-{zone_suffix(az)}",
            "subnet": places[az]["name"],
            "elastic_ip": f"{vpc['name']}-nat-{zone_suffix(az)}",
            "az": az,
        }
        for az in wanted
    ]


def _endpoints(vpcs: t.Mapping[str, Entry], tables: t.Sequence[Entry]) -> list[Entry]:
    """Return a gateway endpoint for each service a VPC names, in all of the VPC's tables that are ours."""
    endpoints = []
    for name, vpc in vpcs.items():
        leading = [table["name"] for table in tables if table["vpc"] == name]
        for service in vpc["gateway_endpoints"] if leading else []:
            endpoint = {"name": f"{name}-{service}", "vpc": name, "service": service, "type": "gateway"}
            endpoints.append({**endpoint, "route_tables": leading})
    return endpoints


def _flow_logs(vpcs: t.Mapping[str, Entry], said: Entry) -> dict[str, list[Entry]]:
    """Return a flow log, and where it needs one a log group, for each VPC that is to be watched."""
    watched = [name for name, vpc in vpcs.items() if vpc["flow_logs"]] if said["destination"] != "none" else []
    common = {"traffic": said["traffic"], "interval_seconds": said["interval_seconds"]}
    if said["destination"] == "s3":
        common["destination_arn"] = said["bucket_arn"]
        return {"flow_logs": [{"name": name, "vpc": name, **common} for name in watched], "log_groups": []}
    target = {"role": FLOW_LOGS_ROLE, **common}
    kept = {key: said[key] for key in ("retention_days", "kms_key_arn") if said[key] is not None}
    return {
        "flow_logs": [{"name": name, "vpc": name, "log_group": f"flow-logs/{name}", **target} for name in watched],
        "log_groups": [{"name": f"flow-logs/{name}", **kept} for name in watched],
    }


def _to_check(vpcs: t.Mapping[str, Entry], subnets: t.Sequence[Entry], adopted: Adopted) -> dict[str, list[Entry]]:
    keys = ("name", "vpc", "tier", "az", "cidr")
    return {
        "vpcs": [
            {"name": name, "cidrs": [vpc["cidr"], *vpc["secondary_cidrs"]]}
            for name, vpc in vpcs.items()
            if _is(adopted, "VPC", name)
        ],
        "subnets": [{key: subnet[key] for key in keys} for subnet in subnets if _is(adopted, "subnet", subnet["name"])],
    }


def _of(subnets: t.Sequence[Entry], vpc: str, tier: str) -> list[Entry]:
    return [subnet for subnet in subnets if subnet["vpc"] == vpc and subnet["tier"] == tier]
