# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Edges: what only their mode, their names and the machines behind them can get wrong.

What they share with listed load balancers the rules of those judge, as an edge is computed into some
(`plugin_utils.spec.edges`). https://docs.aws.amazon.com/elasticloadbalancing/latest/network/availability-zones.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _edge as edge
from ansible_collections.cloister.aws.plugins.plugin_utils.spec import edges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, Stack

CHECKERS = "route53-healthchecks"
"""The prefix list of AWS that has the addresses of Route 53's health checkers."""
ANYBODY = "0.0.0.0/0"


def rules(region: Region) -> t.Iterator[Problem]:
    """The mode has what it needs, names can be asked for, and machines stand where the addresses send."""
    for stack in region.stacks:
        said = edges.of(stack)
        if said is None:
            continue
        yield from _addresses(stack, said)
        yield from _mode(stack, said)
        yield from _names(stack, said, region)
        if said["mode"] == edge.NGINX:
            yield from _machines(stack, said, region)


def _of(stack: Stack, name: str) -> Item:
    variable = f"{edge.PREFIX}{name}"
    return Item(stack.name, (variable,), stack.values.get(variable))


def _addresses(stack: Stack, said: t.Mapping[str, t.Any]) -> t.Iterator[Problem]:
    if not said["addresses"]:
        right = "names of Elastic IPs by public subnet: {public-a: edge-a, public-b: edge-b}"
        yield _of(stack, "addresses").problem(None, "It has no address that anybody could list.", right)
    if not said["listeners"]:
        yield _of(stack, "listeners").problem(None, "It listens to nothing.", "[{name: https, port: 443}]")


def _mode(stack: Stack, said: t.Mapping[str, t.Any]) -> t.Iterator[Problem]:
    if said["mode"] == edge.NGINX:
        if any(said["alb"].get(name) for name in ("subnets", "security_groups", "certificates")):
            found = "Machines end TLS in the mode nlb_nginx, and no application load balancer does."
            yield _of(stack, "alb").problem(None, found, "edge_mode: nlb_alb, or no edge_alb")
        return
    of_proxies = {
        "client_address": said["client_address"] != edge.DEFAULTS["client_address"],
        "health_check": {**edge.HEALTH, **said["health_check"]} != edge.HEALTH,
    }
    for name in [name for name, told in of_proxies.items() if told]:
        found = "An application load balancer stands behind the addresses, which is asked otherwise."
        yield _of(stack, name).problem(None, found, f"edge_mode: nlb_nginx, or no edge_{name}")
    for number, one in enumerate(said["listeners"]):
        if one.get("target_port"):
            found = "An application load balancer is a target on the port that it listens on."
            yield _of(stack, "listeners").child(number).problem("target_port", found, "no target_port")


def _names(stack: Stack, said: t.Mapping[str, t.Any], region: Region) -> t.Iterator[Problem]:
    private = {zone.text("part") or zone.name for zone in region.items("dns_zones") if zone.get("private")}
    for name in _of(stack, "names").items():
        if name.text("zone") in private:
            found = f"Nobody outside resolves {name.text('name')} in {name.text('zone')}, a private zone."
            yield name.problem("zone", found, "a public zone")
        if name.get("health_withdrawal") and len(said["addresses"]) < 2:
            found = "With one address there is no other that would answer in its place."
            yield name.problem("health_withdrawal", found, "false, or a second address")
        elif name.get("health_withdrawal") and not _asked_by_route53(said, region):
            groups = ", ".join(said["security_groups"])
            found = f"Route 53 cannot ask whether an address is alive: {groups} lets none of its health checkers in."
            right = f"{{reason: ..., prefix_list: {CHECKERS}, ports: [{said['listeners'][0]['port']}]}} in its ingress"
            yield name.problem("health_withdrawal", found, right)


