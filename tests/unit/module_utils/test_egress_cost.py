"""What the ways out cost: the arithmetic, what an inventory chose, and that no item is kept back."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.filter.egress_costs import egress_costs
from ansible_collections.cloister.aws.plugins.module_utils._egress_cost import (
    PRICES,
    Prices,
    Shape,
    Traffic,
    break_even_gb,
    cheapest,
    choices,
)
from ansible_collections.cloister.aws.plugins.module_utils._egress_estimate import chosen
from hypothesis import given
from hypothesis import strategies as st

VPC = {"name": "main", "cidr": "10.0.0.0/16", "nat": "single"}
SETS = ["ecr", "logs", "ssm", "ecs", "secrets"]
PRIVATE = ["private-a", "private-b", "private-c"]
SUBNETS = [
    {"name": f"{tier}-{zone}", "tier": tier, "az": f"us-west-2{zone}", "cidr": f"10.0.{number}.0/24"}
    for number, (tier, zone) in enumerate([("public", "a"), ("public", "b"), *(("private", one) for one in "abc")])
]
WITHOUT_ADDRESSES: Prices = {**PRICES, "address_hour": 0.0}
SHAPES = st.builds(Shape, st.integers(1, 60), st.integers(1, 3), st.integers(1, 3))


def stacks(**changes: t.Any) -> list[dict[str, t.Any]]:
    """A network of three zones with one NAT gateway and its ten endpoints, changed."""
    variables = {
        "network_vpcs": [VPC],
        "network_subnets": SUBNETS,
        "endpoints_sets": SETS,
        "endpoints_subnets": PRIVATE,
    }
    both = {**variables, **changes}
    return [
        {key: value for key, value in both.items() if key.startswith(stack)} for stack in ("network", "endpoints", "x")
    ]


@pytest.mark.parametrize(
    ("endpoints", "zones", "gateways"), [(4, 3, 3), (9, 3, 3), (9, 2, 2), (20, 1, 1), (3, 3, 3), (1, 1, 1)]
)
def test_2_04_the_break_even_is_that_of_the_known_formula(endpoints: int, zones: int, gateways: int) -> None:
    shape = Shape(endpoints * zones, gateways, zones)
    by_hand = (endpoints * zones * 7.3 - gateways * 32.85) / 0.035
    assert break_even_gb(shape, WITHOUT_ADDRESSES) == pytest.approx(max(by_hand, 0))


def test_a_bill_by_hand() -> None:
    """9 endpoints in 3 zones, one NAT gateway, 500 GB: two thirds of them cross zones on their way to it."""
    found = choices(Shape(27, 1, 3), Traffic(500), PRICES)
    assert {name: round(choice.usd, 2) for name, choice in found.items()} == {
        "endpoints": 27 * 7.3 + 5,
        "nat": round(32.85 + 3.65 + 22.5 + 500 * 2 / 3 * 0.02, 2),
        "both": round(27 * 7.3 + 5 + 32.85 + 3.65, 2),
        "none": 0,
    }


@given(SHAPES, st.floats(0, 1e6), st.floats(0, 1e6))
def test_every_bill_is_the_sum_of_its_items_and_the_cheapest_lacks_nothing(
    shape: Shape, aws: float, rest: float
) -> None:
    found = choices(shape, Traffic(aws, rest), PRICES)
    for choice in found.values():
        assert choice.usd == pytest.approx(sum(item.quantity * item.price for item in choice.items))
    best = cheapest(found)
    assert not best.lacks
    assert all(best.usd <= choice.usd for choice in found.values() if not choice.lacks)


@given(SHAPES)
def test_endpoints_and_nat_cost_the_same_at_the_break_even(shape: Shape) -> None:
    edge = break_even_gb(shape, PRICES)
    found = choices(shape, Traffic(edge), PRICES)
    if edge > 0:
        assert found["endpoints"].usd == pytest.approx(found["nat"].usd)
    else:
        assert found["endpoints"].usd <= found["nat"].usd


@pytest.mark.parametrize(("gb", "best"), [(100, "nat"), (10_000, "endpoints")])
def test_2_04_which_is_cheaper_depends_on_the_traffic(gb: float, best: str) -> None:
    assert cheapest(choices(Shape(27, 1, 3), Traffic(gb), PRICES)).name == best


def test_with_traffic_to_the_internet_endpoints_alone_are_no_choice() -> None:
    found = choices(Shape(12, 1, 3), Traffic(10_000, 1), PRICES)
    assert found["endpoints"].lacks == "the internet is not reached"
    assert cheapest(found).name == "both"


def test_no_traffic_needs_no_way_out() -> None:
    assert cheapest(choices(Shape(12, 1, 3), Traffic(0), PRICES)).name == "none"


@pytest.mark.parametrize(
    ("changes", "name", "shape"),
    [
        ({}, "both", Shape(30, 1, 3)),
        ({"endpoints_sets": []}, "nat", Shape(12, 1, 3)),
        ({"endpoints_sets": ["ecr"]}, "both", Shape(6, 1, 3)),
        ({"network_vpcs": [{"name": "main", "cidr": "10.0.0.0/16"}]}, "endpoints", Shape(30, 1, 3)),
        ({"network_vpcs": [{**VPC, "nat": "per_az"}]}, "both", Shape(30, 2, 3)),
        ({"network_vpcs": [{"name": "main", "cidr": "10.0.0.0/16"}], "endpoints_sets": []}, "none", Shape(12, 1, 3)),
        ({"endpoints_sets": ["ecr"], "endpoints_services": [{"service": "sqs", "subnets": ["private-a"]}]},
         "both", Shape(7, 1, 3)),
    ],
)  # fmt: skip
def test_the_inventorys_choice_is_counted(changes: dict[str, t.Any], name: str, shape: Shape) -> None:
    assert chosen(stacks(**changes)) == (name, shape)


def test_no_cost_is_told_without_every_item_of_it() -> None:
    told = egress_costs(stacks(), "us-west-2", aws_gb=500)
    assert "both: 260.50 (the inventory's choice)" in told
    start = told.index("both: 260.50 (the inventory's choice)") + 1
    items = [float(line.split()[0]) for line in told[start : start + 7]]
    assert sum(items) == pytest.approx(260.50)
    assert any("as of 2026-06-01" in line and "https://aws.amazon.com/privatelink/pricing/" in line for line in told)
    assert told[-1].startswith("Endpoints are cheaper than NAT above ")


def test_prices_of_another_region_are_said_to_be_others() -> None:
    assert any("ap-northeast-2 has its own" in line for line in egress_costs(stacks(), "ap-northeast-2"))
    given = egress_costs(stacks(), "ap-northeast-2", prices={"nat_hour": "0.059"})
    assert "Prices are those given." in given
    with pytest.raises(AnsibleFilterError, match="there is no price nat; there are: endpoint_hour"):
        egress_costs(stacks(), "us-west-2", prices={"nat": 1})
