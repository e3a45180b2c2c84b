# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DNS names and records in the forms that Route 53 takes and gives, and whose a record is. Pure functions.

A record set has no tags, so that each of ours has a companion, made and deleted in the same atomic change batch:
``api.example.internal A`` is ours when ``_cloister-a.api.example.internal TXT`` says ``cloister region=us stack=dns``.
Of several multivalue answer records of one name each has one of its own with its identifier, ``... set=edge-a``.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT")
COMPANION = "_cloister-"
COMPANION_TTL_SECONDS = 300
LONGEST_NAME = 255
LONGEST_TEXT = 255
LONGEST_VALUE = 4000
MOST_VALUES = 400
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ESCAPE = re.compile(r"\\([0-7]{3})")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_OWNED_BY = re.compile(r"cloister region=(\S+) stack=(\S+)(?: set=\S+)?")

RecordSet = t.Mapping[str, t.Any]
Key = tuple[str, str, str]
"""Full name without the last dot, type, and the identifier of a multivalue answer record; empty for a simple one."""


def plain(name: str) -> str:
    """Return a name as people write it: lower case, without the last dot and without Route 53's octal escapes."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), name).rstrip(".").lower()


def is_domain(name: str) -> bool:
    """Return whether it can be the name of a zone: at least two labels, 253 characters at most."""
    labels = name.split(".")
    return len(name) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)


def full_name(name: str, zone: str) -> str:
    """Return the full name of ``name``: ``api`` in the zone, ``@`` for the zone itself, ``*``, or a full name in it."""
    given = plain(name)
    if given in ("", "@", zone):
        return zone
    full = given if given.endswith(f".{zone}") else f"{given}.{zone}"
    labels = full.split(".")
    if not all(_LABEL.fullmatch(label) for label in (labels[1:] if labels[0] == "*" else labels)):
        raise InputError(f"{name} is no name in zone {zone}; names are such as api, @ for the zone itself, or *")
    if len(companion_name((full, "CNAME", ""))) > LONGEST_NAME:
        raise InputError(f"{name} in zone {zone} is too long a name ({len(full)} characters)")
    return full


def short_name(full: str, zone: str) -> str:
    """Return ``full`` relative to ``zone``."""
    return "@" if full == zone else full.removesuffix(f".{zone}")


def quoted(text: str) -> str:
    """Return a TXT value: quoted strings of at most 255 characters, with octal escapes outside printable ASCII."""
    pieces = [text[start : start + LONGEST_TEXT] for start in range(0, len(text), LONGEST_TEXT)] or [""]
    return " ".join('"' + "".join(_escaped(character) for character in piece) + '"' for piece in pieces)


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if " " <= character <= "~" else "".join(f"\\{byte:03o}" for byte in character.encode("latin-1"))


def unquoted(value: str) -> str:
    """Return the text of a TXT value."""
    pieces = _QUOTED.findall(value)
    joined = "".join(pieces) if pieces else value
    return re.sub(r"\\([0-7]{3}|.)", lambda match: chr(int(match[1], 8)) if len(match[1]) == 3 else match[1], joined)


def values_wanted(kind: str, values: t.Sequence[str]) -> list[str]:
    """Return the values in the form of `values_found`; raise `InputError` for what the type cannot hold."""
    if not values or len(values) > MOST_VALUES or (kind == "CNAME" and len(values) > 1):
        raise InputError(f"it takes {'exactly one value' if kind == 'CNAME' else f'1 to {MOST_VALUES} values'}")
    if kind in ("A", "AAAA"):
        return sorted({_address(kind, value) for value in values})
    for value in values:
        if any(ord(character) > 255 for character in value) or len(quoted(value)) > LONGEST_VALUE:
            raise InputError(f"a value has at most {LONGEST_VALUE} characters, all of them Latin-1")
        if kind in ("CNAME", "MX", "NS", "PTR", "SRV") and not is_domain(plain(value.split(" ")[-1])):
            raise InputError(f"{value} does not end in a full domain name")
    return sorted({_comparable(kind, value) for value in values})


def values_found(kind: str, values: t.Iterable[str]) -> list[str]:
    """Return what Route 53 gives in a form that can be compared."""
    return sorted(_comparable(kind, unquoted(value) if kind == "TXT" else value) for value in values)


def _comparable(kind: str, value: str) -> str:
    if kind in ("TXT", "CAA"):
        return value
    return str(ipaddress.IPv6Address(value)) if kind == "AAAA" else plain(value)


def _address(kind: str, value: str) -> str:
    try:
        return str(ipaddress.IPv4Address(value) if kind == "A" else ipaddress.IPv6Address(value))
    except ValueError as exc:
        raise InputError(f"{value} is no address for type {kind}") from exc


def shape(record_set: RecordSet) -> dict[str, t.Any]:
    """Return what of a record set is compared: ``{ttl, values}`` or ``{alias: {dns_name, zone_id, ...}}``.

    A multivalue answer record has a ``health_check`` too, an id or None.
    """
    alias = record_set.get("AliasTarget")
    if alias:
        return {
            "alias": {
                "dns_name": plain(alias["DNSName"]),
                "zone_id": alias["HostedZoneId"],
                "evaluate_target_health": alias["EvaluateTargetHealth"],
            }
        }
    values = [item["Value"] for item in record_set.get("ResourceRecords") or ()]
    check = {"health_check": record_set.get("HealthCheckId")} if record_set.get("MultiValueAnswer") else {}
    return {"ttl": int(record_set.get("TTL", 0)), "values": values_found(record_set["Type"], values), **check}


def record_set(key: Key, wanted: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the record set that has this shape."""
    name, kind, identifier = key
    made: dict[str, t.Any] = {"Name": f"{name}.", "Type": kind}
    if "alias" in wanted:
        alias = wanted["alias"]
        made["AliasTarget"] = {
            "DNSName": f"{alias['dns_name']}.",
            "HostedZoneId": alias["zone_id"],
            "EvaluateTargetHealth": alias["evaluate_target_health"],
        }
        return made
    values = [quoted(value) if kind == "TXT" else value for value in wanted["values"]]
    if identifier:
        made.update(SetIdentifier=identifier, MultiValueAnswer=True)
    if wanted.get("health_check"):
        made["HealthCheckId"] = wanted["health_check"]
    return {**made, "TTL": wanted["ttl"], "ResourceRecords": [{"Value": value} for value in values]}


