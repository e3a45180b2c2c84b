# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a node's agent answers, and since when it does not: as a test says, else as its role and way let it.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_InstanceInformation.html
"""

from __future__ import annotations

import dataclasses
import time
import typing as t

Node = dict[str, t.Any]

STATUSES = ("Online", "ConnectionLost", "Inactive")


@dataclasses.dataclass(frozen=True)
class Said:
    """What a test says of a node: a ping status, and how many seconds ago its agent was last heard."""

    status: str
    seconds_ago: float


class Pings:
    """What tests say, by instance id, the same in every account and region."""

    def __init__(self) -> None:
        self._said: dict[str, Said] = {}

    def say(self, node: str, status: str | None = "ConnectionLost", minutes_ago: float = 60) -> None:
        """From now on the node has this ping status; None takes back what was said."""
        if status is None:
            self._said.pop(node, None)
        elif status in STATUSES:
            self._said[node] = Said(status, minutes_ago * 60)
        else:
            raise ValueError(f"{status!r} is no ping status; known: {', '.join(STATUSES)}")

    def of(self, node: str, online: bool) -> Node:
        """PingStatus and LastPingDateTime of a node that is `online` unless something else was said."""
        said = self._said.get(node) or Said("Online" if online else "ConnectionLost", 0)
        return {"PingStatus": said.status, "LastPingDateTime": round(time.time() - said.seconds_ago, 3)}

    def clear(self) -> None:
        self._said.clear()


current = Pings()
