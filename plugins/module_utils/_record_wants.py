# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From entries of ``dns_records`` to the shapes that records of a zone shall have, by label such as ``api A``.

A multivalue answer record has its identifier in its label too, ``partner A edge-a``: its address, or the name of the
Elastic IP that it is. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-multivalue.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._dns import Key, full_name, plain, short_name, values_wanted
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown, unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.elastic_ip import ElasticIp

TTL_SECONDS, CHECKED_TTL_SECONDS = 300, 60
"""How long answers are remembered; those that a health check may take back no longer than AWS advises."""
ONE_BY_ONE = ("A", "AAAA")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

Entry = t.Mapping[str, t.Any]
Lookup = t.Callable[[str], str]
"""From a name to what it stands for."""


def label_of(key: Key, domain: str) -> str:
    """Return what a record is called in its zone."""
    return " ".join([short_name(key[0], domain), *key[1:]]).rstrip()


def key_of(label: str, domain: str) -> Key:
    """Return the record that `label_of` calls so."""
    name, kind, identifier = (*label.split(), "")[:3]
    return (domain if name == "@" else f"{name}.{domain}", kind, identifier)


def is_name(value: str) -> bool:
    """Return whether an address is given by the name of an Elastic IP."""
    return bool(_NAME.fullmatch(value))


def address_of(names: Names, aws: Aws, name: str) -> str:
    """Return the address that an Elastic IP of the region is, or in check mode the marker of one that is not there."""
    if names.adopted(ElasticIp, name):
        one = [names.id(ElasticIp, name)]
        return str(aws.call("ec2", "describe_addresses", AllocationIds=one)["Addresses"][0]["PublicIp"])
    found = names.found(ElasticIp, name)
    return str(found.raw["PublicIp"]) if found else unknown(ElasticIp.noun, name)


def _later(name: str) -> str:
    return unknown("answer", name)


def wishes(
    records: t.Iterable[Entry],
    part: str,
    domain: str,
    zone: str | None = None,
    address: Lookup = _later,
    check: Lookup = _later,
) -> dict[str, t.Any]:
    """Return the shapes that records of one zone shall have, by label; raise `InputError` for what cannot be.

    ``address`` knows the Elastic IPs by name, ``check`` the ids of health checks by part.
    """
    fields: dict[str, t.Any] = {}
    for record in records:
        for label, wanted in _wish({**record, "zone": part}, domain, zone, address, check):
            if label in fields:
                raise InputError(f"record {label} in zone {part} is listed twice; give it all its values at once")
            fields[label] = wanted
    _refuse_mixtures(fields, part)
    return fields


def _refuse_mixtures(fields: t.Iterable[str], part: str) -> None:
    keys = [key_of(label, "") for label in fields]
    cnames = {key[0] for key in keys if key[1] == "CNAME"}
    both = sorted(label_of(key, "") for key in keys if key[0] in cnames and key[1] != "CNAME")
    if both:
        raise InputError(f"zone {part}: {', '.join(both)} cannot stand beside a CNAME of the same name")
    simple = {key[:2] for key in keys if not key[2]}
    mixed = sorted(label_of(key, "") for key in keys if key[2] and key[:2] in simple)
    if mixed:
        raise InputError(f"zone {part}: {', '.join(mixed)} cannot stand beside a record without `multivalue`")


def _wish(
    record: Entry, domain: str, zone: str | None, address: Lookup, check: Lookup
) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Yield the labels and shapes of what one entry wants: one record, or one for each of its multivalue answers."""
    kind, alias = record["type"], record["alias"]
    key = (full_name(record["name"], domain), kind, "")
    label = label_of(key, domain)
    about = f"record {label} in zone {record['zone']}"
    if label in ("@ CNAME", "@ NS"):
        raise InputError(f"{about}: the zone's own name has Route 53's NS record and no CNAME; use an alias of type A")
    if [bool(alias), bool(record["values"]), bool(record.get("multivalue"))].count(True) != 1:
        raise InputError(f"{about}: give exactly one of `values`, `multivalue` and `alias`")
    if alias:
        target = {**alias, "dns_name": plain(alias["dns_name"]), "zone_id": alias["zone_id"] or zone}
        yield label, {"alias": target}
        return
    ttl = ttl_of(record)
    try:
        if record["values"]:
            yield label, {"ttl": ttl, "values": _values(kind, record["values"], address)}
        for answer in record.get("multivalue") or ():
            form = {"ttl": ttl, "values": _values(kind, [_one(kind, answer)], address)}
            part = check_part(record, domain, answer)
            yield f"{label} {answer['address']}", {**form, "health_check": check(part) if part else None}
    except InputError as exc:
        raise InputError(f"{about}: {exc}") from exc


def ttl_of(record: Entry) -> int:
    """Return how long an answer is remembered."""
    checked = any(answer["health_check"] for answer in record.get("multivalue") or ())
    usual = CHECKED_TTL_SECONDS if checked else TTL_SECONDS
    return int(usual if record["ttl_seconds"] is None else record["ttl_seconds"])


def check_part(record: Entry, domain: str, answer: Entry) -> str | None:
    """Return the logical name of the health check of an answer.

    It says what AWS never changes on a living one, so that another protocol or interval is another health check: the
    record goes over to it before the old one goes.
    """
    said = answer["health_check"]
    if not said:
        return None
    name = short_name(full_name(record["name"], domain), domain).replace("*", "=any")
    how = f"{said['protocol'].lower()}-{said['interval_seconds']}"
    return f"{record['zone']}/{name}/{record['type'].lower()}/{answer['address']}/{how}"


def zone_of(part: str) -> str:
    """Return the zone of the record that a health check is for."""
    return part.partition("/")[0]


def _one(kind: str, answer: Entry) -> str:
    if kind not in ONE_BY_ONE:
        raise InputError(f"`multivalue` lists addresses, for types {' and '.join(ONE_BY_ONE)}")
    return str(answer["address"])


def _values(kind: str, given: t.Sequence[str], address: Lookup) -> list[str]:
    """Return the values as they are compared, the names of Elastic IPs as their addresses."""
    values = [address(value) if kind == "A" and is_name(value) else value for value in given]
    known = [value for value in values if not is_unknown(value)]
    late = sorted({value for value in values if is_unknown(value)})
    return (values_wanted(kind, known) if known or not late else []) + late
