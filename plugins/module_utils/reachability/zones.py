# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosted zone answers for a name, and with which record.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html has the wildcards.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._dns import plain
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, Thing
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken

ADDRESS_TYPES = ("A", "AAAA", "CNAME")
MOST_ANSWERS = 8


def covers(zone: str, name: str) -> bool:
    """Return whether a name is in a zone."""
    return name == zone or name.endswith(f".{zone}")


def vpcs_of(zone: Thing) -> list[str]:
    """Return the VPCs that a private zone is associated with."""
    return [str(one.get("VPCId")) for one in zone.get("VPCs") or () if one.get("VPCId")]


def private_zones_work(vpc: Thing) -> bool:
    """Return whether private zones work in a VPC: both DNS attributes are on."""
    return bool(vpc.get("EnableDnsSupport", True) and vpc.get("EnableDnsHostnames", True))


def answering(region: Region, vpc_id: str | None, name: str) -> Thing | None:
    """Return the zone that answers for a name: private zones of the VPC before public ones, the longest first."""
    matching = [zone for zone in region.all("hosted_zones") if covers(plain(str(zone.get("Name") or ".")), name)]
    works = vpc_id is not None and private_zones_work(region.get("vpcs", vpc_id) or {})
    private = [zone for zone in matching if zone.get("PrivateZone") and works and vpc_id in vpcs_of(zone)]
    public = [zone for zone in matching if not zone.get("PrivateZone")]
    return max(private or public, key=lambda zone: len(plain(zone["Name"])), default=None)


def unheard(region: Region, vpc_id: str | None, name: str) -> tuple[Thing, Step] | None:
    """Return a private zone that has the name but does not count in the VPC, and why it does not."""
    having = [
        zone
        for zone in region.all("hosted_zones")
        if zone.get("PrivateZone") and covers(plain(str(zone.get("Name") or ".")), name) and records_of(zone, name)
    ]
    zone = max(having, key=lambda one: len(plain(one["Name"])), default=None)
    if zone is None:
        return None
    said, where = f"zone {plain(zone['Name'])} ({zone.get('Id')})", region.called("vpcs", vpc_id)
    if vpc_id is None:
        step = broken(
            "name-unknown", f"{name} is in private {said} only", "use a name in a public zone", zone.get("Id")
        )
    elif vpc_id in vpcs_of(zone):
        text = f"{where} has enableDnsHostnames off, so that private {said} does not count in it"
        step = broken(
            "dns-hostnames-off", text, "network_vpcs turns it on: run the stack network", vpc_id, zone.get("Id")
        )
    else:
        others = ", ".join(region.called("vpcs", one) for one in vpcs_of(zone)) or "no VPC"
        text = f"{name} is in private {said}, which is associated with {others} and not with {where}"
        fix = f"add the VPC to vpcs of {plain(zone['Name'])} in dns_zones"
        step = broken("zone-not-associated", text, fix, zone.get("Id"), vpc_id)
    return zone, step


def records_of(zone: Thing, name: str) -> list[Thing]:
    """Return the address records for a name: its own, or those of the nearest wildcard.

    They are several where each is a multivalue answer. A name that has other records, or names below it, is not covered
    by a wildcard.
    """
    records: dict[str, list[Thing]] = {}
    for record in zone.get("Records") or ():
        records.setdefault(plain(str(record.get("Name") or "")), []).append(record)
    there = set(records)
    candidate, end = name, plain(str(zone.get("Name") or ""))
    while True:
        if candidate in there or (candidate == name and any(one.endswith(f".{name}") for one in there)):
            return _addresses(records.get(candidate, []))
        parent = candidate.removeprefix("*.") if candidate.startswith("*.") else candidate
        parent = parent.partition(".")[2]
        if not parent or not covers(end, parent):
            return []
        candidate = f"*.{parent}"


def _addresses(records: t.Sequence[Thing]) -> list[Thing]:
    for kind in ADDRESS_TYPES:
        found = [record for record in records if record.get("Type") == kind]
        if found:
            return found if found[0].get("MultiValueAnswer") else found[:1]
    return []


def answered(region: Region, records: t.Sequence[Thing]) -> tuple[list[Thing], str]:
    """Return which of the records for a name answer, and what is to be said of the others.

    One whose health check is not known counts as well.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-multivalue.html
    """

    def well(record: Thing) -> bool:
        return bool((region.get("health_checks", record.get("HealthCheckId")) or {}).get("Healthy", True))

    ill = [str(record.get("SetIdentifier")) for record in records if not well(record)]
    if not ill or len(records) == 1:
        return [*records][:MOST_ANSWERS], ""
    if len(ill) == len(records):
        return [*records][:MOST_ANSWERS], ", with all its addresses, since health checks find none of them well"
    said = (
        f", without {', '.join(ill)}, which {'its health check' if len(ill) == 1 else 'their health checks'} withdrew"
    )
    return [record for record in records if well(record)][:MOST_ANSWERS], said


def leads_to(record: Thing) -> str:
    """Return the name that an alias or CNAME leads to, or ""."""
    alias = (record.get("AliasTarget") or {}).get("DNSName")
    values = [one.get("Value") for one in record.get("ResourceRecords") or ()]
    return plain(str(alias or (values[0] if values else "") or ""))
