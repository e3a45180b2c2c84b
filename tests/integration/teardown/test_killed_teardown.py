"""A teardown that is killed at any of its writes is finished by the next one: nothing of ours is left.

Three of the writes are taken; ``CLOISTER_KILL_AT=all`` takes every one.
"""

from __future__ import annotations

import os
import re
import subprocess
import typing as t

import pytest

from tests.integration.playbook import ROOT, Region
from tests.integration.teardown.laid import PLAYBOOK, RELEASED, TYPED, lay, left, teardown

IN_A_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
WORDS = (*TYPED, *RELEASED)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("killed"))


def killed(region: Region, write: int, when: str) -> int:
    """Start a teardown and kill it, and all it started, at that write; return the exit status."""
    with subprocess.Popen(
        [*IN_A_NAMESPACE, *region.command(PLAYBOOK, *WORDS)],
        cwd=ROOT,
        env=region.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        region.lab.kill_at_write(process.pid, write, when)
        return process.wait(timeout=300)


def points(writes: int) -> list[int]:
    """The first and the last deletion and one between, or all; the lock is taken before and given back after."""
    if os.environ.get("CLOISTER_KILL_AT") == "all":
        return list(range(2, writes))
    return [2, writes // 2, writes - 1]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_teardown_killed_at_a_write_is_finished_by_the_next(
    region: Region, when: t.Literal["before", "after"]
) -> None:
    lay(region)
    whole = teardown(region, *RELEASED)
    assert whole.rc == 0, whole.output
    for write in points(len(whole.writes)):
        region.reset()
        lay(region)
        assert killed(region, write, when) != 0, f"the teardown was over before write {write}"
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
