# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Network = t.Any
Refused = t.Any
HERE = "us-west-2"


@pytest.fixture
def route53(client: t.Any) -> t.Any:
    return client("route53")


@pytest.fixture
def zone(route53: t.Any, network: Network) -> tuple[str, str]:
    """(id of a private zone infer.internal, its VPC)."""
    vpc = network.vpc()
    made = route53.create_hosted_zone(Name="infer.internal", CallerReference="zone", VPC=at(vpc))
    return made["HostedZone"]["Id"], vpc


def at(vpc: str, region: str = HERE) -> dict[str, str]:
    return {"VPCId": vpc, "VPCRegion": region}


def change(route53: t.Any, zone: str, action: str, name: str, kind: str = "A", **wanted: t.Any) -> None:
    record = {"Name": name, "Type": kind, **wanted}
    if "AliasTarget" not in wanted:
        record.setdefault("TTL", 60)
        record["ResourceRecords"] = [{"Value": one} for one in wanted.get("ResourceRecords", ["10.0.0.1"])]
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def records(route53: t.Any, zone: str) -> dict[tuple[str, str], dict[str, t.Any]]:
    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(one["Name"], one["Type"]): one for one in found}


def test_a_private_zone_lists_every_vpc(route53: t.Any, network: Network, zone: tuple[str, str]) -> None:
    second = network.vpc("10.1.0.0/16")
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone[0], VPC=at(second))
    seen = route53.get_hosted_zone(Id=zone[0])
    assert seen["VPCs"] == [at(zone[1]), at(second)]
    assert seen["HostedZone"]["Config"]["PrivateZone"] is True
    assert "DelegationSet" not in seen
    found = route53.list_hosted_zones_by_vpc(VPCId=second, VPCRegion=HERE)["HostedZoneSummaries"]
    assert [one["Name"] for one in found] == ["infer.internal."]


def test_a_vpc_sees_one_zone_of_a_name(route53: t.Any, zone: tuple[str, str], refused: Refused) -> None:
    with refused("ConflictingDomainExists", zone[1]):
        route53.create_hosted_zone(Name="infer.internal.", CallerReference="again", VPC=at(zone[1]))
    with refused("ConflictingDomainExists"):
        route53.associate_vpc_with_hosted_zone(HostedZoneId=zone[0], VPC=at(zone[1]))


def test_an_endpoints_private_name_is_taken(ec2: t.Any, route53: t.Any, network: Network, refused: Refused) -> None:
    vpc = network.vpc()
    service = {"ServiceName": "com.amazonaws.us-west-2.logs", "VpcEndpointType": "Interface"}
    ec2.create_vpc_endpoint(VpcId=vpc, PrivateDnsEnabled=True, **service)
    with refused("ConflictingDomainExists"):
        route53.create_hosted_zone(Name="logs.us-west-2.amazonaws.com", CallerReference="1", VPC=at(vpc))


def test_what_a_zone_needs_is_checked(route53: t.Any, zone: tuple[str, str], refused: Refused) -> None:
    with refused("HostedZoneAlreadyExists", status=409):
        route53.create_hosted_zone(Name="other.internal", CallerReference="zone")
    with refused("InvalidVPCId"):
        route53.create_hosted_zone(Name="other.internal", CallerReference="1", VPC=at("vpc-0123456789abcdef0"))
    with refused("InvalidInput"):
        private = {"PrivateZone": True}
        route53.create_hosted_zone(Name="other.internal", CallerReference="2", HostedZoneConfig=private)
    with refused("InvalidDomainName"):
        route53.create_hosted_zone(Name="a..b", CallerReference="3")


