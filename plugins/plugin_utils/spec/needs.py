# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a region asks of AWS before its first write: the zones it names, and how many of what is limited.

And what stacks know of each other without asking AWS: the ranges of VPCs.
"""

from __future__ import annotations

import typing as t
from collections import Counter, defaultdict

from ansible_collections.cloister.aws.plugins.module_utils import _operator as operator
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.computed import complete
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import certificates, endpoints, private_link, ways
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.security_groups import size


def needs(region: Region) -> dict[str, t.Any]:
    """Return what `region_preflight` compares with AWS, for a region in which `judge` found nothing wrong."""
    whole, _problems = complete(region)
    networks = [ways.network(stack, region) for stack in region.stacks if stack.values.get("network_vpcs")]
    zone_of = {subnet.name: subnet.text("az") for subnet in whole.items("network_subnets")}
    gateways = Counter(zone_of[gateway["subnet"]] for network in networks for gateway in network["nat_gateways"])
    interfaces = Counter(endpoint["vpc"] for stack in region.stacks for endpoint in endpoints.wanted(stack))
    addresses = sum(len(balancer.get("addresses", {})) for balancer in whole.items("load_balancers_defined"))
    rules = [
        sum(size(rule) for rule in group.items(direction))
        for group in region.items("security_groups_defined")
        for direction in ("ingress", "egress")
    ]
    return {
        "zones": sorted(set(zone_of.values())),
        "vpcs": sum(len(network["vpcs"]) for network in networks),
        "nat_gateways_by_zone": dict(sorted(gateways.items())),
        "elastic_ips": sum(len(network["elastic_ips"]) for network in networks) + addresses,
        "interface_endpoints_by_vpc": dict(sorted((interfaces + private_link.endpoints(region)).items())),
        "security_groups": len(list(region.items("security_groups_defined"))) + len(interfaces),
        "rules_per_security_group": max(rules, default=0),
        "imported_certificates": list(certificates.brought(region)),
        "pools": [
            *(_pool(pool, zone_of) for pool in region.items("pools_defined")),
            *(_pool(_as_pool(host), zone_of) for host in region.variables("operator_host")),
            *(_pool(_of_nodes(group), zone_of) for group in region.items("eks_node_groups")),
        ],
    }


def _as_pool(host: Item) -> Item:
    return Item(host.stack, host.path, operator.pool(host.value))


def _of_nodes(group: Item) -> Item:
    """Return a node group as a pool: EKS starts its machines as Auto Scaling does those of pools."""
    percent = 0 if group.text("capacity") == "spot" else 100
    said = {"name": f"{group.name} ({group.stack})", "spot": {"on_demand_percent": percent}}
    return Item(group.stack, group.path, {**group.value, **said})


def _pool(pool: Item, zone_of: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Return what a pool asks for, as `_machine_room.PoolNeed`; of subnets that others made no zone is known."""
    size, spot, zones = pool.get("size"), pool.get("spot", {}), defaultdict(list)
    for name in pool.get("subnets"):
        if name in zone_of:
            zones[zone_of[name]].append(name)
    return {
        "name": pool.name,
        "instance_types": pool.get("instance_types"),
        "least": max(size["min"], size.get("desired") or 0),
        "most": size["max"],
        "on_demand_base": spot.get("on_demand_base", 0),
        "on_demand_percent": spot.get("on_demand_percent", 100),
        "zones": dict(zones),
    }


def vpc_ranges(region: Region) -> dict[str, list[str]]:
    """Return all ranges of each VPC by its name, for a region in which `judge` found nothing wrong."""
    vpcs = [vpc for stack in region.stacks for vpc in stack.values.get("network_vpcs", [])]
    return {vpc["name"]: [vpc["cidr"], *vpc.get("secondary_cidrs", [])] for vpc in vpcs}
