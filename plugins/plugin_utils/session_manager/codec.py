# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages of the data channel as bytes.

A header of 120 bytes in network order, then the payload; the two halves of the message's UUID are swapped:
https://github.com/aws/session-manager-plugin/blob/mainline/src/message/clientmessage.go
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
import typing as t
import uuid

from .errors import ProtocolError

INPUT = "input_stream_data"
OUTPUT = "output_stream_data"
ACKNOWLEDGE = "acknowledge"
CLOSED = "channel_closed"
PAUSE = "pause_publication"
RESUME = "start_publication"

# What a payload is.
DATA, ERROR, SIZE = 1, 2, 3
HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE = 5, 6, 7
CHALLENGE_REQUEST, CHALLENGE_RESPONSE = 8, 9
FLAG, STDERR, EXIT_CODE = 10, 11, 12

# What a flag's payload says.
DISCONNECT_TO_PORT, TERMINATE_SESSION, CONNECT_TO_PORT_ERROR = 1, 2, 3

_HEAD = struct.Struct(">I32sIQqQ16s32sII")
# The header's own length field counts all of it but the payload's length.
_HEADER_LENGTH = _HEAD.size - 4
_VERSION = 1
_SYN_FIN = 3


class Message(t.NamedTuple):
    """One message; ``kind`` is its type, ``content`` what its payload is, ``id`` its UUID with its halves swapped."""

    kind: str
    sequence: int
    flags: int
    id: bytes
    content: int
    payload: bytes


def encode(kind: str, sequence: int, content: int, payload: bytes, flags: int = 0) -> bytes:
    """Return a new message of this client, made now."""
    head = _HEAD.pack(
        _HEADER_LENGTH,
        kind.encode().ljust(32),
        _VERSION,
        int(time.time() * 1000),
        sequence,
        flags,
        _swapped(uuid.uuid4().bytes),
        hashlib.sha256(payload).digest(),
        content,
        len(payload),
    )
    return head + payload


def decode(raw: bytes) -> Message:
    """Return the message in ``raw``. Raise `ProtocolError` for what is none or was damaged."""
    if len(raw) < _HEAD.size:
        raise ProtocolError(f"wanted a message of at least {_HEAD.size} bytes, found {len(raw)}")
    length, kind, _version, _made, sequence, flags, identity, digest, content, size = _HEAD.unpack_from(raw)
    payload = raw[length + 4 :]
    if len(payload) != size:
        raise ProtocolError(f"wanted a payload of {size} bytes, found {len(payload)}")
    # Messages that AWS itself makes, such as channel_closed, may carry no digest.
    if digest.strip(b"\0") and hashlib.sha256(payload).digest() != digest:
        raise ProtocolError("wanted a payload with the digest that its message names, found another")
    name = kind.strip(b" \0").decode("ascii", "replace")
    return Message(name, sequence, flags, identity, content, payload)


def acknowledgement(message: Message) -> bytes:
    """Return what tells the other side that a message has come."""
    content = {
        "AcknowledgedMessageType": message.kind,
        "AcknowledgedMessageId": str(uuid.UUID(bytes=_swapped(message.id))),
        "AcknowledgedMessageSequenceNumber": message.sequence,
        "IsSequentialMessage": True,
    }
    return encode(ACKNOWLEDGE, 0, 0, json.dumps(content).encode(), _SYN_FIN)


def document(message: Message) -> dict[str, t.Any]:
    """Return a message's payload that is a JSON object. Raise `ProtocolError` for anything else."""
    try:
        value = json.loads(message.payload)
    except ValueError as exc:
        raise ProtocolError(f"wanted JSON in a message {message.kind}, found {message.payload[:40]!r}") from exc
    if not isinstance(value, dict):
        raise ProtocolError(f"wanted a JSON object in a message {message.kind}, found {message.payload[:40]!r}")
    return value


def flag(message: Message) -> int:
    """Return which flag a message raises."""
    return int.from_bytes(message.payload, "big")


def _swapped(identity: bytes) -> bytes:
    return identity[8:] + identity[:8]
