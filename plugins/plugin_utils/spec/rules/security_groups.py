# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security groups: who may talk to whom, on which ports, and why.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html,
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (60 rules a direction)
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._security_rules import PEERS
from ansible_collections.cloister.aws.plugins.plugin_utils.spec import ranges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer

MOST_RULES = 60
# What AWS's own prefix lists count for, where that is not one rule:
# https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
WEIGHTS = {"cloudfront.origin-facing": 55, "route53-healthchecks": 25}
REASON = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")
PORTS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
WITH_PORTS = ("tcp", "udp")


def rules(region: Region) -> t.Iterator[Problem]:
    """Each rule has one counterpart, sound ports and a reason that AWS can keep."""
    for group in region.items("security_groups_defined"):
        yield from _reason(group)
        if group.get("vpc"):
            yield from refer(group, "vpc", group.get("vpc"), region, "network_vpcs")
        else:
            yield from _default_vpc(group, region)
        for direction in ("ingress", "egress"):
            yield from judged(group, direction, region)


def judged(group: Item, direction: str, region: Region) -> t.Iterator[Problem]:
    """Judge all rules of one direction."""
    seen: dict[t.Any, Item] = {}
    for rule in group.items(direction):
        yield from _reason(rule)
        yield from _counterpart(rule, region)
        yield from _ports(rule)
        yield from _twice(rule, seen)
    yield from _count(group, direction)


def size(rule: Item) -> int:
    """Return how many rules AWS counts for one of ours: each port range with each counterpart, a list by its weight."""
    counterparts = WEIGHTS.get(rule.text("prefix_list"), 1) * max(1, len(list(rule.items("cidrs"))))
    return max(1, len(list(rule.items("ports")))) * counterparts


def _reason(item: Item) -> t.Iterator[Problem]:
    reason = item.get("reason")
    if isinstance(reason, str) and not REASON.fullmatch(reason):
        bad = "".join(sorted({sign for sign in reason if not REASON.fullmatch(sign)}))
        found = f"AWS does not take {shown(bad)} in a description." if bad else f"It has {len(reason)} characters."
        yield item.problem("reason", found, "1 to 255 of a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{}!$*")


def _counterpart(rule: Item, region: Region) -> t.Iterator[Problem]:
    given = [key for key in PEERS if rule.get(key)]
    if len(given) != 1 and not _broken(rule) & set(PEERS):
        found = f"It names {' and '.join(given)}." if given else "It does not say whom it lets through."
        yield rule.problem(None, found, f"exactly one of {', '.join(PEERS)}")
    if rule.get("group"):
        yield from refer(rule, "group", rule.get("group"), region, "security_groups_defined")
    if rule.get("vpc"):
        yield from refer(rule, "vpc", rule.get("vpc"), region, "network_vpcs")
    seen: list[str] = []
    for cidr in rule.items("cidrs"):
        found_range = _any_range(cidr.value)
        if isinstance(found_range, ranges.BadRange):
            yield cidr.problem(None, found_range.found, found_range.right)
        elif str(cidr.value) in seen:
            yield cidr.problem(None, f"{cidr.value} is listed twice.", "each range once")
        seen.append(str(cidr.value))


def _default_vpc(group: Item, region: Region) -> t.Iterator[Problem]:
    default = next((item for item in region.variables("security_groups_vpc") if item.stack == group.stack), None)
    for problem in refer(group, "vpc", default.value, region, "network_vpcs") if default else ():
        found = f"{problem.found} The group names none, so that one is meant."
        yield group.problem("vpc", found, "the name of a VPC")


def _any_range(text: t.Any) -> t.Any:
    if ":" not in str(text):
        return ranges.parse(text)
    try:
        return ipaddress.IPv6Network(str(text))
    except ValueError as exc:
        return ranges.BadRange(f"{text} is not an IPv6 range: {exc}.", "an IPv6 range such as fd00::/64")


def _ports(rule: Item) -> t.Iterator[Problem]:
    protocol, ports = rule.text("protocol", "tcp"), list(rule.items("ports"))
    if protocol in WITH_PORTS and not rule.get("ports") and "ports" not in _broken(rule):
        yield rule.problem("ports", f"A rule for {protocol} needs ports.", "ports: [443], or [0-65535] for all")
    if protocol not in WITH_PORTS and rule.get("ports"):
        yield rule.problem("ports", f"The protocol {protocol} has no ports.", "no ports, or protocol: tcp")
        return
    open_ranges: list[tuple[int, int]] = []
    for port in ports:
        match = PORTS.fullmatch(str(port.value))
        if not match:
            yield port.problem(None, f"{shown(port.value)} is not a port.", "a port (443) or a range (30000-32767)")
            continue
        low, high = int(match[1]), int(match[2] or match[1])
        if not (1 <= low <= 65535 and 1 <= high <= 65535) and port.value != "0-65535":
            yield port.problem(None, f"{port.value} is out of range.", "ports from 1 to 65535, or 0-65535 for all")
        elif low > high:
            yield port.problem(None, f"{port.value} ends before it starts.", f"{high}-{low}")
        elif any(low <= end and start <= high for start, end in open_ranges):
            yield port.problem(None, f"{port.value} overlaps a range before it.", "each port once")
        open_ranges.append((low, high))


def _broken(rule: Item) -> set[str]:
    value = rule.value if isinstance(rule.value, t.Mapping) else {}
    return {key for key in value if rule.get(key) is None}


def _texts(rule: Item, key: str) -> tuple[str, ...]:
    return tuple(sorted(str(item.value) for item in rule.items(key)))


def _twice(rule: Item, seen: dict[t.Any, Item]) -> t.Iterator[Problem]:
    counterpart = next(filter(None, (rule.text(key) for key in PEERS if key != "cidrs")), "") or _texts(rule, "cidrs")
    key = (rule.text("protocol", "tcp"), _texts(rule, "ports"), counterpart)
    if counterpart and key in seen:
        yield rule.problem(None, f"It opens what {seen[key].spelled} opens already.", "one rule for one opening")
    seen.setdefault(key, rule)


def _count(group: Item, direction: str) -> t.Iterator[Problem]:
    count = sum(size(rule) for rule in group.items(direction))
    if count > MOST_RULES:
        found = f"{count} rules: AWS counts each port range with each range of addresses."
        yield group.problem(direction, found, f"at most {MOST_RULES}, or two groups")
