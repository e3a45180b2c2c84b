# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a session is used for, as the loop sees it: SSH's two pipes, a terminal, or ports."""

from __future__ import annotations

import selectors
import typing as t

from .handshake import Agent

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Sender(t.Protocol):
    """The session, as a use needs it."""

    @property
    def room_bytes(self) -> int:
        """How many bytes may be sent now."""

    def send(self, data: bytes, content: int = 1) -> None:
        """Send data to the node; who has much of it looks at `room_bytes` first."""

    def flag(self, which: int) -> None:
        """Raise a flag of the protocol."""


class Use:
    """The base of all uses. Whatever is called may raise `SessionError` to end the session."""

    # Whether this side wants nothing more; what was sent is still delivered.
    finished = False

    def begin(self, session: Sender, agent: Agent) -> None:
        """Take the session: the agent is ready. Raise `SessionError` for an agent that offers something else."""

    def received(self, content: int, payload: bytes) -> None:
        """Take what the node sends, in order."""

    def watch(self) -> dict[t.Any, int]:
        """Return the files that are to be watched, and for what."""
        return {}

    def ready(self, file: t.Any, events: int) -> None:
        """Serve a file that can be read or written."""

    def tick(self, now: float) -> float | None:
        """Do what is due; return in how many seconds to ask again, None for no need."""

    @property
    def full(self) -> bool:
        """Whether so much waits to be written that nothing more is to be received."""
        return False

    def close(self) -> None:
        """Hand over what still waits, and put back what was changed; the session is over."""
