# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the health checks of load balancers' targets find, as a test or another service's truth says."""

from __future__ import annotations

import dataclasses


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

    def say(
        self,
        target: str,
        port: int | None = None,
        healthy: bool | None = False,
        reason: str = "",
        description: str = "",
    ) -> None:
        """From now on checks of the target or path find this; healthy None takes back what was said."""
        if healthy is None:
            self._said.pop((target, port), None)
        else:
            self._said[target, port] = Verdict(healthy, reason or "Target.FailedHealthChecks", description)

    def of(self, target: str, port: int | None) -> Verdict | None:
        """What was said of the target at this port, or at all of them."""
        return self._said.get((target, port)) or self._said.get((target, None))

    def clear(self) -> None:
        self._said.clear()


current = Verdicts()
