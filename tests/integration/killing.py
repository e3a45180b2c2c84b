"""Kill a run at one of its writes, with everything it started, as when a machine loses power."""

from __future__ import annotations

import os
import subprocess
import typing as t

from tests.integration.playbook import ROOT, Region

When = t.Literal["before", "after"]
SAMPLE = 6
# Whose first process is killed takes all of its processes along.
IN_A_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def killed(region: Region, write: int, when: When, *words: str) -> int:
    """Run ansible-playbook with these words and kill it before or after that write is applied; the exit status."""
    with subprocess.Popen(
        [*IN_A_NAMESPACE, *region.command(*words)],
        cwd=ROOT, env=region.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        region.lab.kill_at_write(process.pid, write, when)
        return process.wait(timeout=300)


def points(first: int, last: int, when: When) -> list[int]:
    """Writes to be killed at: a sample, spread from the first to the last, each before or after it is applied.

    With ``CLOISTER_KILL_AT=all`` it is every one, before and after.
    """
    if os.environ.get("CLOISTER_KILL_AT") == "all":
        return list(range(first, last + 1))
    spread = [first + round(step * (last - first) / (SAMPLE - 1)) for step in range(SAMPLE)]
    return spread[::2] if when == "before" else spread[1::2]
