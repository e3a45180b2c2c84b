"""AWS's end of one session, for tests: a websocket server, an agent that a test teaches, and faults on demand."""

from __future__ import annotations

import json
import socket
import threading
import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager import codec
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.encryption import KmsCipher
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.service import Started
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

Out = list[tuple[int, bytes]]
DATA_KEY = bytes(range(64))


class CutError(Exception):
    """This websocket is to break now."""


@dataclass
class Faults:
    """What goes wrong: input messages are counted from the session's start, over all its websockets."""

    cut_at: tuple[int, ...] = ()
    loses_every: int = 0
    sends_twice: bool = False
    sends_backwards: bool = False
    deaf_after: int = 10**9
    mute: bool = False
    resumable: bool = True


def echo(content: int, payload: bytes) -> Out:
    """Answer as a port behind which everything comes back."""
    return [(codec.DATA, payload)] if content == codec.DATA else []


@dataclass
class Gateway:
    """One session's other side. ``speaks`` is given what has come, in order, and returns what the agent says."""

    speaks: t.Callable[[int, bytes], Out] = echo
    session: str = "Port"
    properties: dict[str, t.Any] = field(default_factory=lambda: {"portNumber": "22"})
    version: str = "3.3.1611.0"
    faults: Faults = field(default_factory=Faults)
    greeting: Out = field(default_factory=list)
    kms_key: str = ""
    # What the agent says of itself when it has heard nothing for a moment.
    idle: t.Callable[[], Out] = list

    endpoint = "http://127.0.0.1"

    def __post_init__(self) -> None:
        self.calls: list[str] = []
        self.seen = self.next_in = self.next_out = 0
        self.early: dict[int, codec.Message] = {}
        self.unacknowledged: dict[int, bytes] = {}
        self.flags: list[int] = []
        self.lost: set[int] = set()
        self.held: bytes | None = None
        # A client may leave one websocket for another before its thread here has noticed.
        self.current: ServerConnection | None = None
        self.lock = threading.Lock()

    def __enter__(self) -> t.Self:
        self.server = serve(self._serve, "127.0.0.1", 0, max_size=None)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_ended: object) -> None:
        self.server.shutdown()
        self.thread.join()

    # What a Session asks of AWS.

    def start(self, target: str, document: str | None, parameters: t.Mapping[str, str]) -> Started:
        self.calls.append("start")
        return self._started()

    def resume(self, session: str) -> Started | None:
        self.calls.append("resume")
        return self._started() if self.faults.resumable else None

    def terminate(self, session: str) -> None:
        self.calls.append("terminate")

    def signature(self, url: str) -> dict[str, str]:
        return {"X-Signed": "yes"}

    def cipher(self, key_id: str, session: str, target: str) -> KmsCipher:
        return KmsCipher(DATA_KEY, key_id.encode())

    def _started(self) -> Started:
        port = self.server.socket.getsockname()[1]
        return Started("a-session", f"ws://127.0.0.1:{port}/", f"token-{len(self.calls)}")

    # The websocket's other end.

    def _serve(self, ws: ServerConnection) -> None:
        first = json.loads(ws.recv())
        assert first["TokenValue"] == f"token-{len(self.calls)}"
        assert ws.request is not None
        assert ws.request.headers["X-Signed"] == "yes"
        if self.faults.mute:
            ws.recv()
            return
        try:
            self._begin(ws)
            while True:
                self._listen(ws)
        except ConnectionClosed:
            pass
        except CutError:
            # As when a line is cut: no word of farewell.
            ws.socket.shutdown(socket.SHUT_RDWR)
            ws.socket.close()

    def _begin(self, ws: ServerConnection) -> None:
        with self.lock:
            self.current = ws
            if self.next_out:
                self._again(ws)
            else:
                self._send(ws, [(codec.HANDSHAKE_REQUEST, json.dumps(self._request()).encode())])

    def _listen(self, ws: ServerConnection) -> None:
        try:
            raw = t.cast(bytes, ws.recv(timeout=0.3))
        except TimeoutError:
            raw = b""
        with self.lock:
            if self.current is not ws:
                raise CutError
            if raw:
                self._take(ws, codec.decode(raw))
            else:
                self._again(ws)
                self._send(ws, self.idle())

    def _again(self, ws: ServerConnection) -> None:
        for raw in list(self.unacknowledged.values()):
            ws.send(raw)

    def _request(self) -> dict[str, t.Any]:
        wants = {"SessionType": self.session, "Properties": self.properties}
        actions = [{"ActionType": "SessionType", "ActionParameters": wants}]
        if self.kms_key:
            actions.insert(0, {"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": self.kms_key}})
        return {"AgentVersion": self.version, "RequestedClientActions": actions}

    def _take(self, ws: ServerConnection, message: codec.Message) -> None:
        if message.kind == codec.ACKNOWLEDGE:
            self.unacknowledged.pop(codec.document(message)["AcknowledgedMessageSequenceNumber"], None)
            return
        self.seen += 1
        if self.seen in self.faults.cut_at:
            raise CutError
        if self.seen > self.faults.deaf_after or self._loses(message.sequence):
            return
        ws.send(codec.acknowledgement(message))
        if message.sequence >= self.next_in:
            self.early[message.sequence] = message
        while self.next_in in self.early:
            self._send(ws, self._answer(self.early.pop(self.next_in)))
            self.next_in += 1

    def _loses(self, sequence: int) -> bool:
        every = self.faults.loses_every
        if not every or sequence % every or sequence in self.lost:
            return False
        self.lost.add(sequence)
        return True

    def _answer(self, message: codec.Message) -> Out:
        if message.content == codec.HANDSHAKE_RESPONSE:
            self.response = codec.document(message)
            return [(codec.HANDSHAKE_COMPLETE, b'{"CustomerMessage": ""}'), *self.greeting]
        if message.content == codec.FLAG:
            self.flags.append(codec.flag(message))
            if codec.flag(message) == codec.TERMINATE_SESSION:
                return [(-1, b"")]
        return self.speaks(message.content, message.payload)

    def _send(self, ws: ServerConnection, said: Out) -> None:
        for content, payload in said:
            if content < 0:
                ws.send(codec.encode(codec.CLOSED, 0, 0, json.dumps({"Output": payload.decode()}).encode()))
                continue
            raw = codec.encode(codec.OUTPUT, self.next_out, content, payload)
            self.unacknowledged[self.next_out] = raw
            self.next_out += 1
            self._put(ws, raw)

    def _put(self, ws: ServerConnection, raw: bytes) -> None:
        """Send once or twice, at once or after the next one."""
        if self.faults.sends_backwards and self.next_out > 4:
            if self.held is None:
                self.held = raw
                return
            ws.send(raw)
            raw, self.held = self.held, None
        for _ in range(2 if self.faults.sends_twice else 1):
            ws.send(raw)
