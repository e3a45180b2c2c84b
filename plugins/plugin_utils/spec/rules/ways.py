# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ways between networks: peerings and further routes; and, when all else is sound, whether a network can be laid out.

https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._network_layout import FLOW_LOGS_DEFAULTS, layout
from ansible_collections.cloister.aws.plugins.plugin_utils.spec import ranges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, Stack
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import account_problems, region_problems

PREFIX_LIST = re.compile(r"pl-[0-9a-f]{8,17}")
TARGET = re.compile(r"(tgw|vgw|eni|nat|igw|vpce|pcx|lgw|cagw|eigw|i)-[0-9a-f]{8,17}")
LISTS = ("vpcs", "subnets", "subnet_plans", "peerings", "routes")


def rules(region: Region) -> t.Iterator[Problem]:
    """Peerings join two VPCs once; routes lead from a VPC of the region to something."""
    seen: dict[frozenset[str], Item] = {}
    for peering in region.items("network_peerings"):
        yield from _peering(peering, region)
        ends = frozenset({peering.text("vpc"), peering.text("peer_vpc") or peering.text("peer_vpc_id")})
        if ends in seen:
            found = f"{seen[ends].spelled} joins these two already; AWS allows one peering between two VPCs."
            yield peering.problem(None, found, "one peering")
        seen.setdefault(ends, peering)
    for route in region.items("network_routes"):
        if route.get("vpc"):
            yield from refer(route, "vpc", route.get("vpc"), region, "network_vpcs")
        destination, target = route.text("destination"), route.text("target_id")
        if destination and not PREFIX_LIST.fullmatch(destination):
            found_range = ranges.parse(destination)
            if isinstance(found_range, ranges.BadRange):
                yield route.problem("destination", found_range.found, found_range.right)
        if target and not TARGET.fullmatch(target):
            yield route.problem("target_id", f"{shown(target)} is not an id.", "an id such as tgw-0a1b2c3d4e5f60718")


def _peering(peering: Item, region: Region) -> t.Iterator[Problem]:
    given = [key for key in ("peer_vpc", "peer_vpc_id") if peering.get(key)]
    if len(given) != 1:
        found = "It does not say who is at the other end." if not given else "It names two VPCs at the other end."
        yield peering.problem(None, found, "peer_vpc for a VPC of this region, peer_vpc_id for somebody else's")
    for key in ("vpc", "peer_vpc"):
        if peering.get(key):
            yield from refer(peering, key, peering.get(key), region, "network_vpcs")
    if peering.get("vpc") and peering.get("vpc") == peering.get("peer_vpc"):
        yield peering.problem("peer_vpc", "A VPC cannot be joined with itself.", "another VPC")
    if peering.get("peer_vpc_id"):
        if not re.fullmatch(r"vpc-[0-9a-f]{8,17}", peering.text("peer_vpc_id")):
            found = f"{shown(peering.get('peer_vpc_id'))} is not the id of a VPC."
            yield peering.problem("peer_vpc_id", found, "an id such as vpc-0123456789abcdef0")
        if not peering.get("peer_cidrs"):
            found = "Without the ranges of the other VPC no route can lead there."
            yield peering.problem("peer_cidrs", found, "its ranges, peer_cidrs: [10.9.0.0/16]")
    if peering.get("peer_account_id"):
        yield from account_problems(peering.child("peer_account_id"))
    if peering.get("peer_region"):
        yield from region_problems(peering.child("peer_region"), region)


def network(stack: Stack, region: Region) -> dict[str, t.Any]:
    """Return what a stack's network consists of; raise `InputError` for one that cannot be worked out."""
    inputs = {name: list(stack.values.get(f"network_{name}", ())) for name in LISTS}
    flow_logs = {**FLOW_LOGS_DEFAULTS, **stack.values.get("network_flow_logs", {})}
    adopted = {
        noun: region.adopted(noun) for noun in ("VPC", "subnet", "NAT gateway", "Elastic IP", "internet gateway")
    }
    return layout(t.cast("t.Any", {**inputs, "flow_logs": flow_logs}), adopted)


def cannot_be_laid_out(region: Region) -> list[Problem]:
    """Return why networks cannot be worked out; for a region in which nothing else is wrong."""
    problems = []
    for stack in region.stacks:
        try:
            network(stack, region)
        except InputError as exc:
            item = Item(stack.name, ("network_vpcs",), None)
            problems.append(item.problem(None, f"{exc}.", "what this sentence asks for"))
    return problems
