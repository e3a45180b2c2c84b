"""System 0, a private region from nothing: what stands, and what of it is brought back. 0.03 is in ``layers``."""

from __future__ import annotations

import pytest

from tests.integration.systems.broken_ways import the_zone_is_another_vpcs, zone_of
from tests.integration.systems.built import Built, default_routes

API = "api.prod.infer.example.internal"
ZONE = ("dns", "hosted zone", "prod.infer.example.internal", "change")


def test_0_01_from_nothing_to_a_region_that_a_second_run_leaves_as_it_is(us: Built) -> None:
    again = us.region.play("site.yml")
    assert again.actions == set()
    assert again.region_writes == []


def test_0_02_only_the_public_load_balancer_is_open_to_the_world(us: Built) -> None:
    groups = us.ec2.describe_security_groups()["SecurityGroups"]
    vpc = us.id("main")
    opened = {
        group["GroupName"]
        for group in groups
        for rule in group["IpPermissions"]
        if group["VpcId"] == vpc and any(cidr["CidrIp"] == "0.0.0.0/0" for cidr in rule["IpRanges"])
    }
    assert opened == {"us-public-alb"}


def test_0_02_the_exposure_report_shows_only_the_public_load_balancer(us: Built) -> None:
    run = us.region.play("playbooks/exposure.yml")
    assert run.rc == 0, run.output
    ways = [line.split() for line in run.output.splitlines() if "load balancer" in line and "0.0.0.0/0" in line]
    assert [(way[0], way[3], way[4]) for way in ways] == [
        ("declared", "public", "443/tcp"),
        ("declared", "public", "80/tcp"),
    ]
    assert run.writes == []


def test_0_02_only_public_subnets_lead_to_the_internet_and_none_gives_public_addresses(us: Built) -> None:
    tables = us.described("describe_route_tables", "RouteTables")
    assert {name for name, to in default_routes(tables).items() if to.startswith("igw-")} == {"main-public"}
    subnets = us.described("describe_subnets", "Subnets")
    assert [subnet["MapPublicIpOnLaunch"] for subnet in subnets.values()] == [False] * 5


def test_0_05_the_inner_name_is_an_alias_of_the_load_balancer_in_a_zone_that_only_the_vpc_sees(us: Built) -> None:
    route53 = us.client("route53")
    zone = route53.get_hosted_zone(Id=zone_of(us))
    assert zone["HostedZone"]["Config"]["PrivateZone"]
    assert [vpc["VPCId"] for vpc in zone["VPCs"]] == [us.id("main")]
    records = route53.list_resource_record_sets(HostedZoneId=zone_of(us))["ResourceRecordSets"]
    (api,) = [record for record in records if record["Name"] == f"{API}."]
    inner = us.client("elbv2").describe_load_balancers(Names=["us-internal"])["LoadBalancers"][0]
    assert (api["Type"], api["AliasTarget"]["HostedZoneId"]) == ("A", inner["CanonicalHostedZoneId"])
    assert api["AliasTarget"]["DNSName"].endswith(f"{inner['DNSName'].lower()}.")


def test_0_14_0_15_0_16_a_zone_that_is_not_associated_is_the_verdict_and_all_else_is_cleared(us: Built) -> None:
    with the_zone_is_another_vpcs(us):
        plan = us.drift()
    members = [member for stack in plan.report["stacks"].values() for member in stack["members"]]
    (guilty,) = [member for member in members if member["action"] != "keep"]
    assert (guilty["stack"], guilty["kind"], guilty["part"], guilty["action"]) == ZONE
    assert [change["field"] for change in guilty["changes"]] == ["vpcs"]
    cleared = {member["kind"] for member in members if member["action"] == "keep"}
    assert {"load balancer", "security group", "target group", "VPC", "records", "ECS service"} <= cleared


def test_0_16_the_association_that_somebody_took_away_comes_back(us: Built) -> None:
    route53, zone = us.client("route53"), zone_of(us)
    other = us.ec2.create_vpc(CidrBlock="10.66.0.0/16")["Vpc"]["VpcId"]
    mine = {"VPCRegion": "us-west-2", "VPCId": us.id("main")}
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC={**mine, "VPCId": other})
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=mine)
    assert us.reach("guard", API).cause == "zone-not-associated"
    us.found_and_healed(ZONE)
    assert [vpc["VPCId"] for vpc in route53.get_hosted_zone(Id=zone)["VPCs"]] == [us.id("main")]
    assert us.reach("guard", API).reached


@pytest.mark.parametrize(
    ("support", "hostnames", "cause"),
    [
        (True, True, ""),
        (True, False, "dns-hostnames-off"),
        (False, True, "dns-support-off"),
        (False, False, "dns-support-off"),
    ],
)
def test_0_17_either_dns_attribute_off_is_named_and_both_are_brought_back(
    us: Built, support: bool, hostnames: bool, cause: str
) -> None:
    vpc = us.id("main")
    for name, value in (("EnableDnsHostnames", hostnames), ("EnableDnsSupport", support)):
        us.ec2.modify_vpc_attribute(VpcId=vpc, **{name: {"Value": value}})
    verdict = us.reach("guard", API)
    assert (verdict.reached, verdict.cause) == (not cause, cause)
    healed = us.region.play("site.yml", "--limit", "network")
    assert healed.actions == ({("network", "VPC", "main", "change")} if cause else set())
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        answer = us.ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
        assert answer[name[0].upper() + name[1:]]["Value"] is True
    assert us.reach("guard", API).reached