def test_another_account_needs_authorisation(
    route53: t.Any, zone: tuple[str, str], other_account: t.Any, refused: Refused
) -> None:
    theirs = other_account("ec2", "ap-northeast-2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    their53, vpc = other_account("route53"), at(theirs, "ap-northeast-2")
    with refused("NotAuthorizedException", status=401):
        their53.associate_vpc_with_hosted_zone(HostedZoneId=zone[0], VPC=vpc)
    with refused("NotAuthorizedException"):
        route53.associate_vpc_with_hosted_zone(HostedZoneId=zone[0], VPC=vpc)
    route53.create_vpc_association_authorization(HostedZoneId=zone[0], VPC=vpc)
    assert route53.list_vpc_association_authorizations(HostedZoneId=zone[0])["VPCs"] == [vpc]
    their53.associate_vpc_with_hosted_zone(HostedZoneId=zone[0], VPC=vpc)
    route53.delete_vpc_association_authorization(HostedZoneId=zone[0], VPC=vpc)
    assert vpc in route53.get_hosted_zone(Id=zone[0])["VPCs"]
    with refused("VPCAssociationAuthorizationNotFound", status=404):
        route53.delete_vpc_association_authorization(HostedZoneId=zone[0], VPC=vpc)
    with refused("NoSuchHostedZone"):
        their53.get_hosted_zone(Id=zone[0])


def test_the_last_vpc_stays(route53: t.Any, network: Network, zone: tuple[str, str], refused: Refused) -> None:
    with refused("LastVPCAssociation"):
        route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone[0], VPC=at(zone[1]))
    second = network.vpc("10.1.0.0/16")
    with refused("VPCAssociationNotFound", status=404):
        route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone[0], VPC=at(second))
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone[0], VPC=at(second))
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone[0], VPC=at(zone[1]))
    assert route53.get_hosted_zone(Id=zone[0])["VPCs"] == [at(second)]


def test_a_public_zone_takes_no_vpc(route53: t.Any, network: Network, refused: Refused) -> None:
    made = route53.create_hosted_zone(Name="example.com", CallerReference="1")
    assert len(made["DelegationSet"]["NameServers"]) == 4
    with refused("PublicZoneVPCAssociation"):
        route53.associate_vpc_with_hosted_zone(HostedZoneId=made["HostedZone"]["Id"], VPC=at(network.vpc()))


def test_records_are_made_changed_and_listed(route53: t.Any, zone: tuple[str, str]) -> None:
    change(route53, zone[0], "CREATE", "API.infer.internal")
    change(route53, zone[0], "UPSERT", "api.infer.internal.", ResourceRecords=["10.0.0.2", "10.0.0.3"])
    change(route53, zone[0], "CREATE", "*.infer.internal")
    alias = {"HostedZoneId": "Z1YSA3EXCYUU9Z", "DNSName": "vpce-1.example", "EvaluateTargetHealth": True}
    change(route53, zone[0], "CREATE", "guard.infer.internal", AliasTarget=alias)
    seen = records(route53, zone[0])
    assert list(seen)[:2] == [("infer.internal.", "NS"), ("infer.internal.", "SOA")]
    assert [one["Value"] for one in seen["api.infer.internal.", "A"]["ResourceRecords"]] == ["10.0.0.2", "10.0.0.3"]
    assert ("\\052.infer.internal.", "A") in seen
    assert seen["guard.infer.internal.", "A"]["AliasTarget"] == {**alias, "DNSName": "vpce-1.example."}


@pytest.mark.parametrize(
    ("action", "name", "wanted", "words"),
    [
        ("CREATE", "api.infer.internal", {}, "but it already exists"),
        ("DELETE", "none.infer.internal", {}, "but it was not found"),
        ("DELETE", "api.infer.internal", {"TTL": 61}, "do not match the current values"),
        ("CREATE", "api.example.com", {}, "is not permitted in zone infer.internal."),
        ("CREATE", "b.infer.internal", {"ResourceRecords": ["ten"]}, "ARRDATAIllegalIPv4Address"),
        ("CREATE", "b.infer.internal", {"ResourceRecords": ["10.0.0.1", "10.0.0.1"]}, "Duplicate Resource Record"),
        ("CREATE", "api.infer.internal", {"kind": "CNAME", "ResourceRecords": ["x."]}, "conflicts with other records"),
        ("CREATE", "infer.internal", {"kind": "CNAME", "ResourceRecords": ["x."]}, "not permitted at apex"),
        ("CREATE", "api.infer.internal", {"SetIdentifier": "one", "MultiValueAnswer": True}, "a non multivalue answer"),
        ("DELETE", "infer.internal", {"kind": "NS", "TTL": 172800}, "do not match the current values"),
    ],
)
def test_a_change_aws_would_not_make_is_refused(
    route53: t.Any,
    zone: tuple[str, str],
    refused: Refused,
    action: str,
    name: str,
    wanted: dict[str, t.Any],
    words: str,
) -> None:
    change(route53, zone[0], "CREATE", "api.infer.internal")
    with refused("InvalidChangeBatch", words, status=400):
        change(route53, zone[0], action, name, **wanted)


