# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Target groups: how their targets are asked, how they behave, and who is in them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _health_check as health_check
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.addresses import ranges_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer

GROUPS = "load_balancers_target_groups"
PLACES = {"ip": "ip", "instance": "instance", "alb": "load_balancer"}
LONGEST_STAY = 604800
# What is not its default where a group cannot have it, by the kind of balancer in front.
WEB_ONLY = {"algorithm": "round_robin", "slow_start_seconds": 0}
NETWORK_ONLY = {
    "end_connections": None,
    "end_unhealthy_connections": None,
    "unhealthy_draining_seconds": None,
    "preserve_client_ip": None,
    "proxy_protocol_v2": False,
}
NEVER_OF_ALB = {**WEB_ONLY, **NETWORK_ONLY, "deregistration_delay_seconds": 300, "stickiness": None}
_PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]


def rules(region: Region) -> t.Iterator[Problem]:
    """Each can be made, behaves as its protocol lets it, and lists targets of its own type."""
    for group in region.items(GROUPS):
        if "--" in group.name:
            yield group.problem("name", "AWS takes no two hyphens in a row here.", "one hyphen")
        if group.get("vpc"):
            yield from refer(group, "vpc", group.get("vpc"), region, "network_vpcs")
        yield from between(group, "port", 1, 65535, "port")
        yield from _health(group)
        yield from _behaviour(group)
        yield from _stickiness(group)
        yield from _targets(group, region)


def between(item: Item, key: str, least: int, most: int, what: str) -> t.Iterator[Problem]:
    """Yield a problem where a whole number lies outside its range."""
    value = item.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and not least <= value <= most:
        yield item.problem(key, f"{value} is no {what}.", f"{least} to {most}")


def vpc_name(group: Item, region: Region) -> str:
    """Return the name of the VPC that a group stands in."""
    own = next((item.value for item in region.variables("load_balancers_vpc") if item.stack == group.stack), None)
    return group.text("vpc") or str(own or region.shared("region_vpc", "main"))


def is_web(group: Item) -> bool:
    """Return whether it stands behind application load balancers."""
    return group.text("protocol") in health_check.WEB


def _health(group: Item) -> t.Iterator[Problem]:
    check = group.child("health_check")
    if not isinstance(check.value, t.Mapping) or not group.text("protocol"):
        return
    numbers = {key: check.get(key) for key in health_check.RANGES}
    said: dict[str, t.Any] = {key: check.text(key) for key in ("protocol", "port", "path", "matcher")}
    said |= {key: value for key, value in numbers.items() if isinstance(value, int) and not isinstance(value, bool)}
    for key, found, right in health_check.faults(said, group.text("protocol"), group.text("target_type", "ip")):
        yield check.problem(key, found, right)


def _behaviour(group: Item) -> t.Iterator[Problem]:
    protocol, to_alb = group.text("protocol"), group.text("target_type") == "alb"
    if to_alb and protocol not in ("", "TCP"):
        yield group.problem("protocol", "An application load balancer is a target over TCP only.", "TCP")
    never, where = (
        (NEVER_OF_ALB, "whose target is a load balancer keeps AWS's settings")
        if to_alb
        else (NETWORK_ONLY, "for HTTP has it not: that is for groups behind a network load balancer")
        if is_web(group)
        else (WEB_ONLY, "behind a network load balancer has it not")
    )
    for key in [key for key, usual in never.items() if protocol and group.get(key, usual) != usual]:
        yield group.problem(key, f"A group {where}.", f"no {key}")
    yield from between(group, "deregistration_delay_seconds", 0, 3600, "delay")
    slow = group.get("slow_start_seconds", 0)
    if slow and group.text("algorithm", "round_robin") != "round_robin":
        found = f"Targets start slowly with round_robin only, not with {group.text('algorithm')}."
        yield group.problem("slow_start_seconds", found, "0, or algorithm: round_robin")
    elif slow:
        yield from between(group, "slow_start_seconds", 30, 900, "time for a slow start")
    yield from between(group, "unhealthy_draining_seconds", 0, 360000, "time to drain")
    if group.get("unhealthy_draining_seconds", 0) and group.get("end_unhealthy_connections") is not False:
        found = "A target whose connections are cut when it turns unhealthy does not drain."
        yield group.problem("unhealthy_draining_seconds", found, "0, or end_unhealthy_connections: false")
    if group.get("preserve_client_ip") is False and protocol in ("UDP", "TCP_UDP"):
        yield group.problem("preserve_client_ip", f"Targets for {protocol} always see the client's address.", "true")


