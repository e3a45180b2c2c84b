"""Frames arrive whole and descriptors with them; nonsense and strangers are refused."""

from __future__ import annotations

import os
import socket
import struct
import threading
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_protocol as protocol


@pytest.fixture
def pair() -> t.Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_a_request_arrives_as_it_was_sent_with_working_descriptors(pair: tuple[socket.socket, socket.socket]) -> None:
    # Larger than a socket's buffer, with text that UTF-8 cannot hold.
    request = protocol.Request("/usr/bin/python3", 0o27, {"BIG": "x" * 1_000_000, "ODD": "\udcff", "ü": "é"})
    read_end, write_end = os.pipe()
    sending = threading.Thread(
        target=protocol.send_request, args=(pair[0], request, (read_end, write_end, write_end, read_end))
    )
    sending.start()
    received, descriptors = protocol.receive_request(pair[1])
    sending.join()
    assert received == request
    os.write(descriptors[1], b"through")
    assert os.read(read_end, 100) == b"through"
    for descriptor in (read_end, write_end, *descriptors):
        os.close(descriptor)


def test_a_request_without_its_descriptors_is_refused(pair: tuple[socket.socket, socket.socket]) -> None:
    protocol.send_frame(pair[0], {"interpreter": "/usr/bin/python3", "umask": 0, "environ": {}})
    with pytest.raises(protocol.WarmError, match="wanted 4 descriptors"):
        protocol.receive_request(pair[1])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (struct.pack("!I", 5) + b"hello", "JSON"),
        (struct.pack("!I", 2) + b"[]", "object"),
        (b"\xff\xff\xff\xff", "at most"),
    ],
)
def test_nonsense_is_refused(pair: tuple[socket.socket, socket.socket], data: bytes, message: str) -> None:
    pair[0].sendall(data)
    with pytest.raises(protocol.WarmError, match=message):
        protocol.receive_frame(pair[1])


def test_an_end_in_the_middle_is_told_apart_from_nonsense(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[0].sendall(struct.pack("!I", 100) + b"{")
    pair[0].close()
    with pytest.raises(protocol.GoneError):
        protocol.receive_frame(pair[1])


def test_a_peer_of_the_same_user_is_accepted(pair: tuple[socket.socket, socket.socket]) -> None:
    protocol.check_peer(pair[0])


def test_a_peer_of_another_user_is_refused(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(protocol.WarmError, match=f"uid {stranger}"):
        protocol.check_peer(pair[0])
