# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security groups: stateful, the union of all groups of an interface.

https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Network,
    Region,
    Thing,
    network,
    within,
)

NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
"""https://www.iana.org/assignments/protocol-numbers"""


@dataclass(frozen=True)
class Peer:
    """The other side of a rule: its address or range, the groups by which rules may know it, and its prefix list."""

    address: Network | None
    said: str
    groups: frozenset[str] = field(default_factory=frozenset)
    prefix_list: str = ""


def protocol_of(text: t.Any) -> str:
    """Return a protocol by name; ``-1`` is any."""
    return NUMBERS.get(str(text), str(text))


def covers_port(rule: Thing, protocol: str, port: int) -> bool:
    """Return whether a rule is for a protocol and port."""
    if protocol_of(rule.get("IpProtocol")) == "-1":
        return True
    if protocol_of(rule.get("IpProtocol")) != protocol:
        return False
    first, last = rule.get("FromPort"), rule.get("ToPort")
    return (first is None or first <= port or first == -1) and (last is None or port <= last or last == -1)


def covers_peer(region: Region, rule: Thing, peer: Peer) -> bool:
    """Return whether a rule is for a peer: by group, by range or by prefix list."""
    if any(pair.get("GroupId") in peer.groups for pair in rule.get("UserIdGroupPairs") or ()):
        return True
    ranges = [one.get("CidrIp") for one in rule.get("IpRanges") or ()]
    ranges += [one.get("CidrIpv6") for one in rule.get("Ipv6Ranges") or ()]
    if any(within(peer.address, network(one)) for one in ranges):
        return True
    for one in rule.get("PrefixListIds") or ():
        identifier = one.get("PrefixListId")
        if identifier and identifier == peer.prefix_list:
            return True
        if any(within(peer.address, network(cidr)) for cidr in ranges_of_list(region, identifier)):
            return True
    return False


def ranges_of_list(region: Region, identifier: t.Any) -> list[str]:
    """Return the ranges of a prefix list; none when they are not known."""
    return list((region.get("prefix_lists", identifier) or {}).get("Cidrs") or ())


def admitting(
    region: Region, groups: t.Sequence[str], direction: t.Literal["in", "out"], peer: Peer, port: int, protocol: str
) -> str | None:
    """Return the group, of those given, that lets a peer by; None when none does."""
    key = "IpPermissions" if direction == "in" else "IpPermissionsEgress"
    for identifier in groups:
        for rule in (region.get("security_groups", identifier) or {}).get(key) or ():
            if covers_port(rule, protocol, port) and covers_peer(region, rule, peer):
                return identifier
    return None


def named(region: Region, groups: t.Sequence[str]) -> str:
    """Return groups as a person knows them."""
    return ", ".join(region.called("security_groups", one) for one in groups) or "no security group"
