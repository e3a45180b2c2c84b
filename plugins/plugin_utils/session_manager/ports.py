# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A port on this machine that leads to one on a node, or to one that the node reaches.

Agents newer than 3.0.196.0 carry any number of connections in one session; older ones carry one at a time.
"""

from __future__ import annotations

import socket
import time
import typing as t
from dataclasses import dataclass, field

from . import codec
from .errors import SessionError
from .handshake import PORT, Agent
from .smux import CLOSE, KEEPALIVE_SECONDS, Smux
from .use import READ, WRITE, Sender, Use

_READ_BYTES = 32 * 1024
_MOST_WAITING_BYTES = 4 * 1024 * 1024


@dataclass
class Connection:
    """One connection of this machine; ``waiting`` is what it has not taken yet, ``ends`` whether that is all."""

    sock: socket.socket
    stream: int
    waiting: bytearray = field(default_factory=bytearray)
    ends: bool = False


class Ports(Use):
    """A listening socket and the connections that came by it."""

    def __init__(self, listener: socket.socket, opened: t.Callable[[], None]) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._opened = opened
        self._session: Sender | None = None
        self._smux: Smux | None = None
        self._by_stream: dict[int, Connection] = {}
        self._keepalive: float | None = None

    def begin(self, session: Sender, agent: Agent) -> None:
        """Take a session with a port, and say that it can be used."""
        if agent.session != PORT:
            raise SessionError(f"wanted a session with a port, found one of the type {agent.session}")
        self._session = session
        self._smux = Smux() if agent.shares_ports else None
        self._keepalive = time.monotonic() if self._smux and agent.expects_keepalive else None
        self._opened()

    def received(self, content: int, payload: bytes) -> None:
        """Hand on what comes, to the connection that it is for."""
        if content != codec.DATA:
            # A flag that nothing listens there; the stream that met that is closed too, by a frame of its own.
            return
        if self._smux is None:
            for only in list(self._by_stream.values()):
                self._hand(only, payload)
        else:
            for command, stream, data in self._smux.receive(payload):
                connection = self._by_stream.get(stream)
                if connection is not None:
                    connection.ends = connection.ends or command == CLOSE
                    self._hand(connection, data)

    def watch(self) -> dict[t.Any, int]:
        """Listen where another connection can be carried; read connections while there is room."""
        hungry = READ if self._session is not None and self._session.room_bytes > 0 else 0
        accepts = READ if self._smux is not None or not self._by_stream else 0
        wanted: dict[t.Any, int] = {self._listener: accepts}
        for connection in self._by_stream.values():
            wanted[connection.sock] = (0 if connection.ends else hungry) | (WRITE if connection.waiting else 0)
        return wanted

    def ready(self, file: t.Any, events: int) -> None:
        """Serve the listener or a connection."""
        if file is self._listener:
            self._accept()
            return
        served = next((one for one in self._by_stream.values() if one.sock is file), None)
        if served is not None and events & WRITE:
            self._hand(served, b"")
        if served is not None and events & ~WRITE and served.stream in self._by_stream:
            self._read(served)

    def tick(self, now: float) -> float | None:
        """Say that somebody is there, to agents that expect it."""
        if self._keepalive is None or self._smux is None or self._session is None:
            return None
        if now - self._keepalive >= KEEPALIVE_SECONDS:
            self._keepalive = now
            self._session.send(self._smux.keepalive())
        return KEEPALIVE_SECONDS

    @property
    def full(self) -> bool:
        """Whether the connections take less than comes; smux has one flow for all of them."""
        return sum(len(one.waiting) for one in self._by_stream.values()) > _MOST_WAITING_BYTES

    def close(self) -> None:
        """Close all of it."""
        self._drop_all()
        self._listener.close()

    def _accept(self) -> None:
        try:
            sock, _address = self._listener.accept()
        except OSError:
            # It was gone before it was taken.
            return
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        stream, opening = self._smux.open() if self._smux else (0, b"")
        self._by_stream[stream] = Connection(sock, stream)
        self._send(opening)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._send(self._smux.push(connection.stream, data) if self._smux else data)
        else:
            self._drop(connection)

    def _hand(self, connection: Connection, data: bytes) -> None:
        """Write to a connection as far as it takes it; close it after the last."""
        connection.waiting += data
        try:
            sent = connection.sock.send(connection.waiting) if connection.waiting else 0
            del connection.waiting[:sent]
        except BlockingIOError:
            pass
        except OSError:
            connection.waiting.clear()
            connection.ends = True
        if connection.ends and not connection.waiting:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        """Close a connection, and the node's end of it."""
        connection.sock.close()
        if self._by_stream.pop(connection.stream, None) is None or self._session is None:
            return
        if self._smux is not None:
            self._send(self._smux.close(connection.stream))
        else:
            self._session.flag(codec.DISCONNECT_TO_PORT)

    def _drop_all(self) -> None:
        for connection in list(self._by_stream.values()):
            connection.sock.close()
        self._by_stream.clear()

    def _send(self, data: bytes) -> None:
        if self._session is not None and data:
            self._session.send(data)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, on a free port where ``port`` is 0. Raise `SessionError` for one that is taken."""
    try:
        return socket.create_server((host, port))
    except OSError as exc:
        raise SessionError(
            f"wanted to listen on {host}:{port}, found: {exc.strerror}. Right would be a free port"
        ) from exc
