# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosted zones.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
"""

from __future__ import annotations

import re
import secrets
import string
import typing as t

from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.delays import current as delays
from lab.embedded_aws.truth.patching import refuser

refuse = refuser("route53")

Response = t.Any  # moto's Route53 response: _get_param, backend, current_account, partition
Zone = t.Any  # moto's FakeZone
MOST_TAGGED_AT_ONCE = 10
DOMAIN = re.compile(r"(?:[a-z0-9_*](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+")
_changes: dict[str, float] = {}


def new_zone_id(**_: t.Any) -> str:
    return "Z0" + _letters(19)


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(count))


def change(comment: str | None = None) -> dict[str, t.Any]:
    """A new change, in sync once its delay has passed."""
    identifier = "/change/C" + _letters(20)
    _changes[identifier] = clock.now() + delays["route53_change"]
    return _change_info(identifier, comment)


def _change_info(identifier: str, comment: str | None = None) -> dict[str, t.Any]:
    waiting = _changes[identifier] > clock.now()
    status = "PENDING" if waiting else "INSYNC"
    return {"Id": identifier, "Status": status, "SubmittedAt": utcnow(), "Comment": comment}


def get_change(self: Response) -> ActionResult:
    identifier = "/change/" + self._get_param("Id").rpartition("/")[2]
    if identifier not in _changes:
        refuse("NoSuchChange", f"Could not find resource with ID: {identifier.rpartition('/')[2]}")
    return ActionResult({"ChangeInfo": _change_info(identifier)})


def full_name(name: str) -> str:
    """The name as Route 53 keeps it: lower case, with a dot at its end."""
    return name.lower().rstrip(".") + "."


def find(self: Response, zone_id: str) -> Zone:
    """A zone of the caller's account."""
    zone = self.backend.zones.get(zone_id.rpartition("/")[2])
    if zone is None:
        refuse("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id.rpartition('/')[2]}")
    return zone


def vpc_view(vpc: dict[str, str]) -> dict[str, str]:
    return {"VPCId": vpc["vpc_id"], "VPCRegion": vpc["vpc_region"]}


def view(zone: Zone) -> dict[str, t.Any]:
    return {
        "Id": zone.id, "Name": zone.name, "CallerReference": zone.caller_reference,
        "Config": {"Comment": zone.comment, "PrivateZone": zone.private_zone},
        "ResourceRecordSetCount": len(zone.rrsets),
    }  # fmt: skip


def create_hosted_zone(self: Response) -> ActionResult:
    from lab.embedded_aws.truth.route53.associations import check_conflict, owner_of

    name, reference = full_name(self._get_param("Name")), self._get_param("CallerReference")
    vpc_id, region = self._get_param("VPC.VPCId"), self._get_param("VPC.VPCRegion")
    if not DOMAIN.fullmatch(name):
        refuse("InvalidDomainName", f"DNS name {name} is not valid")
    if any(zone.caller_reference == reference for zone in self.backend.zones.values()):
        refuse(
            "HostedZoneAlreadyExists",
            f"A hosted zone has already been created with the specified caller reference: {reference}",
        )
    if self._get_bool_param("HostedZoneConfig.PrivateZone", False) and not vpc_id:
        message = "When you're creating a private hosted zone you must also specify values for VPCId and VPCRegion."
        refuse("InvalidInput", message)
    if vpc_id:
        if owner_of(self.partition, vpc_id, region) != self.current_account:
            refuse(
                "NotAuthorizedException",
                f"The VPC: {vpc_id} in region {region} you provided is not authorized to make the association.",
            )
        check_conflict(self.partition, name, vpc_id, region)
    zone = self.backend.create_hosted_zone(
        name, comment=self._get_param("HostedZoneConfig.Comment"), private_zone=bool(vpc_id),
        caller_reference=reference, vpcid=vpc_id, vpcregion=region,
        delegation_set_id=self._get_param("DelegationSetId"),
    )  # fmt: skip
    result = {
        "HostedZone": view(zone), "ChangeInfo": change(), "DelegationSet": None if vpc_id else zone.delegation_set,
        "VPC": vpc_view(zone.vpcs[0]) if vpc_id else None,
        "Location": f"https://route53.amazonaws.com/2013-04-01{zone.id}",
    }  # fmt: skip
    return ActionResult(result)


