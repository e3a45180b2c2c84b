# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a target gets new connections, and when what is open to it ends."""

from __future__ import annotations

import typing as t

import pytest

from lab.plane.fleet import Fleet, Member
from tests.unit.lab.plane import plane_world as made

LIVE = {"10.0.1.10", "10.0.2.30"}
PROXY, MODEL = ("proxies.cc33", "i-1_443"), ("models.dd44", "10.0.2.30_8000")


class Life:
    """A fleet over time; a minute takes a second."""

    def __init__(self) -> None:
        self.told, self.fleet = made.snapshot(), Fleet(60)
        self.numbers: dict[str, dict[str, int]] = {}

    def follow(self, now: float, live: t.Collection[str] = LIVE) -> None:
        self.fleet.follow(made.read(self.told, registrations=self.numbers).groups, set(live), now)

    def leave(self, group: int) -> None:
        self.told["target_groups"][group]["Targets"] = []

    def __getitem__(self, key: tuple[str, str]) -> Member:
        return self.fleet.members[key]


@pytest.fixture
def life() -> Life:
    made_one = Life()
    made_one.follow(0)
    return made_one


def test_only_who_has_been_there_counts_and_goes_on_counting_when_it_falls_silent(life: Life) -> None:
    assert sorted(life.fleet.members) == [MODEL, PROXY]
    life.follow(1, live=())
    assert sorted(life.fleet.members) == [MODEL, PROXY]


def test_a_network_load_balancer_sends_on_for_a_while_and_one_for_applications_does_not(life: Life) -> None:
    for group in (0, 1):
        life.leave(group)
    life.follow(10)
    assert life.fleet.takes_new(life[PROXY], 11.9)
    assert not life.fleet.takes_new(life[PROXY], 12.1), "two minutes have passed"
    assert not life.fleet.takes_new(life[MODEL], 10)


def test_draining_takes_as_long_as_its_group_says_and_never_less_than_new_connections_come(life: Life) -> None:
    life.leave(0)
    life.follow(10)
    assert not life.fleet.is_over(life[PROXY], 14.9)
    assert life.fleet.is_over(life[PROXY], 15.1)
    life.told["target_groups"][0]["Attributes"] = made.pairs(deregistration_delay__timeout_seconds="0")
    life.follow(11)
    assert not life.fleet.is_over(life[PROXY], 11.5)
    assert life.fleet.is_over(life[PROXY], 12.1)


@pytest.mark.parametrize(("ends", "cut"), [("true", True), ("false", False)])
def test_connections_end_after_draining_where_the_group_says_so(life: Life, ends: str, cut: bool) -> None:
    life.leave(0)
    more = made.pairs(deregistration_delay__connection_termination__enabled=ends)
    life.told["target_groups"][0]["Attributes"] += more
    life.follow(10)
    assert not life.fleet.is_cut(life[PROXY], 14)
    assert life.fleet.is_cut(life[PROXY], 16) is cut


def test_connections_of_application_load_balancers_always_end_then(life: Life) -> None:
    life.leave(1)
    life.follow(10)
    assert [life.fleet.is_cut(life[MODEL], now) for now in (10.5, 11.5)] == [False, True]


def test_who_is_registered_again_begins_anew(life: Life) -> None:
    life[PROXY].healthy = True
    targets = life.told["target_groups"][0]["Targets"]
    life.leave(0)
    life.follow(10)
    life.told["target_groups"][0]["Targets"] = targets
    life.follow(11)
    assert (life[PROXY].left, life[PROXY].since, life[PROXY].healthy) == (None, 11, None)
    # Deregistered and registered between two looks: only its number tells.
    life[PROXY].healthy = True
    life.numbers = {made.PROXIES: {"i-1:443": 7}}
    life.follow(12)
    assert life[PROXY].healthy is None


def test_a_draining_target_counts_as_gone_and_a_group_without_a_load_balancer_is_forgotten(life: Life) -> None:
    life.told["target_groups"][0]["Targets"] = [made.target("i-1", 443, "draining")]
    life.follow(10)
    assert life[PROXY].left == 10
    life.told["target_groups"][0]["LoadBalancerArns"] = []
    life.follow(11)
    assert PROXY not in life.fleet.members
