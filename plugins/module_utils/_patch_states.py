# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What nodes lack of patches, as the last scan or installation found it.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_InstancePatchState.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws

MOST = 50
"""Nodes that one call takes."""
_COUNTS = {
    "missing": "MissingCount",
    "failed": "FailedCount",
    "pending_reboot": "InstalledPendingRebootCount",
}


class State(t.TypedDict):
    """One node's: how many patches are missing, failed, or wait for a restart, and what was done last."""

    instance_id: str
    operation: str
    missing: int
    failed: int
    pending_reboot: int


def states(aws: Aws, ids: t.Sequence[str]) -> list[State]:
    """Return those of the nodes that were ever scanned, by id."""
    found: list[State] = []
    for first in range(0, len(ids), MOST):
        some = list(ids[first : first + MOST])
        for raw in aws.pages("ssm", "describe_instance_patch_states", "InstancePatchStates", InstanceIds=some):
            counts = {key: int(raw.get(name, 0)) for key, name in _COUNTS.items()}
            found.append(t.cast("State", {"instance_id": raw["InstanceId"], "operation": raw["Operation"], **counts}))
    return sorted(found, key=lambda one: one["instance_id"])


def line(state: State) -> str:
    """Return it in a line."""
    said = [f"{state['missing']} missing", f"{state['failed']} failed", f"{state['pending_reboot']} wait for a restart"]
    return f"{state['instance_id']}: {', '.join(said)} ({state['operation']})"


def complaints(found: t.Sequence[State], ids: t.Collection[str]) -> list[str]:
    """Return what a person has to know: patches that could not be installed, nodes that were never scanned."""
    bad = [f"{one['instance_id']}: {one['failed']} patches could not be installed" for one in found if one["failed"]]
    never = sorted(set(ids) - {one["instance_id"] for one in found})
    return bad + [f"{one}: Systems Manager knows nothing of its patches" for one in never]
