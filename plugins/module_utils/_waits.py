# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What this process waited for in AWS, and when: what a report draws as a timeline."""

from __future__ import annotations

import time
import typing as t
from contextlib import contextmanager


class Wait(t.TypedDict):
    """One wait, on the machine's monotonic clock, which all processes of a run share."""

    what: str
    began: float
    ended: float


_waits: list[Wait] = []


def begin() -> None:
    """Forget what was waited for before: a process may serve one module after the other."""
    _waits.clear()


def told() -> list[Wait]:
    """Return all waits so far, in the order in which they ended."""
    return list(_waits)


@contextmanager
def waiting(what: str) -> t.Iterator[None]:
    """Take down that ``what`` is waited for in this block, however it ends. Threads may wait side by side."""
    began = time.monotonic()
    try:
        yield
    finally:
        _waits.append({"what": what, "began": began, "ended": time.monotonic()})


def pause(began: float, shortest: float = 0.2, longest: float = 10.0) -> None:
    """Wait before the next look a tenth of what was waited since ``began`` (monotonic), so that little is in vain."""
    time.sleep(min(max(shortest, (time.monotonic() - began) / 10), longest))
