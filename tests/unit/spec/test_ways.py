"""Rules between stacks: plans, peerings, routes, endpoints, and what a region needs of AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.needs import needs, vpc_ranges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Region, Stack
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import judge
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.ways import cannot_be_laid_out

from tests.unit.spec.described import AWS_REGIONS, Variables, region, sound, told

SUBNETS = "network_subnets"


def test_what_a_sound_region_needs_of_aws_is_counted() -> None:
    assert needs(region(sound())) == {
        "zones": ["us-west-2a", "us-west-2b"],
        "vpcs": 2,
        "nat_gateways_by_zone": {"us-west-2a": 1, "us-west-2b": 1},
        "elastic_ips": 2,
        "interface_endpoints_by_vpc": {"main": 3},
        "security_groups": 3,
        "rules_per_security_group": 1,
        "imported_certificates": [],
        "pools": [],
    }


def test_ranges_of_vpcs_are_known_without_asking_aws() -> None:
    variables = sound()
    variables["network_vpcs"][0]["secondary_cidrs"] = ["10.200.0.0/16"]
    assert vpc_ranges(region(variables))["main"] == [variables["network_vpcs"][0]["cidr"], "10.200.0.0/16"]


PLAN = {
    "vpc": "operator",
    "azs": ["us-west-2a", "us-west-2b"],
    "zones_at_most": 4,
    "name_prefix": "operator-",
    "tiers": [{"tier": "isolated", "prefix": 20, "azs": []}, {"tier": "private", "prefix": 20, "azs": []}],
}


def planned(**change: t.Any) -> Variables:
    variables = sound()
    variables[SUBNETS] = variables[SUBNETS][:4]
    variables["network_subnet_plans"] = [{**PLAN, **change}]
    return variables


def test_subnets_of_a_plan_are_known_by_name() -> None:
    variables = planned()
    variables.update(endpoints_vpc="operator", endpoints_subnets=["operator-private-a", "operator-private-b"])
    assert told(variables) == []
    assert needs(region(variables))["zones"] == ["us-west-2a", "us-west-2b"]


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"azs": ["us-west-2a", "us-east-1b"]}, "network_subnet_plans[0].azs[1]", "not a zone of us-west-2"),
        ({"tiers": [{"tier": "isolated", "prefix": 17, "azs": []}]}, "network_subnet_plans[0]", "no room"),
        ({"vpc": "operatr"}, "network_subnet_plans[0].vpc", "did you mean operator"),
        ({"vpc": None}, "network_subnet_plans[0].vpc", "does not say"),
        ({"vpc": "main", "name_prefix": ""}, "network_subnet_plans[0]", "overlaps"),
        ({"name_prefix": "X"}, "network_subnet_plans[0]", "cannot be the name"),
    ],
)
def test_a_plan_that_cannot_be_is_told_at_its_place(change: dict[str, t.Any], place: str, words: str) -> None:
    found = told(planned(**change))
    assert [line for line in found if line.startswith(f"{place}: ") and words in line], found


def test_a_reference_is_not_judged_while_a_plan_gives_nothing() -> None:
    variables = planned(tiers=[{"tier": "isolated", "prefix": 17, "azs": []}])
    variables["endpoints_subnets"] = ["operator-private-a"]
    assert [line for line in told(variables) if "There is no subnet" in line] == []


@pytest.mark.parametrize(
    ("peering", "words"),
    [
        ({"peer_vpc": "main"}, "with itself"),
        ({}, "does not say who"),
        ({"peer_vpc": "operator", "peer_vpc_id": "vpc-0123456789abcdef0", "peer_cidrs": ["10.8.0.0/16"]}, "two VPCs"),
        ({"peer_vpc": "operater"}, "did you mean operator"),
        ({"peer_vpc_id": "vpc-0123456789abcdef0"}, "no route can lead there"),
        ({"peer_vpc_id": "vpc-0123456789abcdef0", "peer_cidrs": ["10.0.0.0/8"]}, "(away)"),
        ({"peer_vpc_id": "main", "peer_cidrs": ["10.8.0.0/16"]}, "not the id of a VPC"),
        ({"peer_vpc": "operator", "peer_account_id": "1234"}, "not an AWS account"),
        ({"peer_vpc": "operator", "peer_region": "us-wset-2"}, "did you mean us-west-2"),
    ],
)
def test_a_peering_that_cannot_be_is_told(peering: dict[str, t.Any], words: str) -> None:
    variables = sound()
    variables["network_peerings"] = [{"name": "away", "vpc": "main", **peering}]
    assert any(words in line for line in told(variables)), told(variables)


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ({"destination": "10.9.0.1/16"}, "10.9.0.0/16"),
        ({"destination": "pl-12"}, "has no size"),
        ({"target_id": "gateway"}, "not an id"),
        ({"vpc": "mian"}, "did you mean main"),
    ],
)
def test_a_route_that_cannot_be_is_told(route: dict[str, t.Any], words: str) -> None:
    variables = sound()
    good = {"vpc": "main", "destination": "192.168.0.0/16", "target_id": "tgw-0a1b2c3d4e5f60718"}
    variables["network_routes"] = [good]
    assert told(variables) == []
    variables["network_routes"] = [{**good, **route}]
    assert any(words in line for line in told(variables)), told(variables)


def test_two_stacks_of_endpoints_need_a_suffix() -> None:
    variables = sound()
    second = {
        "endpoints_vpc": "operator",
        "endpoints_sets": ["ecr"],
        "endpoints_subnets": ["operator-a"],
        "endpoints_suffix": "",
    }
    both = Region([Stack("all", "all", variables), Stack("second", "endpoints", second)], AWS_REGIONS)
    assert ["endpoints_suffix" in problem.right for problem in judge(both)] == [True]
    second["endpoints_suffix"] = "-operator"
    assert judge(both) == []


@pytest.mark.parametrize("taken", [{"endpoints_except": ["sqs"]}, {"endpoints_subnets": []}])
def test_endpoints_that_cannot_be_are_told(taken: Variables) -> None:
    assert len(told({**sound(), **taken})) == 1


def test_routes_that_contradict_each_other_are_told_when_nothing_else_is_wrong() -> None:
    variables = sound()
    route = {"vpc": "main", "tiers": ["private"], "destination": "192.168.0.0/16"}
    variables["network_routes"] = [{**route, "target_id": f"tgw-0a1b2c3d4e5f6071{n}"} for n in (1, 2)]
    assert told(variables) == []
    assert len(cannot_be_laid_out(region(variables))) == 1
