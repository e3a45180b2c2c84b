"""A session over a real websocket, whose other end is AWS as a test wants it: whole, broken, late or silent."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import typing as t
from concurrent.futures import Future

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager import codec
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.encryption import KmsCipher
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.errors import (
    EndedError,
    LinkLostError,
    SessionError,
    SilentError,
)
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.link import refuse_plain
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.session import Session
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.stdio import Pipes

from tests.unit.plugin_utils.session_manager.gateway import DATA_KEY, Faults, Gateway, Out

NODE = "i-0123456789abcdef0"
SECONDS = 1.0
MUCH = os.urandom(300_000)


class Ssh:
    """ssh's side: writes all of ``data`` and reads until it has as much again, then leaves."""

    def __init__(self, data: bytes, expects: int) -> None:
        self.read = b""
        self._data, self._expects = data, expects
        self.hole = os.open(os.devnull, os.O_RDWR)
        self.source, self._to = os.pipe()
        self._from, self.sink = os.pipe()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._write, self._read)]

    def run(self, gateway: Gateway, timeout: float = SECONDS) -> None:
        for thread in self._threads:
            thread.start()
        try:
            pipes = Pipes(timeout, None, self.source, self.sink)
            session = Session(t.cast(t.Any, gateway), NODE, timeout, lambda _words: None)
            session.run(pipes, "AWS-StartSSHSession", {"portNumber": "22"})
        finally:
            os.close(self.sink)
            os.close(self.source)
            for thread in self._threads:
                thread.join()
            os.close(self._to)

    def _write(self) -> None:
        data = self._data
        with contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._to, data) :]

    def _read(self) -> None:
        while len(self.read) < self._expects:
            got = os.read(self._from, 65536)
            if not got:
                break
            self.read += got
        os.dup2(self.hole, self._to)


def sent(gateway: Gateway, data: bytes, expects: int | None = None, timeout: float = SECONDS) -> bytes:
    ssh = Ssh(data, len(data) if expects is None else expects)
    with gateway:
        ssh.run(gateway, timeout)
    return ssh.read


@pytest.mark.parametrize(
    "faults",
    [
        Faults(),
        Faults(sends_twice=True),
        Faults(sends_backwards=True),
        Faults(loses_every=7),
        Faults(cut_at=(40, 41, 250)),
        Faults(cut_at=(1,)),
        Faults(cut_at=(30,), loses_every=11, sends_twice=True, sends_backwards=True),
    ],
    ids=["whole", "twice", "backwards", "lost", "cut", "cut at the first", "all of it"],
)
def test_every_byte_arrives_once_and_in_order(faults: Faults) -> None:
    gateway = Gateway(faults=faults)
    assert sent(gateway, MUCH, timeout=10) == MUCH
    assert gateway.calls.count("resume") == len(faults.cut_at)


def test_a_session_that_ends_tells_the_agent_and_leaves_nothing_to_aws() -> None:
    gateway = Gateway()
    sent(gateway, b"hello")
    assert gateway.flags == [codec.TERMINATE_SESSION]
    assert gateway.calls == ["start"]


def test_a_session_that_the_agent_does_not_end_is_ended_by_aws() -> None:
    gateway = Gateway(faults=Faults(deaf_after=1))
    with pytest.raises(SilentError):
        sent(gateway, b"hello and again", expects=99)
    assert gateway.calls[-1] == "terminate"


def timed(gateway: Gateway, data: bytes, error: type[SessionError], says: str) -> float:
    """How long it took until the session failed as it must."""
    began = time.monotonic()
    with pytest.raises(error, match=says):
        sent(gateway, data, expects=10**9)
    return time.monotonic() - began


def test_a_dead_agent_fails_its_node_in_time() -> None:
    gateway = Gateway(faults=Faults(deaf_after=50))
    said = f"{NODE} (has (acknowledged nothing|not answered) for 1 s|was cut off and could not be reached again)"
    assert timed(gateway, MUCH, SilentError, said) < SECONDS + 10


def test_an_agent_that_never_answers_fails_its_node_in_time() -> None:
    gateway = Gateway(faults=Faults(mute=True))
    assert timed(gateway, b"", SilentError, f"{NODE} has an agent that has not answered for 1 s") < SECONDS + 10


