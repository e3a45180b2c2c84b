# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several connections to a port in one session: version 1 of smux, as agents speak it.

A frame is eight bytes in little endian (version, command, length, stream) and up to 65,535 of data:
https://github.com/xtaci/smux
"""

from __future__ import annotations

import struct

from .errors import ProtocolError

OPEN, CLOSE, PUSH, KEEPALIVE = 0, 1, 2, 3
KEEPALIVE_SECONDS = 10.0
_HEAD = struct.Struct("<BBHI")
_VERSION = 1
# What its other implementations cut at.
_FRAME_BYTES = 32_768


class Smux:
    """The client's side: opens streams, and takes apart what the agent sends on them."""

    def __init__(self) -> None:
        self._next = 3
        self._rest = b""

    def open(self) -> tuple[int, bytes]:
        """Return a new stream and the frame that opens it."""
        stream = self._next
        self._next += 2
        return stream, _frame(OPEN, stream)

    def push(self, stream: int, data: bytes) -> bytes:
        """Return the frames that carry data on a stream."""
        parts = range(0, len(data), _FRAME_BYTES)
        return b"".join(_frame(PUSH, stream, data[at : at + _FRAME_BYTES]) for at in parts)

    def close(self, stream: int) -> bytes:
        """Return the frame that closes a stream."""
        return _frame(CLOSE, stream)

    def keepalive(self) -> bytes:
        """Return a frame that says nothing but that somebody is there."""
        return _frame(KEEPALIVE, 0)

    def receive(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """Take what has come; return what is whole as (command, stream, data), `PUSH` and `CLOSE` only."""
        data = self._rest + data
        at, found = 0, []
        while len(data) - at >= _HEAD.size:
            version, command, length, stream = _HEAD.unpack_from(data, at)
            if version != _VERSION or command > KEEPALIVE:
                raise ProtocolError(f"wanted a frame of smux {_VERSION}, found version {version} and command {command}")
            if len(data) - at - _HEAD.size < length:
                break
            start = at + _HEAD.size
            at = start + length
            if command in (PUSH, CLOSE):
                found.append((command, stream, data[start:at]))
        self._rest = data[at:]
        return found


def _frame(command: int, stream: int, data: bytes = b"") -> bytes:
    return _HEAD.pack(_VERSION, command, len(data), stream) + data
