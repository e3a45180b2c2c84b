# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read hosted zones: those of the account with VPCs and records, and those of others that VPCs of ours listen to.

And what the health checks find that records name.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByVPC.html tells of the latter no more than
name and owner.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
ENOUGH = 0.18
# All others ask nobody: of a calculated one, or one of an alarm, there is no such status, and it counts as well here.
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html
_ENDPOINTS = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")

Raw = dict[str, t.Any]


def hosted_zones(aws: Aws, vpc_ids: t.Collection[str] | None) -> list[Raw]:
    """Return the zones of the account, private ones that no VPC hears among them, and those heard of others."""
    if vpc_ids is None:
        vpc_ids = [vpc["VpcId"] for vpc in aws.pages("ec2", "describe_vpcs", "Vpcs")]
    own = each(lambda zone: _whole(aws, zone), aws.pages("route53", "list_hosted_zones", "HostedZones"))
    heard: dict[str, Raw] = {}
    for vpc_id, zones in zip(vpc_ids, each(lambda vpc_id: _heard(aws, vpc_id), list(vpc_ids)), strict=True):
        for zone in zones:
            known = heard.setdefault(zone["HostedZoneId"], {**_shape(zone["HostedZoneId"], zone["Name"], True)})
            known["VPCs"].append({"VPCId": vpc_id, "VPCRegion": aws.region})
    ours = {zone["Id"] for zone in own}
    return [*own, *(zone for identifier, zone in heard.items() if identifier not in ours)]


def _heard(aws: Aws, vpc_id: str) -> list[Raw]:
    found: list[Raw] = []
    more: dict[str, t.Any] = {}
    while True:
        # botocore has no paginator for it.
        answer = aws.call("route53", "list_hosted_zones_by_vpc", VPCId=vpc_id, VPCRegion=aws.region, **more)
        found += answer.get("HostedZoneSummaries", [])
        if not answer.get("NextToken"):
            return found
        more = {"NextToken": answer["NextToken"]}


def _whole(aws: Aws, zone: Raw) -> Raw:
    identifier, private = zone["Id"].rpartition("/")[2], bool((zone.get("Config") or {}).get("PrivateZone"))
    records = aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=identifier)
    found = _shape(identifier, zone["Name"], private)
    found["Records"] = records
    if private:
        answer = aws.call("route53", "get_hosted_zone", absent_ok=True, Id=identifier) or {}
        found["VPCs"] = answer.get("VPCs", [])
    return found


def _shape(identifier: str, name: str, private: bool) -> Raw:
    return {"Id": identifier, "Name": name, "PrivateZone": private, "VPCs": []}


def health_checks(aws: Aws, identifiers: t.Collection[str]) -> list[Raw]:
    """Return health checks and whether Route 53 answers with the records that name them; not those that are gone."""
    found = each(lambda identifier: _judged(aws, identifier), sorted(identifiers))
    return [check for check in found if check is not None]


def _judged(aws: Aws, identifier: str) -> Raw | None:
    answer = aws.call("route53", "get_health_check", absent_ok=True, HealthCheckId=identifier)
    if answer is None:
        return None
    config = answer["HealthCheck"]["HealthCheckConfig"]
    if config["Type"] not in _ENDPOINTS:
        return None
    status = aws.call("route53", "get_health_check_status", absent_ok=True, HealthCheckId=identifier)
    if status is None:
        return None
    # One is well as long as nobody has asked yet, and nobody asks for a disabled one.
    seen = [one["StatusReport"]["Status"] for one in status["HealthCheckObservations"]]
    good = [text for text in seen if text.startswith("Success")]
    well = config.get("Disabled", False) or not seen or len(good) > ENOUGH * len(seen)
    return {"Id": identifier, **config, "Healthy": well != config.get("Inverted", False)}
