# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Record sets: a batch is checked as a whole and then applied as a whole.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

import ipaddress
import typing as t

from moto.core.responses import ActionResult
from moto.route53.models import RecordSet

from lab.embedded_aws.truth.route53.health_checks import find_check
from lab.embedded_aws.truth.route53.zones import Response, Zone, change, find, full_name, refuse

Wanted = dict[str, t.Any]
Key = tuple[str, str, str | None]
ADDRESSES = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
POLICIES = ("Weight", "Region", "Failover", "GeoLocation", "MultiValueAnswer")
# Members of a record set that are shown as they were given.
ROUTING = ("SetIdentifier", "HealthCheckId", *POLICIES)
ATTRIBUTES = {
    "SetIdentifier": "set_identifier", "Weight": "weight", "Region": "region", "Failover": "failover",
    "MultiValueAnswer": "multi_value_answer", "HealthCheckId": "health_check_id", "GeoLocation": "geo_location",
}  # fmt: skip


def change_resource_record_sets(self: Response) -> ActionResult:
    zone = find(self, self._get_param("HostedZoneId"))
    held = {_key_of(record): record for record in zone.rrsets}
    for one in self._get_param("ChangeBatch.Changes"):
        check = one["ResourceRecordSet"].get("HealthCheckId")
        if check and one["Action"] != "DELETE":
            find_check(self, check)
        _apply(zone, held, one["Action"], one["ResourceRecordSet"])
    zone.rrsets = list(held.values())
    return ActionResult({"ChangeInfo": change(self._get_param("ChangeBatch.Comment"))})


def _refuse_batch(message: str) -> t.NoReturn:
    refuse("InvalidChangeBatch", f"[{message}]")


def stored_name(name: str) -> str:
    """A name as Route 53 keeps it; it writes * as \\052."""
    return full_name(name).replace("*", "\\052")


def _key(wanted: Wanted) -> Key:
    return stored_name(wanted["Name"]), wanted["Type"], wanted.get("SetIdentifier")


def _key_of(record: RecordSet) -> Key:
    return stored_name(record.name), str(record.type), record.set_identifier


def _apply(zone: Zone, held: dict[Key, RecordSet], action: str, wanted: Wanted) -> None:
    key = _key(wanted)
    name, kind, _ = key
    if name != zone.name and not name.endswith("." + zone.name):
        _refuse_batch(f"RRSet with DNS name {name} is not permitted in zone {zone.name}")
    _check_shape(action, key, wanted)
    if action == "DELETE":
        _delete(zone, held, key, wanted)
        return
    if action == "CREATE" and key in held:
        _refuse_batch(f"Tried to create resource record set [name='{name}', type='{kind}'] but it already exists")
    _check_values(kind, wanted)
    _check_neighbours(zone, held, key, wanted)
    if wanted.get("AliasTarget"):
        _check_alias(zone, held, key, wanted["AliasTarget"])
    values = [one["Value"] for one in wanted.get("ResourceRecords") or []]
    held[key] = RecordSet({**wanted, "Name": name, "ResourceRecords": values})


def _check_shape(action: str, key: Key, wanted: Wanted) -> None:
    """A set is an alias or has values with a time to live; one with an identifier has one routing policy."""
    _check_policy(action, key, wanted)
    alias, values = bool(wanted.get("AliasTarget")), bool(wanted.get("ResourceRecords"))
    plain = values and wanted.get("TTL") is not None
    if alias != plain and alias != values:
        return
    found = "more than one" if alias and values else "none"
    refuse(
        "InvalidInput",
        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
        f"TrafficPolicyInstanceId], but found {found} in Change with [Action={action}, Name={wanted['Name']}, "
        f"Type={key[1]}, SetIdentifier={key[2] or 'null'}]",
    )


def _check_policy(action: str, key: Key, wanted: Wanted) -> None:
    where = f"in Change with [Action={action}, Name={wanted['Name']}, Type={key[1]}, SetIdentifier={key[2] or 'null'}]"
    said = [name for name in POLICIES if wanted.get(name) is not None]
    if said and not key[2]:
        refuse("InvalidInput", f"Invalid request: Missing field 'SetIdentifier' {where}")
    if key[2] and len(said) != 1:
        refuse(
            "InvalidInput",
            "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer], "
            f"but found {'more than one' if said else 'none'} {where}",
        )
    if "MultiValueAnswer" in said and (wanted.get("AliasTarget") or key[1] in ("CNAME", "NS")):
        refuse("InvalidInput", f"Invalid request: Multivalue answer is not possible for aliases, CNAME and NS {where}")


def _delete(zone: Zone, held: dict[Key, RecordSet], key: Key, wanted: Wanted) -> None:
    name, kind, _ = key
    if key not in held:
        _refuse_batch(f"Tried to delete resource record set [name='{name}', type='{kind}'] but it was not found")
    if _content(view(held[key])) != _content(wanted):
        _refuse_batch(
            f"Tried to delete resource record set [name='{name}', type='{kind}'] but the values provided do not match "
            "the current values"
        )
    if name == zone.name and kind in ("NS", "SOA"):
        _refuse_batch(f"A HostedZone must contain at least one {kind} record for the zone itself.")
    del held[key]


