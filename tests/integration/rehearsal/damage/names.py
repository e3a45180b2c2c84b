"""Names: private zones and who sees them, records, and the health checks that some of them name."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind
from ansible_collections.cloister.aws.plugins.module_utils.kinds.health_check import HealthCheck
from ansible_collections.cloister.aws.plugins.module_utils.kinds.hosted_zone import HostedZone
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc
from ansible_collections.cloister.aws.plugins.module_utils.kinds.zone_association import MARK, ZoneAssociation

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, Thing, act


def _zones(hands: Hands) -> t.Iterator[Thing]:
    """Yield the region's zones with their tags."""
    route53 = hands.client("route53")
    for zone in sorted(route53.list_hosted_zones()["HostedZones"], key=lambda zone: str(zone["Name"])):
        key = zone["Id"].removeprefix("/hostedzone/")
        answer = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=key)
        tags = {tag["Key"]: tag["Value"] for tag in answer["ResourceTagSet"]["Tags"]}
        if tags.get("cloister:region") == hands.region_name:
            yield {**zone, "tags": tags}


def _told(kind: type[Kind], zone: Thing) -> Action:
    return (zone["tags"]["cloister:stack"], kind.noun, zone["tags"]["cloister:part"], "change")


@act(HostedZone)
def a_private_zone_is_moved_to_another_vpc(hands: Hands) -> set[Action]:
    route53, default = hands.client("route53"), [{"Name": "is-default", "Values": ["true"]}]
    other = hands.ec2.describe_vpcs(Filters=default)["Vpcs"][0]["VpcId"]
    for zone in [zone for zone in _zones(hands) if zone["Config"]["PrivateZone"]]:
        ours = route53.get_hosted_zone(Id=zone["Id"])["VPCs"][0]
        place = {"VPCRegion": hands.aws_region, "VPCId": other}
        route53.associate_vpc_with_hosted_zone(HostedZoneId=zone["Id"], VPC=place)
        route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone["Id"], VPC=ours)
        return {_told(HostedZone, zone)}
    return set()


@act(HostedZone)
def a_public_zone_loses_its_name(hands: Hands) -> set[Action]:
    for zone in [zone for zone in _zones(hands) if not zone["Config"]["PrivateZone"]]:
        which = {"ResourceType": "hostedzone", "ResourceId": zone["Id"].removeprefix("/hostedzone/")}
        hands.client("route53").change_tags_for_resource(**which, RemoveTagKeys=["Name"])
        return {_told(HostedZone, zone)}
    return set()


@act(Records)
def a_record_points_elsewhere(hands: Hands) -> set[Action]:
    route53 = hands.client("route53")
    for zone in _zones(hands):
        for record in route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]:
            if record["Type"] == "TXT" and record["Name"].startswith("_region."):
                changed = {**record, "ResourceRecords": [{"Value": '"elsewhere"'}]}
                batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": changed}]}
                route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=batch)
                return {_told(Records, zone)}
    return set()


@act(Records)
def a_load_balancers_name_is_deleted(hands: Hands) -> set[Action]:
    route53 = hands.client("route53")
    for zone in _zones(hands):
        records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        marked = {
            record["Name"]
            for record in records
            if any("stack=load_balancers" in one["Value"] for one in record.get("ResourceRecords", ()))
        }
        for record in records:
            if "AliasTarget" in record and f"_cloister-a.{record['Name']}" in marked:
                gone = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
                route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=gone)
                return {("load_balancers", Records.noun, zone["tags"]["cloister:part"], "change")}
    return set()


@act(Records)
def an_address_is_answered_whether_it_is_well_or_not(hands: Hands) -> set[Action]:
    route53 = hands.client("route53")
    for zone in _zones(hands):
        for record in route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]:
            if record["Type"] == "A" and "HealthCheckId" in record:
                unasked = {key: value for key, value in record.items() if key != "HealthCheckId"}
                batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": unasked}]}
                route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=batch)
                check = {"ResourceType": "healthcheck", "ResourceId": record["HealthCheckId"]}
                tags = route53.list_tags_for_resource(**check)["ResourceTagSet"]["Tags"]
                stack = next(tag["Value"] for tag in tags if tag["Key"] == "cloister:stack")
                return {(stack, Records.noun, zone["tags"]["cloister:part"], "change")}
    return set()


@act(HealthCheck)
def an_address_counts_as_well_when_it_is_not(hands: Hands) -> set[Action]:
    route53 = hands.client("route53")
    for check in sorted(route53.list_health_checks()["HealthChecks"], key=lambda check: str(check["CallerReference"])):
        answer = route53.list_tags_for_resource(ResourceType="healthcheck", ResourceId=check["Id"])
        tags = {tag["Key"]: tag["Value"] for tag in answer["ResourceTagSet"]["Tags"]}
        if tags.get("cloister:region") == hands.region_name:
            route53.update_health_check(HealthCheckId=check["Id"], Inverted=True)
            return {_told(HealthCheck, {"tags": tags})}
    return set()


@act(ZoneAssociation)
def a_vpc_no_longer_sees_the_zone_of_others(hands: Hands) -> set[Action]:
    for vpc in hands.all(Vpc):
        for mark in [tag for tag in vpc["Tags"] if tag["Key"].startswith(MARK)]:
            place = {"VPCRegion": hands.aws_region, "VPCId": vpc["VpcId"]}
            zone = mark["Key"].removeprefix(MARK)
            hands.client("route53").disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=place)
            stack, part = mark["Value"].split("/")
            return {(stack, ZoneAssociation.noun, part, "change")}
    return set()