def test_a_port_that_never_answers_fails_its_node_in_time() -> None:
    gateway = Gateway(speaks=lambda _content, _payload: [])
    assert (
        timed(gateway, b"SSH-2.0-", SilentError, "not answered for 1 s: its agent or its sshd is stuck") < SECONDS + 10
    )


def test_a_gateway_that_is_gone_fails_its_node_in_time() -> None:
    gateway = Gateway(faults=Faults(cut_at=(3,)))
    gateway.resume = lambda _session: (_ for _ in ()).throw(LinkLostError("nobody there"))  # type: ignore[method-assign]
    assert timed(gateway, MUCH, SilentError, f"{NODE} was cut off and could not be reached again") < SECONDS + 10


def test_a_session_that_ended_while_it_was_cut_off_says_so() -> None:
    gateway = Gateway(faults=Faults(cut_at=(3,), resumable=False))
    assert timed(gateway, MUCH, EndedError, f"{NODE} ended the session: it was idle for too long") < SECONDS + 10


def test_a_port_where_nothing_listens_is_named_as_that() -> None:
    gateway = Gateway(greeting=[(codec.FLAG, codec.CONNECT_TO_PORT_ERROR.to_bytes(4, "big"))])
    timed(gateway, b"", SessionError, "nothing listens there")


def test_the_nodes_reason_to_end_is_told() -> None:
    gateway = Gateway(greeting=[(-1, b"the port is closed")])
    timed(gateway, b"", EndedError, f"{NODE} ended the session: the port is closed")


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (None, f"{NODE} could not be given a key within 0 s"),
        (SessionError("no such user there"), "no such user there"),
        (PermissionError(13, "Permission denied", "/keys"), "wanted a key of this machine, found: .*/keys"),
    ],
)
def test_a_key_that_does_not_get_there_ends_the_session(failure: Exception | None, says: str) -> None:
    pushed: Future[None] = Future()
    if failure:
        pushed.set_exception(failure)
    source, sink = os.pipe()
    pipes = Pipes(0.2, pushed, source, sink)
    with Gateway() as gateway:
        session = Session(t.cast(t.Any, gateway), NODE, 10, lambda _words: None)
        with pytest.raises(SessionError, match=says):
            session.run(pipes, "AWS-StartSSHSession", {"portNumber": "22"})
    for descriptor in (source, sink):
        os.close(descriptor)


def test_a_shell_in_place_of_a_port_is_refused() -> None:
    timed(Gateway(session="Standard_Stream"), b"", SessionError, "found one of the type Standard_Stream")


def test_an_agent_without_a_handshake_is_told_to_be_updated() -> None:
    gateway = Gateway()
    gateway._request = dict  # type: ignore[method-assign]
    timed(gateway, b"", SessionError, "of a type that is known, found none")


def test_encrypted_sessions_are_encrypted_both_ways() -> None:
    seen: list[bytes] = []

    def speaks(content: int, payload: bytes) -> Out:
        seen.append(payload)
        plain = agent.decrypt(payload)
        return [(codec.DATA, agent.encrypt(plain.upper()))]

    agent = AgentCipher()
    assert sent(Gateway(speaks=speaks, kms_key="a-key"), b"hello") == b"HELLO"
    assert seen
    assert b"hello" not in seen[0]


class AgentCipher:
    """The agent's half: it encrypts with the first half of the data key, and decrypts with the second."""

    def __init__(self) -> None:
        mirrored = KmsCipher(DATA_KEY[32:] + DATA_KEY[:32], b"")
        self.encrypt, self.decrypt = mirrored.encrypt, mirrored.decrypt


def test_a_websocket_without_tls_is_refused_where_aws_has_it() -> None:
    with pytest.raises(SessionError, match="wanted a websocket with TLS"):
        refuse_plain("ws://example.org/v1?token=x", "https://ssm.us-west-2.amazonaws.com")
    refuse_plain("wss://example.org/", "https://ssm.us-west-2.amazonaws.com")
    refuse_plain("ws://127.0.0.1:1/", "http://127.0.0.1:2")
