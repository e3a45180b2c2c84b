# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Address plan: ranges of VPCs, subnets, peers and other regions.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html (sizes, and which secondary range goes with which
first one), https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html (no overlap between peers).
"""

from __future__ import annotations

import typing as t
from ipaddress import IPv4Network

from ansible_collections.cloister.aws.plugins.plugin_utils.spec import ranges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, spell
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of

PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
NEVER_SECOND = IPv4Network("198.19.0.0/16")

Placed = tuple[IPv4Network, Item]


def rules(region: Region) -> t.Iterator[Problem]:
    """Every range is one, lies where it must and overlaps nothing."""
    yield from _malformed(region)
    yield from _outside(region)
    yield from _subnet_overlaps(region)
    yield from _range_overlaps(region)
    yield from _secondary(region)


def ranges_of(vpc: Item) -> list[Placed]:
    """Return the sound ranges of a VPC, the first one first."""
    texts = [vpc.child("cidr"), *vpc.items("secondary_cidrs")]
    return [(found, item) for item in texts if isinstance(found := ranges.parse_sized(item.value), IPv4Network)]


def _range(item: Item) -> IPv4Network | None:
    found = ranges.parse_sized(item.text("cidr"))
    return found if isinstance(found, IPv4Network) else None


def _malformed(region: Region) -> t.Iterator[Problem]:
    for item in (*region.items("network_vpcs"), *region.items("network_subnets")):
        texts = [item.child("cidr")] if item.get("cidr") else []
        for text in (*texts, *item.items("secondary_cidrs")):
            yield from _malformed_text(text, ranges.parse_sized(text.value))
    for text in _outer(region):
        if isinstance(text.value, str):
            yield from _malformed_text(text, ranges.parse(text.value))


def _malformed_text(text: Item, found: IPv4Network | ranges.BadRange) -> t.Iterator[Problem]:
    if isinstance(found, ranges.BadRange):
        yield text.problem(None, found.found, found.right)


def _outside(region: Region) -> t.Iterator[Problem]:
    for subnet in region.items("network_subnets"):
        vpc, network = vpc_of(subnet, region), _range(subnet)
        if vpc is None or network is None:
            continue
        within = [found for found, _item in ranges_of(vpc)]
        if within and not any(network.subnet_of(found) for found in within):
            taken = [found for other in region.items("network_subnets") if (found := _range(other))]
            room = ranges.free(within, taken, network.prefixlen)
            yield subnet.problem(
                "cidr",
                f"{network} lies outside VPC {vpc.name}, which has {', '.join(map(str, within))}.",
                f"a range inside it{f', such as {room}' if room else ''}, or a further range in its secondary_cidrs",
            )


def _subnet_overlaps(region: Region) -> t.Iterator[Problem]:
    by_vpc: dict[str, list[Placed]] = {}
    for subnet in region.items("network_subnets"):
        vpc, network = vpc_of(subnet, region), _range(subnet)
        if vpc is not None and network is not None:
            by_vpc.setdefault(vpc.name, []).append((network, subnet))
    for name, placed in by_vpc.items():
        vpc = region.named("network_vpcs")[name]
        for first, second in ranges.overlapping(placed):
            room = ranges.free(
                (r for r, _i in ranges_of(vpc)), (r for r, _i in placed), int(second.get("cidr").split("/")[1])
            )
            yield second.problem(
                "cidr",
                f"{second.get('cidr')} overlaps {first.get('cidr')} of {first.spelled}.",
                f"a range that is free in VPC {name}{f', such as {room}' if room else ''}",
            )


def _range_overlaps(region: Region) -> t.Iterator[Problem]:
    """Between VPCs of the inventory, between two ranges of one, and with what lies outside the inventory."""
    inner = [placed for vpc in region.items("network_vpcs") for placed in ranges_of(vpc)]
    outer = [(found, item) for item in _outer(region) if isinstance(found := ranges.parse(item.value), IPv4Network)]
    theirs = {id(item) for _network, item in outer}
    for first, second in ranges.overlapping(inner + outer):
        if id(first) in theirs:
            continue
        if id(second) in theirs:
            text = f"{first.value} overlaps {second.value} of {_whose(second, region)}: neither could reach the other."
            yield first.problem(None, text, "a range that nobody else has")
        else:
            text = f"{second.value} overlaps {first.value} of {_owner(first, region)}."
            yield second.problem(None, text, "a range of its own, so that the VPCs can be joined")


def _outer(region: Region) -> t.Iterator[Item]:
    """Yield the ranges outside the inventory: those it is told to keep clear of, and those of peers."""
    for peer in region.items("region_peer_cidrs"):
        yield peer.child("cidr")
    for peering in region.items("network_peerings"):
        yield from peering.items("peer_cidrs")


def _whose(text: Item, region: Region) -> str:
    """Return how a message refers to a range outside the inventory: by its place and the name beside it."""
    variable, index = str(text.path[0]), text.path[1]
    holder = next((item for item in region.items(variable) if item.path[1] == index and item.stack == text.stack), text)
    return f"{spell(text.path)} ({holder.name})"


def _owner(text: Item, region: Region) -> str:
    index = text.path[1] if len(text.path) > 1 else 0
    vpc = next((vpc for vpc in region.items("network_vpcs") if vpc.path[1] == index and vpc.stack == text.stack), text)
    return vpc.spelled


def _secondary(region: Region) -> t.Iterator[Problem]:
    for vpc in region.items("network_vpcs"):
        placed = ranges_of(vpc)
        first = _range(vpc)
        home = next((private for private in PRIVATE if first and first.subnet_of(private)), None)
        for network, item in placed:
            if first is None or item.path[-1] == "cidr":
                continue
            private = next((other for other in PRIVATE if network.overlaps(other)), None)
            if network.overlaps(NEVER_SECOND) or (private is not None and private != home):
                right = (
                    f"one from {home}, from 100.64.0.0/10, or public addresses of yours"
                    if home
                    else "one that is not private"
                )
                yield item.problem(None, f"AWS does not add {network} to a VPC that starts with {first}.", right)
