"""A module runs at most once: an error is raised only while nothing can have run."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import threading
import typing as t
from collections.abc import Callable

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_protocol as protocol
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_client import Finished, run_module

REQUEST = protocol.Request(sys.executable, 0o22, {"A": "1"})
Server = Callable[[socket.socket, list[int]], None]


def talk(server: Server) -> tuple[Finished, list[str]]:
    """Run a module against a server's side of the conversation; give how it ended and what the server heard."""
    ours, theirs = socket.socketpair()
    heard: list[str] = []

    def serve() -> None:
        with theirs:
            request, descriptors = protocol.receive_request(theirs)
            heard.append(os.read(descriptors[0], 100).decode())
            assert request == REQUEST
            try:
                server(theirs, descriptors)
                heard.append(str(protocol.receive_frame(theirs)))
            except protocol.GoneError:
                heard.append("gone")
            for descriptor in descriptors:
                os.close(descriptor)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with ours:
            ours.settimeout(0.5)
            return run_module(ours, REQUEST, None, b"the payload"), heard
    finally:
        thread.join()
        assert heard[0] == "the payload"


def go(conn: socket.socket) -> None:
    protocol.send_frame(conn, {"ready": True})
    assert protocol.receive_frame(conn) == {"go": True}


def test_output_of_any_size_arrives_with_the_status() -> None:
    def server(conn: socket.socket, descriptors: list[int]) -> None:
        go(conn)
        for descriptor, byte in ((2, b"e"), (1, b"o")):
            data = byte * 3_000_000
            while data:
                data = data[os.write(descriptors[descriptor], data) :]
            os.close(descriptors[descriptor])
        descriptors[1:3] = []
        protocol.send_frame(conn, {"status": 3 << 8})

    finished, _heard = talk(server)
    assert finished == Finished(3, b"o" * 3_000_000, b"e" * 3_000_000)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"refused": "no"}, protocol.RefusedError),
        ({"status": 9}, protocol.WarmError),
        (None, protocol.GoneError),
    ],
)
def test_what_ends_before_the_go_is_an_error(answer: dict[str, t.Any] | None, error: type[Exception]) -> None:
    def server(conn: socket.socket, descriptors: list[int]) -> None:
        if answer:
            protocol.send_frame(conn, answer)
        else:
            conn.shutdown(socket.SHUT_RDWR)

    with pytest.raises(error) as raised:
        talk(server)
    assert raised.type is error


def test_a_server_that_answers_too_late_never_gets_the_go() -> None:
    heard: list[str] = []

    def server(conn: socket.socket, descriptors: list[int]) -> None:
        try:
            heard.append(str(protocol.receive_frame(conn)))
        except protocol.GoneError:
            heard.append("gone")

    with pytest.raises(TimeoutError):
        talk(server)
    assert heard == ["gone"]


def test_a_server_that_is_lost_after_the_go_gives_a_result_and_no_error() -> None:
    def server(conn: socket.socket, descriptors: list[int]) -> None:
        go(conn)
        os.write(descriptors[1], b"half a result")
        conn.shutdown(socket.SHUT_RDWR)

    finished, _heard = talk(server)
    assert finished.returncode == -signal.SIGKILL
    assert finished.stdout == b"half a result"
    assert b"was not run again" in finished.stderr


def test_output_that_cannot_be_read_after_the_go_gives_a_result_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_selector() -> t.NoReturn:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(selectors, "DefaultSelector", no_selector)
    finished, _heard = talk(lambda conn, _descriptors: go(conn))
    assert finished.returncode == -signal.SIGKILL
    assert b"Too many open files" in finished.stderr
