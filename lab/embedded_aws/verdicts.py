# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the health checks of load balancers' targets find, as a test or another service's truth says."""

from __future__ import annotations

import dataclasses
import typing as t

INITIAL = "Elb.InitialHealthChecking"
"""The reason of a target that is not checked through."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a target's health checks find; `reason` is one of AWS's codes when it is not healthy."""

    healthy: bool
    reason: str = ""
    description: str = ""


class Verdicts:
    """Verdicts by (target id or path that is asked for, port), the same in every account and region.

    Port None means every port.
    """

    def __init__(self) -> None:
        self._said: dict[tuple[str, int | None], Verdict] = {}
        self._found: dict[int, Verdict] = {}
        self._checked: frozenset[str] | None = None
        self._answers: dict[tuple[str, int], bool] = {}
        # How often something was said: what else depends on it looks anew.
        self.times = 0

    def say(
        self,
        target: str,
        port: int | None = None,
        healthy: bool | None = False,
        reason: str = "",
        description: str = "",
    ) -> None:
        """From now on checks of the target or path find this; healthy None takes back what was said."""
        self.times += 1
        if healthy is None:
            self._said.pop((target, port), None)
        else:
            self._said[target, port] = Verdict(healthy, reason or "Target.FailedHealthChecks", description)

    def of(self, target: str, port: int | None) -> Verdict | None:
        """What was said of the target at this port, or at all of them."""
        return self._said.get((target, port)) or self._said.get((target, None))

    def check(self, targets: t.Iterable[str], found: t.Mapping[int, Verdict]) -> None:
        """Let health checks be those that somebody really makes, of these targets: ids or addresses.

        `found` is what they found, by the number of the registration; who was only just registered is checked first.
        """
        self._checked, self._found = frozenset(targets), dict(found)

    def found(self, target: str, registration: int, has_machine: bool) -> Verdict | None:
        """What checks that are really made found of a registered target; None: it is not one that is checked.

        `has_machine` says that there is somebody to ask, or will be, whom the checks may not know of yet.
        """
        if self._checked is None:
            return None
        first = target in self._checked or has_machine
        return self._found.get(registration, Verdict(False, INITIAL) if first else None)

    def ask(self, found: t.Mapping[tuple[str, int], bool]) -> None:
        """Let endpoints answer their health checks, by address and port, as somebody who really asked them found."""
        if found != self._answers:
            self.times += 1
            self._answers = dict(found)

    def answers(self, address: str, port: int) -> bool | None:
        """Whether an endpoint answers its health checks; None when nobody really asks it."""
        said = self.of(address, port)
        return said.healthy if said else self._answers.get((address, port))

    def clear(self) -> None:
        self._said.clear()
        self._found.clear()
        self._answers.clear()
        self._checked = None


current = Verdicts()
