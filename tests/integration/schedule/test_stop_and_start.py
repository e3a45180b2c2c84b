"""playbooks/stop.yml and playbooks/start.yml, and the calendar's own times, on a part of the kr region."""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from tests.integration.playbook import ROOT, Region, Run, cut

CALENDAR = ("-e", "resting_calendar=office-hours")
STOP, START = "playbooks/stop.yml", "playbooks/start.yml"
POOLS = {("pools", "Auto Scaling group", "vllm", "change"), ("pools", "Auto Scaling group", "fastapi", "change")}


@dataclass
class Nights:
    """A region with two pools that follow a calendar, and what was done to it."""

    region: Region
    runs: dict[str, Run]
    machines: dict[str, int]

    def count(self) -> int:
        """How many machines run."""
        environment = self.region.lab.environment
        make: t.Any = boto3.client
        ec2 = make(
            "ec2",
            region_name=self.region.settings["region_aws_region"],
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )
        running = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        found = ec2.describe_instances(Filters=running)["Reservations"]
        return sum(len(reservation["Instances"]) for reservation in found)

    def play(self, name: str, playbook: str, *arguments: str) -> None:
        """Run a playbook and remember what came of it."""
        self.runs[name] = self.region.play(playbook, *arguments)
        self.machines[name] = self.count()

    def fire(self, name: str, schedule: str) -> None:
        """Let the time of a calendar come."""
        self.region.lab.fire(self.region.settings["region_aws_region"], f"kr-schedule/office-hours-{schedule}")
        self.region.lab.settle(60)
        self.machines[name] = self.count()


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Nights]:
    scratch = tmp_path_factory.mktemp("nights")
    inventory = Path(shutil.copytree(ROOT / "inventories/kr", scratch / "kr"))
    cut(inventory, "network", "identity", "security_groups", "pools", "schedule")
    nights = Nights(Region.raised(inventory, scratch), {}, {})
    nights.play("built", "site.yml")
    nights.play("unnamed", STOP)
    nights.play("planned", STOP, *CALENDAR, "--check")
    nights.play("stopped", STOP, *CALENDAR)
    nights.play("stopped again", STOP, *CALENDAR)
    nights.play("run while it rests", "site.yml")
    nights.play("started", START, *CALENDAR)
    nights.fire("evening", "stop")
    nights.fire("morning", "start")
    nights.play("run at noon", "site.yml")
    yield nights
    nights.region.lab.stop()


def test_every_run_but_the_one_without_a_name_succeeds(nights: Nights) -> None:
    assert {name: run.output for name, run in nights.runs.items() if run.rc} == {
        "unnamed": nights.runs["unnamed"].output
    }


def test_a_stop_without_a_calendar_touches_nothing_and_says_which_there_are(nights: Nights) -> None:
    refused = nights.runs["unnamed"]
    assert "-e resting_calendar=office-hours" in refused.output
    assert refused.writes == []


def test_a_plan_of_a_stop_is_what_the_stop_then_does(nights: Nights) -> None:
    assert nights.runs["planned"].region_writes == []
    assert nights.runs["planned"].actions == nights.runs["stopped"].actions == POOLS


def test_machines_are_gone_and_come_back(nights: Nights) -> None:
    """1.21."""
    assert {
        name: nights.machines[name] for name in ("built", "planned", "stopped", "run while it rests", "started")
    } == {
        "built": 3,
        "planned": 3,
        "stopped": 0,
        "run while it rests": 0,
        "started": 3,
    }
    assert (nights.machines["evening"], nights.machines["morning"]) == (0, 3)


def test_a_second_stop_and_a_run_at_night_write_nothing(nights: Nights) -> None:
    assert nights.runs["stopped again"].region_writes == []
    assert nights.runs["run while it rests"].region_writes == []
    assert nights.runs["run while it rests"].actions == set()


def test_a_run_in_the_morning_finds_the_region_as_it_was(nights: Nights) -> None:
    assert nights.runs["run at noon"].actions == set()
    assert nights.runs["run at noon"].region_writes == []
