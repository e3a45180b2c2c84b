"""Messages as bytes: what AWS's own client writes, and what must not be believed."""

from __future__ import annotations

import hashlib
import json
import uuid

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager import codec
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.errors import ProtocolError
from hypothesis import given
from hypothesis import strategies as st


def test_a_message_lies_where_the_protocol_has_it() -> None:
    raw = codec.encode(codec.INPUT, 7, codec.DATA, b"hello", 3)
    assert int.from_bytes(raw[0:4], "big") == 116
    assert raw[4:36] == b"input_stream_data".ljust(32)
    assert int.from_bytes(raw[36:40], "big") == 1
    assert int.from_bytes(raw[48:56], "big") == 7
    assert int.from_bytes(raw[56:64], "big") == 3
    assert raw[80:112] == hashlib.sha256(b"hello").digest()
    assert int.from_bytes(raw[112:116], "big") == codec.DATA
    assert raw[116:] == (5).to_bytes(4, "big") + b"hello"


def test_the_halves_of_an_id_are_swapped() -> None:
    raw = codec.encode(codec.INPUT, 0, codec.DATA, b"")
    told = codec.document(codec.decode(codec.acknowledgement(codec.decode(raw))))["AcknowledgedMessageId"]
    assert uuid.UUID(told).bytes == raw[72:80] + raw[64:72]
    assert uuid.UUID(told).version == 4


@given(st.binary(max_size=3000), st.integers(0, 2**40), st.integers(0, 12))
def test_what_is_encoded_is_decoded(payload: bytes, sequence: int, content: int) -> None:
    message = codec.decode(codec.encode(codec.OUTPUT, sequence, content, payload))
    assert message[:3] == (codec.OUTPUT, sequence, 0)
    assert (message.content, message.payload) == (content, payload)


def test_an_acknowledgement_names_what_has_come() -> None:
    message = codec.decode(codec.encode(codec.OUTPUT, 9, codec.DATA, b"x"))
    told = codec.decode(codec.acknowledgement(message))
    assert told.kind == codec.ACKNOWLEDGE
    assert told.flags == 3
    assert json.loads(told.payload) == {
        "AcknowledgedMessageType": "output_stream_data",
        "AcknowledgedMessageId": str(uuid.UUID(bytes=message.id[8:] + message.id[:8])),
        "AcknowledgedMessageSequenceNumber": 9,
        "IsSequentialMessage": True,
    }


@pytest.mark.parametrize("at", [119, 120])
def test_a_damaged_message_is_refused(at: int) -> None:
    raw = bytearray(codec.encode(codec.OUTPUT, 1, codec.DATA, b"abc"))
    raw[at] ^= 1
    with pytest.raises(ProtocolError, match="wanted a payload"):
        codec.decode(bytes(raw))


def test_the_kind_of_a_payload_is_under_no_digest() -> None:
    raw = bytearray(codec.encode(codec.OUTPUT, 1, codec.DATA, b"abc"))
    raw[115] ^= 1
    assert codec.decode(bytes(raw)).content == codec.DATA ^ 1


def test_a_cut_message_is_refused() -> None:
    with pytest.raises(ProtocolError, match="at least 120 bytes, found 60"):
        codec.decode(codec.encode(codec.OUTPUT, 1, codec.DATA, b"abc")[:60])


def test_a_message_of_awss_own_needs_no_digest() -> None:
    raw = bytearray(codec.encode(codec.CLOSED, 0, 0, b'{"Output": "bye"}'))
    raw[80:112] = bytes(32)
    assert codec.document(codec.decode(bytes(raw)))["Output"] == "bye"


@pytest.mark.parametrize("payload", [b"", b"[1]", b"{"])
def test_json_that_is_no_object_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match="in a message acknowledge"):
        codec.document(codec.decode(codec.encode(codec.ACKNOWLEDGE, 0, 0, payload)))
