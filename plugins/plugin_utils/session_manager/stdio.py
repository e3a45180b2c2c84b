# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SSH's end of a session: what ssh writes goes to sshd on the node, what sshd answers goes to ssh."""

from __future__ import annotations

import os
import select
import time
import typing as t
from concurrent.futures import Future

from . import codec
from .disconnect import disconnect
from .errors import SessionError, SilentError
from .handshake import PORT, Agent
from .use import READ, WRITE, Sender, Use

_READ_BYTES = 64 * 1024
_MOST_WAITING_BYTES = 4 * 1024 * 1024
# ssh leaves as soon as it has read why.
_LEAVING_SECONDS = 2.0


class Pipes(Use):
    """Two pipes. ``pushed`` is the key on its way to the node: nothing is said to sshd before it is there.

    Whatever is asked must be answered within ``timeout``: ssh itself asks (ServerAliveInterval) when nobody else does,
    so a node whose agent lives and whose sshd does not is given up too.
    """

    def __init__(self, timeout: float, pushed: Future[None] | None, source: int = 0, sink: int = 1) -> None:
        self._timeout = timeout
        self._pushed = pushed
        self._source, self._sink = source, sink
        self._session: Sender | None = None
        self._waiting = bytearray()
        self._asked: float | None = None
        self._answered = False
        os.set_blocking(sink, False)

    def begin(self, session: Sender, agent: Agent) -> None:
        """Take a session with a port."""
        if agent.session != PORT:
            raise SessionError(f"wanted a session with a port, found one of the type {agent.session}")
        if self._pushed is not None:
            self._await(self._pushed)
        self._session = session

    def received(self, content: int, payload: bytes) -> None:
        """Hand on what sshd says."""
        if content == codec.DATA:
            self._asked, self._answered = None, True
            self._waiting += payload
            self._write()
        elif content == codec.FLAG and int.from_bytes(payload, "big") == codec.CONNECT_TO_PORT_ERROR:
            raise SessionError("the agent cannot connect to this port of its node: nothing listens there")

    def watch(self) -> dict[t.Any, int]:
        """Read what ssh says while there is room for it, write what it has not yet taken."""
        hungry = self._session is not None and self._session.room_bytes > 0
        return {self._source: READ if hungry else 0, self._sink: WRITE if self._waiting else 0}

    def ready(self, file: t.Any, events: int) -> None:
        """Serve either pipe."""
        if file == self._sink:
            self._write()
            return
        session: t.Any = self._session  # nothing is watched before there is one
        data = os.read(self._source, min(_READ_BYTES, session.room_bytes))
        if not data:
            self.finished = True
            return
        self._asked = self._asked or time.monotonic()
        session.send(data)

    def tick(self, now: float) -> float | None:
        """Give up a node that leaves a question unanswered."""
        if self._asked is None or self.full:
            return None
        if now - self._asked >= self._timeout:
            raise SilentError(f"has not answered for {self._timeout:.0f} s: its agent or its sshd is stuck")
        return self._timeout - (now - self._asked)

    @property
    def full(self) -> bool:
        """Whether ssh takes less than comes."""
        return len(self._waiting) > _MOST_WAITING_BYTES

    def close(self) -> None:
        """Hand over the rest."""
        os.set_blocking(self._sink, True)
        self._write()

    def refuse(self, reason: str) -> None:
        """Tell ssh why there is no connection, if sshd has not said anything yet."""
        if not self._answered:
            self._waiting += disconnect(reason)
            self.close()
            self._await_leaving()

    def _await_leaving(self) -> None:
        """Stay until ssh has left: one that writes to nobody tells of a broken pipe in the place of the reason."""
        end = time.monotonic() + _LEAVING_SECONDS
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._source], [], [], left)[0] or not os.read(self._source, _READ_BYTES):
                return

    def _await(self, pushed: Future[None]) -> None:
        try:
            pushed.result(self._timeout)
        except TimeoutError as exc:
            raise SilentError(f"could not be given a key within {self._timeout:.0f} s") from exc
        except OSError as exc:
            raise SessionError(f"wanted a key of this machine, found: {exc}") from exc

    def _write(self) -> None:
        try:
            while self._waiting:
                sent = os.write(self._sink, memoryview(self._waiting)[:_READ_BYTES])
                del self._waiting[:sent]
        except BlockingIOError:
            pass
        except OSError:
            # ssh has left.
            self._waiting.clear()
            self.finished = True
