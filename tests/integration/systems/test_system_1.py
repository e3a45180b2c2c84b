"""System 1, one cloud for apps and AI in Seoul: rows 1.01 to 1.04, as inventory kr has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.playbook import Region
from tests.integration.systems.built import Built, changed, default_routes, tags

SUBNETS = {
    "public-a": ("ap-northeast-2a", "10.0.1.0/24"),
    "public-b": ("ap-northeast-2b", "10.0.2.0/24"),
    "private-a": ("ap-northeast-2a", "10.0.3.0/24"),
    "private-b": ("ap-northeast-2b", "10.0.4.0/24"),
    "private-c": ("ap-northeast-2c", "10.0.5.0/24"),
}
PUBLIC, PRIVATE = "kubernetes.io/role/elb", "kubernetes.io/role/internal-elb"


def test_1_01_two_public_and_three_private_zones_have_exactly_their_ranges(kr: Built) -> None:
    (vpc,) = kr.described("describe_vpcs", "Vpcs").values()
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    subnets = kr.described("describe_subnets", "Subnets")
    assert {name: (subnet["AvailabilityZone"], subnet["CidrBlock"]) for name, subnet in subnets.items()} == SUBNETS


@pytest.mark.parametrize(
    ("cidr", "why"), [("10.0.4.128/25", "10.0.4.0/24"), ("10.1.5.0/24", "10.0.0.0/16"), ("10.0.5.0/29", "/28")]
)
def test_1_01_a_range_that_overlaps_lies_outside_or_is_too_small_is_refused(
    tmp_path: Path, cidr: str, why: str
) -> None:
    subnets = [
        {"name": name, "tier": name.split("-")[0], "az": az, "cidr": cidr if name == "private-c" else theirs}
        for name, (az, theirs) in SUBNETS.items()
    ]
    region = Region.raised(changed("kr", tmp_path, network={"network_subnets": subnets}), tmp_path)
    run = region.play("site.yml")
    reads = region.lab.reads()["total"]
    region.lab.stop()
    assert run.rc != 0
    assert (reads, run.writes) == (0, [])
    assert cidr in run.output
    assert why in run.output


def test_1_02_private_zones_go_out_through_one_nat_gateway_in_public_a(kr: Built) -> None:
    filters = [{"Name": "tag:cloister:region", "Values": ["kr"]}, {"Name": "state", "Values": ["available"]}]
    (nat,) = kr.ec2.describe_nat_gateways(Filter=filters)["NatGateways"]
    subnets = kr.described("describe_subnets", "Subnets")
    assert nat["SubnetId"] == subnets["public-a"]["SubnetId"]
    (address,) = kr.described("describe_addresses", "Addresses").values()
    assert nat["NatGatewayAddresses"][0]["AllocationId"] == address["AllocationId"]
    (gateway,) = kr.described("describe_internet_gateways", "InternetGateways").values()
    tables = kr.described("describe_route_tables", "RouteTables")
    assert default_routes(tables) == {
        "main-public": gateway["InternetGatewayId"],
        **{f"main-private-{zone}": nat["NatGatewayId"] for zone in "abc"},
    }
    led = {item["SubnetId"]: name for name, table in tables.items() for item in table["Associations"]}
    assert {name: led[subnet["SubnetId"]] for name, subnet in subnets.items()} == {
        name: f"main-{name}" if name.startswith("private") else "main-public" for name in SUBNETS
    }


def test_1_03_names_resolve_inside(kr: Built) -> None:
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        answer = kr.ec2.describe_vpc_attribute(VpcId=kr.id("main"), Attribute=name)
        assert answer[name[0].upper() + name[1:]]["Value"] is True


def test_1_04_a_load_balancer_controller_finds_the_subnets_of_each_tier(kr: Built) -> None:
    """As it looks for them: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/"""
    for role, tier, other in ((PUBLIC, "public", PRIVATE), (PRIVATE, "private", PUBLIC)):
        filters = [
            {"Name": f"tag:{role}", "Values": ["1", ""]},
            {"Name": "tag:kubernetes.io/cluster/kr-main", "Values": ["owned", "shared"]},
            {"Name": "vpc-id", "Values": [kr.id("main")]},
        ]
        found = kr.ec2.describe_subnets(Filters=filters)["Subnets"]
        assert {tags(subnet)["cloister:part"] for subnet in found} == {
            name for name in SUBNETS if name.startswith(tier)
        }
        assert not [subnet for subnet in found if other in tags(subnet)]
        assert len({subnet["AvailabilityZone"] for subnet in found}) >= 2


def test_1_04_a_tag_of_the_wrong_tier_is_taken_off(kr: Built) -> None:
    subnet = kr.described("describe_subnets", "Subnets")["private-a"]["SubnetId"]
    kr.ec2.create_tags(Resources=[subnet], Tags=[{"Key": PUBLIC, "Value": "1"}])
    kr.found_and_healed(("network", "subnet", "private-a", "change"))
    assert PUBLIC not in tags(kr.described("describe_subnets", "Subnets")["private-a"])
