# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security groups as nftables has them, and the addresses that machines are seen with.

A packet that no rule of its interface's groups lets in is dropped: nobody is told. What was let in once goes on, both
ways. https://docs.aws.amazon.com/vpc/latest/userguide/security-group-connection-tracking.html
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils.reachability.groups import (
    covers_port,
    protocol_of,
    ranges_of_list,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Region,
    Thing,
    group_ids,
    private_addresses,
    public_addresses,
)

from lab.plane.places import PUBLIC
from lab.plane.world import World

Direction = t.Literal["in", "out"]
RULES = {"in": "IpPermissions", "out": "IpPermissionsEgress"}
PEER = {"in": "saddr", "out": "daddr"}
# Replies to those as whom the plane speaks come to it, who has their sockets.
OURS = 1
AS_CLIENT = 2


def sources(region: Region, groups: t.Sequence[str], port: int) -> list[str]:
    """Ranges and addresses that groups let in to a port over TCP."""
    rules = [one for group in groups for one in _rules(region, group, "in") if covers_port(one, "tcp", port)]
    return _collapsed(text for rule in rules for text in _peers(region, rule))


def names_one_of(region: Region, groups: t.Sequence[str], port: int, others: t.Sequence[str]) -> bool:
    """Whether groups let members of others in to a port over TCP."""
    return any(
        pair.get("GroupId") in others
        for group in groups
        for rule in _rules(region, group, "in")
        if covers_port(rule, "tcp", port)
        for pair in rule.get("UserIdGroupPairs") or ()
    )


def ruleset(world: World, door: str, way_out: str, refusing: t.Collection[tuple[str, int]] = ()) -> str:
    """All of it, in the place of what there was; `door` leads to the lab's internet, `way_out` to the world.

    `refusing` are addresses and ports of load balancers in zones where these have nobody to send to.
    """
    region = world.region
    interfaces = [one for one in region.all("network_interfaces") if str(one.get("VpcId")) in world.vpcs]
    listening = {
        foot.private: sorted(int(one["Port"]) for one in balancer.listeners)
        for balancer in world.balancers
        for foot in balancer.feet
    }
    held = {group for one in interfaces for group in group_ids(one)}
    parts = [_group(region, group, direction) for group in sorted(held) for direction in ("in", "out")]
    arriving, leaving = [], []
    for one in interfaces:
        addresses, name = private_addresses(one), _word(str(one["NetworkInterfaceId"]))
        ports = [port for address in addresses for port in listening.get(address, ())]
        balances = str(one.get("Description") or "").startswith("ELB ")
        filtered = bool(group_ids(one)) or not balances
        parts.append(_interface(one, "in", name, ports if balances else None, filtered))
        parts.append(_interface(one, "out", name, None, filtered))
        arriving += [
            f"{address} : goto in_{name}" for address in [*addresses, *(public_addresses(one) if balances else ())]
        ]
        leaving += [f"{address} : goto out_{name}" for address in addresses]
    return "\n".join([
        "table ip plane {}", "delete table ip plane", "table ip plane {", *parts,
        *_hooks(world, arriving, leaving, sorted(refusing)), *_addresses(world, door, way_out), "}", "",
    ])  # fmt: skip


def _rules(region: Region, group: str, direction: Direction) -> list[Thing]:
    return list((region.get("security_groups", group) or {}).get(RULES[direction]) or ())


def _peers(region: Region, rule: Thing) -> list[str]:
    """The IPv4 ranges that a rule is for; of groups, their members' private addresses."""
    found = [str(one["CidrIp"]) for one in rule.get("IpRanges") or () if one.get("CidrIp")]
    for one in rule.get("PrefixListIds") or ():
        found += [text for text in ranges_of_list(region, one.get("PrefixListId")) if ":" not in text]
    named = {pair.get("GroupId") for pair in rule.get("UserIdGroupPairs") or ()}
    for interface in region.all("network_interfaces"):
        if named.intersection(group_ids(interface)):
            found += private_addresses(interface)
    return found


def _collapsed(texts: t.Iterable[str]) -> list[str]:
    """Ranges without those that lie in others: nftables takes none twice."""
    ranges = ipaddress.collapse_addresses(ipaddress.IPv4Network(one, strict=False) for one in texts)
    return [str(one) for one in ranges]


