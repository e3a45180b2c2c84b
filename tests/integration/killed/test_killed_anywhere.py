"""A run that is killed at any write converges when it is run again: no orphan, no duplicate.

The whole command dies at once. A sample of the writes is taken; ``CLOISTER_KILL_AT=all`` takes every one, twice.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.killing import When, killed, points
from tests.integration.playbook import ROOT, Region, Shape


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Shape]:
    """How many writes an undisturbed run makes, and what then stands."""
    region = Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("whole"))
    run = region.play("site.yml")
    assert run.rc == 0, run.output
    standing = region.shape()
    region.lab.stop()
    return len(run.writes), standing


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_killed_at_a_write_converges_when_run_again(whole: tuple[int, Shape], when: When, tmp_path: Path) -> None:
    writes, standing = whole
    for write in points(2, writes - 2, when):
        region = Region.raised(ROOT / "inventories/us", tmp_path)
        try:
            assert killed(region, write, when, "site.yml") != 0, f"the run was over before write {write}"
            region.lab.clear_faults()
            region.unlock()
            again = region.play("site.yml")
            assert again.rc == 0, f"killed {when} write {write}:\n{again.output}"
            assert region.shape() == standing, f"killed {when} write {write}"
        finally:
            region.lab.stop()
