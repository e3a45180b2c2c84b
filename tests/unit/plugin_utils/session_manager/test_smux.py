"""Several connections in one session: the frames of smux."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.errors import ProtocolError
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.smux import CLOSE, PUSH, Smux
from hypothesis import given
from hypothesis import strategies as st


def test_frames_are_those_of_smux_version_1() -> None:
    smux = Smux()
    assert smux.open() == (3, bytes([1, 0, 0, 0, 3, 0, 0, 0]))
    assert smux.open()[0] == 5
    assert smux.push(3, b"ab") == bytes([1, 2, 2, 0, 3, 0, 0, 0]) + b"ab"
    assert smux.close(3) == bytes([1, 1, 0, 0, 3, 0, 0, 0])
    assert smux.keepalive() == bytes([1, 3, 0, 0, 0, 0, 0, 0])


def test_much_data_is_cut_into_frames() -> None:
    pushed = Smux().push(3, bytes(70_000))
    assert [len(data) for _command, _stream, data in Smux().receive(pushed)] == [32_768, 32_768, 4464]


@given(st.lists(st.tuples(st.integers(1, 9), st.binary(min_size=1, max_size=99)), max_size=9), st.data())
def test_frames_are_found_however_they_are_cut(said: list[tuple[int, bytes]], data: st.DataObject) -> None:
    one, other, found = Smux(), Smux(), []
    raw = b"".join(one.push(stream, words) for stream, words in said) + one.keepalive() + one.close(9)
    while raw:
        at = data.draw(st.integers(1, len(raw)))
        found += other.receive(raw[:at])
        raw = raw[at:]
    assert found == [*((PUSH, stream, words) for stream, words in said), (CLOSE, 9, b"")]


@pytest.mark.parametrize("raw", [bytes([2, 2, 0, 0, 0, 0, 0, 0]), bytes([1, 9, 0, 0, 0, 0, 0, 0])])
def test_another_protocol_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError, match="wanted a frame of smux 1"):
        Smux().receive(raw)
