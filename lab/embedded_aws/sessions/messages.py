# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages of the data channel.

A frame is big-endian: header length, type (32 bytes, padded), schema version, created (ms), sequence number, flags,
message id (a UUID with its halves swapped), SHA-256 of the payload, payload type; then, outside the header, payload
length and payload (agent/session/contracts/agentmessage.go of AWS's agent).
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import struct
import time
import typing as t
import uuid

HEAD = struct.Struct(">I32sIQqQ16s32sI")
LENGTH = struct.Struct(">I")
SYN, FIN = 1, 2
# A whole sequence in one message.
ALONE = SYN | FIN

INPUT = "input_stream_data"
OUTPUT = "output_stream_data"
ACKNOWLEDGE = "acknowledge"
CLOSED = "channel_closed"
PAUSE = "pause_publication"
START = "start_publication"


class Payload(enum.IntEnum):
    """What the payload of stream data is."""

    OTHER = 0
    OUTPUT = 1
    ERROR = 2
    SIZE = 3
    PARAMETER = 4
    HANDSHAKE_REQUEST = 5
    HANDSHAKE_RESPONSE = 6
    HANDSHAKE_COMPLETE = 7
    CHALLENGE_REQUEST = 8
    CHALLENGE_RESPONSE = 9
    FLAG = 10
    STDERR = 11
    EXIT_CODE = 12


class Flag(enum.IntEnum):
    """What a payload of type FLAG says, as four bytes."""

    DISCONNECT_TO_PORT = 1
    TERMINATE_SESSION = 2
    CONNECT_TO_PORT_ERROR = 3

    def __bytes__(self) -> bytes:
        return LENGTH.pack(self)


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """One message; `kind` is its type, such as input_stream_data."""

    kind: str
    sequence: int
    payload: bytes
    payload_type: int = Payload.OTHER
    flags: int = 0
    identifier: uuid.UUID = dataclasses.field(default_factory=uuid.uuid4)

    def encode(self) -> bytes:
        head = HEAD.pack(
            HEAD.size, self.kind.encode().ljust(32), 1, int(time.time() * 1000), self.sequence, self.flags,
            _swapped(self.identifier.bytes), hashlib.sha256(self.payload).digest(), self.payload_type,
        )  # fmt: skip
        return head + LENGTH.pack(len(self.payload)) + self.payload

    def json(self) -> dict[str, t.Any]:
        """The payload as a JSON object; ValueError when it is none."""
        said = json.loads(self.payload)
        if not isinstance(said, dict):
            raise ValueError(f"expected a JSON object in {self.kind}, not {self.payload[:80]!r}")
        return said


def decode(raw: bytes) -> Message:
    """The message in a frame; ValueError when it is cut short, longer than it says, or its digest is another."""
    if len(raw) < HEAD.size + LENGTH.size:
        raise ValueError(f"expected at least {HEAD.size + LENGTH.size} bytes, got {len(raw)}")
    size, kind, _, _, sequence, flags, identifier, digest, payload_type = HEAD.unpack_from(raw)
    payload = raw[size + LENGTH.size :]
    (length,) = LENGTH.unpack_from(raw, HEAD.size)
    if len(payload) != length:
        raise ValueError(f"expected a payload of {length} bytes, got {len(payload)}")
    if hashlib.sha256(payload).digest() != digest:
        raise ValueError("the payload is not what its digest says")
    named = kind.rstrip(b" \0").decode()
    return Message(named, sequence, payload, payload_type, flags, uuid.UUID(bytes=_swapped(identifier)))


def acknowledgement(of: Message) -> Message:
    """What tells the sender of stream data that it came."""
    said = {
        "AcknowledgedMessageType": of.kind, "AcknowledgedMessageId": str(of.identifier),
        "AcknowledgedMessageSequenceNumber": of.sequence, "IsSequentialMessage": True,
    }  # fmt: skip
    return Message(ACKNOWLEDGE, 0, json.dumps(said).encode(), flags=ALONE)


def closed(session_id: str, target: str, output: str) -> Message:
    """The last message of a session; `output` says why when something went wrong."""
    said = {
        "MessageType": CLOSED, "MessageId": str(uuid.uuid4()), "DestinationId": target, "SessionId": session_id,
        "SchemaVersion": 1, "CreatedDate": str(int(time.time() * 1000)), "Output": output,
    }  # fmt: skip
    return Message(CLOSED, 0, json.dumps(said).encode(), flags=ALONE)


def _swapped(identifier: bytes) -> bytes:
    return identifier[8:] + identifier[:8]
