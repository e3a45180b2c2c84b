"""Two regions in one account, built at the same time by two processes, know nothing of each other."""

from __future__ import annotations

import shutil
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.playbook import ROOT, Region, Run

WORDS = ("static_ips", "public_zones", "data", "snapshots")
RELEASED = [argument for word in WORDS for argument in ("-e", f"teardown_release_{word}=true")]


@dataclass
class Both:
    """Two regions, how they were built, and what of the first stood before and after the second was taken down."""

    first: Region
    second: Region
    built: list[Run]
    before: list[dict[str, t.Any]]
    torn_down: Run
    after: list[dict[str, t.Any]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Both]:
    first = Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("us"))
    second = in_the_account_of(first, ROOT / "inventories/kr", tmp_path_factory.mktemp("kr"))
    with ThreadPoolExecutor(2) as pool:
        built = list(pool.map(lambda region: region.play("site.yml"), [first, second]))
    before = first.owned()
    torn_down = second.play("playbooks/teardown.yml", "-e", "teardown_confirm=kr", *RELEASED)
    yield Both(first, second, built, before, torn_down, first.owned())
    first.lab.stop()


def in_the_account_of(first: Region, inventory: Path, scratch: Path) -> Region:
    """Return a copy of an inventory that may be built in the first region's account, on its embedded AWS."""
    copied = Region(Path(shutil.copytree(inventory, scratch / inventory.name)), first.lab, scratch)
    file = copied.inventory / "group_vars/all/region.yml"
    ours, theirs = (region.settings["region_allowed_account_ids"][0] for region in (first, copied))
    file.write_text(file.read_text(encoding="utf-8").replace(theirs, ours), encoding="utf-8")
    return copied


def test_both_are_built(both: Both) -> None:
    assert [run.rc for run in both.built] == [0, 0], both.built
    assert {thing["region"] for thing in both.before} == {"us-west-2", "aws"}


def test_no_run_touches_what_is_the_others(both: Both) -> None:
    ids = {thing["id"] for thing in both.before}
    writes = [write for write in both.first.lab.writes() if ids & {*write["named"], *write["made"]}]
    assert {write["run_id"] for write in writes} == {both.built[0].report["run_id"]}


def test_0_03_when_one_is_taken_down_the_other_stays_as_it_is(both: Both) -> None:
    assert both.torn_down.rc == 0, both.torn_down.output
    assert both.second.owned() == []
    assert both.after == both.before
    assert both.first.play("site.yml", "--check").actions == set()