def get_hosted_zone(self: Response) -> ActionResult:
    zone = find(self, self._get_param("Id"))
    result: dict[str, t.Any] = {"HostedZone": view(zone), "DelegationSet": None, "VPCs": None}
    if zone.private_zone:
        result["VPCs"] = [vpc_view(vpc) for vpc in zone.vpcs]
    else:
        result["DelegationSet"] = zone.delegation_set
    return ActionResult(result)


def delete_hosted_zone(self: Response) -> ActionResult:
    zone = find(self, self._get_param("Id"))
    if any(record.type not in ("NS", "SOA") or record.name != zone.name for record in zone.rrsets):
        refuse(
            "HostedZoneNotEmpty",
            "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        )
    self.backend.zones.pop(zone.resource_id)
    self.backend.resource_tags.pop(zone.resource_id, None)
    return ActionResult({"ChangeInfo": change()})


def list_hosted_zones(self: Response) -> ActionResult:
    size, marker = int(self._get_param("MaxItems") or 100), self._get_param("Marker")
    ids = sorted(self.backend.zones)
    start = ids.index(marker) if marker in ids else 0
    page, rest = ids[start : start + size], ids[start + size :]
    result = {
        "HostedZones": [view(self.backend.zones[one]) for one in page], "Marker": marker, "IsTruncated": bool(rest),
        "NextMarker": rest[0] if rest else None, "MaxItems": str(size),
    }  # fmt: skip
    return ActionResult(result)


def list_hosted_zones_by_name(self: Response) -> ActionResult:
    """Zones in the order of their names read from the right, from DNSName on."""
    size, name = int(self._get_param("MaxItems") or 100), self._get_param("DNSName")
    zones = sorted(self.backend.zones.values(), key=lambda zone: (_turned(zone.name), zone.resource_id))
    if name:
        zones = [zone for zone in zones if _turned(zone.name) >= _turned(full_name(name))]
    page, rest = zones[:size], zones[size:]
    result = {
        "HostedZones": [view(zone) for zone in page], "DNSName": name, "HostedZoneId": None, "MaxItems": str(size),
        "IsTruncated": bool(rest), "NextDNSName": rest[0].name if rest else None,
        "NextHostedZoneId": rest[0].resource_id if rest else None,
    }  # fmt: skip
    return ActionResult(result)


def _turned(name: str) -> list[str]:
    return list(reversed(name.rstrip(".").split(".")))


def list_hosted_zones_by_vpc(self: Response) -> ActionResult:
    from lab.embedded_aws.truth.route53.associations import every_zone

    vpc = {"vpc_id": self._get_param("VPCId"), "vpc_region": self._get_param("VPCRegion")}
    found = [
        {"HostedZoneId": zone.resource_id, "Name": zone.name, "Owner": {"OwningAccount": account}}
        for account, zone in every_zone(self.partition)
        if vpc in zone.vpcs
    ]
    return ActionResult({"HostedZoneSummaries": found, "MaxItems": "100"})


def _tag_set(self: Response, kind: str, resource_id: str) -> dict[str, t.Any]:
    if kind == "hostedzone":
        find(self, resource_id)
    elif resource_id not in self.backend.health_checks:
        refuse("NoSuchHealthCheck", f"A health check with id {resource_id} does not exist.")
    tags = self.backend.resource_tags.get(resource_id) or {}
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"ResourceType": kind, "ResourceId": resource_id, "Tags": rows}


def list_tags_for_resource(self: Response) -> ActionResult:
    kind, resource_id = self._get_param("ResourceType"), self._get_param("ResourceId")
    self._validate_resource_id(resource_id, kind)
    return ActionResult({"ResourceTagSet": _tag_set(self, kind, resource_id)})


def list_tags_for_resources(self: Response) -> ActionResult:
    kind, ids = self._get_param("ResourceType"), self._get_param("ResourceIds")
    if len(ids) > MOST_TAGGED_AT_ONCE:
        message = "1 validation error detected: Value at 'resourceIds' failed to satisfy constraint: Member must have "
        refuse("InvalidInput", message + f"length less than or equal to {MOST_TAGGED_AT_ONCE}")
    return ActionResult({"ResourceTagSets": [_tag_set(self, kind, one) for one in ids]})
