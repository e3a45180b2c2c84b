# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A client of sessions, written from the protocol for these tests alone."""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
import time
import typing as t
import uuid

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

OUTPUT, SIZE, REQUEST, RESPONSE, COMPLETE, FLAG = 1, 3, 5, 6, 7, 10
DISCONNECT, TERMINATE, REFUSED = 1, 2, 3
HEAD = struct.Struct(">I32sIQqQ16s32sII")


class Seen(t.NamedTuple):
    """A message as it came."""

    kind: str
    sequence: int
    flags: int
    payload_type: int
    payload: bytes
    identifier: str


def encode(kind: str, sequence: int, payload_type: int, payload: bytes, flags: int = 0) -> bytes:
    identifier = uuid.uuid4().bytes
    head = HEAD.pack(
        HEAD.size - 4, kind.encode().ljust(32), 1, int(time.time() * 1000), sequence, flags,
        identifier[8:] + identifier[:8], hashlib.sha256(payload).digest(), payload_type, len(payload),
    )  # fmt: skip
    return head + payload


def decode(raw: bytes) -> Seen:
    size, kind, _, _, sequence, flags, identifier, digest, payload_type, length = HEAD.unpack_from(raw)
    payload = raw[size + 4 :]
    assert (len(payload), hashlib.sha256(payload).digest()) == (length, digest)
    swapped = uuid.UUID(bytes=identifier[8:] + identifier[:8])
    return Seen(kind.rstrip().decode(), sequence, flags, payload_type, payload, str(swapped))


class Peer:
    """A client that acknowledges and orders what comes, and resends what was not acknowledged when it waits."""

    def __init__(self, started: dict[str, t.Any], version: str = "1.2.650.0") -> None:
        self.version = version
        self.sent = self.expected = self.duplicates = 0
        self.unacknowledged: dict[int, bytes] = {}
        self.early: dict[int, Seen] = {}
        self.kinds: list[str] = []
        self.held = b""
        self.closed: dict[str, t.Any] | None = None
        self.sockets = contextlib.ExitStack()
        self.silent = False
        self.open(started)

    def open(self, started: dict[str, t.Any]) -> None:
        self.socket = self.sockets.enter_context(connect(started["StreamUrl"], compression=None, max_queue=None))
        said = {"MessageSchemaVersion": "1.0", "RequestId": str(uuid.uuid4()), "TokenValue": started["TokenValue"]}
        self.socket.send(json.dumps({**said, "ClientId": str(uuid.uuid4()), "ClientVersion": self.version}))

    def resume(self, resumed: dict[str, t.Any]) -> None:
        """Go on over a new connection."""
        self.open(resumed)
        for raw in list(self.unacknowledged.values()):
            self.socket.send(raw)

    def send(self, payload_type: int, payload: bytes) -> None:
        raw = self.unacknowledged[self.sent] = encode("input_stream_data", self.sent, payload_type, payload)
        self.sent += 1
        self._say(raw)

    def flag(self, flag: int) -> None:
        self.send(FLAG, struct.pack(">I", flag))

    def shake_hands(self) -> dict[str, t.Any]:
        """Answer the agent; what it asked for."""
        asked = json.loads(self.next(REQUEST).payload)
        done = [{"ActionType": one["ActionType"], "ActionStatus": 1} for one in asked["RequestedClientActions"]]
        self.send(RESPONSE, json.dumps({"ClientVersion": self.version, "ProcessedClientActions": done}).encode())
        self.next(COMPLETE)
        return t.cast("dict[str, t.Any]", asked)

    def next(self, payload_type: int | None = None, seconds: float = 10) -> Seen:
        """The next stream data in order; TimeoutError when none comes, EOFError when the channel is closed."""
        end = time.monotonic() + seconds
        while self.expected not in self.early:
            if self.closed is not None:
                raise EOFError(self.closed["Output"])
            self._hear(end)
        found = self.early.pop(self.expected)
        self.expected += 1
        assert payload_type in (None, found.payload_type), found
        return found

    def read(self, size: int, seconds: float = 10) -> bytes:
        """So many bytes of output."""
        while len(self.held) < size:
            self.held += self.next(OUTPUT, seconds).payload
        data, self.held = self.held[:size], self.held[size:]
        return data

    def until(self, words: bytes, seconds: float = 10) -> bytes:
        """Output up to and with these words."""
        data = b""
        while words not in data:
            data += self.next(OUTPUT, seconds).payload
        return data

    def end(self, seconds: float = 10) -> dict[str, t.Any]:
        """What the message says that closes the channel."""
        end = time.monotonic() + seconds
        while self.closed is None:
            self._hear(end)
        return self.closed

    def settle(self, seconds: float = 10) -> None:
        """Wait until all is acknowledged."""
        end = time.monotonic() + seconds
        while self.unacknowledged:
            self._hear(end)

    def _hear(self, end: float) -> None:
        try:
            raw = self.socket.recv(timeout=0.3)
        except TimeoutError:
            if time.monotonic() > end:
                raise
            for again in list(self.unacknowledged.values()):
                self._say(again)
            return
        assert isinstance(raw, bytes)
        self._take(decode(raw))

    def _take(self, seen: Seen) -> None:
        self.kinds.append(seen.kind)
        if seen.kind == "acknowledge":
            self.unacknowledged.pop(json.loads(seen.payload)["AcknowledgedMessageSequenceNumber"], None)
        elif seen.kind == "channel_closed":
            self.closed = json.loads(seen.payload)
        elif seen.kind == "output_stream_data":
            if not self.silent:
                self._acknowledge(seen)
            if seen.sequence < self.expected or seen.sequence in self.early:
                self.duplicates += 1
            else:
                self.early[seen.sequence] = seen

    def _acknowledge(self, seen: Seen) -> None:
        said = {
            "AcknowledgedMessageType": seen.kind, "AcknowledgedMessageId": seen.identifier,
            "AcknowledgedMessageSequenceNumber": seen.sequence, "IsSequentialMessage": True,
        }  # fmt: skip
        self._say(encode("acknowledge", 0, 0, json.dumps(said).encode(), flags=3))

    def _say(self, raw: bytes) -> None:
        # What a lost connection did not take is sent again after `resume`; a channel that ends needs no more.
        with contextlib.suppress(ConnectionClosed):
            self.socket.send(raw)
