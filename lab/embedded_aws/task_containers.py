# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which tasks have containers: while somebody brings them, a task with an address of its own runs once it has its own.

Nobody does unless that is said; then a task runs as soon as ECS says so, and is a name.
"""

from __future__ import annotations

import typing as t

_brought: set[str] = set()
_told: list[bool] = [False]


def awaited(task: t.Any) -> bool:
    """Whether a task's containers are still to come."""
    return _told[0] and task.eni is not None and task.id not in _brought


def expect(wanted: bool) -> None:
    """Await containers of tasks from now on, or no more."""
    _told[0] = wanted


def bring(task_id: str) -> None:
    """The containers of a task are there, or nothing will ever stand for it."""
    _brought.add(task_id)


def clear() -> None:
    """Await none, and know of none."""
    _told[0] = False
    _brought.clear()