def _group(region: Region, group: str, direction: Direction) -> str:
    """The chain of one group: it accepts, or says nothing."""
    lines = []
    for rule in _rules(region, group, direction):
        peers, ports = _collapsed(_peers(region, rule)), _ports(rule)
        if peers and ports is not None:
            lines.append(f"ip {PEER[direction]} {{ {', '.join(peers)} }} {ports}accept")
    return _chain(f"{direction}_{_word(group)}", lines)


def _ports(rule: Thing) -> str | None:
    """What a rule says of protocol and ports; None where that never is TCP or UDP."""
    said = protocol_of(rule.get("IpProtocol"))
    if said == "-1":
        return ""
    if said not in ("tcp", "udp"):
        return "meta l4proto icmp " if said == "icmp" else None
    first, last = rule.get("FromPort"), rule.get("ToPort")
    if first in (None, -1):
        return f"meta l4proto {said} "
    return f"{said} dport {first}-{last} " if first != last else f"{said} dport {first} "


def _interface(one: Thing, direction: Direction, name: str, ports: list[int] | None, filtered: bool) -> str:
    """The chain of one interface; `ports` are those that something listens on, None: it may be on any."""
    lines = []
    if ports is not None:
        lines.append(f"tcp dport != {{ {', '.join(map(str, sorted(set(ports))))} }} drop" if ports else "drop")
    lines += [f"jump {direction}_{_word(group)}" for group in group_ids(one)] if filtered else ["accept"]
    return _chain(f"{direction}_{name}", [*lines, "drop"])


def _hooks(world: World, arriving: list[str], leaving: list[str], refusing: list[tuple[str, int]]) -> list[str]:
    """Where packets meet the chains: those for load balancers, those from them, and those that pass through."""
    known = "ct state established,related accept"
    into = [f"ip daddr vmap {{ {', '.join(arriving)} }}"] if arriving else []
    ends = ", ".join(f"{address} . {port}" for address, port in refusing)
    refused = [f"ip daddr . tcp dport {{ {ends} }} reject with tcp reset"] if refusing else []
    outof = [f"ip saddr vmap {{ {', '.join(leaving)} }}"] if leaving else []
    return [
        # After the address that a machine is seen with was set.
        _chain("input", ["type filter hook input priority 110;", known, *refused, *into]),
        _chain("own_leaving", ["type filter hook output priority -10;", known, *outof]),
        _chain("output", ["type filter hook output priority 0;", known, *_let_through(world), *into]),
        _chain("leaving", ["type filter hook forward priority -10;", known, *outof]),
        _chain("forward", ["type filter hook forward priority 0;", known, *_apart(world), *into]),
    ]


def _let_through(world: World) -> list[str]:
    """Where a target's groups name its load balancer's, whoever comes by that is let in."""
    found = []
    for group in world.groups:
        for target in group.targets if group.keeps_client else ():
            interface = world.region.interface_at(target.address, group.balancer.vpc_id)
            named = group_ids(interface) if interface else ()
            if names_one_of(world.region, named, target.port, group.balancer.groups):
                found.append(f"ip daddr {target.address} tcp dport {target.port} accept")
    return list(dict.fromkeys(found))


def _apart(world: World) -> list[str]:
    """VPCs reach each other where they are peered."""
    vpcs, found = world.vpcs, []
    for one, cidr in vpcs.items():
        others = [vpcs[other] for other in vpcs if other != one and other not in world.region.peers_of(one)]
        if others:
            found.append(f"ip saddr {cidr} ip daddr {{ {', '.join(sorted(set(others)))} }} drop")
    return found


