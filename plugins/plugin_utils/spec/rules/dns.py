# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Zones and records, as Route 53 takes them.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html,
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer

LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
MOST_SECONDS = 2147483647


def rules(region: Region) -> t.Iterator[Problem]:
    """Zones are there once and seen from somewhere; records say what their type says."""
    seen: dict[tuple[str, bool], Item] = {}
    for zone in region.items("dns_zones"):
        name = zone.name.rstrip(".").lower()
        private = bool(zone.get("private", False))
        if name and not domain(name):
            yield zone.problem(
                "name", f"{shown(zone.name)} is not a domain name.", "a name such as prod.infer.example.internal"
            )
        if name and (name, private) in seen:
            found = f"The zone {name} is there already: {seen[name, private].spelled}."
            yield zone.problem("name", found, "one zone of a name, with all its records and VPCs")
        seen.setdefault((name, private), zone)
        yield from _vpcs(zone, private, region)
        yield from _records(zone, name)


def domain(name: str) -> bool:
    """Return whether a name is one that Route 53 takes: labels of up to 63 characters, 255 in all, at least two."""
    labels = name.rstrip(".").split(".")
    return len(name) <= 255 and len(labels) > 1 and all(LABEL.fullmatch(label) for label in labels)


def _vpcs(zone: Item, private: bool, region: Region) -> t.Iterator[Problem]:
    if private and not zone.get("vpcs") and not zone.child("vpcs").value:
        yield zone.problem(
            "vpcs", "A private zone is seen from its VPCs only, and it has none.", "the VPCs, vpcs: [main]"
        )
    if not private and zone.get("vpcs"):
        yield zone.problem("vpcs", "A public zone has no VPCs.", "private: true, or no vpcs")
    for vpc in zone.items("vpcs"):
        yield from refer(vpc, None, vpc.value, region, "network_vpcs")


def _records(zone: Item, home: str) -> t.Iterator[Problem]:
    names: dict[str, Item] = {}
    for record in zone.items("records"):
        kind, name = str(record.get("type", "")), str(record.get("name", ""))
        yield from _name(record, name, home)
        yield from _values(record, kind)
        ttl = record.get("ttl_seconds", record.get("ttl", 300))
        if isinstance(ttl, int) and not 0 <= ttl <= MOST_SECONDS:
            key = "ttl_seconds" if record.get("ttl_seconds") is not None else "ttl"
            yield record.problem(key, f"{ttl} is no time to live.", f"0 to {MOST_SECONDS} seconds")
        others = [key for key in names if key.split(" ")[0] == name]
        if f"{name} {kind}" in names:
            found = f"There is a record {name} of type {kind} already: {names[f'{name} {kind}'].spelled}."
            yield record.problem(None, found, "one record with all its values")
        elif others and "CNAME" in (kind, *(key.split(" ")[1] for key in others)):
            found = f"A CNAME stands alone under its name, and {names[others[0]].spelled} has that name too."
            yield record.problem("name", found, "another name, or an alias record")
        names.setdefault(f"{name} {kind}", record)
        if kind == "CNAME" and name in ("", "@", home):
            yield record.problem("type", "A zone's own name cannot be a CNAME.", "an alias record of type A")


def _name(record: Item, name: str, home: str) -> t.Iterator[Problem]:
    if name in ("", "@", "*"):
        return
    full = name.rstrip(".") if name == home or name.endswith((".", f".{home}")) else f"{name}.{home}"
    checked = full[2:] if full.startswith("*.") else full
    if home and not domain(checked):
        yield record.problem(
            "name", f"{shown(name)} does not make a domain name: {full}.", "labels of letters, digits, - and _"
        )
    elif name.endswith(".") and not full.endswith(home):
        yield record.problem("name", f"{name} lies outside the zone {home}.", f"a name in {home}")


def _values(record: Item, kind: str) -> t.Iterator[Problem]:
    alias = record.get("alias")
    if alias and record.get("values"):
        yield record.problem("values", "An alias record has no values of its own.", "either values or alias")
    if alias and kind not in ("A", "AAAA"):
        yield record.problem("type", f"An alias of type {kind} is not made here.", "A or AAAA")
    if not alias and not record.get("values") and isinstance(record.child("values").value, (list, type(None))):
        yield record.problem("values", "The record says nothing.", "at least one value, or an alias")
    for value in record.items("values"):
        right = wrong_value(kind, str(value.value))
        if right:
            yield value.problem(None, f"{shown(value.value)} is no value of an {kind} record.", right)


def wrong_value(kind: str, value: str) -> str:
    """Return what would be right where a text is no value for a type of record, else an empty string."""
    if kind in ("A", "AAAA"):
        version = 4 if kind == "A" else 6
        try:
            return "" if ipaddress.ip_address(value).version == version else f"an IPv{version} address"
        except ValueError:
            return f"an IPv{version} address"
    if kind in ("CNAME", "NS", "PTR"):
        return "" if domain(value) else "a domain name"
    if kind == "MX":
        return (
            ""
            if re.fullmatch(r"\d{1,5} \S+", value) and domain(value.split(" ")[1])
            else "a priority and a name: 10 mail.example.com"
        )
    if kind == "SRV":
        return (
            ""
            if re.fullmatch(r"(\d{1,5} ){3}\S+", value)
            else "priority, weight, port and name: 1 10 5269 host.example.com"
        )
    if kind == "CAA":
        return (
            ""
            if re.fullmatch(r'\d{1,3} [a-z]+ "?[^"]*"?', value)
            else 'flags, a word and a value: 0 issue "amazon.com"'
        )
    if kind == "TXT":
        return "" if 0 < len(value) <= 4000 else "1 to 4000 characters"
    return ""
