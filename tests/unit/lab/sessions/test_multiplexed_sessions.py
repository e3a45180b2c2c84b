# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Port sessions with several connections at once, as streams of smux."""

from __future__ import annotations

import socket
import struct
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from lab.embedded_aws.sessions.multiplexing import Frames
from tests.unit.lab.sessions.peer import FLAG, OUTPUT, REFUSED, TERMINATE, Peer

Session = t.Any
SYN, FIN, PUSH, NOP = range(4)
LOCAL = "AWS-StartPortForwardingSession"
REMOTE = "AWS-StartPortForwardingSessionToRemoteHost"


class Mux:
    """The client's end of smux over a session's client."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self.frames = peer, Frames()
        self.came: list[tuple[int, int, bytes]] = []
        self.peer.shake_hands()

    def send(self, command: int, stream: int, data: bytes = b"", pieces: int = 1024) -> None:
        raw = struct.pack("<BBHI", 1, command, len(data), stream) + data
        for start in range(0, len(raw), pieces):
            self.peer.send(OUTPUT, raw[start : start + pieces])

    def next(self) -> tuple[int, int, bytes]:
        while not self.came:
            self.came += self.frames.feed(self.peer.next(OUTPUT).payload)
        return self.came.pop(0)

    def read(self, stream: int, size: int) -> bytes:
        data = b""
        while len(data) < size:
            command, whose, more = self.next()
            assert (command, whose) == (PUSH, stream)
            data += more
        return data


def test_streams_are_connections_of_their_own(session: Session, echo: int) -> None:
    mux = Mux(session(LOCAL, portNumber=echo))
    for stream in (1, 3):
        mux.send(SYN, stream)
        mux.send(PUSH, stream, b"stream %d" % stream)
        assert mux.read(stream, 8) == b"STREAM %d" % stream
    mux.send(PUSH, 1, b"bye")
    assert mux.read(1, 3) == b"BYE"
    assert mux.next() == (FIN, 1, b"")
    mux.send(PUSH, 3, b"still here")
    assert mux.read(3, 10) == b"STILL HERE"


def test_a_frame_may_come_in_any_pieces_and_probes_are_no_data(session: Session, echo: int) -> None:
    mux = Mux(session(LOCAL, portNumber=echo))
    mux.send(NOP, 0)
    mux.send(SYN, 1, pieces=3)
    mux.send(PUSH, 1, b"hello", pieces=2)
    assert mux.read(1, 5) == b"HELLO"


def test_a_stream_that_the_client_ended_says_no_more(session: Session, echo: int, aws: EmbeddedAws) -> None:
    mux = Mux(session(LOCAL, portNumber=echo))
    mux.send(SYN, 1)
    mux.send(FIN, 1)
    mux.send(PUSH, 1, b"late")
    mux.send(SYN, 3)
    mux.send(PUSH, 3, b"next")
    assert mux.read(3, 4) == b"NEXT"
    mux.peer.flag(TERMINATE)
    mux.peer.end()
    assert aws.sessions()[0]["status"] == "Terminated"


def test_a_port_where_nothing_listens_ends_its_stream_alone(session: Session) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        mux = Mux(session(LOCAL, portNumber=taken.getsockname()[1]))
        for stream in (1, 3):
            mux.send(SYN, stream)
            assert int.from_bytes(mux.peer.next(FLAG).payload) == REFUSED
            assert mux.next() == (FIN, stream, b"")


def test_much_data_comes_whole_through_a_stream(session: Session, echo: int) -> None:
    mux = Mux(session(LOCAL, portNumber=echo))
    said = bytes(range(97, 123)) * 8000
    mux.send(SYN, 1)
    for start in range(0, len(said), 32_768):
        mux.send(PUSH, 1, said[start : start + 32_768])
    assert mux.read(1, len(said)) == said.upper()


def test_another_host_is_reached_from_the_node(session: Session, echo: int) -> None:
    peer = session(REMOTE, host="127.0.0.1", portNumber=echo, localPortNumber=3306)
    mux = Mux(peer)
    mux.send(SYN, 1)
    mux.send(PUSH, 1, b"select")
    assert mux.read(1, 6) == b"SELECT"


def test_another_version_of_smux_ends_the_session(session: Session, echo: int) -> None:
    peer = session(LOCAL, portNumber=echo)
    peer.shake_hands()
    peer.send(OUTPUT, struct.pack("<BBHI", 2, SYN, 0, 1))
    assert peer.end()["Output"] == "expected version 1 of smux, got 2"


def test_frames_come_out_of_pieces() -> None:
    frames = Frames()
    raw = struct.pack("<BBHI", 1, PUSH, 3, 7) + b"abc" + struct.pack("<BBHI", 1, FIN, 0, 7)
    assert [found for start in range(len(raw)) for found in frames.feed(raw[start : start + 1])] == [
        (PUSH, 7, b"abc"),
        (FIN, 7, b""),
    ]
    with pytest.raises(ValueError, match="version 1 of smux, got 9"):
        frames.feed(bytes([9]) + bytes(7))
