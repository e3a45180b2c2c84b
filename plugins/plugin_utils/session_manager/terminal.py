# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A shell on a node, in the terminal of whoever asked for it."""

from __future__ import annotations

import json
import os
import termios
import tty
import typing as t

from . import codec
from .errors import SessionError
from .handshake import COMMANDS, SHELL, Agent
from .use import READ, WRITE, Sender, Use

_READ_BYTES = 4096
_MOST_WAITING_BYTES = 1024 * 1024
# Where the size cannot be known, as AWS's own client says.
_USUAL_SIZE = os.terminal_size((300, 100))
_LOOK_SECONDS = 0.5
_END_OF_TRANSMISSION = b"\x04"


class Terminal(Use):
    """A terminal, or the pipes that stand for one. ``exit_code`` is the command's, where the agent tells one."""

    def __init__(self, source: int = 0, sink: int = 1, errors: int = 2) -> None:
        self.exit_code = 0
        self._source, self._sink, self._errors = source, sink, errors
        self._session: Sender | None = None
        self._waiting = bytearray()
        self._size: os.terminal_size | None = None
        self._before: list[t.Any] | None = None
        self._typing = True

    def begin(self, session: Sender, agent: Agent) -> None:
        """Take a session with a shell or a command, and hand each key on as it is pressed."""
        if agent.session not in (SHELL, *COMMANDS):
            raise SessionError(f"wanted a session with a shell, found one of the type {agent.session}")
        self._session = session
        if os.isatty(self._source):
            self._before = termios.tcgetattr(self._source)
            tty.setraw(self._source)

    def received(self, content: int, payload: bytes) -> None:
        """Show what the shell says."""
        if content == codec.DATA:
            self._waiting += payload
            self._write()
        elif content == codec.STDERR:
            os.write(self._errors, payload)
        elif content == codec.EXIT_CODE:
            self.exit_code = int(payload or b"0")

    def watch(self) -> dict[t.Any, int]:
        """Read keys while there is room for them, show what was not shown yet."""
        hungry = self._typing and self._session is not None and self._session.room_bytes > 0
        wanted = {self._sink: WRITE} if self._waiting else {}
        if hungry:
            wanted[self._source] = wanted.get(self._source, 0) | READ
        return wanted

    def ready(self, file: t.Any, events: int) -> None:
        """Serve the terminal, which may be one file for both."""
        if events & WRITE:
            self._write()
        if file == self._source and events & ~WRITE and self._session is not None:
            data = os.read(self._source, _READ_BYTES)
            self._typing = bool(data)
            self._session.send(data or _END_OF_TRANSMISSION)

    def tick(self, now: float) -> float | None:
        """Tell the shell when the terminal's size has changed."""
        try:
            size = os.get_terminal_size(self._sink)
        except OSError:
            size = _USUAL_SIZE
        if size != self._size and self._session is not None:
            self._size = size
            told = json.dumps({"cols": size.columns, "rows": size.lines}).encode()
            self._session.send(told, codec.SIZE)
        return _LOOK_SECONDS

    @property
    def full(self) -> bool:
        """Whether the terminal takes less than comes."""
        return len(self._waiting) > _MOST_WAITING_BYTES

    def close(self) -> None:
        """Show the rest, and leave the terminal as it was."""
        while self._waiting:
            self._write()
        if self._before is not None:
            termios.tcsetattr(self._source, termios.TCSADRAIN, self._before)
            self._before = None

    def _write(self) -> None:
        try:
            sent = os.write(self._sink, memoryview(self._waiting)[:_READ_BYTES])
        except BlockingIOError:
            return
        except OSError:
            # Nobody looks any more.
            self.finished, sent = True, len(self._waiting)
        del self._waiting[:sent]
