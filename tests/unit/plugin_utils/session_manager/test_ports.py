"""Ports of this machine that lead to a node's, with agents that share one session and with those that do not."""

from __future__ import annotations

import socket
import threading
import time
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager import codec
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.errors import EndedError, SessionError
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.ports import Ports, listen
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.session import Session
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.smux import CLOSE, PUSH, Smux

from tests.unit.plugin_utils.session_manager.gateway import Gateway, Out, echo

NODE = "i-0123456789abcdef0"
FORWARDING = {"portNumber": "80", "type": "LocalPortForwarding"}


class SharedEcho:
    """A port behind which each stream is answered in capitals, and closed after a farewell."""

    def __init__(self) -> None:
        self.smux, self.closed = Smux(), set[int]()

    def __call__(self, content: int, payload: bytes) -> Out:
        said: Out = []
        for command, stream, data in self.smux.receive(payload) if content == codec.DATA else ():
            if command == CLOSE:
                self.closed.add(stream)
            if command == PUSH:
                said.append((codec.DATA, self.smux.push(stream, data.upper())))
                if data.endswith(b"bye"):
                    said.append((codec.DATA, self.smux.close(stream)))
        return said


def served(gateway: Gateway, visit: t.Callable[[int], None]) -> None:
    """Lead a port to the gateway while ``visit`` uses it; then the node ends the session."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    opened, over, failures = threading.Event(), threading.Event(), []

    def visitor() -> None:
        try:
            assert opened.wait(10)
            visit(port)
        except (AssertionError, OSError) as exc:
            failures.append(exc)
        over.set()

    gateway.idle = lambda: [(-1, b"over")] if over.is_set() else []
    thread = threading.Thread(target=visitor, daemon=True)
    thread.start()
    with gateway, pytest.raises(EndedError, match="over"):
        Session(t.cast(t.Any, gateway), NODE, 10, lambda _words: None).run(Ports(listener, opened.set), None, {})
    thread.join(10)
    assert failures == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def spoken(port: int, words: bytes) -> bytes:
    """Say something to a port and return all that comes until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(words)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def test_several_connections_share_a_session_where_the_agent_can() -> None:
    much = b"x" * 200_000 + b"bye"
    answers: list[bytes] = []

    def visit(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as idle:
            threads = [threading.Thread(target=lambda: answers.append(spoken(port, much))) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            idle.sendall(b"still here")
            assert idle.recv(99) == b"STILL HERE"

    served(Gateway(SharedEcho(), properties=FORWARDING), visit)
    assert answers == [much.upper()] * 3


def test_a_connection_that_ends_here_ends_at_the_node() -> None:
    port_there = SharedEcho()

    def visit(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(b"hello")
            assert sock.recv(99) == b"HELLO"
        end = time.monotonic() + 5
        while not port_there.closed and time.monotonic() < end:
            time.sleep(0.01)

    served(Gateway(port_there, properties=FORWARDING), visit)
    assert port_there.closed == {3}


def test_older_agents_carry_one_connection_after_the_other() -> None:
    gateway = Gateway(echo, properties=FORWARDING, version="3.0.196.0")

    def visit(port: int) -> None:
        for words in (b"one", b"two"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
                sock.sendall(words)
                assert sock.recv(99) == words

    served(gateway, visit)
    assert gateway.flags == [codec.DISCONNECT_TO_PORT] * 2


class Refusing(SharedEcho):
    """A port that some find closed: the agent says so by a flag and closes their stream alone."""

    def __call__(self, content: int, payload: bytes) -> Out:
        if content == codec.DATA and payload.endswith(b"refuse me"):
            (_command, stream, _data), *_more = Smux().receive(payload)
            refused = (codec.FLAG, codec.CONNECT_TO_PORT_ERROR.to_bytes(4, "big"))
            return [refused, (codec.DATA, self.smux.close(stream))]
        return super().__call__(content, payload)


def test_a_connection_that_the_node_refuses_is_closed_and_its_neighbours_are_not() -> None:
    def visit(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as neighbour:
            neighbour.sendall(b"hello")
            assert neighbour.recv(99) == b"HELLO"
            assert spoken(port, b"refuse me") == b""
            neighbour.sendall(b"still here")
            assert neighbour.recv(99) == b"STILL HERE"

    served(Gateway(Refusing(), properties=FORWARDING), visit)


def test_a_port_that_is_taken_is_named() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SessionError, match=f"127.0.0.1:{port}, found: Address already in use"):
            listen("127.0.0.1", port)
