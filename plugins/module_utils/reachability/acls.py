# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Network ACLs: stateless, rules in order of their numbers, the answer goes to an ephemeral port.

https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability.groups import protocol_of
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Network,
    Region,
    Thing,
    network,
    within,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed

Ports = tuple[int, int]
LINUX_CLIENT: Ports = (32768, 60999)
"""Of a Linux machine or task."""
ANY_CLIENT: Ports = (1024, 65535)
"""Of load balancers, NAT gateways and clients that are not known."""


def stopped_by(
    acl: Thing, direction: t.Literal["in", "out"], peer: Network | None, protocol: str, ports: Ports
) -> str | None:
    """Return which rule stops some of ``ports``; None when all pass. ``peer`` is the address on the other side."""
    entries = [one for one in acl.get("Entries") or () if bool(one.get("Egress")) == (direction == "out")]
    open_ranges = [ports]
    for entry in sorted(entries, key=lambda one: int(one.get("RuleNumber") or 0)):
        span = _span(entry, peer, protocol)
        if span is None or not any(_overlap(one, span) for one in open_ranges):
            continue
        if str(entry.get("RuleAction")) != "allow":
            number = entry.get("RuleNumber")
            return "its last rule, which denies all the rest" if number == 32767 else f"rule {number}"
        open_ranges = [rest for one in open_ranges for rest in _without(one, span)]
        if not open_ranges:
            return None
    return "having no rule for it"


def open_ports(
    acl: Thing | None, direction: t.Literal["in", "out"], peer: Network | None, protocol: str, ports: Ports
) -> list[Ports]:
    """Return which of ``ports`` pass for the whole of ``peer``; all of them where the ACL is not known."""
    if acl is None:
        return [ports]
    entries = [one for one in acl.get("Entries") or () if bool(one.get("Egress")) == (direction == "out")]
    undecided, found = [ports], []
    for entry in sorted(entries, key=lambda one: int(one.get("RuleNumber") or 0)):
        span = _span(entry, peer, protocol)
        if span is None:
            continue
        if str(entry.get("RuleAction")) == "allow":
            cut = [(max(one[0], span[0]), min(one[1], span[1])) for one in undecided]
            found += [one for one in cut if one[0] <= one[1]]
        undecided = [rest for one in undecided for rest in _without(one, span)]
    return sorted(found)


def _span(entry: Thing, peer: Network | None, protocol: str) -> Ports | None:
    """The ports that an entry is about for this peer and protocol."""
    range_ = network(entry.get("CidrBlock") or entry.get("Ipv6CidrBlock"))
    if not within(peer, range_) or protocol_of(entry.get("Protocol")) not in ("-1", protocol):
        return None
    ports = entry.get("PortRange") or {}
    return ports.get("From", 0), ports.get("To", 65535)


def _overlap(one: Ports, other: Ports) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _without(ports: Ports, taken: Ports) -> t.Iterator[Ports]:
    if not _overlap(ports, taken):
        yield ports
        return
    if ports[0] < taken[0]:
        yield ports[0], taken[0] - 1
    if taken[1] < ports[1]:
        yield taken[1] + 1, ports[1]


def both_ways(
    region: Region,
    subnet_id: str,
    client: bool,
    peer: Network | None,
    protocol: str,
    port: int,
    ephemeral: Ports,
) -> Step | None:
    """Return whether the ACL of a subnet lets request and answer by; None where its ACL is not known.

    ``client`` says which side is in the subnet; ``peer`` is the other one.
    """
    acl = region.acl_of(subnet_id)
    if acl is None:
        return None
    identifier, where = acl.get("NetworkAclId"), region.called("subnets", subnet_id)
    request = stopped_by(acl, "out" if client else "in", peer, protocol, (port, port))
    answer = stopped_by(acl, "in" if client else "out", peer, protocol, ephemeral)
    if request is None and answer is None:
        return passed("network_acl", f"network ACL {identifier} of {where} lets request and answer by", identifier)
    stopped = f"the request to port {port}" if request else f"the answer to ports {ephemeral[0]}-{ephemeral[1]}"
    said = f"network ACL {identifier} of {where} stops {stopped} by {request or answer}"
    fix = "let both ways by in the network ACL: it is stateless, and the answer goes to an ephemeral port"
    return broken("acl-closed-out" if client else "acl-closed-in", said, fix, identifier, subnet_id)
