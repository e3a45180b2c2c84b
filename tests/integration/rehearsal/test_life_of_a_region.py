"""Inventories are taken through their whole life: planned, built, damaged, healed, left alone, torn down.

They are all that is shipped and one more, ``everything``, that uses what those do not. The run that heals changes what
was damaged and nothing else, so none is spent on what is still whole. What AWS saw is asked of the
embedded AWS's journal, not of Ansible's recap. The account is not empty: somebody else's things lie in it, some named
and numbered like ours, and must come out untouched; what others lent us must come back as it was.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._kinds import KINDS

from tests.integration.playbook import ROOT, Region, Run
from tests.integration.rehearsal.damage import ACTS, damage
from tests.integration.rehearsal.lent import borrowed, lend
from tests.integration.rehearsal.neighbours import settle_neighbours

SHIPPED = sorted(path.parent for path in ROOT.glob("inventories/**/stacks.yml"))
EVERYTHING = Path(__file__).parent / "inventories/everything"
WORDS = ("static_ips", "public_zones", "data", "images", "snapshots")


@dataclass
class Runs:
    """A region's runs, in order."""

    planned: Run
    built: Run
    found: Run
    healed: Run
    healthy: Run
    teardown_planned: Run
    torn_down: Run


@dataclass
class Life(Runs):
    """One region's runs, what they should have found, and what stood in the account around it."""

    region: Region
    neighbours: list[dict[str, t.Any]]
    lent: list[dict[str, t.Any]]
    expected: set[tuple[str, str, str, str]]
    left: list[dict[str, t.Any]]
    neighbours_after: list[dict[str, t.Any]]
    lent_after: list[dict[str, t.Any]]
    writes_to_neighbours: list[dict[str, t.Any]]


@pytest.fixture(scope="module", params=[*SHIPPED, EVERYTHING], ids=lambda path: path.name)
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Life]:
    """Take the region through its life once; the tests look at what happened."""
    scratch = tmp_path_factory.mktemp(request.param.name)
    borrows = request.param == EVERYTHING
    region = Region.raised(borrowed(request.param, scratch) if borrows else request.param, scratch)
    neighbours = settle_neighbours(region)
    lent, partner = lend(region) if borrows else ([], None)
    try:
        yield live(region, neighbours, lent)
    finally:
        if partner:
            partner.end()
        region.lab.stop()


def live(region: Region, neighbours: list[dict[str, t.Any]], lent: list[dict[str, t.Any]]) -> Life:
    """Take it from an account without it to one without it."""
    started = max((write["sequence"] for write in region.lab.writes()), default=0)
    words = [f"teardown_confirm={region.settings['region_name']}", *(f"teardown_release_{word}=true" for word in WORDS)]
    typed = [argument for word in words for argument in ("-e", word)]
    runs = {
        "planned": region.play("playbooks/plan.yml"),
        "built": region.play("site.yml"),
    }
    assert runs["built"].rc == 0, runs["built"].output
    expected, by_hand = damage(region)
    runs |= {
        "found": region.play("site.yml", "--check"),
        "healed": region.play("site.yml"),
        "healthy": region.play("site.yml"),
        "teardown_planned": region.play("playbooks/teardown.yml", *typed, "--check"),
        "torn_down": region.play("playbooks/teardown.yml", *typed),
    }
    ids, lent_ids = ({thing["id"] for thing in things} for things in (neighbours, lent))
    writes = [write for write in region.lab.writes(started) if write["sequence"] not in by_hand]
    after = region.lab.holdings()
    return Life(
        **runs,
        region=region,
        neighbours=neighbours,
        lent=lent,
        expected=expected,
        left=region.owned(),
        neighbours_after=[thing for thing in after if thing["id"] in ids],
        lent_after=[thing for thing in after if thing["id"] in lent_ids],
        writes_to_neighbours=[write for write in writes if ids & {*write["named"], *write["made"]}],
    )


def test_somebody_damages_something_of_every_kind() -> None:
    assert {kind.noun for kind, _ in ACTS} == {kind.noun for kind in KINDS}


@pytest.mark.parametrize("run", [field.name for field in fields(Runs)])
def test_every_run_succeeds(life: Life, run: str) -> None:
    ended: Run = getattr(life, run)
    assert ended.rc == 0, ended.output


@pytest.mark.parametrize("run", ["planned", "found", "teardown_planned"])
def test_a_plan_writes_nothing(life: Life, run: str) -> None:
    assert getattr(life, run).writes == []


def test_the_plan_on_an_empty_account_is_what_the_apply_then_does(life: Life) -> None:
    assert life.planned.actions
    assert life.built.actions == life.planned.actions


def test_damage_of_each_kind_is_found_by_a_plan_and_nothing_else_is(life: Life) -> None:
    assert life.found.actions == life.expected


def test_of_each_kind_that_stands_something_is_damaged(life: Life) -> None:
    assert {noun for _, noun, _, _ in life.expected} == {noun for _, noun, _, _ in life.built.actions}


def test_one_run_heals_the_damage_and_changes_nothing_else(life: Life) -> None:
    assert life.healed.actions == life.expected


def test_a_run_on_what_is_whole_changes_nothing_and_writes_nothing(life: Life) -> None:
    assert life.healthy.actions == set()
    assert life.healthy.region_writes == []
    assert "changed=0" in life.healthy.output


def test_teardown_does_what_its_plan_said_and_leaves_nothing_of_ours(life: Life) -> None:
    assert life.torn_down.actions == life.teardown_planned.actions
    assert life.left == []


def test_what_others_own_is_never_touched(life: Life) -> None:
    assert life.neighbours_after == life.neighbours
    assert life.writes_to_neighbours == []


def test_what_others_lent_comes_back_as_it_was(life: Life) -> None:
    assert life.lent_after == life.lent


def test_the_world_sees_the_same_addresses_after_all_damage(life: Life) -> None:
    seen = [re.findall(r"calls leave the region from +(.+?)  ", run.output) for run in (life.built, life.healed)]
    assert bool(seen[0]) is any(kind == "NAT gateway" for _, kind, _, _ in life.built.actions)
    assert seen[0] == seen[1]


def test_the_report_tells_what_a_person_needs(life: Life) -> None:
    assert f"region {life.region.settings['region_name']} (" in life.built.output
