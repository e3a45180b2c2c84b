# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Releases that Helm was killed over: it goes on calling them pending, and refuses every other change of them.

https://helm.sh/docs/helm/helm_list/ (pending), https://helm.sh/docs/helm/helm_rollback/. The region's lock says that no
other run of ours is at work, so what is pending is nobody's.
"""

from __future__ import annotations

import json
import typing as t

Run = t.Callable[[list[str]], tuple[int, str, str]]
"""Runs Helm with arguments; returns status, output and errors."""


class Pending(t.NamedTuple):
    """A release that an operation was begun on and never ended."""

    name: str
    namespace: str
    revision: int
    status: str

    @property
    def way_out(self) -> list[str]:
        """What ends it: the revision before comes back; of a first one nothing stays."""
        if self.revision == 1:
            return ["uninstall", self.name, "--namespace", self.namespace, "--wait"]
        return ["rollback", self.name, "--namespace", self.namespace, "--wait"]


def pending(run: Run) -> list[Pending]:
    """Return what is pending in any namespace. Raises ValueError with Helm's own words when it cannot be told."""
    rc, out, err = run(["list", "--all-namespaces", "--pending", "--output", "json"])
    if rc:
        raise ValueError(f"Helm does not say what is pending: {err.strip()}")
    found = json.loads(out or "[]")
    return [Pending(one["name"], one["namespace"], int(one["revision"]), one["status"]) for one in found]


def free(run: Run, one: Pending) -> None:
    """End what was begun. Raises ValueError with Helm's own words when it does not let it."""
    rc, _out, err = run(one.way_out)
    if rc:
        raise ValueError(
            f"{one.namespace}/{one.name} is {one.status} since a run was killed, and helm "
            f"{one.way_out[0]} fails: {err.strip()}"
        )
