# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Change batches of Route 53: each change sees those before it, and one that is refused undoes them all."""

from __future__ import annotations

import typing as t

MOST_VALUES, MOST_CHARACTERS = 1000, 32000

Refuse = t.Callable[[str, str], t.NoReturn]


def change(zone: t.Any, changes: list[dict[str, t.Any]], refuse: Refuse) -> list[t.Any]:
    """The zone's record sets after ``changes``; InvalidChangeBatch when one of them cannot be made."""
    from moto.route53.models import RecordSet

    _refuse_size(changes, refuse)
    sets = list(zone.rrsets)
    for item in changes:
        wanted = _clean(item["ResourceRecordSet"])
        about = f"[name='{wanted['Name']}', type='{wanted['Type']}']"
        if not f".{wanted['Name']}".endswith(f".{zone.name}"):
            refuse("InvalidChangeBatch", f"[RRSet with DNS name {wanted['Name']} is not permitted in zone {zone.name}]")
        twin = next((one for one in sets if _key(_said(one)) == _key(wanted)), None)
        if item["Action"] == "DELETE":
            if twin is None:
                refuse("InvalidChangeBatch", f"[Tried to delete resource record set {about} but it was not found]")
            if _said(twin) != wanted:
                text = "but the values provided do not match the current values"
                refuse("InvalidChangeBatch", f"[Tried to delete resource record set {about} {text}]")
            sets.remove(twin)
            continue
        if twin and item["Action"] == "CREATE":
            refuse("InvalidChangeBatch", f"[Tried to create resource record set {about} but it already exists]")
        if twin:
            sets.remove(twin)
        for other in map(_said, sets):
            _refuse_neighbour(wanted, other, about, refuse)
        sets.append(RecordSet(wanted))
    return sets


def _refuse_size(changes: list[dict[str, t.Any]], refuse: Refuse) -> None:
    values = characters = 0
    for item in changes:
        times = 2 if item["Action"] == "UPSERT" else 1
        records = item["ResourceRecordSet"].get("ResourceRecords") or []
        values += times * len(records)
        characters += times * sum(len(record["Value"]) for record in records)
    if values > MOST_VALUES:
        refuse("InvalidChangeBatch", f"Number of records limit of {MOST_VALUES} exceeded.")
    if characters > MOST_CHARACTERS:
        refuse("InvalidChangeBatch", f"Number of characters limit of {MOST_CHARACTERS} exceeded.")


def _refuse_neighbour(wanted: dict[str, t.Any], other: dict[str, t.Any], about: str, refuse: Refuse) -> None:
    if other["Name"] != wanted["Name"]:
        return
    if other["Type"] != wanted["Type"] and "CNAME" in (other["Type"], wanted["Type"]):
        text = f"[RRSet of type {wanted['Type']} with DNS name {wanted['Name']} is not permitted because a conflicting "
        refuse("InvalidChangeBatch", f"{text}RRSet of type {other['Type']} with the same DNS name already exists]")
    if other["Type"] == wanted["Type"] and ("SetIdentifier" in other) != ("SetIdentifier" in wanted):
        refuse("InvalidChangeBatch", f"[RRSet {about} cannot stand beside one of another routing policy]")


def _clean(wanted: dict[str, t.Any]) -> dict[str, t.Any]:
    """A record set in the form in which moto keeps it, names as AWS gives them back."""
    name = wanted["Name"].lower().rstrip(".").replace("*", "\\052") + "."
    kept = {**wanted, "Name": name}
    if wanted.get("AliasTarget"):
        kept["AliasTarget"] = {**wanted["AliasTarget"], "DNSName": wanted["AliasTarget"]["DNSName"].rstrip(".") + "."}
    if "TTL" in wanted:
        kept["TTL"] = int(wanted["TTL"])
    if "ResourceRecords" in wanted:
        kept["ResourceRecords"] = [record["Value"] for record in wanted["ResourceRecords"]]
    return {key: value for key, value in kept.items() if value not in (None, [])}


def _said(one: t.Any) -> dict[str, t.Any]:
    """What moto keeps of a record set, in the form of `_clean`."""
    said = {
        "Name": one.name, "Type": one.type, "TTL": int(one.ttl) if one.ttl is not None else None,
        "ResourceRecords": one.records, "SetIdentifier": one.set_identifier, "Weight": one.weight,
        "Region": one.region, "HealthCheckId": one.health_check_id, "AliasTarget": one.alias_target,
        "Failover": one.failover, "GeoLocation": one.geo_location, "MultiValueAnswer": one.multi_value_answer,
    }  # fmt: skip
    return {key: value for key, value in said.items() if value not in (None, [])}


def _key(said: dict[str, t.Any]) -> tuple[str, str, str | None]:
    return said["Name"], said["Type"], said.get("SetIdentifier")
