"""Computed subnets: the same plan gives the same ranges, what is appended moves none, and nothing overlaps."""

from __future__ import annotations

import itertools
import typing as t
from ipaddress import IPv4Network

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._network_plan import computed_subnets, zone_suffix
from hypothesis import assume, given
from hypothesis import strategies as st

AZS = [f"us-west-2{letter}" for letter in "abcd"]
TIERS = [{"tier": "public", "prefix": 24}, {"tier": "private", "prefix": 20}, {"tier": "isolated", "prefix": 24}]


def plan(azs: t.Sequence[str] = tuple(AZS[:3]), tiers: t.Sequence[t.Any] = tuple(TIERS), **said: t.Any) -> t.Any:
    return {"vpc": "main", "azs": list(azs), "tiers": list(tiers), **said}


def cidrs(subnets: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    return {subnet["name"]: subnet["cidr"] for subnet in subnets}


def test_each_zone_has_its_block_and_each_tier_its_place_in_it() -> None:
    assert cidrs(computed_subnets(plan(AZS[:2]), "10.0.0.0/16")) == {
        "public-a": "10.0.0.0/24",
        "public-b": "10.0.64.0/24",
        "private-a": "10.0.16.0/20",
        "private-b": "10.0.80.0/20",
        "isolated-a": "10.0.1.0/24",
        "isolated-b": "10.0.65.0/24",
    }


def test_a_subnet_says_its_vpc_tier_and_zone() -> None:
    first = computed_subnets(plan(AZS[:1], TIERS[:1], name_prefix="ops-"), "10.0.0.0/16")
    assert first == [
        {"name": "ops-public-a", "vpc": "main", "tier": "public", "az": "us-west-2a", "cidr": "10.0.0.0/24"}
    ]


def test_a_tier_may_leave_zones_out_and_keeps_its_place_there() -> None:
    uneven = [{**TIERS[0], "azs": AZS[:2]}, TIERS[1]]
    sparse = cidrs(computed_subnets(plan(tiers=uneven), "10.0.0.0/16"))
    assert set(sparse) == {"public-a", "public-b", "private-a", "private-b", "private-c"}
    assert sparse.items() <= cidrs(computed_subnets(plan(tiers=TIERS[:2]), "10.0.0.0/16")).items()


@st.composite
def tiers(draw: st.DrawFn) -> list[dict[str, t.Any]]:
    names = draw(st.permutations(["public", "private", "isolated"]))[: draw(st.integers(1, 3))]
    return [{"tier": name, "prefix": draw(st.integers(19, 28))} for name in names]


@given(st.integers(1, 4), tiers(), st.sampled_from(["10.0.0.0/16", "172.20.0.0/17", "192.168.0.0/18"]))
def test_subnets_lie_in_the_vpc_and_never_overlap(zones: int, tiers: list[t.Any], cidr: str) -> None:
    try:
        subnets = computed_subnets(plan(AZS[:zones], tiers), cidr)
    except InputError:
        assume(False)
    networks = [IPv4Network(subnet["cidr"]) for subnet in subnets]
    assert len(networks) == zones * len(tiers)
    assert all(network.subnet_of(IPv4Network(cidr)) for network in networks)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(networks, 2))


@given(st.integers(1, 3), tiers())
def test_what_is_appended_moves_nothing_that_stands(zones: int, tiers: list[t.Any]) -> None:
    try:
        after = cidrs(computed_subnets(plan(AZS[: zones + 1], tiers), "10.0.0.0/16"))
    except InputError:
        assume(False)
    for before in (plan(AZS[:zones], tiers), plan(AZS[: zones + 1], tiers[:-1])):
        assert cidrs(computed_subnets(before, "10.0.0.0/16")).items() <= after.items()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (plan(zones_at_most=2), "3 availability zones and room for 2"),
        (plan(zones_at_most=3), "power of two"),
        (plan(tiers=[{"tier": "private", "prefix": 17}]), "no room for a /17 of tier private in a zone's /18"),
        (plan(tiers=[{"tier": "private", "prefix": 29}]), "no room for a /29"),
        (plan(tiers=[{"tier": "public", "prefix": 19}, {"tier": "private", "prefix": 18}]), "no room for a /18"),
        (plan(tiers=[TIERS[0], TIERS[0]]), "lists tier public twice"),
        (plan(tiers=[{**TIERS[0], "azs": ["us-west-2d"]}]), "tiers in us-west-2d, which its azs do not list"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(wrong: t.Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        computed_subnets(wrong, "10.0.0.0/16")


def test_a_vpc_too_small_for_its_zones_is_refused() -> None:
    with pytest.raises(InputError, match=r"10\.0\.0\.0/28 cannot be cut into 4 zones"):
        computed_subnets(plan(), "10.0.0.0/28")


@pytest.mark.parametrize(
    ("az", "suffix"),
    [("us-west-2a", "a"), ("us-gov-west-1b", "b"), ("ap-northeast-2c", "c"), ("us-west-2-lax-1a", "lax-1a")],
)
def test_a_zone_is_told_by_its_end(az: str, suffix: str) -> None:
    assert zone_suffix(az) == suffix
