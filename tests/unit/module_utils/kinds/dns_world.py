"""Two VPCs, zones and records made of plain entries, for tests."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._checked_records import CheckedRecords
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, Owner, tag_dict, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds import hosted_zone, zone_association
from ansible_collections.cloister.aws.plugins.module_utils.kinds.health_check import HealthCheck
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records

from lab.embedded_aws.client import EmbeddedAws

OWNER = Owner("us", "dns", {"owner": "platform"})
INSIDE = "prod.infer.example.internal"
Entry = dict[str, t.Any]


def zone(name: str = INSIDE, **said: t.Any) -> Entry:
    """An entry of ``dns_zones``: private and seen from VPC main, unless it is said otherwise."""
    entry = {"name": name, "part": None, "private": True, "comment": "", "vpcs": ["main"], "other_vpcs": []}
    return {**entry, "authorised_vpcs": [], "keep": None, **said}


def public(name: str = "example.com", **said: t.Any) -> Entry:
    return zone(name, **{"private": False, "vpcs": [], **said})


def record(name: str = "api", *values: str, **said: t.Any) -> Entry:
    entry = {"zone": INSIDE, "name": name, "type": "A", "values": list(values), "ttl_seconds": 300, "alias": None}
    return {**entry, "multivalue": [], **said}


class World:
    """VPCs main and second in us-west-2."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.vpcs = {name: self.vpc(name, number) for number, name in enumerate(("main", "second"))}
        self.adopted: dict[str, dict[str, str]] = {}
        lab.clear_journal()

    def vpc(self, name: str, number: int) -> str:
        tags = tag_list(Owner("us", "network").tags_for(name))
        said = [{"ResourceType": "vpc", "Tags": tags}]
        made = self.aws.make("ec2", "create_vpc", CidrBlock=f"10.{number}.0.0/16", TagSpecifications=said)
        return str(made["Vpc"]["VpcId"])

    def zones(self, *entries: Entry, check: bool = False, owner: Owner = OWNER) -> Outcome:
        names = Names(self.aws, "us", check, self.adopted)
        wanted = [hosted_zone.want(entry, names, owner, self.aws.region) for entry in entries]
        return whole(reconcile(hosted_zone.HostedZone(self.aws, owner), wanted, check))

    def records(self, *entries: Entry, check: bool = False, owner: Owner = OWNER, wait_seconds: int = 0) -> Outcome:
        kind = Records(self.aws, owner)
        kind.adopted, kind.wait_seconds = self.adopted, wait_seconds
        return whole(reconcile(kind, kind.wants(entries, Names(self.aws, "us", check, self.adopted)), check))

    def answers(
        self, *entries: Entry, check: bool = False, owner: Owner = OWNER, but: dict[str, str] | None = None
    ) -> Outcome:
        """Records with the health checks that they name, as the modules bring them about."""
        records = Records(self.aws, owner)
        records.adopted = self.adopted
        names = Names(self.aws, "us", check, self.adopted)
        return whole(CheckedRecords(records, HealthCheck(self.aws, owner), names).bring(entries, check, but))

    def checks(self) -> list[Entry]:
        """Every health check of the account with its tags, in order of their parts."""
        found = self.aws.pages("route53", "list_health_checks", "HealthChecks")
        ids = [check["Id"] for check in found]
        action, sets = "list_tags_for_resources", []
        if ids:
            sets = self.aws.call("route53", action, ResourceType="healthcheck", ResourceIds=ids)["ResourceTagSets"]
        tags = {one["ResourceId"]: tag_dict(one["Tags"]) for one in sets}
        return sorted(({**one, "tags": tags[one["Id"]]} for one in found), key=lambda one: str(one["tags"].get(PART)))

    def elastic_ip(self, name: str) -> str:
        """An Elastic IP of the region, by its address."""
        tags = tag_list(Owner("us", "network").tags_for(name))
        said = [{"ResourceType": "elastic-ip", "Tags": tags}]
        return str(self.aws.make("ec2", "allocate_address", Domain="vpc", TagSpecifications=said)["PublicIp"])

    def associations(self, *entries: Entry, check: bool = False) -> Outcome:
        names = Names(self.aws, "us", check, self.adopted)
        wanted = [zone_association.want(entry, names) for entry in entries]
        return whole(reconcile(zone_association.ZoneAssociation(self.aws, OWNER), wanted, check))

    def writes(self) -> list[str]:
        """What was written since the last time this was asked."""
        done = [write["action"].split(":")[-1] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done

    def all_zones(self) -> list[str]:
        listed = self.aws.pages("route53", "list_hosted_zones", "HostedZones")
        return sorted(item["Id"].removeprefix("/hostedzone/") for item in listed)

    def seen_from(self, zone_id: str) -> list[str]:
        return sorted(vpc["VPCId"] for vpc in self.aws.call("route53", "get_hosted_zone", Id=zone_id)["VPCs"])

    def said(self, zone_id: str) -> dict[str, list[str]]:
        """What a zone says, by name and type, but for what Route 53 put there."""
        sets = self.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone_id)
        return {
            f"{item['Name']} {item['Type']}": [value["Value"] for value in item.get("ResourceRecords", [])]
            for item in sets
            if item["Type"] not in ("SOA", "NS")
        }

    def by_hand(self, zone_id: str, action: str, name: str, kind: str, value: str, **more: t.Any) -> None:
        """Change one record as a person would."""
        item = {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}], **more}
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": item}]}
        self.aws.call("route53", "change_resource_record_sets", HostedZoneId=zone_id, ChangeBatch=batch)
        self.lab.clear_journal()

    def foreign(self, name: str = INSIDE, vpc: str | None = None) -> str:
        """A zone that somebody else made."""
        place: dict[str, t.Any] = {"VPC": {"VPCRegion": "us-west-2", "VPCId": vpc}} if vpc else {}
        config = {"PrivateZone": bool(vpc)}
        made = self.aws.make(
            "route53", "create_hosted_zone", Name=name, CallerReference=f"{name}{vpc}", HostedZoneConfig=config, **place
        )
        self.lab.clear_journal()
        return str(made["HostedZone"]["Id"].removeprefix("/hostedzone/"))


def whole(outcome: Outcome) -> Outcome:
    if outcome.errors:
        raise outcome.errors[0]
    return outcome


def plan(outcome: Outcome) -> list[tuple[str, str, list[str]]]:
    """What an outcome says is, or would be, done: part, action, fields."""
    return [
        (member.part, member.action, [change["field"] for change in member.changes])
        for member in outcome.members
        if member.action != "keep"
    ]
