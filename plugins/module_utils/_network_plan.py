# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Subnets computed from a plan: the same plan gives the same ranges, and what is appended to it moves none.

A VPC's range is cut into equal blocks, one for each availability zone in the plan's order, with blocks to spare. In
a block each tier takes, in the plan's order, the lowest aligned place that is free of the tiers before it. A tier
keeps its place in the block of a zone that it leaves out. So a zone or a tier that is appended, and a zone that is
added to a tier, get places that were free; only another order, another prefix or another number of blocks moves.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

TIERS = ("public", "private", "isolated")
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
LONGEST_PREFIX = 28

Subnet = dict[str, t.Any]


def zone_suffix(az: str) -> str:
    """Return what tells a zone from its neighbours: ``a`` of ``us-west-2a``, ``lax-1a`` of ``us-west-2-lax-1a``."""
    return re.sub(r"^[a-z]{2}(-[a-z]+)+?-\d+", "", az).lstrip("-") or az


def computed_subnets(plan: t.Mapping[str, t.Any], cidr: str) -> list[Subnet]:
    """Return the subnets that ``plan`` cuts ``cidr`` into.

    ``plan``: {vpc, azs, tiers: [{tier, prefix, azs}], zones_at_most, name_prefix}. Raises `InputError` when they do
    not fit.
    """
    network = ipaddress.IPv4Network(cidr)
    blocks = _blocks(plan, network)
    places = _places(plan, blocks[0])
    subnets = []
    for tier in plan["tiers"]:
        for az in tier.get("azs") or plan["azs"]:
            block = blocks[plan["azs"].index(az)]
            start = int(block.network_address) + places[tier["tier"]]
            subnets.append(
                {
                    "name": f"{plan.get('name_prefix') or ''}{tier['tier']}-{zone_suffix(az)}",
                    "vpc": plan["vpc"],
                    "tier": tier["tier"],
                    "az": az,
                    "cidr": str(ipaddress.IPv4Network((start, tier["prefix"]))),
                }
            )
    return subnets


def _blocks(plan: t.Mapping[str, t.Any], network: ipaddress.IPv4Network) -> list[ipaddress.IPv4Network]:
    most = plan.get("zones_at_most") or 4
    where = f"the subnet plan of VPC {plan['vpc']}"
    if most & (most - 1):
        raise InputError(f"{where} has zones_at_most {most}; it must be a power of two, such as 2, 4 or 8")
    if len(plan["azs"]) > most:
        raise InputError(
            f"{where} has {len(plan['azs'])} availability zones and room for {most}; a larger zones_at_most moves "
            "every subnet, so it is chosen when the VPC is new"
        )
    strange = sorted({az for tier in plan["tiers"] for az in tier.get("azs") or ()} - set(plan["azs"]))
    if strange:
        raise InputError(f"{where} has tiers in {', '.join(strange)}, which its azs do not list; append them there")
    bits = most.bit_length() - 1
    if network.prefixlen + bits > LONGEST_PREFIX:
        raise InputError(f"{where}: {network} cannot be cut into {most} zones of at least a /{LONGEST_PREFIX}")
    return list(network.subnets(prefixlen_diff=bits))


def _places(plan: t.Mapping[str, t.Any], block: ipaddress.IPv4Network) -> dict[str, int]:
    """Return each tier's offset in a block: the lowest aligned one that the tiers before it leave free."""
    places: dict[str, int] = {}
    taken: list[tuple[int, int]] = []
    for tier in plan["tiers"]:
        size = 1 << (32 - tier["prefix"])
        free = (
            start
            for start in range(0, block.num_addresses - size + 1, size)
            if all(start + size <= low or high <= start for low, high in taken)
        )
        start = next(free, None)
        if start is None or not block.prefixlen <= tier["prefix"] <= LONGEST_PREFIX:
            raise InputError(
                f"the subnet plan of VPC {plan['vpc']} has no room for a /{tier['prefix']} of tier {tier['tier']} in a "
                f"zone's /{block.prefixlen}; take a longer prefix, fewer zones_at_most, or a larger VPC"
            )
        if tier["tier"] in places:
            raise InputError(f"the subnet plan of VPC {plan['vpc']} lists tier {tier['tier']} twice")
        places[tier["tier"]] = start
        taken.append((start, start + size))
    return places
