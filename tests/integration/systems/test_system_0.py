"""System 0, a private region from nothing: its rows as far as they are about the network. 0.03 is in ``layers``."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.integration.playbook import ROOT, Region
from tests.integration.rehearsal.neighbours import session, settled
from tests.integration.systems.built import Built, changed, default_routes

ZONE = ("dns", "hosted zone", "prod.infer.example.internal", "change")
API = {
    "name": "api",
    "alias": {"dns_name": "internal-api-1.us-west-2.elb.amazonaws.com", "zone_id": "Z1H1FL5HABSF5"},
}


@pytest.fixture(scope="module")
def us(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    zone = {"name": "prod.infer.example.internal", "private": True, "vpcs": ["main"], "records": [API]}
    inventory = changed("us", tmp_path_factory.mktemp("inventory"), dns={"dns_zones": [zone]})
    built = Built.of(inventory, tmp_path_factory.mktemp("scratch"))
    yield built
    built.region.lab.stop()


def zone_of(us: Built) -> str:
    """Return the id of the private zone."""
    zones = us.client("route53").list_hosted_zones()["HostedZones"]
    return next(str(zone["Id"]) for zone in zones if zone["Name"] == "prod.infer.example.internal.")


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


def test_0_05_the_inner_name_is_an_alias_in_a_zone_that_only_the_vpc_sees(us: Built) -> None:
    route53 = us.client("route53")
    zone = route53.get_hosted_zone(Id=zone_of(us))
    assert zone["HostedZone"]["Config"]["PrivateZone"]
    assert [vpc["VPCId"] for vpc in zone["VPCs"]] == [us.id("main")]
    records = route53.list_resource_record_sets(HostedZoneId=zone_of(us))["ResourceRecordSets"]
    (api,) = [record for record in records if record["Name"] == "api.prod.infer.example.internal."]
    assert (api["Type"], api["AliasTarget"]["DNSName"]) == ("A", f"{API['alias']['dns_name']}.")  # type: ignore[index]


def test_0_14_0_15_0_16_a_zone_that_is_not_associated_is_the_verdict_and_all_else_is_cleared(us: Built) -> None:
    route53, zone = us.client("route53"), zone_of(us)
    other = us.ec2.create_vpc(CidrBlock="10.66.0.0/16")["Vpc"]["VpcId"]
    mine = {"VPCRegion": "us-west-2", "VPCId": us.id("main")}
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC={**mine, "VPCId": other})
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=mine)

    plan = us.drift()
    members = [member for stack in plan.report["stacks"].values() for member in stack["members"]]
    (guilty,) = [member for member in members if member["action"] != "keep"]
    assert (guilty["stack"], guilty["kind"], guilty["part"], guilty["action"]) == ZONE
    assert [change["field"] for change in guilty["changes"]] == ["vpcs"]
    cleared = {member["kind"] for member in members if member["action"] == "keep"}
    assert {"VPC", "subnet", "route table", "security group", "VPC endpoint", "records"} <= cleared

    us.found_and_healed(ZONE)
    assert [vpc["VPCId"] for vpc in route53.get_hosted_zone(Id=zone)["VPCs"]] == [us.id("main")]


@pytest.mark.parametrize(("support", "hostnames"), [(True, True), (True, False), (False, True), (False, False)])
def test_0_17_both_dns_attributes_are_brought_back(us: Built, support: bool, hostnames: bool) -> None:
    vpc = us.id("main")
    for name, value in (("EnableDnsHostnames", hostnames), ("EnableDnsSupport", support)):
        us.ec2.modify_vpc_attribute(VpcId=vpc, **{name: {"Value": value}})
    if support and hostnames:
        assert us.drift().actions == set()
    else:
        us.found_and_healed(("network", "VPC", "main", "change"))
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        answer = us.ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
        assert answer[name[0].upper() + name[1:]]["Value"] is True


class Others:
    """A network that others made, and an inventory that builds on it."""

    def __init__(self, scratch: Path) -> None:
        self.region = Region.raised(ROOT / "inventories/us", scratch)
        self.ec2 = session(self.region)("ec2")
        before = {thing["id"] for thing in self.region.lab.holdings()}
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = {f"private-{zone}": self._subnet(number, zone) for number, zone in enumerate("abc")}
        network = {
            "network_vpcs": [{"name": "main", "cidr": "10.0.0.0/16", "gateway_endpoints": []}],
            "network_subnets": [
                {"name": name, "tier": "private", "az": f"us-west-2{name[-1]}", "cidr": f"10.0.{number}.0/24"}
                for number, name in enumerate(subnets)
            ],
        }
        adopted = {"VPC": {"main": self.vpc}, "subnet": subnets}
        self.region.inventory = changed("us", scratch, network=network, region={"region_adopted": adopted})
        self.things = settled(self.region, before)

    def _subnet(self, number: int, zone: str) -> str:
        made = self.ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-west-2{zone}"
        )
        return str(made["Subnet"]["SubnetId"])


@pytest.fixture
def others(tmp_path: Path) -> t.Iterator[Others]:
    made = Others(tmp_path)
    yield made
    made.region.lab.stop()


def test_0_01_a_region_is_built_on_a_network_that_others_made(others: Others) -> None:
    others.ec2.modify_vpc_attribute(VpcId=others.vpc, EnableDnsHostnames={"Value": True})
    before = [thing for thing in others.region.lab.holdings() if thing["id"] == others.vpc]
    run = others.region.play("site.yml")
    assert run.rc == 0, run.output
    assert not {kind for _, kind, _, _ in run.actions} & {"VPC", "subnet", "internet gateway", "route table"}
    (endpoint,) = others.ec2.describe_vpc_endpoints(Filters=[{"Name": "tag:cloister:part", "Values": ["logs"]}])[
        "VpcEndpoints"
    ]
    assert endpoint["VpcId"] == others.vpc
    assert others.region.play("site.yml").region_writes == []
    assert [thing for thing in others.region.lab.holdings() if thing["id"] == others.vpc] == before


@pytest.mark.parametrize(("support", "hostnames"), [(True, False), (False, True), (False, False)])
def test_0_17_a_network_of_others_without_dns_is_refused(others: Others, support: bool, hostnames: bool) -> None:
    for name, value in (("EnableDnsHostnames", hostnames), ("EnableDnsSupport", support)):
        others.ec2.modify_vpc_attribute(VpcId=others.vpc, **{name: {"Value": value}})
    run = others.region.play("site.yml", "--limit", "network")
    assert run.rc != 0
    assert run.region_writes == []
    said = " ".join(run.output.split())
    for name, value in (("enableDnsHostnames", hostnames), ("enableDnsSupport", support)):
        assert (f"adopted VPC main ({others.vpc}) has {name} off" in said) is not value
    assert f"aws ec2 modify-vpc-attribute --vpc-id {others.vpc}" in said
