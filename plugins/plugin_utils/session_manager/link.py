# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One websocket to AWS: opened with a deadline, then read and written without waiting.

The library `websockets` frames and judges; the socket is ours, so that one thread can serve it beside files and ports.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import ssl
import time
import typing as t
import urllib.parse
import urllib.request
import uuid
from http.client import HTTPConnection, HTTPException

from .errors import LinkLostError, SessionError
from .handshake import CLIENT_VERSION

with contextlib.suppress(ImportError):  # requirements.txt has it, and Ansible alone has not
    from websockets.client import ClientProtocol
    from websockets.exceptions import WebSocketException
    from websockets.frames import Opcode
    from websockets.uri import parse_uri

_READ_BYTES = 256 * 1024
# A router forgets a connection that is idle for some minutes.
PING_SECONDS = 30.0


class Link:
    """An open websocket. ``buffered`` says how many bytes wait to be written."""

    def __init__(self, sock: socket.socket, protocol: ClientProtocol, came: t.Sequence[t.Any] = ()) -> None:
        self._socket = sock
        self._protocol = protocol
        self._came = list(came)
        self._out = bytearray()
        self._parts: list[bytes] = []
        self._pinged = self._heard = time.monotonic()
        sock.setblocking(False)

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    @property
    def buffered(self) -> int:
        """How many bytes wait to be written."""
        return len(self._out)

    def send(self, messages: t.Iterable[bytes]) -> None:
        """Write messages as far as the socket takes them; the rest waits for `flush`."""
        for message in messages:
            self._protocol.send_binary(message)
        self.flush()

    def flush(self) -> None:
        """Write what waits, as far as the socket takes it. Raise `LinkLostError` when it is gone."""
        for data in self._protocol.data_to_send():
            self._out += data
        while self._out:
            try:
                sent = self._socket.send(memoryview(self._out)[:_READ_BYTES])
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return
            except OSError as exc:
                raise LinkLostError(f"the websocket broke: {exc}") from exc
            del self._out[:sent]

    def receive(self) -> list[bytes]:
        """Return the messages that have come. Raise `LinkLostError` when it is gone."""
        found: list[bytes] = []
        while True:
            try:
                data = self._socket.recv(_READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return found
            except OSError as exc:
                raise LinkLostError(f"the websocket broke: {exc}") from exc
            self._heard = time.monotonic()
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            found += self._messages()
            if not data or self._protocol.close_rcvd:
                if found:
                    return found
                raise LinkLostError(f"the websocket was closed{self._reason()}")
            if not isinstance(self._socket, ssl.SSLSocket) or not self._socket.pending():
                self.flush()
                return found

    def keep(self, now: float, timeout: float) -> float:
        """Ping when it is time; return in how many seconds to ask again. Raise `LinkLostError` when nothing answers."""
        if self._pinged > self._heard and now - self._pinged > timeout:
            raise LinkLostError(f"the websocket has not answered for {timeout:.0f} s")
        if now - max(self._pinged, self._heard) >= PING_SECONDS:
            self._pinged = now
            self._protocol.send_ping(b"keepalive")
            self.flush()
        return min(PING_SECONDS, timeout)

    def unheard(self, now: float) -> float:
        """Return for how many seconds nothing has come."""
        return now - self._heard

    def close(self) -> None:
        """Close it, and say so as far as that needs no waiting."""
        try:
            self._protocol.send_close()
            self.flush()
        except (LinkLostError, WebSocketException):
            pass
        self._socket.close()

    def _messages(self) -> t.Iterator[bytes]:
        frames, self._came = [*self._came, *self._protocol.events_received()], []
        for frame in frames:
            opcode = getattr(frame, "opcode", None)
            if opcode in (Opcode.BINARY, Opcode.TEXT, Opcode.CONT):
                self._parts.append(bytes(frame.data))
                if frame.fin:
                    yield b"".join(self._parts)
                    self._parts.clear()

    def _reason(self) -> str:
        close = self._protocol.close_rcvd
        return f" ({close.code} {close.reason})".replace(" )", ")") if close else ""


def open_link(url: str, headers: t.Mapping[str, str], token: str, timeout: float) -> Link:
    """Return a websocket on which the session's token was shown. Raise `LinkLostError` when there is none in time."""
    uri = parse_uri(url)
    protocol = ClientProtocol(uri, max_size=None)
    try:
        sock = _connect(uri.host, uri.port, uri.secure, timeout)
    except (OSError, HTTPException) as exc:
        raise LinkLostError(f"wanted a connection to {uri.host}:{uri.port}, found: {exc}") from exc
    try:
        came = _upgrade(sock, protocol, headers)
    except (OSError, EOFError, WebSocketException) as exc:
        sock.close()
        raise LinkLostError(f"wanted a websocket of {uri.host}:{uri.port}, found: {exc}") from exc
    link = Link(sock, protocol, came)
    protocol.send_text(json.dumps(_first_words(token)).encode())
    link.flush()
    return link


def _first_words(token: str) -> dict[str, str]:
    """Return who speaks, and with what token: https://github.com/aws/session-manager-plugin (OpenDataChannelInput)."""
    return {
        "MessageSchemaVersion": "1.0",
        "RequestId": str(uuid.uuid4()),
        "TokenValue": token,
        "ClientId": str(uuid.uuid4()),
        "ClientVersion": CLIENT_VERSION,
    }


def _connect(host: str, port: int, secure: bool, timeout: float) -> socket.socket:
    """Return a socket, through the proxy that the environment names for https if it names one."""
    proxy = urllib.request.getproxies().get("https") if secure else None
    if proxy and not urllib.request.proxy_bypass(host):
        parts = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
        tunnel = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
        tunnel.set_tunnel(host, port, _proxy_headers(parts))
        tunnel.connect()
        sock = tunnel.sock
    else:
        sock = socket.create_connection((host, port), timeout=timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not secure:
        return sock
    # As botocore trusts: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
    try:
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


def _proxy_headers(parts: urllib.parse.SplitResult) -> dict[str, str]:
    if not parts.username:
        return {}
    user, password = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
    return {"Proxy-Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def _upgrade(sock: socket.socket, protocol: ClientProtocol, headers: t.Mapping[str, str]) -> list[t.Any]:
    """Turn the connection into a websocket; return what came with the answer.

    Raises OSError, EOFError and WebSocketException.
    """
    request = protocol.connect()
    request.headers.update(headers)
    protocol.send_request(request)
    sock.sendall(b"".join(protocol.data_to_send()))
    events: list[t.Any] = []
    while not events:
        data = sock.recv(_READ_BYTES)
        if not data:
            raise EOFError("the connection was closed")
        protocol.receive_data(data)
        events = protocol.events_received()
    if protocol.handshake_exc is not None:
        raise protocol.handshake_exc
    return events[1:]


def refuse_plain(url: str, endpoint: str) -> None:
    """Raise `SessionError` for a websocket without TLS, unless the API itself was asked without, as in a rehearsal."""
    if not url.startswith("wss://") and endpoint.startswith("https://"):
        raise SessionError(f"wanted a websocket with TLS, found {url.split('?')[0]}; nothing was sent there")
