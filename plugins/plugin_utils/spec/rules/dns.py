# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Zones and records, as Route 53 takes them. What a name and a value may be is `_dns`'s to say.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html,
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _dns
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.answers import answers
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import region_problems

ZONE_ID = re.compile(r"Z[A-Z0-9]{1,31}")


def rules(region: Region) -> t.Iterator[Problem]:
    """Zones are there once and seen from somewhere; records say what their type says."""
    seen: dict[tuple[str, bool], Item] = {}
    parts: dict[str, Item] = {}
    for zone in region.items("dns_zones"):
        name, private = _dns.plain(zone.name), bool(zone.get("private", False))
        if name and (not _dns.is_domain(name) or zone.name != name):
            found = f"{shown(zone.name)} is not the name of a zone."
            yield zone.problem("name", found, "a domain in lowercase, prod.infer.example.internal")
        if name and (name, private) in seen:
            found = f"The zone {name} is there already: {seen[name, private].spelled}."
            yield zone.problem("name", found, "one zone of a name, with all its records and VPCs")
        elif name and zone.text("part", name) in parts:
            found = f"{parts[zone.text('part', name)].spelled} goes by the name {zone.text('part', name)} too."
            yield zone.problem("part", found, f"another name beside the domain, part: {name.split('.')[0]}-public")
        seen.setdefault((name, private), zone)
        parts.setdefault(zone.text("part", name), zone)
        yield from _vpcs(zone, private, region)
        yield from _records(zone.items("records"), name, region)
    yield from _elsewhere(region, parts)


def _elsewhere(region: Region, parts: t.Mapping[str, Item]) -> t.Iterator[Problem]:
    """Records in zones of other stacks, and our VPCs in zones of other accounts."""
    known = {**parts, **region.adopted("hosted zone")}
    by_zone: dict[str, list[Item]] = {}
    for record in region.items("dns_records"):
        by_zone.setdefault(record.text("zone"), []).append(record)
    for zone, records in by_zone.items():
        if zone and zone not in known and region.sound("dns_zones"):
            right = did_you_mean(zone, known) or f"one of {', '.join(sorted(known)) or 'none, as there are no zones'}"
            yield records[0].problem("zone", f"There is no hosted zone called {shown(zone)}.", right)
        there = list(parts[zone].items("records")) if zone in parts else []
        home = _dns.plain(parts[zone].name) if zone in parts else ""
        yield from _records([*there, *records], home, region, len(there))
    for association in region.items("dns_associations"):
        if association.text("zone_id") and not ZONE_ID.fullmatch(association.text("zone_id")):
            found = f"{shown(association.get('zone_id'))} is not the id of a zone."
            yield association.problem("zone_id", found, "an id such as Z0123456789ABCDEFGHIJ")
        if association.get("vpc"):
            yield from refer(association, "vpc", association.get("vpc"), region, "network_vpcs")


def _vpcs(zone: Item, private: bool, region: Region) -> t.Iterator[Problem]:
    listed = [key for key in ("vpcs", "other_vpcs", "authorised_vpcs") if zone.get(key)]
    if private and not zone.get("vpcs") and isinstance(zone.get("vpcs", []), list) and "other_vpcs" not in listed:
        yield zone.problem("vpcs", "A private zone is seen from its VPCs only, and it has none.", "vpcs: [main]")
    if not private:
        for key in listed:
            yield zone.problem(key, "A public zone has no VPCs.", f"private: true, or no {key}")
    for vpc in zone.items("vpcs"):
        yield from refer(vpc, None, vpc.value, region, "network_vpcs")
    for vpc in (*zone.items("other_vpcs"), *zone.items("authorised_vpcs")):
        if vpc.text("id") and not re.fullmatch(r"vpc-[0-9a-f]{8,17}", vpc.text("id")):
            yield vpc.problem("id", f"{shown(vpc.get('id'))} is not the id of a VPC.", "vpc-0123456789abcdef0")
        if vpc.get("region"):
            yield from region_problems(vpc.child("region"), region)


def _records(records: t.Iterable[Item], home: str, region: Region, judged: int = 0) -> t.Iterator[Problem]:
    """Judge the records of one zone, of which the first ``judged`` have been told of already."""
    names: dict[tuple[str, str], Item] = {}
    for number, record in enumerate(records):
        found = list(_record(record, home, names, region))
        yield from found if number >= judged else ()


def _record(record: Item, home: str, names: dict[tuple[str, str], Item], region: Region) -> t.Iterator[Problem]:
    kind, name = record.text("type", "A"), record.text("name")
    full = _full(record, name, home)
    if isinstance(full, Problem):
        yield full
        full = name
    yield from _values(record, kind, region)
    others = [other for other in names if other[0] == full]
    if (full, kind) in names:
        found = f"There is a record {name} of type {kind} already: {names[full, kind].spelled}."
        yield record.problem(None, found, "one record with all its values")
    elif others and "CNAME" in (kind, *(other[1] for other in others)):
        found = f"A CNAME stands alone under its name, and {names[others[0]].spelled} has that name too."
        yield record.problem("name", found, "another name, or an alias")
    names.setdefault((full, kind), record)
    if kind == "CNAME" and full == home:
        yield record.problem("type", "A zone's own name cannot be a CNAME.", "type A with an alias")


def _full(record: Item, name: str, home: str) -> str | Problem:
    """Return the full name of a record, or why it has none."""
    right = "a name in the zone: api, @ for the zone itself, or *"
    if not (home and name):
        return name
    if name.endswith(".") and not f".{name.lower()}".endswith(f".{home}."):
        return record.problem("name", f"{shown(name)} lies outside the zone {home}.", right)
    try:
        return _dns.full_name(name, home)
    except InputError as exc:
        return record.problem("name", f"{exc}.", right)


def _values(record: Item, kind: str, region: Region) -> t.Iterator[Problem]:
    alias, listed = record.get("alias"), record.get("values", [])
    said = "values" if listed else "multivalue"
    if alias and (listed or record.get("multivalue", [])):
        yield record.problem(said, f"An alias has no {said} of its own.", f"either {said} or alias")
    if alias and kind not in ("A", "AAAA"):
        yield record.problem("type", f"A record of type {kind} cannot be an alias here.", "A or AAAA")
    if alias and not _dns.is_domain(_dns.plain(record.child("alias").text("dns_name", "a.b"))):
        found = f"{shown(record.child('alias').get('dns_name'))} is not a full domain name."
        yield record.problem("alias", found, "the DNS name of the target, as AWS gives it")
    if not alias and listed == [] and not record.get("multivalue"):
        yield record.problem("values", "The record says nothing.", "at least one value, or an alias")
    yield from answers(record, kind, region, balancers=False)
