# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Listeners: a port, what it speaks, where it sends, and whether the internet is meant to find it.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._listener_forms import ACTIONS
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import target_groups
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.listener_rules import conditions
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.load_balancers import (
    BALANCERS,
    is_network,
    is_public,
    vpc_name,
)
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.target_groups import GROUPS, between

TLS = ("HTTPS", "TLS")
# Which groups a listener can send to, by what it speaks.
SENDS = {
    "HTTP": ("HTTP", "HTTPS"),
    "HTTPS": ("HTTP", "HTTPS"),
    "TCP": ("TCP", "TCP_UDP"),
    "TLS": ("TCP", "TLS"),
    "UDP": ("UDP", "TCP_UDP"),
    "TCP_UDP": ("TCP_UDP",),
}
MOST_GROUPS, MOST_BODY = 5, 1024

Users = dict[str, list[str]]
"""The load balancers that send to a group, by its name."""


def rules(region: Region) -> t.Iterator[Problem]:
    """Each has a port of its own, what TLS needs, one thing to do, and says so when it is open to the internet."""
    users: Users = {}
    for balancer in region.items(BALANCERS):
        ports: dict[str, Item] = {}
        for listener in balancer.items("listeners"):
            port = listener.text("port")
            if port and port in ports:
                yield listener.problem("port", f"{ports[port].spelled} has port {port} already.", "one listener a port")
            ports.setdefault(port, listener)
            yield from between(listener, "port", 1, 65535, "port")
            yield from _protocol(listener, balancer)
            yield from _exposure(listener, balancer)
            yield from _certificates(listener, region)
            yield from _action(listener, listener, balancer, region, users)
            yield from _rules(listener, balancer, region, users)


def _protocol(listener: Item, balancer: Item) -> t.Iterator[Problem]:
    protocol, network = listener.text("protocol"), is_network(balancer)
    if protocol and (protocol in ("HTTP", "HTTPS")) == network:
        kind, right = ("network", "TCP, TLS, UDP or TCP_UDP") if network else ("application", "HTTP or HTTPS")
        yield listener.problem("protocol", f"A {kind} load balancer does not speak {shown(protocol)}.", right)


def _exposure(listener: Item, balancer: Item) -> t.Iterator[Problem]:
    said = listener.text("exposure", "internal")
    if is_public(balancer) and said != "public":
        found = f"The internet reaches {balancer.name}, and this port of it is not declared open to all."
        yield listener.problem("exposure", found, "exposure: public where that is meant, or scheme: internal")
    if not is_public(balancer) and said == "public":
        found = f"{balancer.name} is internal, so that nobody outside reaches this port."
        yield listener.problem("exposure", found, "scheme: internet-facing, or no exposure")


def _certificates(listener: Item, region: Region) -> t.Iterator[Problem]:
    protocol, listed = listener.text("protocol"), list(listener.items("certificates"))
    if protocol in TLS and listener.get("certificates", []) == []:
        yield listener.problem("certificates", f"{protocol} needs a certificate.", "certificates: [a name]")
    if protocol and protocol not in TLS and listed:
        found = f"{protocol} has no use for certificates."
        yield listener.problem("certificates", found, "no certificates, or protocol: HTTPS")
    seen: set[str] = set()
    for item in listed:
        name = str(item.value)
        if name in seen:
            yield item.problem(None, f"{name} is listed twice.", "each once")
        seen.add(name)
        if not name.startswith("arn:"):
            yield from refer(item, None, name, region, "certificates_defined", "certificate")


def _rules(listener: Item, balancer: Item, region: Region, users: Users) -> t.Iterator[Problem]:
    names: dict[str, Item] = {}
    priorities: dict[t.Any, Item] = {}
    for rule in listener.items("rules"):
        if is_network(balancer):
            yield rule.problem(None, "A network load balancer has no rules.", "one group for the whole port")
            continue
        yield from between(rule, "priority", 1, 50000, "priority")
        for seen, key in ((names, "name"), (priorities, "priority")):
            value = rule.text(key)
            if value and value in seen:
                yield rule.problem(key, f"{seen[value].spelled} has {key} {value} already.", f"another {key}")
            seen.setdefault(value, rule)
        yield from conditions(rule)
        yield from _action(rule, listener, balancer, region, users)