def _content(wanted: Wanted) -> tuple[t.Any, ...]:
    alias = wanted.get("AliasTarget") or {}
    values = sorted(one["Value"] for one in wanted.get("ResourceRecords") or [])
    target = (alias.get("HostedZoneId"), full_name(alias["DNSName"])) if alias else None
    routed = [str(wanted.get(name)).lower() for name in (*POLICIES, "HealthCheckId")]
    return str(wanted.get("TTL")), values, target, routed


def _check_values(kind: str, wanted: Wanted) -> None:
    values = [one["Value"] for one in wanted.get("ResourceRecords") or []]
    for value in values:
        if values.count(value) > 1:
            _refuse_batch(f"Duplicate Resource Record: '{value}'")
    if kind not in ADDRESSES:
        return
    for value in values:
        try:
            ADDRESSES[kind](value)
        except ValueError:
            version = "IPv4" if kind == "A" else "IPv6"
            _refuse_batch(
                f"Invalid Resource Record: 'FATAL problem: {kind}RRDATAIllegal{version}Address (Value is not a valid "
                f"{version} address) encountered with '{value}''"
            )


def _check_neighbours(zone: Zone, held: dict[Key, RecordSet], key: Key, wanted: Wanted) -> None:
    """A CNAME stands alone; sets of one name and type have one policy."""
    name, kind, _identifier = key
    if kind == "CNAME" and name == zone.name:
        _refuse_batch(f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone.name}")
    for other_name, other_kind, _other in held:
        if other_name == name and other_kind != kind and "CNAME" in (kind, other_kind):
            _refuse_batch(
                f"RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with other records with "
                f"the same DNS name in zone {zone.name}"
            )
    _check_policies(held, key, wanted)


def _check_policies(held: dict[Key, RecordSet], key: Key, wanted: Wanted) -> None:
    """All sets of one name and type have one policy."""
    name, kind, identifier = key
    mine = _policy(wanted)
    for other, record in held.items():
        if other[:2] != key[:2] or other == key or _policy(view(record)) == mine:
            continue
        beside = "a non multivalue answer rrset exists" if mine == "MultiValueAnswer" else "other RRSets exist"
        _refuse_batch(
            f"RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier or 'null'} cannot be created because "
            f"{beside} with the same name and type."
        )


def _policy(wanted: Wanted) -> str | None:
    return next((name for name in POLICIES if wanted.get(name) is not None), None)


def _check_alias(zone: Zone, held: dict[Key, RecordSet], key: Key, alias: Wanted) -> None:
    """An alias inside the zone needs its target there; targets in AWS's own zones are taken as they are."""
    if alias["HostedZoneId"] != zone.resource_id:
        return
    target, kind = stored_name(alias["DNSName"]), key[1]
    if target != zone.name and not target.endswith("." + zone.name):
        _refuse_batch(
            f"Tried to create an alias that targets {target}, type {kind} in zone {zone.resource_id}, but the alias "
            "target name does not lie within the target zone"
        )
    if not any(name == target and other == kind for name, other, _ in held):
        _refuse_batch(
            f"Tried to create an alias that targets {target}, type {kind} in zone {zone.resource_id}, but that target "
            "was not found"
        )


def view(record: RecordSet) -> dict[str, t.Any]:
    """A record set as ListResourceRecordSets shows it."""
    shown: dict[str, t.Any] = {"Name": stored_name(record.name), "Type": record.type}
    shown.update(
        {key: getattr(record, ATTRIBUTES[key]) for key in ROUTING if getattr(record, ATTRIBUTES[key]) is not None}
    )
    if record.alias_target:
        alias = record.alias_target
        health = alias.get("EvaluateTargetHealth", False)
        shown["AliasTarget"] = {
            "HostedZoneId": alias["HostedZoneId"], "DNSName": full_name(alias["DNSName"]),
            "EvaluateTargetHealth": health in (True, "true"),
        }  # fmt: skip
        return shown
    shown["TTL"] = int(record.ttl or 0)
    shown["ResourceRecords"] = [{"Value": one["Value"] if isinstance(one, dict) else one} for one in record.records]
    return shown


def _order(record: RecordSet) -> tuple[list[str], str, str]:
    return (
        list(reversed(stored_name(record.name).rstrip(".").split("."))),
        str(record.type),
        record.set_identifier or "",
    )


def list_resource_record_sets(self: Response) -> ActionResult:
    """Record sets by names read from the right, from the start the request gives."""
    zone = find(self, self._get_param("HostedZoneId"))
    size = int(self._get_param("MaxItems") or 300)
    name, kind = self._get_param("StartRecordName"), self._get_param("StartRecordType")
    if kind and not name:
        refuse("InvalidInput", "The input is not valid")
    records = sorted(zone.rrsets, key=_order)
    if name:
        labels = list(reversed(stored_name(name).rstrip(".").split(".")))
        start = (labels, kind or "", self._get_param("StartRecordIdentifier") or "")
        records = [record for record in records if _order(record) >= start]
    page, rest = records[:size], records[size:]
    result: dict[str, t.Any] = {
        "ResourceRecordSets": [view(record) for record in page], "IsTruncated": bool(rest), "MaxItems": str(size)
    }  # fmt: skip
    if rest:
        result.update(
            NextRecordName=stored_name(rest[0].name),
            NextRecordType=rest[0].type,
            NextRecordIdentifier=rest[0].set_identifier,
        )
    return ActionResult(result)
