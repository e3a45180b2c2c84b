# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines behind instances, as far as they go without Docker: a program in its place says what Docker says."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
import typing as t
from pathlib import Path

import pytest

from lab.embedded_aws import cli, machines
from lab.embedded_aws.client import EmbeddedAws

INSTANCE = "i-0123456789abcdef0"
# Runs what it is asked to run in a container on this machine; `inspect` knows one running container and one that ended.
DOCKER = """#!/bin/sh
case "$1 $2" in
"inspect --type")
    case "$4" in
    node) echo '[{"State": {"Running": true}, "NetworkSettings": {"Networks": {"lab": {"IPAddress": "10.9.0.7"}}}}]' ;;
    ended) echo '[{"State": {"Running": false, "Status": "exited"}, "NetworkSettings": {"Networks": {}}}]' ;;
    *) echo "Error: No such container: $4" >&2; exit 1 ;;
    esac ;;
"exec -i")
    shift 4
    if [ "$1" != node ]; then echo "Error response from daemon: container $1 is not running" >&2; exit 1; fi
    shift
    exec "$@" ;;
esac
"""


@pytest.fixture(autouse=True)
def _docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    yield
    machines.clear()


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(self.rfile.read())


@pytest.fixture
def echo() -> t.Iterator[int]:
    """The port of a server on loopback that says what it is told."""
    with socketserver.TCPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def machine() -> machines.Machine:
    return machines.attach(INSTANCE, "node")


def test_an_instance_has_no_machine_until_one_is_attached() -> None:
    assert machines.behind(INSTANCE) is None
    machine = machines.attach(INSTANCE, "node")
    assert machine.address == "10.9.0.7"
    assert machines.behind(INSTANCE) == machine
    machines.detach(INSTANCE)
    assert machines.behind(INSTANCE) is None


@pytest.mark.parametrize(
    ("instance", "container", "said"),
    [
        ("node", "node", "expected an instance id"),
        (INSTANCE, "ended", "'ended' is exited"),
        (INSTANCE, "missing", "docker finds no 'missing': Error: No such container"),
    ],
)
def test_only_a_running_container_is_attached(instance: str, container: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        machines.attach(instance, container)
    assert machines.attached() == []


def test_a_command_gets_its_input_and_tells_how_it_ended(machine: machines.Machine) -> None:
    ran = machine.run(["sh", "-c", "cat; echo wrong >&2; exit 3"], b"given")
    assert ran == machines.Ran(3, b"given", b"wrong\n")


def test_a_command_that_takes_too_long_is_ended_and_said_so(machine: machines.Machine) -> None:
    ran = machine.run(["sh", "-c", "echo begun; sleep 30"], timeout=0.3)
    assert (ran.timed_out, ran.out) == (True, b"begun\n")


def test_a_command_may_end_as_timeout_does_without_being_late(machine: machines.Machine) -> None:
    assert machine.run(["sh", "-c", "exit 124"]) == machines.Ran(124, b"", b"")


def test_a_connection_reaches_what_listens_on_loopback(machine: machines.Machine, echo: int) -> None:
    with machine.connect(echo) as connection:
        connection.sendall(b"over the relay")
        connection.shutdown(socket.SHUT_WR)
        assert connection.makefile("rb").read() == b"over the relay"


def test_where_nothing_listens_the_connection_is_refused(machine: machines.Machine) -> None:
    with pytest.raises(ConnectionRefusedError, match=f"{INSTANCE} reaches nothing at 127.0.0.1:1"):
        machine.connect(1, "127.0.0.1")


def test_a_container_that_went_away_is_told_from_a_command_that_failed() -> None:
    gone = machines.Machine(INSTANCE, "ended", "")
    with pytest.raises(machines.MachineGoneError, match="is not running"):
        gone.run(["true"])
    with pytest.raises(machines.MachineGoneError, match="is not running"):
        gone.connect(22)


def test_a_server_is_told_of_machines_and_forgets_them_when_it_is_emptied(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = EmbeddedAws.start()
    try:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        assert cli.main(["attach", "--instance", INSTANCE, "--container", "node"]) == 0
        told = {"instance_id": INSTANCE, "container": "node", "address": "10.9.0.7"}
        assert json.loads(capsys.readouterr().out) == told
        assert server.machines() == [told]
        assert cli.main(["detach", "--instance", INSTANCE]) == 0
        assert server.machines() == []
        with pytest.raises(ValueError, match="docker finds no 'missing'"):
            server.attach(INSTANCE, "missing")
        server.attach(INSTANCE, "node")
        server.reset()
        assert server.machines() == []
    finally:
        server.stop()
