# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several kinds brought about in turn by one module: whatever one of them refuses, it is refused before any write."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome

Stage = t.Callable[[bool], Outcome]
"""Brings something about, or in check mode (True) only says what that takes; what it needs was read before."""


def in_turn(stages: t.Sequence[Stage], check: bool, pending: bool = False) -> Outcome:
    """Plan all stages, then, unless in check mode, take them one by one until one fails; return all their members.

    Where the plan changes nothing they are only taken when something is ``pending``, such as a wait.
    """
    planned = merged([stage(True) for stage in stages])
    if check or not (planned.changed or pending):
        return planned
    done: list[Outcome] = []
    for stage in stages:
        try:
            done.append(stage(False))
        except RegionError as exc:
            done.append(Outcome([], [exc]))
        if done[-1].errors:
            break
    return merged(done)


def merged(outcomes: t.Iterable[Outcome]) -> Outcome:
    """Return one outcome of all."""
    whole = Outcome([])
    for outcome in outcomes:
        whole.members += outcome.members
        whole.errors += outcome.errors
    return whole