def _stickiness(group: Item) -> t.Iterator[Problem]:
    said = group.child("stickiness")
    if not isinstance(said.value, t.Mapping) or group.text("target_type") == "alb":
        return
    yield from between(said, "seconds", 1, LONGEST_STAY, "time to stay with a target")
    cookie = said.text("cookie")
    if group.text("protocol") == "TLS":
        yield group.problem("stickiness", "Clients cannot stay with a target behind TLS.", "no stickiness")
    if cookie and not is_web(group):
        yield said.problem("cookie", "A network load balancer knows clients by their address.", "no cookie")
    elif cookie.startswith("AWSALB"):
        yield said.problem("cookie", f"{shown(cookie)} is a name that AWS keeps.", "the application's own cookie")


def _targets(group: Item, region: Region) -> t.Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    kind = group.text("target_type", "ip")
    for number, target in enumerate(group.items("targets")):
        given = [key for key in PLACES.values() if target.get(key)]
        if given != [PLACES.get(kind, kind)]:
            found = f"The group's targets are of type {kind}, and this says {' and '.join(given) or 'none'}."
            yield target.problem(None, found, f"{PLACES.get(kind, kind)}: ..., and nothing else")
            continue
        yield from between(target, "port", 1, 65535, "port")
        place = (target.text(given[0]), target.text("port") or group.text("port"))
        if place in seen:
            yield target.problem(None, f"{place[0]} on port {place[1]} is listed twice.", "each target once")
        seen.add(place)
        if given == ["ip"]:
            yield from _address(target, group, region)
        if given == ["instance"] and not re.fullmatch(r"i-[0-9a-f]{8,17}", target.text("instance")):
            found = f"{shown(target.get('instance'))} is not the id of an instance."
            yield target.problem("instance", found, "an id such as i-0123456789abcdef0")
        if given == ["load_balancer"]:
            yield from _balancer(target, number, group, region)


def _address(target: Item, group: Item, region: Region) -> t.Iterator[Problem]:
    try:
        address = ipaddress.IPv4Address(target.text("ip"))
    except ValueError:
        yield target.problem("ip", f"{shown(target.get('ip'))} is not an IPv4 address.", "an address such as 10.0.16.9")
        return
    vpc = region.named("network_vpcs").get(vpc_name(group, region))
    inside = [network for network, _item in ranges_of(vpc)] if vpc else []
    if any(address in network for network in inside):
        return
    if not any(address in network for network in _PRIVATE):
        yield target.problem(
            "ip", f"{address} is a public address, which AWS takes for no target.", "a private address"
        )
    elif inside and not target.get("az"):
        found = f"{address} lies outside VPC {vpc_name(group, region)}, so AWS cannot tell its zone."
        yield target.problem("az", found, "az: all, or the zone that may send to it")


def _balancer(target: Item, number: int, group: Item, region: Region) -> t.Iterator[Problem]:
    name, known = target.text("load_balancer"), region.named("load_balancers_defined")
    yield from refer(target, "load_balancer", name, region, "load_balancers_defined")
    if number:
        yield target.problem(None, "A group has one load balancer as its target.", "another group for this one")
    there = known.get(name)
    if there is None:
        return
    if there.text("type", "application") != "application":
        yield target.problem("load_balancer", f"{name} is no application load balancer.", "one that is")
        return
    port = target.text("port") or group.text("port")
    listener = next((one for one in there.items("listeners") if one.text("port") == port), None)
    if port != group.text("port"):
        yield target.problem("port", f"The group is for port {group.text('port')}.", "the port of the group, or none")
    elif listener is None:
        found = f"{name} does not listen on port {port}."
        yield target.problem("load_balancer", found, "a group for a port that it listens on")
    elif listener.text("protocol") != (asked := group.child("health_check").text("protocol", "HTTP")):
        found = f"{name} speaks {listener.text('protocol')} on port {port}, and the health check {asked}."
        right = f"health_check: {{protocol: {listener.text('protocol')}}}"
        yield group.problem("health_check", found, right)
