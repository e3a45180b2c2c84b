# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the warm connection and its server say to each other.

A conversation runs over one Unix stream socket, in frames of a four-byte length and JSON:

1. the client sends the request (`Request`) with four descriptors: standard input, output and error
   of the module, and its working directory;
2. the fork that will run it answers `{"ready": true}` or `{"refused": "why"}`;
3. the client sends `{"go": true}`: once that is sent the module may have run, before it cannot have;
4. the server sends `{"status": n}`, a wait status, when the fork has ended.

Standard input, output and error are the client's own pipes, so the server never carries the output.
Whoever closes the socket early says that the module is no longer wanted.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from dataclasses import asdict, dataclass
from typing import Any

DESCRIPTORS = 4
_LENGTH = struct.Struct("!I")
_CREDENTIALS = struct.Struct("3i")
_LARGEST_FRAME_BYTES = 16 * 1024 * 1024


class WarmError(Exception):
    """The warm way is not to be had; the message says what was wanted and what was found."""


class RefusedError(WarmError):
    """The server cannot give this module what a plain run would: nothing is wrong, run it plainly."""


class GoneError(WarmError):
    """The other side has closed the socket."""


@dataclass(frozen=True)
class Request:
    """How a plain run would start the module: environment names and values, as `os.environ` has them."""

    interpreter: str
    umask: int
    environ: dict[str, str]


def send_frame(conn: socket.socket, value: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
    """Send one frame, and descriptors with its first byte. Raises OSError."""
    body = json.dumps(value).encode()
    data = _LENGTH.pack(len(body)) + body
    if descriptors:
        data = data[socket.send_fds(conn, [data], list(descriptors)) :]
    if data:
        conn.sendall(data)


def receive_frame(conn: socket.socket) -> dict[str, Any]:
    """Receive one frame. Raises OSError, and WarmError at the end of the conversation or for nonsense."""
    return _read_body(conn, b"")


def send_request(conn: socket.socket, request: Request, descriptors: tuple[int, int, int, int]) -> None:
    """Send the request with the module's standard input, output, error and working directory."""
    send_frame(conn, asdict(request), descriptors)


def receive_request(conn: socket.socket) -> tuple[Request, list[int]]:
    """Receive the request and its descriptors, which the caller then owns. Raises OSError and WarmError."""
    head, descriptors, _flags, _address = socket.recv_fds(conn, _LENGTH.size, DESCRIPTORS)
    request = Request(**_read_body(conn, head))
    if len(descriptors) != DESCRIPTORS:
        raise WarmError(f"wanted {DESCRIPTORS} descriptors with the request, found {len(descriptors)}")
    return request, descriptors


def check_peer(conn: socket.socket) -> None:
    """Refuse a peer of another user: both sides ask the kernel, which wrote its uid down (unix(7), SO_PEERCRED).

    Raises WarmError.
    """
    raw = conn.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid = _CREDENTIALS.unpack(raw)[1]
    if uid != os.geteuid():
        raise WarmError(f"wanted a peer of uid {os.geteuid()} on the warm socket, found uid {uid}")


def _read_body(conn: socket.socket, head: bytes) -> dict[str, Any]:
    head += _read(conn, _LENGTH.size - len(head))
    (size,) = _LENGTH.unpack(head)
    if size > _LARGEST_FRAME_BYTES:
        raise WarmError(f"wanted a frame of at most {_LARGEST_FRAME_BYTES} bytes, found one of {size}")
    try:
        value = json.loads(_read(conn, size))
    except ValueError as error:
        raise WarmError(f"wanted a frame of JSON, found none: {error}") from error
    if not isinstance(value, dict):
        raise WarmError(f"wanted a JSON object, found {type(value).__name__}")
    return value


def _read(conn: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = conn.recv(min(size - len(data), 1 << 16))
        if not chunk:
            raise GoneError("the other side closed the warm socket")
        data += chunk
    return bytes(data)
