# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of an interface is open to the internet: a public address, a route, a group and an ACL that let by.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html has what internet access takes.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils.reachability import routes
from ansible_collections.cloister.aws.plugins.module_utils.reachability.acls import ANY_CLIENT, Ports, open_ports
from ansible_collections.cloister.aws.plugins.module_utils.reachability.groups import protocol_of, ranges_of_list
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Network,
    Region,
    Thing,
    group_ids,
    is_private,
    network,
    public_addresses,
    within,
)

ANYBODY = ("0.0.0.0/0", "::/0")
ALL_PORTS: Ports = (0, 65535)


@dataclass(frozen=True)
class Opening:
    """One rule that lets a range of the internet in to one address; ``ports`` are what the ACL leaves of the rule's."""

    address: str
    protocol: str
    ports: Ports
    open_to: str
    path: tuple[str, ...]

    @property
    def ports_said(self) -> str:
        """The ports as a person writes them."""
        if self.ports == ALL_PORTS:
            return "all"
        return str(self.ports[0]) if self.ports[0] == self.ports[1] else f"{self.ports[0]}-{self.ports[1]}"

    def lets_by(self, protocol: str, port: int) -> bool:
        """Return whether it is for a protocol and port."""
        return self.protocol in ("-1", protocol) and self.ports[0] <= port <= self.ports[1]


def of(region: Region, interface: Thing) -> t.Iterator[Opening]:
    """Return what is open of an interface; nothing where it has no public address or its subnet no way out."""
    subnet_id = str(interface.get("SubnetId"))
    for address, everybody in _addresses(interface):
        route = routes.default_gateway(region, subnet_id, network(everybody))
        if route is None:
            continue
        who = region.called("network_interfaces", interface.get("NetworkInterfaceId"))
        outside = (f"{address} on {who}", routes.route_said(region, subnet_id, route))
        for protocol, ports, range_, said in _admitted(region, interface, network(everybody)):
            for open_to, left in _through_acl(region, subnet_id, protocol, ports, range_):
                yield Opening(address, protocol, left, str(open_to), (*outside, said))


def _addresses(interface: Thing) -> t.Iterator[tuple[str, str]]:
    """Public addresses, each with what stands for everybody of its family."""
    yield from ((address, ANYBODY[0]) for address in public_addresses(interface))
    for one in interface.get("Ipv6Addresses") or ():
        address = str(one.get("Ipv6Address") or "")
        range_ = network(address)
        if range_ is not None and not is_private(range_):
            yield address, ANYBODY[1]


def _admitted(
    region: Region, interface: Thing, everybody: Network | None
) -> t.Iterator[tuple[str, Ports, Network, str]]:
    """(protocol, ports, public range, what lets it in) of every ingress rule of the interface's groups."""
    groups = group_ids(interface)
    if not groups and interface.get("InterfaceType") == "network_load_balancer" and everybody is not None:
        yield "-1", ALL_PORTS, everybody, "the network load balancer has no security group, which lets all in"
    for identifier in groups:
        who = region.called("security_groups", identifier)
        for rule in (region.get("security_groups", identifier) or {}).get("IpPermissions") or ():
            first, last = rule.get("FromPort"), rule.get("ToPort")
            ports = ALL_PORTS if first in (None, -1) or last in (None, -1) else (int(first), int(last))
            for text in _ranges(region, rule):
                range_ = network(text)
                if range_ is not None and not is_private(range_) and within(range_, everybody):
                    said = f"security group {who} lets {text} in to {_said(rule, ports)}"
                    yield protocol_of(rule.get("IpProtocol")), ports, range_, said


def _ranges(region: Region, rule: Thing) -> list[str]:
    found = [one.get("CidrIp") for one in rule.get("IpRanges") or ()]
    found += [one.get("CidrIpv6") for one in rule.get("Ipv6Ranges") or ()]
    for one in rule.get("PrefixListIds") or ():
        found += ranges_of_list(region, one.get("PrefixListId"))
    return [str(one) for one in found if one]


def _said(rule: Thing, ports: Ports) -> str:
    protocol = protocol_of(rule.get("IpProtocol"))
    if protocol == "-1":
        return "everything"
    span = "all ports" if ports == ALL_PORTS else f"port {'-'.join(dict.fromkeys(str(port) for port in ports))}"
    return f"{span}/{protocol}"


def _through_acl(
    region: Region, subnet_id: str, protocol: str, ports: Ports, range_: Network
) -> t.Iterator[tuple[Network, Ports]]:
    """What the ACL leaves of a rule: for the whole range, else for the parts of it that entries allow."""
    acl = region.acl_of(subnet_id)
    whole = _open(acl, protocol, ports, range_)
    yield from ((range_, left) for left in whole)
    if whole or acl is None:
        return
    for entry in acl.get("Entries") or ():
        part = network(entry.get("CidrBlock") or entry.get("Ipv6CidrBlock"))
        if part is None or part == range_ or entry.get("Egress") or is_private(part) or not within(part, range_):
            continue
        yield from ((part, left) for left in _open(acl, protocol, ports, part))


def _open(acl: Thing | None, protocol: str, ports: Ports, range_: Network) -> list[Ports]:
    # An answer to any of the client's ports makes it a conversation.
    answers = open_ports(acl, "out", range_, "tcp" if protocol == "-1" else protocol, ANY_CLIENT)
    asked = protocol if protocol != "-1" else "tcp"
    return open_ports(acl, "in", range_, asked, ports) if answers else []
