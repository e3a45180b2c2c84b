"""System 0 on a network that others made, as Korea has one: rows 0.01 and 0.17."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.integration.playbook import ROOT, Region
from tests.integration.rehearsal.neighbours import session, settled
from tests.integration.systems.built import changed


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
