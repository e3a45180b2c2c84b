# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small threaded HTTP/1.1 server with keep-alive.

Ours rather than the standard library's or werkzeug's: an answer leaves in one send (no Nagle wait on a
kept connection), a request costs a tenth of a millisecond, and a fault can cut the connection.
"""

from __future__ import annotations

import dataclasses
import http
import socket
import socketserver
import struct
import typing as t
from collections.abc import Callable

MAX_LINE_BYTES = 65536


@dataclasses.dataclass(slots=True)
class HttpRequest:
    """One request; header names are lower case, the target is as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclasses.dataclass(slots=True)
class Answer:
    """What goes back: a status, header pairs and the body's bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


class ConnectionCutError(Exception):
    """Raised by an application to drop the connection without an answer, as a reset does."""


Application = Callable[[HttpRequest], Answer]


class HttpServer(socketserver.ThreadingTCPServer):
    """Serves `application` on a loopback port; port 0 takes a free one."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, application: Application, port: int = 0) -> None:
        self.application = application
        super().__init__(("127.0.0.1", port), _Connection)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A client that went away is no news; anything else is printed to the log."""
        import sys

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Connection(socketserver.StreamRequestHandler):
    server: HttpServer
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while (request := self._read()) is not None:
            try:
                answer = self.server.application(request)
            except ConnectionCutError:
                # SO_LINGER of zero seconds makes close() send RST, as a lost peer would.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            keep = request.headers.get("connection", "").lower() != "close"
            self.connection.sendall(_serialize(request.method, answer, keep))
            if not keep:
                return

    def _read(self) -> HttpRequest | None:
        line = self.rfile.readline(MAX_LINE_BYTES)
        words = line.decode("latin-1").split()
        if len(words) != 3:
            return None
        headers: dict[str, str] = {}
        while (header := self.rfile.readline(MAX_LINE_BYTES)) not in (b"\r\n", b"\n", b""):
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return HttpRequest(words[0], words[1], headers, self._body(headers))

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            length = int(headers.get("content-length") or 0)
            return self.rfile.read(length) if length else b""
        chunks = []
        while size := int(self.rfile.readline(MAX_LINE_BYTES).split(b";")[0] or b"0", 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline(MAX_LINE_BYTES)
        while self.rfile.readline(MAX_LINE_BYTES) not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(chunks)


def _serialize(method: str, answer: Answer, keep: bool) -> bytes:
    reason = http.HTTPStatus(answer.status).phrase if answer.status in http.HTTPStatus else "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items() if name.lower() != "content-length"]
    length = answer.headers.get("content-length") if method == "HEAD" else None
    lines.append(f"Content-Length: {length or len(answer.body)}")
    if not keep:
        lines.append("Connection: close")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if method == "HEAD" else head + answer.body
