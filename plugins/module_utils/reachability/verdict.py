# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a request gets, and why not further: steps in order, the first broken one, and what was cleared."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils.reachability.causes import CAUSES

Stage = t.Literal["dns", "route", "security_group", "network_acl", "tcp", "tls", "http", "target"]
STAGES: tuple[Stage, ...] = ("dns", "route", "security_group", "network_acl", "tcp", "tls", "http", "target")
"""In the order in which a request meets them."""


@dataclass(frozen=True)
class Step:
    """One thing that was looked at. ``evidence`` are ids; a step that is not ok has a cause and what mends it."""

    stage: Stage
    ok: bool
    said: str
    evidence: tuple[str, ...] = ()
    cause: str = ""
    fix: str = ""


def passed(stage: Stage, said: str, *evidence: t.Any) -> Step:
    """Return a step that lets the request by."""
    return Step(stage, True, said, _ids(evidence))


def broken(cause: str, said: str, fix: str, *evidence: t.Any) -> Step:
    """Return the step that a request does not get past; the cause says at which stage."""
    return Step(t.cast("Stage", CAUSES[cause].stage), False, said, _ids(evidence), cause, fix)


def _ids(evidence: t.Iterable[t.Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one) for one in evidence if one))


@dataclass(frozen=True)
class Verdict:
    """How far a request gets. Where ``reached`` is false, the rest is about the first broken step."""

    reached: bool
    stage: Stage | None
    cause: str
    said: str
    fix: str
    steps: tuple[Step, ...]

    @property
    def cleared(self) -> tuple[Step, ...]:
        """The steps that were looked at and are innocent."""
        return tuple(step for step in self.steps if step.ok)

    @property
    def judged(self) -> bool:
        """Whether it is known; false where the path goes through something that is not modelled or not readable."""
        return self.cause not in NOT_JUDGED

    def told(self) -> dict[str, t.Any]:
        """Return it as plain data."""
        return {
            "reached": self.reached,
            "stage": self.stage,
            "cause": self.cause,
            "said": self.said,
            "fix": self.fix,
            "cleared": [f"{step.stage}: {step.said}" for step in self.cleared],
            "broken": [f"{step.stage}: {step.said}" for step in self.steps if not step.ok],
        }


NOT_JUDGED = frozenset(slug for slug, cause in CAUSES.items() if not cause.judged)


def verdict(steps: t.Sequence[Step]) -> Verdict:
    """Return what the steps come to; they are put in the order of the stages."""
    ordered = sorted(steps, key=lambda step: STAGES.index(step.stage))
    first = next((step for step in ordered if not step.ok), None)
    if first is None:
        said = ordered[-1].said if ordered else "nothing stands in the way"
        return Verdict(True, None, "", said, "", tuple(ordered))
    return Verdict(False, first.stage, first.cause, first.said, first.fix, tuple(ordered))