def test_an_alias_within_the_zone_needs_its_target(route53: t.Any, zone: tuple[str, str], refused: Refused) -> None:
    alias = {"HostedZoneId": zone[0].rpartition("/")[2], "DNSName": "api.infer.internal", "EvaluateTargetHealth": False}
    with refused("InvalidChangeBatch", "that target was not found"):
        change(route53, zone[0], "CREATE", "www.infer.internal", AliasTarget=alias)
    change(route53, zone[0], "CREATE", "api.infer.internal")
    change(route53, zone[0], "CREATE", "www.infer.internal", AliasTarget=alias)


def test_a_batch_is_made_whole_or_not_at_all(route53: t.Any, zone: tuple[str, str], refused: Refused) -> None:
    good = {"Name": "a.infer.internal", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    changes = [
        {"Action": "CREATE", "ResourceRecordSet": good},
        {"Action": "DELETE", "ResourceRecordSet": {**good, "Name": "none.infer.internal"}},
    ]
    with refused("InvalidChangeBatch"):
        route53.change_resource_record_sets(HostedZoneId=zone[0], ChangeBatch={"Changes": changes})
    assert ("a.infer.internal.", "A") not in records(route53, zone[0])


def test_many_records_come_in_pages(route53: t.Any, zone: tuple[str, str]) -> None:
    for number in range(5):
        change(route53, zone[0], "CREATE", f"h{number}.infer.internal")
    pages = route53.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=zone[0], PaginationConfig={"PageSize": 3}
    )
    sizes = [len(page["ResourceRecordSets"]) for page in pages]
    assert sizes == [3, 3, 1]


def test_a_zone_with_records_is_not_deleted(route53: t.Any, zone: tuple[str, str], refused: Refused) -> None:
    change(route53, zone[0], "CREATE", "api.infer.internal")
    with refused("HostedZoneNotEmpty"):
        route53.delete_hosted_zone(Id=zone[0])
    change(route53, zone[0], "DELETE", "api.infer.internal")
    route53.delete_hosted_zone(Id=zone[0])
    with refused("NoSuchHostedZone", status=404):
        route53.get_hosted_zone(Id=zone[0])


def test_tags_are_read_for_ten_zones_at_once_at_most(route53: t.Any, zone: tuple[str, str], refused: Refused) -> None:
    zone_id = zone[0].rpartition("/")[2]
    tags = [{"Key": "cloister:region", "Value": "us"}]
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id, AddTags=tags)
    found = route53.list_tags_for_resources(ResourceType="hostedzone", ResourceIds=[zone_id])["ResourceTagSets"]
    assert found[0]["Tags"] == tags
    with refused("InvalidInput", "less than or equal to 10"):
        route53.list_tags_for_resources(ResourceType="hostedzone", ResourceIds=[f"Z{number}" for number in range(11)])


def test_a_change_is_pending_for_its_delay(aws: EmbeddedAws, route53: t.Any, refused: Refused) -> None:
    aws.delays(route53_change=60)
    made = route53.create_hosted_zone(Name="example.com", CallerReference="1")["ChangeInfo"]
    assert route53.get_change(Id=made["Id"])["ChangeInfo"]["Status"] == "PENDING"
    aws.delays(route53_change=0)
    made = route53.create_hosted_zone(Name="example.org", CallerReference="2")["ChangeInfo"]
    assert route53.get_change(Id=made["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    with refused("NoSuchChange", status=404):
        route53.get_change(Id="C0")


def test_zones_are_listed_by_names_read_from_the_right(route53: t.Any) -> None:
    for number, name in enumerate(("b.example.com", "example.com", "a.example.org")):
        route53.create_hosted_zone(Name=name, CallerReference=str(number))
    listed = [one["Name"] for one in route53.list_hosted_zones_by_name(DNSName="b.example.com")["HostedZones"]]
    assert listed == ["b.example.com.", "a.example.org."]
    assert len(route53.list_hosted_zones()["HostedZones"]) == route53.get_hosted_zone_count()["HostedZoneCount"] == 3
