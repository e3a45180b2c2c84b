"""The server's loop mistakes no client for another."""

from __future__ import annotations

import mmap
import os
import socket
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_server import Running, Server


@pytest.fixture
def server(tmp_path: Path) -> t.Iterator[Server]:
    """A server that has not been started; its controller is this process."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        settings = {"listener": listener.detach(), "controller": os.pidfd_open(os.getpid()), "roots": {}}
        yield Server({**settings, "directory": str(tmp_path), "idle_seconds": 60})


def test_a_client_that_left_is_looked_at_before_its_number_can_be_anothers(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One poll may tell that a client left, that its fork ended, and that a new client waits."""
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(["sleep", "60"], process_group=0) as other:
        order: list[str] = []
        running = Running(other.pid, theirs, mmap.mmap(-1, 4096))
        server._running[other.pid] = running
        server._poll.register(theirs.fileno(), 0)
        for name in ("_reap", "_accept"):
            monkeypatch.setattr(server, name, lambda name=name: order.append(f"{name} {running.kill_at is not None}"))
        os.write(server._wake_write, b"x")
        server._answer({server._listener.fileno(), server._wake_read, theirs.fileno()})
        assert order == ["_reap True", "_accept True"]
        assert other.wait(5) == -15


def test_a_fork_whose_client_left_and_that_will_not_end_is_killed(server: Server) -> None:
    ours, theirs = socket.socketpair()
    stubborn = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], process_group=0, stdout=subprocess.PIPE
    )
    with ours, theirs, stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        server._running[stubborn.pid] = Running(stubborn.pid, theirs, mmap.mmap(-1, 4096))
        server._poll.register(theirs.fileno(), 0)
        server._answer({theirs.fileno()})
        while stubborn.poll() is None:
            assert server._wait_seconds() <= 0.6
            server._kill_overdue()
        assert stubborn.returncode == -9


@pytest.mark.parametrize(
    "said",
    [b"", b"no json", b"[]", b"{}", b'{"services": 3}', b'{"services": [], "environ": 1, "asks": [[{}, "sts"]]}'],
)
def test_what_a_fork_says_amiss_is_not_heard(server: Server, said: bytes) -> None:
    """A module that crashed, or that wrote where it should not, leaves anything."""
    with mmap.mmap(-1, 4096) as place:
        place[: len(said)] = said
        server._learn(place)
    assert not server._loader.read_next()
    assert not server._clients.make_next()


def test_what_a_fork_says_at_too_great_length_is_not_said(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server._clients, "lesson", lambda: {"environ": {"LONG": "x" * 5000}})
    with mmap.mmap(-1, 4096) as place:
        server._teach(place)
        assert place[:] == bytes(4096)
