"""A teardown that is killed at any of its writes is finished by the next one: nothing of ours is left.

A sample of the writes is taken; ``CLOISTER_KILL_AT=all`` takes every one, twice.
"""

from __future__ import annotations

import re

import pytest

from tests.integration.killing import When, killed, points
from tests.integration.playbook import ROOT, Region
from tests.integration.teardown.laid import PLAYBOOK, RELEASED, TYPED, lay, left, teardown

WORDS = (*TYPED, *RELEASED)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def last(region: Region) -> int:
    """The last deletion of an undisturbed teardown; the lock is taken before and given back after them."""
    lay(region)
    whole = teardown(region, *RELEASED)
    assert whole.rc == 0, whole.output
    return len(whole.writes) - 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_teardown_killed_at_a_write_is_finished_by_the_next(region: Region, last: int, when: When) -> None:
    for write in points(2, last, when):
        region.reset()
        lay(region)
        assert killed(region, write, when, PLAYBOOK, *WORDS) != 0, f"the teardown was over before write {write}"
        region.lab.clear_faults()
        refused = teardown(region, *RELEASED)
        assert refused.rc == 2
        holder = re.search(r"unlock_run_id=(\w+)", refused.output)
        assert holder, refused.output
        assert region.play("playbooks/unlock.yml", "-e", f"unlock_run_id={holder[1]}").rc == 0
        again = teardown(region, *RELEASED)
        assert again.rc == 0, f"killed {when} write {write}:\n{again.output}"
        assert left(region) == [], f"killed {when} write {write}"
    region.reset()