def companion_name(key: Key) -> str:
    """Return the full name of the companion of a record set."""
    return f"{COMPANION}{key[1].lower()}.{key[0]}"


def companion(key: Key, region: str, stack: str) -> dict[str, t.Any]:
    """Return the companion that makes a record set a stack's."""
    owner = f"cloister region={region} stack={stack}"
    said = {"ttl": COMPANION_TTL_SECONDS, "values": [f"{owner} set={key[2]}" if key[2] else owner]}
    return record_set((companion_name(key), "TXT", key[2]), said)


@dataclass
class Ours:
    """A record set of ours and its companion; ``record`` is None when a person deleted it and left the companion."""

    stack: str
    companion: RecordSet
    record: RecordSet | None = None


@dataclass
class Content:
    """A zone's record sets, but for those that Route 53 puts there itself."""

    ours: dict[Key, Ours] = field(default_factory=dict)
    theirs: list[RecordSet] = field(default_factory=list)


def sort_out(record_sets: t.Iterable[RecordSet], zone: str, region: str) -> Content:
    """Tell the region's record sets from all others."""
    content = Content()
    rest: list[RecordSet] = []
    for item in record_sets:
        key = _companion_of(item)
        owner = _OWNED_BY.fullmatch(shape(item)["values"][0]) if key else None
        if key and owner and owner[1] == region:
            content.ours[key] = Ours(owner[2], item)
        elif not (item["Type"] in ("SOA", "NS") and plain(item["Name"]) == zone):
            rest.append(item)
    for item in rest:
        ours = content.ours.get((plain(item["Name"]), item["Type"], item.get("SetIdentifier", "")))
        # One with another routing policy shares its name and type, not its making.
        if ours and _is_answered_whole(item):
            ours.record = item
        else:
            content.theirs.append(item)
    return content


def _companion_of(item: RecordSet) -> Key | None:
    """Return what ``item`` would be the companion of, if it has the form of one."""
    head, _dot, rest = plain(item["Name"]).partition(".")
    kind = head.removeprefix(COMPANION).upper()
    alone = item["Type"] == "TXT" and len(item.get("ResourceRecords") or ()) == 1 and _is_answered_whole(item)
    fits = alone and head.startswith(COMPANION) and kind in TYPES
    return (rest, kind, item.get("SetIdentifier", "")) if fits else None


def _is_answered_whole(item: RecordSet) -> bool:
    """Return whether it has no routing policy but that of multivalue answers."""
    return "SetIdentifier" not in item or bool(item.get("MultiValueAnswer"))


def said_by_others(content: Content, stack: str | None) -> dict[Key, RecordSet]:
    """Return what a stack did not put into a zone, by name and type; of several with a routing policy the last."""
    theirs = {(plain(item["Name"]), item["Type"], ""): item for item in content.theirs}
    return theirs | {key: own.record for key, own in content.ours.items() if own.record and own.stack != stack}


def clash(key: Key, content: Content, stack: str | None) -> str | None:
    """Return what of others stands where ``key`` would, or cannot stand beside it, as a person would say it."""
    for item in content.theirs:
        identifier = str(item.get("SetIdentifier", "")) if _is_answered_whole(item) else ""
        there = (plain(item["Name"]), item["Type"], identifier)
        if _excludes(key, there) or _excludes((companion_name(key), "TXT", key[2]), there):
            return told(item)
    for there, own in content.ours.items():
        if own.stack != stack and _excludes(key, there):
            return f"{' '.join(there).strip()} of stack {own.stack}"
    return None


def _excludes(one: Key, other: Key) -> bool:
    """Return whether two cannot stand in one zone: a CNAME stands alone, and only multivalue answers share a name."""
    if one[0] != other[0]:
        return False
    if one[1] != other[1]:
        return "CNAME" in (one[1], other[1])
    return one[2] == other[2] or not (one[2] and other[2])


def told(item: RecordSet) -> str:
    """Return a record set as a person would say it."""
    said = shape(item)
    target = said["alias"]["dns_name"] if "alias" in said else ", ".join(said["values"])
    return f"{plain(item['Name'])} {item['Type']} ({target})"