def _action(item: Item, listener: Item, balancer: Item, region: Region, users: Users) -> t.Iterator[Problem]:
    given = [key for key in ACTIONS if item.get(key)]
    broken = isinstance(item.value, t.Mapping) and any(key in item.value and item.get(key) is None for key in ACTIONS)
    if len(given) != 1 and not broken:
        found = f"It does {' and '.join(given)}." if given else "It does not say what becomes of requests."
        yield item.problem(None, found, f"exactly one of {', '.join(ACTIONS)}")
    if is_network(balancer) and given not in ([], ["forward"]):
        yield item.problem(given[0], "A network load balancer only forwards, to one group.", "forward: a target group")
    yield from _groups(item, listener, balancer, region, users)
    yield from between(item, "sticky_seconds", 1, 604800, "time to stay with a group")
    if item.get("sticky_seconds") and not item.get("forward_weights"):
        yield item.problem("sticky_seconds", "There are no groups to choose from.", "forward_weights, or none")
    yield from _redirect(item.child("redirect"), listener)
    yield from _response(item.child("fixed_response"))


def _groups(item: Item, listener: Item, balancer: Item, region: Region, users: Users) -> t.Iterator[Problem]:
    weights = item.child("forward_weights")
    by_weight = weights.value if isinstance(weights.value, t.Mapping) else {}
    if len(by_weight) > MOST_GROUPS:
        yield item.problem("forward_weights", f"{len(by_weight)} groups.", f"at most {MOST_GROUPS}")
    for name, weight in by_weight.items():
        if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= 999:
            yield weights.problem(str(name), f"{shown(weight)} is no weight.", "0 to 999")
    named = [(item, "forward", item.text("forward"))] + [(weights, str(name), str(name)) for name in by_weight]
    for holder, key, name in named:
        if name:
            yield from refer(holder, key, name, region, GROUPS)
            group = region.named(GROUPS).get(name)
            if group:
                yield from _group(holder, key, group, listener, balancer, region, users)


def _group(
    holder: Item, key: str, group: Item, listener: Item, balancer: Item, region: Region, users: Users
) -> t.Iterator[Problem]:
    protocol, theirs = listener.text("protocol"), group.text("protocol")
    here, there = vpc_name(balancer, region), target_groups.vpc_name(group, region)
    owners = users.setdefault(group.name, [balancer.name])
    if theirs and theirs not in SENDS.get(protocol, (theirs,)):
        right = f"a group for {' or '.join(SENDS[protocol])}"
        yield holder.problem(key, f"A listener for {protocol} sends to no group for {theirs}.", right)
    elif group.text("target_type") == "alb" and protocol not in ("", "TCP"):
        yield holder.problem(key, f"A listener for {protocol} sends to no load balancer.", "protocol: TCP")
    elif here and here != there and there in region.named("network_vpcs"):
        yield holder.problem(key, f"{group.name} is of VPC {there}, the load balancer of {here}.", f"a group of {here}")
    elif balancer.name not in owners:
        owners.append(balancer.name)
        found = f"Load balancer {owners[0]} sends to {group.name}, and a group belongs to one load balancer."
        yield holder.problem(key, found, "a group of its own; a service may be in several")


def _redirect(redirect: Item, listener: Item) -> t.Iterator[Problem]:
    if not isinstance(redirect.value, t.Mapping):
        return
    here = {"protocol": listener.text("protocol"), "port": listener.text("port")}
    parts = {key: redirect.text(key) for key in ("protocol", "port", "host", "path") if redirect.get(key)}
    if all(here.get(key) == value for key, value in parts.items()):
        found = "It leads back to where it comes from, for ever."
        yield redirect.problem(None, found, "another protocol, host, port or path")
    if here["protocol"] == "HTTPS" and parts.get("protocol") == "HTTP":
        yield redirect.problem("protocol", "AWS leads nobody from HTTPS to HTTP.", "HTTPS")
    yield from between(redirect, "port", 1, 65535, "port")
    if parts.get("path") and not parts["path"].startswith("/"):
        yield redirect.problem("path", f"{shown(parts['path'])} is no path.", "a path that starts with /")


def _response(response: Item) -> t.Iterator[Problem]:
    if not isinstance(response.value, t.Mapping):
        return
    status = response.get("status")
    if isinstance(status, int) and (not 200 <= status <= 599 or status // 100 == 3):
        yield response.problem("status", f"{status} is no code of an answer.", "2XX, 4XX or 5XX")
    if len(response.text("body")) > MOST_BODY:
        found = f"The body has {len(response.text('body'))} characters."
        yield response.problem("body", found, f"at most {MOST_BODY}")
