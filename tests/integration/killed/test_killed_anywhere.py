"""A run that is killed at any write converges when it is run again: no orphan, no duplicate.

The whole command dies at once, with everything it started, as when a machine loses power: it runs in a PID namespace
whose first process is killed. A sample of the writes is taken; ``CLOISTER_KILL_AT=all`` takes every one, twice.
"""

from __future__ import annotations

import os
import subprocess
import typing as t
from pathlib import Path

import pytest

from tests.integration.playbook import ROOT, Region, Shape

SAMPLE = 3
IN_A_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Shape]:
    """How many writes an undisturbed run makes, and what then stands."""
    region = Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("whole"))
    run = region.play("site.yml")
    assert run.rc == 0, run.output
    standing = region.shape()
    region.lab.stop()
    return len(run.writes), standing


def points(writes: int) -> list[int]:
    """Spread the sample over the run, its first and last writes included."""
    if os.environ.get("CLOISTER_KILL_AT") == "all":
        return list(range(1, writes))
    return [2 + round(step * (writes - 4) / (SAMPLE - 1)) for step in range(SAMPLE)]


def killed(region: Region, write: int, when: str) -> int:
    """Run site.yml and kill it at that write; return the exit status."""
    with subprocess.Popen(
        [*IN_A_NAMESPACE, *region.command("site.yml")],
        cwd=ROOT,
        env=region.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        region.lab.kill_at_write(process.pid, write, when)
        return process.wait(timeout=300)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_killed_at_a_write_converges_when_run_again(
    whole: tuple[int, Shape], when: t.Literal["before", "after"], tmp_path: Path
) -> None:
    writes, standing = whole
    for write in points(writes):
        region = Region.raised(ROOT / "inventories/us", tmp_path)
        try:
            assert killed(region, write, when) != 0, f"the run was over before write {write}"
            region.lab.clear_faults()
            region.unlock()
            again = region.play("site.yml")
            assert again.rc == 0, f"killed {when} write {write}:\n{again.output}"
            assert region.shape() == standing, f"killed {when} write {write}"
        finally:
            region.lab.stop()
