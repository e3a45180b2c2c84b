# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether flows are as an inventory expects them, and what a person is told of each."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils.reachability import ends
from ansible_collections.cloister.aws.plugins.module_utils.reachability.ends import End
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.holders import Holders
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import reach_service
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Snapshot
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

REACHED, BLOCKED = "reached", "blocked"
NOT_THERE = "not-there"
"""The cause where one end does not stand, so that nothing can be judged."""


@dataclass(frozen=True)
class Flow:
    """A request that somebody makes, and whether it is meant to get through."""

    name: str
    source: End
    destination: End
    port: int
    protocol: str
    expected: str

    @property
    def spelled(self) -> str:
        """It, on a line."""
        return f"{self.source.spelled} -> {self.destination.spelled} {self.port}/{self.protocol}"


def diagnose(snapshot: Snapshot, holders: Holders, flow: Flow) -> dict[str, t.Any]:
    """Return how far a flow gets as plain data: that of a `Verdict` with ``evidence``, and ``as_expected``.

    Each sort of place that it comes from is judged with each address it goes to; what is told is the first that is not
    as expected.
    """
    verdicts, missing = [], flow.source
    for start in holders.sources(flow.source):
        missing = flow.destination
        for name in holders.destinations(flow.destination, start):
            service = flow.destination.kind == ends.AWS and isinstance(start, Vantage)
            verdicts.append(
                reach_service(snapshot, t.cast("Vantage", start), name)
                if service
                else reach(snapshot, start, name, flow.port, flow.protocol)
            )
    said = {"name": flow.name, "flow": flow.spelled, "expected": flow.expected}
    if not verdicts:
        return {**said, "as_expected": False, **_missing(missing, holders.owner)}
    told = next((one for one in verdicts if not as_expected(flow, one)), verdicts[0])
    evidence = list(dict.fromkeys(one for step in told.steps for one in step.evidence))
    return {**said, "as_expected": as_expected(flow, told), **told.told(), "evidence": evidence}


def as_expected(flow: Flow, verdict: Verdict) -> bool:
    """Return whether a verdict is what a flow expects.

    Blocked is what something closes on the way. What got to its last step and is ill there is not, nor what is unknown.
    """
    if flow.expected == REACHED:
        return verdict.reached
    return not verdict.reached and verdict.judged and verdict.stage != "target"


def _missing(end: End, owner: str) -> dict[str, t.Any]:
    said = f"{end.spelled} is not there in region {owner}: nothing of it stands or runs now"
    fix = (
        f"run the stack that makes it, or judge the request without it, from {ends.SUBNET}/<name>/<security group>,..."
    )
    empty: dict[str, t.Any] = {"cleared": [], "broken": [], "evidence": []}
    return {"reached": False, "stage": "", "cause": NOT_THERE, "said": said, "fix": fix, **empty}


def lines(found: t.Sequence[t.Mapping[str, t.Any]], whole: bool) -> list[str]:
    """Return a line for each flow; with ``whole``, what was looked at below it."""
    told = []
    for one in found:
        got = REACHED if one["reached"] else f"{BLOCKED} ({one['cause']})"
        mark = "as expected" if one["as_expected"] else f"EXPECTED TO BE {one['expected'].upper()}"
        told.append(f"{one['name']}: {one['flow']} is {got}, {mark}")
        if whole:
            told += [f"  cleared  {step}" for step in one["cleared"]]
            told += [f"  broken   {step}" for step in one["broken"]]
    return told


def complaints(found: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """Return what is said of each flow that is not as expected: what stops it or lets it by, and what to do."""
    told = []
    for one in (one for one in found if not one["as_expected"]):
        told.append(f"{one['name']}: {one['flow']} is expected to be {one['expected']}")
        if one["reached"]:
            told += [f"  lets it by: {step}" for step in one["cleared"]]
            told.append("  what to do: close one of these in the inventory, or declare it expected: reached")
            continue
        told += [f"  cleared: {step}" for step in one["cleared"]]
        others = [step for step in one["broken"] if step != f"{one['stage']}: {one['said']}"]
        told.append(f"  broken: {': '.join(filter(None, (one['stage'], one['cause'], one['said'])))}")
        told += [f"  broken too: {step}" for step in others]
        told.append(f"  what to do: {one['fix']}")
    return told