def _asked_by_route53(said: t.Mapping[str, t.Any], region: Region) -> bool:
    """Return whether health checkers come in to the first port; so it is where nobody knows what a group says."""
    known = region.named("security_groups_defined")
    groups = [known[name] for name in said["security_groups"] if name in known]
    if len(groups) < len(said["security_groups"]) or not said["listeners"]:
        return True
    port = said["listeners"][0]["port"]
    return any(
        covers(rule, port) and (rule.text("prefix_list") == CHECKERS or ANYBODY in (rule.get("cidrs") or ()))
        for group in groups
        for rule in group.items("ingress")
    )


def covers(rule: Item, port: int) -> bool:
    """Return whether a rule is for a port."""
    if rule.text("protocol", "tcp") == "all":
        return True
    spans = [str(one.value).partition("-") for one in rule.items("ports")]
    numbers = [(first, last or first) for first, _dash, last in spans]
    return any(a.isdigit() and b.isdigit() and int(a) <= port <= int(b) for a, b in numbers)


def _machines(stack: Stack, said: t.Mapping[str, t.Any], region: Region) -> t.Iterator[Problem]:
    """Each port has machines behind it, where its addresses send, and they let in what is sent."""
    if not any(region.variables("pools_defined")):
        return
    listeners = {
        edge.group_name(said, listener): (number, listener) for number, listener in enumerate(said["listeners"])
    }
    served: set[str] = set()
    for pool in region.items("pools_defined"):
        groups = [str(one.value) for one in pool.items("target_groups") if str(one.value) in listeners]
        served.update(groups)
        if groups:
            yield from _placed(pool, said, region)
            yield from _reached(pool, said, [listeners[name][1] for name in groups], region)
    for name in sorted({*listeners} - served):
        number, listener = listeners[name]
        found = f"No pool registers in the target group {name}, so that nobody answers on port {listener['port']}."
        yield _of(stack, "listeners").child(number).problem(None, found, f"target_groups: [{name}] at a pool")


def _placed(pool: Item, said: t.Mapping[str, t.Any], region: Region) -> t.Iterator[Problem]:
    """Each address sends to machines of its own zone alone, unless it is told to send to all."""
    known = region.named("network_subnets")
    zones = {known[name].text("az") for name in said["addresses"] if name in known}
    if said["cross_zone"] or len(zones) < len(said["addresses"]):
        return
    places = [(one, known[str(one.value)].text("az")) for one in pool.items("subnets") if str(one.value) in known]
    for one, zone in places:
        if zone not in zones:
            found = f"No address of {said['name']} stands in {zone}, so that nothing is sent to machines there."
            yield one.problem(None, found, f"subnets in {', '.join(sorted(zones))}, or edge_cross_zone: true")
    missing = sorted(zones - {zone for _one, zone in places})
    if missing and places:
        found = f"Nobody stands behind the address of {said['name']} in {missing[0]}."
        yield pool.problem("subnets", found, f"a subnet in {missing[0]} too, or edge_cross_zone: true")


def _reached(
    pool: Item, said: t.Mapping[str, t.Any], listeners: t.Iterable[t.Mapping[str, t.Any]], region: Region
) -> t.Iterator[Problem]:
    """The machines' groups let in requests, and the question whether they are well."""
    known = region.named("security_groups_defined")
    groups = [known[str(one.value)] for one in pool.items("security_groups") if str(one.value) in known]
    if len(groups) < len(pool.get("security_groups") or ()):
        return
    asked = [(one.get("target_port") or one["port"], "requests") for one in listeners]
    for port, what in [*asked, ({**edge.HEALTH, **said["health_check"]}["port"], "health checks")]:
        if not any(covers(rule, int(port)) for group in groups for rule in group.items("ingress")):
            found = f"No rule of its groups lets {what} of {said['name']} in, on port {port}."
            right = f"{{reason: ..., group: {said['security_groups'][0]}, ports: [{port}]}} in the ingress of one"
            yield pool.problem("security_groups", found, right)
