"""System 0 on a network that others made, as Korea has one: rows 0.01 and 0.17."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import INTERNET

from tests.integration.playbook import ROOT, Region
from tests.integration.systems.built import Built, Thing, changed

NETWORK = yaml.safe_load((ROOT / "inventories/us/host_vars/network.yml").read_text())


class Others(Built):
    """A network that others made with the ranges of us, and an inventory that builds the region on it."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(Region.raised(ROOT / "inventories/us", scratch))
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = {one["name"]: self._subnet(one) for one in NETWORK["network_subnets"]}
        self._ways([made for name, made in subnets.items() if name.startswith("public")])
        adopted = {"VPC": {"main": self.vpc}, "subnet": subnets}
        vpcs = [{"name": "main", "cidr": "10.0.0.0/16", "gateway_endpoints": []}]
        network = {**NETWORK, "network_vpcs": vpcs}
        self.region.inventory = changed("us", scratch, network=network, region={"region_adopted": adopted})
        self.ids = {thing["id"] for thing in self.region.lab.holdings() if not thing["default"]}

    def _subnet(self, said: Thing) -> str:
        where = {"VpcId": self.vpc, "CidrBlock": said["cidr"], "AvailabilityZone": said["az"]}
        return str(self.ec2.create_subnet(**where)["Subnet"]["SubnetId"])

    def _ways(self, public: list[str]) -> None:
        """Lead the public subnets to the internet, and all others to S3."""
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        main = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["RouteTables"][0]
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        for subnet in public:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        s3 = {"VpcId": self.vpc, "ServiceName": "com.amazonaws.us-west-2.s3", "RouteTableIds": [main["RouteTableId"]]}
        self.ec2.create_vpc_endpoint(**s3)

    def theirs(self) -> list[Thing]:
        """What others made, as it is now; what of a subnet changes is how many addresses are free in it."""
        held = [thing for thing in self.region.lab.holdings() if thing["id"] in self.ids]
        return [{**thing, "fingerprint": ""} if thing["kind"] == "ec2:subnet" else thing for thing in held]


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Others]:
    made = Others(tmp_path_factory.mktemp("others"))
    yield made
    made.region.lab.stop()


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


def test_0_01_a_region_serves_on_a_network_that_others_made_and_leaves_it_as_it_is(others: Others) -> None:
    for name in ("EnableDnsHostnames", "EnableDnsSupport"):
        others.ec2.modify_vpc_attribute(VpcId=others.vpc, **{name: {"Value": True}})
    before = others.theirs()
    run = others.region.play("site.yml")
    assert run.rc == 0, run.output
    assert not {kind for _, kind, _, _ in run.actions} & {"VPC", "subnet", "internet gateway", "route table"}
    assert others.reach(INTERNET, "us.infer.example.com").reached
    assert others.reach("guard", "api.prod.infer.example.internal").reached
    assert others.region.play("site.yml").region_writes == []
    assert others.theirs() == before
