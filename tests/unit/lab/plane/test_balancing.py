# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Targets in HAProxy over time, and what the embedded AWS is told of them."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from lab.plane import balancing
from lab.plane.container import Container
from tests.unit.lab.plane import plane_world as made

LIVE = {"10.0.1.10", "10.0.2.10"}
FIRST, SECOND = "to:proxies.cc33:ra/i-1_443", "to:proxies.cc33:rb/i-2_443"
NUMBERS = {made.PROXIES: {"i-1:443": 1, "i-2:443": 2}}
NEW = {"status": "UP", "check_status": "INI", "check_health": "3"}
HEALTHY = {"healthy": True, "reason": "", "description": ""}


class Aws:
    """An embedded AWS that notes what it is told."""

    def __init__(self) -> None:
        self.targets: set[str] = set()
        self.found: dict[int, dict[str, t.Any]] = {}
        self.answers: dict[str, bool] = {}
        self.times = 0

    def target_checks(self, targets: set[str], found: dict[int, t.Any], answers: dict[str, bool]) -> None:
        self.targets, self.found, self.answers = targets, found, answers
        self.times += 1


class Engine:
    """A HAProxy whose checks find what a test says."""

    def __init__(self, _: Container) -> None:
        self.asked: list[str] = []
        self.rows: dict[str, dict[str, str]] = {}

    def apply(self, _: str, servers: dict[str, dict[str, str]]) -> list[str]:
        there = {f"{backend}/{name}" for backend, listed in servers.items() for name in listed}
        new = there - self.rows.keys()
        self.rows = {one: self.rows.get(one, dict(NEW)) for one in there}
        return sorted(new)

    def ask(self, command: str) -> str:
        self.asked.append(command)
        if command.endswith("health down"):
            self.rows[command.split()[2]] |= {"status": "DOWN", "check_health": "0"}
        return ""

    def states(self) -> dict[str, dict[str, str]]:
        return self.rows


class Work:
    """Load balancers at work on a region that a test changes; a minute takes a second."""

    def __init__(self, folder: Path) -> None:
        self.aws, self.told, self.numbers = Aws(), made.snapshot(), NUMBERS
        container = Container("plane", folder, "172.17.0.2")
        self.work = balancing.Balancing(t.cast("t.Any", self.aws), container, 60, lambda _: None)
        self.engine = t.cast("Engine", self.work._engine)

    def at(self, now: float) -> None:
        self.work.follow(made.read(self.told, registrations=self.numbers), LIVE, now)
        self.work.tend(now)

    def row(self, server: str, status: str, check: str, **more: str) -> None:
        passed = str(int(check == "L7OK"))
        self.engine.rows[server] |= {"status": status, "check_status": check, "check_health": passed, **more}

    def said(self) -> list[str]:
        said, self.engine.asked = self.engine.asked, []
        return said


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setattr(balancing, "Engine", Engine)
    made_one = Work(tmp_path)
    made_one.at(0)
    return made_one


def well(work: Work, now: float = 0.1) -> None:
    for server in (FIRST, SECOND):
        work.row(server, "UP", "L7OK")
    work.at(now)
    work.said()


def test_a_new_target_is_down_until_it_has_passed_one_check(work: Work) -> None:
    assert work.said() == [f"set server {one} health down" for one in (FIRST, SECOND)]
    assert (work.aws.targets, work.aws.found) == ({"i-1", "i-2"}, {}), "initial"
    work.row(FIRST, "DOWN", "L7OK")
    work.at(0.1)
    assert f"set server {FIRST} health up" in work.said()
    assert work.aws.found == {1: HEALTHY}


def test_one_that_passes_none_is_unhealthy_once_it_could_have(work: Work) -> None:
    work.row(FIRST, "DOWN", "L4CON")
    work.at(0.9)
    assert work.aws.found == {}
    work.at(1.1)
    assert work.aws.found[1]["reason"] == "Target.FailedHealthChecks"


