"""Ranges: every two that overlap are found, whatever the plan."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Network

from ansible_collections.cloister.aws.plugins.plugin_utils.spec import ranges
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.spec.described import problems, sound

# A small space, so that ranges do overlap: nested, equal, side by side.
networks = st.builds(
    lambda size, place: IPv4Network((0x0A000000 + (place << 8) & (0xFFFFFFFF << (32 - size)), size)),
    st.integers(16, 28),
    st.integers(0, 1023),
)


@given(st.lists(networks, max_size=30))
def test_every_two_that_overlap_are_found_and_no_others(plan: list[IPv4Network]) -> None:
    found = ranges.overlapping([(network, index) for index, network in enumerate(plan)])
    brute = [(a, b) for a, b in itertools.combinations(range(len(plan)), 2) if plan[a].overlaps(plan[b])]
    assert found == brute


@given(st.lists(networks, min_size=1, max_size=8))
def test_every_overlapping_subnet_of_a_vpc_is_told(plan: list[IPv4Network]) -> None:
    variables = sound()
    variables["network_vpcs"] = [{"name": "main", "cidr": "10.0.0.0/16", "secondary_cidrs": [], "nat": "none"}]
    variables["network_subnets"] = [
        {"name": f"s{n}", "tier": "isolated", "az": "us-west-2a", "cidr": str(network)}
        for n, network in enumerate(plan)
    ]
    variables["endpoints_subnets"] = []
    told = [problem.path[1] for problem in problems(variables) if "overlaps" in problem.found]
    brute = [b for a, b in itertools.combinations(range(len(plan)), 2) if plan[a].overlaps(plan[b])]
    assert sorted(told) == sorted(brute)


@given(networks, networks)
def test_an_overlap_between_vpcs_is_told_and_only_then(first: IPv4Network, second: IPv4Network) -> None:
    variables = sound()
    variables.update(network_subnets=[], endpoints_subnets=[], region_peer_cidrs=[])
    variables["network_vpcs"] = [
        {"name": "main", "cidr": str(first), "secondary_cidrs": [], "nat": "none"},
        {"name": "operator", "cidr": str(second), "secondary_cidrs": [], "nat": "none"},
    ]
    assert any("overlaps" in problem.found for problem in problems(variables)) is first.overlaps(second)


@given(networks, networks)
def test_an_overlap_with_what_lies_outside_the_inventory_is_told(mine: IPv4Network, theirs: IPv4Network) -> None:
    variables = sound()
    variables.update(network_subnets=[], endpoints_subnets=[])
    variables["region_peer_cidrs"] = [{"name": "office", "cidr": str(theirs)}]
    variables["network_vpcs"] = [
        {"name": "main", "cidr": "192.168.0.0/16", "secondary_cidrs": [], "nat": "none"},
        {"name": "operator", "cidr": str(mine), "secondary_cidrs": [], "nat": "none"},
    ]
    assert any("office" in problem.found for problem in problems(variables)) is mine.overlaps(theirs)


@given(st.text(max_size=24))
def test_any_text_is_a_range_or_is_told_why_not(text: str) -> None:
    found = ranges.parse(text)
    assert isinstance(found, IPv4Network) or (found.found and found.right)


def test_an_address_inside_a_range_is_answered_with_the_range() -> None:
    assert ranges.parse("10.0.1.7/24") == ranges.BadRange(
        "10.0.1.7/24 is an address inside a range, not a range.", "10.0.1.0/24, the range it lies in"
    )


def test_a_netmask_is_not_a_size() -> None:
    assert ranges.parse("10.0.0.0/255.255.0.0") == ranges.BadRange(
        "10.0.0.0/255.255.0.0 does not end in a size that AWS reads.", "10.0.0.0/16"
    )


def test_room_is_found_where_there_is_some() -> None:
    inside = [IPv4Network("10.0.0.0/24")]
    assert ranges.free(inside, [IPv4Network("10.0.0.0/25")], 26) == "10.0.0.128/26"
    assert ranges.free(inside, [IPv4Network("10.0.0.0/24")], 28) == ""
