"""A server serves one controller of one user."""

from __future__ import annotations

import os
import socket
import sys
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_protocol as protocol
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_client import run_module

from tests.integration.warm.controller import Controller, Started, eventually

NOBODY = 65534
PROBE: dict[str, t.Any] = {"name": "probe", "warm_probe": {}}


def start_waiting(controller: Controller, gate: Path) -> Started:
    """Start a playbook that waits between two warm tasks until the gate exists."""
    wait = {"name": "wait", "ansible.builtin.raw": f"while [ ! -e {gate} ]; do sleep 0.05; done"}
    return controller.start([PROBE, wait, {**PROBE, "name": "again"}], play={"hosts": "warm"})


def test_two_playbooks_at_once_have_a_server_each(controller: Controller) -> None:
    gate = controller.folder / "gate"
    first, second = (start_waiting(controller, gate) for _ in range(2))
    assert eventually(lambda: len(controller.servers()) == 2, 30), controller.processes()
    assert len(controller.directories()) == 2
    gate.touch()
    runs = [first.wait(), second.wait()]
    servers = [{run.results[task]["warm"]["parent_pid"] for task in ("probe", "again")} for run in runs]
    assert all(len(pids) == 1 for pids in servers)
    assert servers[0] != servers[1]


@pytest.fixture
def server(controller: Controller) -> t.Iterator[Path]:
    """The socket of a server that waits for its controller's next task."""
    gate = controller.folder / "gate"
    started = start_waiting(controller, gate)
    assert eventually(lambda: "probe" in started.said(), 30)
    yield controller.directories()[0] / "socket"
    gate.touch()
    run = started.wait()
    assert run.results["again"]["warm"]["boto3_is_there"]


def try_to_run(path: Path) -> str:
    """Try to have a module run by the server; say how that ended."""
    with socket.socket(socket.AF_UNIX) as conn:
        conn.settimeout(10)
        try:
            conn.connect(str(path))
            request = protocol.Request(sys.executable, 0o22, dict(os.environ))
            return run_module(conn, request, "/", b"print('it ran')").stdout.decode()
        except (OSError, protocol.WarmError) as error:
            return type(error).__name__


def as_nobody(action: Callable[[], str]) -> str:
    """Do something as another user, in a fork; give what it returned."""
    assert os.geteuid() == 0, "run this test as root: nobody else can become another user"
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(write_end, action().encode())
        finally:
            os._exit(0)
    os.close(write_end)
    os.waitpid(pid, 0)
    with open(read_end) as answer:
        return answer.read()


def test_another_user_does_not_reach_the_socket(server: Path) -> None:
    assert as_nobody(lambda: try_to_run(server)) == "PermissionError"


def test_another_user_who_reaches_the_socket_is_not_served(server: Path) -> None:
    for path in (server.parent.parent.parent, server.parent.parent, server.parent):
        path.chmod(0o755)
    server.chmod(0o777)
    assert as_nobody(lambda: try_to_run(server)) in ("GoneError", "ConnectionResetError", "BrokenPipeError")
    server.parent.chmod(0o700)


def test_the_same_user_is_served(server: Path) -> None:
    """The control: what the two tests above try would work, if it were not refused."""
    assert try_to_run(server) in ("it ran\n", "RefusedError")