def _addresses(world: World, door: str, way_out: str) -> list[str]:
    """As whom machines are seen in the internet, and whose answers are the plane's."""
    seen, gates, shut = _seen(world)
    to_internet = f'oifname "{door}"'
    source = [f"ip saddr {{ {', '.join(shut)} }}"] if shut else []
    maps = [f"snat to ip saddr map {{ {', '.join(one)} }}" for one in (seen, gates) if one]
    inside = ", ".join(sorted(set(world.vpcs.values())))
    near = [
        f"meta mark {AS_CLIENT} ip saddr {{ {inside} }} ip daddr . tcp dport {{ {key} }} snat to {address}"
        for key, address in _feet(world).items()
    ]
    here = ", ".join(sorted({foot.private for one in world.balancers for foot in one.feet}))
    own = f"ip saddr != {{ {here} }} " if here else ""
    speaks = [f"ip saddr {{ {inside} }} {own}meta mark set {AS_CLIENT}"] if inside else []
    shut_out = [f"{to_internet} {one} drop" for one in source]
    out = [*(f"{to_internet} {one}" for one in maps), f'oifname "{way_out}" masquerade']
    filter_, nat = "type filter hook {} priority {};", "type nat hook {} priority 100;"
    return [
        _chain(
            "reply", [filter_.format("prerouting", -90), f"meta l4proto tcp socket transparent 1 meta mark set {OURS}"]
        ),
        _chain("as_client", [filter_.format("output", -150), *speaks]),
        # Of the public addresses those that exist are the plane's own.
        _chain("shut", [filter_.format("forward", -20), f"ip daddr {PUBLIC} drop", *shut_out]),
        _chain("shut_here", [filter_.format("input", -20), *(f"ip daddr {PUBLIC} {one} drop" for one in source)]),
        _chain("seen_here", [nat.format("input"), *(f"ip daddr {PUBLIC} {one}" for one in maps)]),
        _chain("seen", [nat.format("postrouting"), *near, *out]),
    ]


def _seen(world: World) -> tuple[list[str], list[str], list[str]]:
    """Public addresses of machines, those of the gateways of subnets, and subnets whose packets get nowhere."""
    region = world.region
    own, gates, shut = {}, {}, []
    for one in region.all("network_interfaces"):
        public = public_addresses(one)
        if public and str(one.get("VpcId")) in world.vpcs and not str(one.get("Description") or "").startswith("ELB "):
            own[private_addresses(one)[0]] = public[0]
    for subnet in region.all("subnets"):
        if str(subnet.get("VpcId")) not in world.vpcs:
            continue
        address = _gate(region, str(subnet["SubnetId"]))
        if address:
            gates[subnet["CidrBlock"]] = address
        else:
            shut.append(subnet["CidrBlock"])
    ways = ipaddress.collapse_addresses(ipaddress.IPv4Network(one) for one in own)
    shut = [str(rest) for one in shut for rest in _without(ipaddress.IPv4Network(one), list(ways))]
    return [f"{a} : {b}" for a, b in own.items()], [f"{a} : {b}" for a, b in gates.items()], shut


def _without(whole: ipaddress.IPv4Network, holes: list[ipaddress.IPv4Network]) -> list[ipaddress.IPv4Network]:
    left = [whole]
    for hole in holes:
        left = [
            part
            for one in left
            for part in (
                one.address_exclude(hole) if hole.subnet_of(one) and hole != one else [one] if hole != one else []
            )
        ]
    return left


def _gate(region: Region, subnet_id: str) -> str | None:
    """The public address of the NAT gateway that a subnet's route to everywhere leads to."""
    for route in (region.table_of(subnet_id) or {}).get("Routes") or ():
        if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("NatGatewayId"):
            gateway = region.get("nat_gateways", route["NatGatewayId"]) or {}
            found = [one.get("PublicIp") for one in gateway.get("NatGatewayAddresses") or ()]
            return next((str(one) for one in found if one), None)
    return None


def _feet(world: World) -> dict[str, str]:
    """Targets that see clients' addresses, with the load balancer's own in the zone.

    A client in the same network would be answered past the plane; there the load balancer's address is seen.
    """
    return {
        f"{target.address} . {target.port}": group.balancer.foot(target.zone).private
        for group in world.groups
        if group.keeps_client and group.kind != "alb"
        for target in group.targets
    }


def _chain(name: str, lines: t.Sequence[str]) -> str:
    return "\n".join([f"  chain {name} {{", *(f"    {one}" for one in lines), "  }"])


def _word(text: str) -> str:
    return re.sub(r"\W", "_", text)
