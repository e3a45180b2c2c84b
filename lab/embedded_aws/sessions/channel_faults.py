# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong on the way between a client and an agent, by count, so that a test meets the same every time."""

from __future__ import annotations

import dataclasses
import fnmatch
import threading

NEVER = -1


@dataclasses.dataclass
class ChannelFault:
    """Faults of the sessions that are started from now on; messages are counted over a session's whole life.

    Every n-th message of either direction is dropped, comes twice, or comes `delay_seconds` late. After so many
    messages of both directions the connection is cut (once), nothing comes through any more (as when an agent died:
    the connection stands, nobody answers), or the agent is away for `pause_seconds` (once, and the client is told so).
    """

    target: str = "*"
    """A node's id, or a pattern."""
    sessions: int | None = None
    """How many sessions it strikes; None: all."""
    drop_every: int = 0
    duplicate_every: int = 0
    delay_every: int = 0
    delay_seconds: float = 0.3
    cut_after: int = NEVER
    silent_after: int = NEVER
    pause_after: int = NEVER
    pause_seconds: float = 1.0
    refuse_resume: bool = False
    """ResumeSession gives no token, as for a session that has ended."""
    forgetful: bool = False
    """A message that comes a second time is not acknowledged again."""
    agent_version: str = ""
    """What the agent says it is; 3.0.196.0 and older do not multiplex."""
    idle_seconds: float = 0.0
    """End a session when nothing passed for so long; 0: twenty minutes."""

    def __post_init__(self) -> None:
        for name in ("drop_every", "duplicate_every", "delay_every"):
            if getattr(self, name) == 1 or getattr(self, name) < 0:
                raise ValueError(f"expected 0 (never) or at least 2 for {name}: nothing would ever come through")


class CutError(Exception):
    """The connection is to be cut now."""


class Passage:
    """The way of one session's messages: which of them come through, how often and how late."""

    def __init__(self, fault: ChannelFault) -> None:
        self._fault = fault
        self._counts = {"in": 0, "out": 0}
        self._once: set[str] = set()
        self.struck = {"lost": 0, "doubled": 0, "late": 0}
        self.silent = False

    def copies(self, direction: str) -> list[float]:
        """Delays in seconds of the copies of the next message: none when it is lost.

        CutError when the connection goes instead.
        """
        fault, count = self._fault, self._counts
        count[direction] += 1
        passed = sum(count.values())
        if fault.silent_after != NEVER and passed > fault.silent_after:
            self.silent = True
        if self.silent:
            return []
        if self._due("cut", fault.cut_after, passed):
            raise CutError
        if self._strikes("lost", count[direction], fault.drop_every):
            return []
        delay = fault.delay_seconds if self._strikes("late", count[direction], fault.delay_every) else 0.0
        return [delay, delay] if self._strikes("doubled", count[direction], fault.duplicate_every) else [delay]

    def pauses(self) -> bool:
        """Whether the agent goes away now; once."""
        return self._due("pause", self._fault.pause_after, sum(self._counts.values()))

    def _due(self, what: str, after: int, passed: int) -> bool:
        if after == NEVER or passed <= after or what in self._once:
            return False
        self._once.add(what)
        return True

    def _strikes(self, how: str, count: int, every: int) -> bool:
        if every == 0 or count % every:
            return False
        self.struck[how] += 1
        return True


class ChannelFaults:
    """The faults that new sessions may meet: of all that name a target the first, until it has struck often enough."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[ChannelFault] = []
        self.key_seconds = 0.0
        """How long a key of Instance Connect lasts; 0: a minute, as on AWS."""

    def add(self, fault: ChannelFault) -> None:
        with self._lock:
            self._faults.append(fault)

    def strike(self, target: str) -> ChannelFault:
        """The fault of a session that starts now."""
        with self._lock:
            for one in self._faults:
                if fnmatch.fnmatchcase(target, one.target) and one.sessions != 0:
                    if one.sessions is not None:
                        one.sessions -= 1
                    return dataclasses.replace(one)
        return ChannelFault()

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self.key_seconds = 0.0


current = ChannelFaults()