@pytest.mark.parametrize(
    ("check", "code", "reason", "said"),
    [
        ("L7STS", "503", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]"),
        ("L4TOUT", "", "Target.Timeout", "Request timed out"),
        ("* L7TOUT", "", "Target.Timeout", "Request timed out"),
        ("L4CON", "", "Target.FailedHealthChecks", "Health checks failed"),
    ],
)
def test_what_fails_is_told_in_awss_words(work: Work, check: str, code: str, reason: str, said: str) -> None:
    well(work)
    work.row(FIRST, "DOWN", check, check_code=code)
    work.at(1)
    assert work.aws.found == {1: {"healthy": False, "reason": reason, "description": said}, 2: HEALTHY}


def test_what_has_not_changed_is_not_told_again(work: Work) -> None:
    well(work)
    times = work.aws.times
    work.at(1)
    work.at(2)
    assert work.aws.times == times


def test_a_target_that_leaves_drains_after_the_lag_and_goes_when_nothing_is_open(work: Work) -> None:
    well(work)
    targets = work.told["target_groups"][0]["Targets"]
    work.told["target_groups"][0]["Targets"] = targets[1:]
    work.row(FIRST, "UP", "L7OK", scur="1")
    work.at(10)
    assert work.said() == []
    assert work.aws.targets == {"i-2"}
    work.at(12.5)
    assert f"set server {FIRST} state drain" in work.said()
    work.at(20)
    assert FIRST in work.engine.rows, "a connection is open"
    work.row(FIRST, "UP", "L7OK", scur="0")
    work.at(21)
    work.at(22)
    assert FIRST not in work.engine.rows


def test_what_is_open_is_cut_once_where_the_group_says_so(work: Work) -> None:
    well(work)
    group = work.told["target_groups"][0]
    group["Attributes"] += made.pairs(deregistration_delay__connection_termination__enabled="true")
    group["Targets"] = group["Targets"][1:]
    work.row(FIRST, "UP", "L7OK", scur="1")
    work.at(10)
    work.at(16)
    work.at(17)
    assert sum(one == f"shutdown sessions server {FIRST}" for one in work.said()) == 1
    assert FIRST not in work.engine.rows


def test_one_that_comes_back_gets_requests_again_after_a_check(work: Work) -> None:
    well(work)
    targets = work.told["target_groups"][0]["Targets"]
    work.told["target_groups"][0]["Targets"] = targets[1:]
    work.at(10)
    work.at(12.5)
    work.told["target_groups"][0]["Targets"] = targets
    work.numbers = {made.PROXIES: {"i-1:443": 3, "i-2:443": 2}}
    work.said()
    work.at(13)
    said = set(work.said())
    assert {f"set server {FIRST} state ready", f"set server {FIRST} health down"} <= said
    assert f"set server {FIRST} health up" not in said, "what it passed before does not count"
    assert work.aws.found == {2: HEALTHY}
    work.row(FIRST, "DOWN", "L7OK")
    work.at(13.1)
    assert f"set server {FIRST} health up" in work.said()
    assert work.aws.found == {2: HEALTHY, 3: HEALTHY}


def test_a_zone_with_nobody_healthy_is_withdrawn_and_refuses_while_another_has_somebody(work: Work) -> None:
    well(work)
    assert (work.work.withdrawn(), work.work.refusing()) == (set(), set())
    work.row(FIRST, "DOWN", "L4CON")
    work.at(1)
    assert work.work.withdrawn() == {"10.0.1.5", "198.18.0.1"}
    assert work.work.refusing() == {("10.0.1.5", 443), ("198.18.0.1", 443)}
    work.row(SECOND, "DOWN", "L4CON")
    work.at(2)
    assert work.work.withdrawn() == set(), "where none is healthy all are asked"


def test_route_53_is_answered_where_somebody_is_behind_the_address(work: Work) -> None:
    check = {"Type": "TCP", "Port": 443, "RequestInterval": 30, "FailureThreshold": 3}
    work.told["health_checks"] = [{"Id": n, "IPAddress": f"198.18.0.{n}", **check} for n in ("1", "9")]
    work.at(1)
    work.engine.rows["checker:1/it"] = {"status": "UP", "check_status": "INI"}
    assert [one["Id"] for one in work.work._checks] == ["1"], "nobody of ours has the other"
    work.work.tend(1)
    assert work.aws.answers == {}
    work.engine.rows["checker:1/it"] = {"status": "DOWN", "check_status": "L4CON"}
    work.work.tend(2)
    assert work.aws.answers == {"198.18.0.1:443": False}
