"""Every shipped inventory is taken through its whole life: planned, built, left alone, damaged, healed, torn down.

What AWS saw is asked of the embedded AWS's journal, not of Ansible's recap. The account is not empty: somebody else's
things lie in it, some named and numbered like ours, and must come out untouched.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.playbook import ROOT, Region, Run
from tests.integration.rehearsal.damage import damage
from tests.integration.rehearsal.neighbours import settle_neighbours

INVENTORIES = sorted(path.parent for path in ROOT.glob("inventories/**/stacks.yml"))


@dataclass
class Life:
    """One region's runs, in order, and what stood in the account around it."""

    region: Region
    neighbours: list[dict[str, t.Any]]
    planned: Run
    built: Run
    again: Run
    planned_again: Run
    expected: set[tuple[str, str, str, str]]
    found: Run
    healed: Run
    healthy: Run
    teardown_planned: Run
    torn_down: Run
    left: list[dict[str, t.Any]]
    neighbours_after: list[dict[str, t.Any]]
    writes_to_neighbours: list[dict[str, t.Any]]


@pytest.fixture(scope="module", params=INVENTORIES, ids=lambda path: path.name)
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Life]:
    """Take the region through its life once; the tests look at what happened."""
    inventory: Path = request.param
    region = Region.raised(inventory, tmp_path_factory.mktemp(inventory.name))
    neighbours = settle_neighbours(region)
    started = max((write["sequence"] for write in region.lab.writes()), default=0)
    words = ("-e", f"teardown_confirm={region.settings['region_name']}", "-e", "teardown_release_static_ips=true")
    runs = {
        "planned": region.play("playbooks/plan.yml"),
        "built": region.play("site.yml"),
        "again": region.play("site.yml"),
        "planned_again": region.play("site.yml", "--check"),
    }
    expected, damage_writes = damage(region)
    runs |= {
        "found": region.play("site.yml", "--check"),
        "healed": region.play("site.yml"),
        "healthy": region.play("site.yml"),
        "teardown_planned": region.play("playbooks/teardown.yml", *words, "--check"),
        "torn_down": region.play("playbooks/teardown.yml", *words),
    }
    ids = {thing["id"] for thing in neighbours}
    named = [
        w for w in region.lab.writes(started) if ids & {*w["named"], *w["made"]} and w["sequence"] not in damage_writes
    ]
    yield Life(
        region,
        neighbours,
        expected=expected,
        left=region.owned(),
        neighbours_after=[thing for thing in region.lab.holdings() if thing["id"] in ids],
        writes_to_neighbours=named,
        **runs,
    )
    region.lab.stop()


@pytest.mark.parametrize(
    "run", ["planned", "built", "again", "planned_again", "found", "healed", "healthy", "teardown_planned", "torn_down"]
)
def test_every_run_succeeds(life: Life, run: str) -> None:
    ended: Run = getattr(life, run)
    assert ended.rc == 0, ended.output


@pytest.mark.parametrize("run", ["planned", "planned_again", "found", "teardown_planned"])
def test_a_plan_writes_nothing(life: Life, run: str) -> None:
    assert getattr(life, run).writes == []


def test_the_plan_on_an_empty_account_is_what_the_apply_then_does(life: Life) -> None:
    assert life.planned.actions
    assert life.built.actions == life.planned.actions


def test_a_second_run_changes_nothing_and_writes_nothing(life: Life) -> None:
    assert life.again.actions == set()
    assert life.again.region_writes == []
    assert "changed=0" in life.again.output


def test_a_plan_of_what_stands_is_empty(life: Life) -> None:
    assert life.planned_again.actions == set()


def test_damage_of_each_kind_is_found_by_a_plan_and_nothing_else_is(life: Life) -> None:
    assert life.found.actions == life.expected


def test_one_run_heals_the_damage(life: Life) -> None:
    assert life.healed.actions == life.expected
    assert life.healthy.actions == set()
    assert life.healthy.region_writes == []


def test_teardown_does_what_its_plan_said_and_leaves_nothing_of_ours(life: Life) -> None:
    assert life.torn_down.actions == life.teardown_planned.actions
    assert life.left == []


def test_what_others_own_is_never_touched(life: Life) -> None:
    assert life.neighbours_after == life.neighbours
    assert life.writes_to_neighbours == []


def test_the_report_tells_what_a_person_needs(life: Life) -> None:
    assert f"region {life.region.settings['region_name']} (" in life.built.output
    assert "calls leave the region from" in life.built.output
