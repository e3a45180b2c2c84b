# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security group rules as data: read from an inventory, read from AWS, and told to AWS.

Names, reasons and their letters: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
and https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

DIRECTIONS = ("ingress", "egress")
PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", "all")
PEERS = ("group", "vpc", "cidrs", "prefix_list")

_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")
_WITH_PORTS = ("tcp", "udp")


@dataclass(frozen=True, order=True)
class Rule:
    """One rule of AWS's: a protocol, a port range (or ICMP type and code), and one peer.

    ``peer_kind`` is ``group``, ``range`` or ``prefix list``; ``peer`` is a name, or an id where there is no name.
    """

    protocol: str
    first: int | None
    last: int | None
    peer_kind: str
    peer: str

    def __str__(self) -> str:
        ports = (
            "" if self.first is None else f" {self.first}" if self.first == self.last else f" {self.first}-{self.last}"
        )
        return f"{self.protocol}{ports}, {self.peer_kind} {self.peer}"


Rules = t.Mapping[Rule, str]
"""Rules with the reason of each."""


def check_text(what: str, text: str) -> str:
    """Return ``text`` when AWS takes it as a name or description, else raise `InputError`."""
    if not _TEXT.fullmatch(text) or text != text.strip():
        bad = sorted(set(re.sub(_TEXT, "", text)))
        found = f"has {' '.join(bad)}" if bad else f"is {len(text)} characters with its outer spaces"
        raise InputError(
            f"{what}: {text!r} {found}; AWS takes 1 to 255 characters of a-z A-Z 0-9 space . _ - : / ( ) # , @ [ ] + "
            "= & ; { } ! $ *, without outer spaces"
        )
    return text


def rules_from(
    where: str, entries: t.Iterable[t.Mapping[str, t.Any]], ranges: t.Callable[[str], t.Sequence[str]]
) -> dict[Rule, str]:
    """Return the rules that inventory entries stand for: one for each of an entry's ports and peers.

    ``ranges`` gives the address ranges of a VPC by name. Raise `InputError`, beginning with ``where``, for what
    cannot be and for a rule that two entries list.
    """
    rules: dict[Rule, str] = {}
    for entry in entries:
        reason = check_text(f"{where}: the reason of a rule", entry["reason"])
        named = f"{where}, rule '{reason}'"
        for first, last in _ports(named, entry):
            for peer_kind, peer in _peers(named, entry, ranges):
                rule = Rule(entry["protocol"], first, last, peer_kind, peer)
                if rule in rules:
                    raise InputError(f"{named}: '{rules[rule]}' lists {rule} already; a rule has one reason")
                rules[rule] = reason
    return rules


def _ports(named: str, entry: t.Mapping[str, t.Any]) -> list[tuple[int | None, int | None]]:
    protocol, ports = entry["protocol"], entry["ports"]
    if protocol not in _WITH_PORTS:
        if ports:
            raise InputError(f"{named}: protocol {protocol} has no ports; leave them out")
        return [(None, None)]
    if not ports:
        raise InputError(f"{named}: ports are missing; for all of them say ports: [0-65535]")
    return [_port_range(named, str(port)) for port in ports]


def _port_range(named: str, text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not 0 <= first <= last <= 65535:
        raise InputError(f"{named}: {text!r} is no port or range of ports, such as 443 or 8000-8002")
    return first, last


def _peers(
    named: str, entry: t.Mapping[str, t.Any], ranges: t.Callable[[str], t.Sequence[str]]
) -> list[tuple[str, str]]:
    said = [key for key in PEERS if entry[key]]
    if len(said) != 1:
        raise InputError(f"{named}: exactly one of {', '.join(PEERS)} says who; found {', '.join(said) or 'none'}")
    if said == ["group"]:
        return [("group", entry["group"])]
    if said == ["prefix_list"]:
        return [("prefix list", entry["prefix_list"])]
    if said == ["vpc"]:
        return [("range", cidr) for cidr in ranges(entry["vpc"])]
    return [("range", _range(named, cidr)) for cidr in entry["cidrs"]]


def _range(named: str, text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InputError(f"{named}: {text!r} is no address range, such as 10.0.0.0/16") from None
    if str(network) != text:
        raise InputError(f"{named}: {text!r} is not how AWS would keep it; write {network}")
    return text


def rules_of(
    permissions: t.Iterable[t.Mapping[str, t.Any]],
    group_name: t.Callable[[str], str],
    list_name: t.Callable[[str], str],
) -> dict[Rule, str]:
    """Return the rules in AWS's ``IpPermissions``; the callables give the names of group and prefix list ids."""
    rules: dict[Rule, str] = {}
    for permission in permissions:
        protocol, first, last = _narrowed(permission)
        peers = [
            *(("range", item["CidrIp"], item) for item in permission.get("IpRanges", ())),
            *(("range", item["CidrIpv6"], item) for item in permission.get("Ipv6Ranges", ())),
            *(("group", group_name(item["GroupId"]), item) for item in permission.get("UserIdGroupPairs", ())),
            *(("prefix list", list_name(item["PrefixListId"]), item) for item in permission.get("PrefixListIds", ())),
        ]
        for peer_kind, peer, item in peers:
            rules[Rule(protocol, first, last, peer_kind, peer)] = item.get("Description", "")
    return rules


def _narrowed(permission: t.Mapping[str, t.Any]) -> tuple[str, int | None, int | None]:
    """Return protocol and ports; AWS writes all of them as -1."""
    protocol = "all" if str(permission["IpProtocol"]) == "-1" else str(permission["IpProtocol"])
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if protocol == "all" or first is None or (first, last) == (-1, -1):
        return protocol, None, None
    return protocol, first, last


def permissions_for(
    rules: Rules, group_id: t.Callable[[str], str], list_id: t.Callable[[str], str], reasons: bool = True
) -> list[dict[str, t.Any]]:
    """Return AWS's ``IpPermissions`` for rules, with or without their reasons."""
    return [_permission(rule, rules[rule] if reasons else "", group_id, list_id) for rule in sorted(rules, key=str)]


def _permission(
    rule: Rule, reason: str, group_id: t.Callable[[str], str], list_id: t.Callable[[str], str]
) -> dict[str, t.Any]:
    if rule.peer_kind == "group":
        key, peer = "UserIdGroupPairs", {"GroupId": group_id(rule.peer)}
    elif rule.peer_kind == "prefix list":
        key, peer = "PrefixListIds", {"PrefixListId": list_id(rule.peer)}
    elif ":" in rule.peer:
        key, peer = "Ipv6Ranges", {"CidrIpv6": rule.peer}
    else:
        key, peer = "IpRanges", {"CidrIp": rule.peer}
    if reason:
        peer["Description"] = reason
    permission: dict[str, t.Any] = {"IpProtocol": "-1" if rule.protocol == "all" else rule.protocol, key: [peer]}
    if rule.first is not None:
        permission.update(FromPort=rule.first, ToPort=rule.last)
    elif rule.protocol.startswith("icmp"):
        permission.update(FromPort=-1, ToPort=-1)
    return permission
