# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a task does not start, in AWS's words."""

from __future__ import annotations

import typing as t


def trouble(task: t.Any) -> str | None:
    """The stopped reason of a task that cannot start, None when it can."""
    return None


def unusable_role(backend: t.Any, definition: t.Any) -> str | None:
    """A role of the task definition that ECS cannot assume, None when it can."""
    return None
