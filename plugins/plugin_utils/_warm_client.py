# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The controller's side of one module run: hand it over, read its output, learn how it ended."""

from __future__ import annotations

import os
import selectors
import signal
import socket
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_protocol as protocol

_LOST = (
    "{what} while the module ran, and the module was ended. How far it came is not known, so it was not run again. "
    "Run the playbook again: what is done already will be found.\n"
)
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class Finished:
    """How a module ended: exit status as subprocess gives it (negative: the signal), and its output."""

    returncode: int
    stdout: bytes
    stderr: bytes


def run_module(conn: socket.socket, request: protocol.Request, cwd: str | None, payload: bytes) -> Finished:
    """Run `payload` as the request says; `conn` is fresh and has the deadline for the start.

    To close `conn` ends a module that still runs.

    Raises RefusedError when a plain run is due, WarmError and OSError when the server is of no use: then, and only
    then, nothing has run.
    """
    outputs = _hand_over(conn, request, cwd, payload)
    try:
        conn.settimeout(None)
        return _collect(conn, *outputs)
    except OSError as error:
        return _lost(f"The module's output could not be read ({error})")
    finally:
        for output in outputs:
            os.close(output)


def _hand_over(conn: socket.socket, request: protocol.Request, cwd: str | None, payload: bytes) -> tuple[int, int]:
    """Agree with the server; give the read ends of the module's output and error."""
    theirs: list[int] = []
    ours: list[int] = []
    try:
        theirs.append(_in_memory(payload))
        for _stream in ("output", "error"):
            read_end, write_end = os.pipe2(os.O_CLOEXEC)
            ours.append(read_end)
            theirs.append(write_end)
        theirs.append(os.open(cwd or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        protocol.send_request(conn, request, (theirs[0], theirs[1], theirs[2], theirs[3]))
        answer = protocol.receive_frame(conn)
        if "refused" in answer:
            raise protocol.RefusedError(answer["refused"])
        if "ready" not in answer:
            raise protocol.WarmError(f"wanted a fork that is ready for the module, found that it ended: {answer}")
        protocol.send_frame(conn, {"go": True})
    except BaseException:
        for descriptor in ours:
            os.close(descriptor)
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    return ours[0], ours[1]


def _collect(conn: socket.socket, stdout: int, stderr: int) -> Finished:
    """Read both streams to their end, as `subprocess.communicate` does, then the status."""
    data: dict[int, bytearray] = {stdout: bytearray(), stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for descriptor in data:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                chunk = os.read(key.fd, _CHUNK_BYTES)
                if chunk:
                    data[key.fd] += chunk
                else:
                    selector.unregister(key.fd)
    output, error = bytes(data[stdout]), bytes(data[stderr])
    try:
        return Finished(os.waitstatus_to_exitcode(int(protocol.receive_frame(conn)["status"])), output, error)
    except (protocol.WarmError, OSError, KeyError, ValueError):
        return _lost("The warm server ended", output, error)


def _lost(what: str, stdout: bytes = b"", stderr: bytes = b"") -> Finished:
    return Finished(-signal.SIGKILL, stdout, stderr + _LOST.format(what=what).encode())


def _in_memory(data: bytes) -> int:
    descriptor = os.memfd_create("payload", os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
