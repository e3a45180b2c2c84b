# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is computed from plans and the like, put beside what is listed, so that every rule sees both."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._network_plan import computed_subnets
from ansible_collections.cloister.aws.plugins.plugin_utils.spec import edges, ranges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of


def complete(region: Region) -> tuple[Region, list[Problem]]:
    """Return the region with the subnets of its plans and the load balancers of its edges, and why plans give none."""
    made: list[Item] = []
    problems: list[Problem] = []
    unsure = False
    for plan in region.items("network_subnet_plans"):
        subnets = _subnets(plan, region)
        unsure = unsure or not isinstance(subnets, list)
        if isinstance(subnets, list):
            made += [Item(plan.stack, plan.path, subnet, computed=True) for subnet in subnets]
        elif subnets is not None:
            problems.append(subnets)
    unsound = frozenset({"network_subnets"}) if unsure else frozenset()
    return replace(region, computed={"network_subnets": made, **edges.computed(region)}, unsound=unsound), problems


def _subnets(plan: Item, region: Region) -> list[dict[str, t.Any]] | Problem | None:
    """Return what a plan gives, why it gives nothing, or None where that is told elsewhere."""
    vpc = vpc_of(plan, region)
    network = ranges.parse_sized(vpc.text("cidr")) if vpc else None
    tiers = list(plan.items("tiers"))
    zones = list(plan.items("azs"))
    sound = all(isinstance(zone.value, str) for zone in zones) and all(_sound(tier) for tier in tiers)
    if vpc is None or network is None or isinstance(network, ranges.BadRange) or not (sound and tiers and zones):
        return None
    said = {**plan.value, "vpc": vpc.name}
    try:
        return computed_subnets(said, str(network))
    except InputError as exc:
        return plan.problem(None, f"{str(exc)[:1].upper()}{str(exc)[1:]}.", "a plan that fits into its VPC")


def _sound(tier: Item) -> bool:
    prefix, zones = tier.get("prefix"), tier.get("azs", [])
    whole = isinstance(prefix, int) and not isinstance(prefix, bool) and 0 < prefix <= 32
    return whole and bool(tier.text("tier")) and isinstance(zones, list) and all(isinstance(z, str) for z in zones)
