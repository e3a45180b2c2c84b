# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What people do by sessions: ports of a node on this machine, and shells."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import socket
import subprocess
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils._way_in import program

from lab.embedded_aws.client import EmbeddedAws

REGION = "us-west-2"
SAID = b"".join(b"line %04d\n" % number for number in range(5_000))

Forward = t.Callable[..., int]


@pytest.fixture
def forward(node: str, echo: int) -> t.Iterator[Forward]:
    """forward(): the port of this machine that leads to the echo on the node, in the background."""
    running: list[int] = []

    def opened(*more: str) -> int:
        where = ["--target", node, "--region", REGION, "--port", str(echo), "--timeout", "20"]
        command = [*program(), "forward", *where, "--background", *more]
        told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=60).stdout)
        running.append(told["pid"])
        return int(told["port"])

    yield opened
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def talk(port: int, hangs_up: bool = True) -> bytes:
    """What the echo says to all of it, until it hangs up where that is told, else until all is there."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connected:
        connected.sendall(SAID + b"bye")
        heard = b""
        while (hangs_up or len(heard) < len(SAID) + 3) and (data := connected.recv(65536)):
            heard += data
    return heard


@pytest.mark.parametrize(
    "fault",
    [{}, {"drop_every": 50, "duplicate_every": 9}, {"delay_every": 30, "delay_seconds": 0.1}, {"cut_after": 120}],
    ids=["well", "dropped and doubled", "late", "cut"],
)
def test_many_connections_at_once_come_whole_through_one_session(
    lab: EmbeddedAws, forward: Forward, fault: dict[str, t.Any]
) -> None:
    lab.channel_fault(**fault)
    port = forward()
    with ThreadPoolExecutor(5) as pool:
        heard = list(pool.map(talk, [port] * 5))
    assert heard == [SAID.upper() + b"BYE"] * 5
    (session,) = lab.sessions()
    assert session["connections"] == (2 if "cut_after" in fault else 1)


def test_an_agent_that_does_not_multiplex_serves_one_connection_after_the_other(
    lab: EmbeddedAws, forward: Forward
) -> None:
    lab.channel_fault(agent_version="3.0.196.0")
    port = forward()
    # Such an agent does not tell that the port hung up.
    assert [talk(port, hangs_up=False) for _ in range(2)] == [SAID.upper() + b"BYE"] * 2


def test_another_hosts_port_is_reached_from_the_node(lab: EmbeddedAws, forward: Forward) -> None:
    assert talk(forward("--host", "127.0.0.1")) == SAID.upper() + b"BYE"
    assert lab.sessions()[0]["document"] == "AWS-StartPortForwardingSessionToRemoteHost"


def test_a_port_ends_with_its_process_and_leaves_no_session(lab: EmbeddedAws, node: str, echo: int) -> None:
    command = [*program(), "forward", "--target", node, "--region", REGION, "--port", str(echo), "--background"]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=60).stdout)
    assert talk(told["port"]) == SAID.upper() + b"BYE"
    os.kill(told["pid"], signal.SIGTERM)
    end = time.monotonic() + 10
    while lab.sessions()[0]["status"] != "Terminated" and time.monotonic() < end:
        time.sleep(0.05)
    assert lab.sessions()[0]["status"] == "Terminated"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", told["port"]), timeout=5)


class Shell:
    """A person at a terminal, in which the client runs."""

    def __init__(self, node: str) -> None:
        self.terminal, its = pty.openpty()
        command = [*program(), "shell", "--target", node, "--region", REGION]
        self.client = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, start_new_session=True)
        os.close(its)

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def see(self, words: str, seconds: float = 20) -> str:
        """What appears up to these words."""
        seen, end = "", time.monotonic() + seconds
        while words not in seen:
            assert time.monotonic() < end, seen
            if select.select([self.terminal], [], [], 0.2)[0]:
                seen += os.read(self.terminal, 4096).decode(errors="replace")
        return seen

    def end(self) -> int:
        """The client's exit status, once it has ended."""
        try:
            return self.client.wait(20)
        finally:
            self.client.kill()
            os.close(self.terminal)


def test_a_shell_is_used_as_one_here_and_ends_with_exit(lab: EmbeddedAws, node: str) -> None:
    shell = Shell(node)
    shell.see("$ ")
    shell.type("echo $((6 * 7)) is it\r")
    shell.see("42 is it")
    shell.type("sleep 60\r")
    time.sleep(0.5)
    shell.type("\x03")
    shell.type("echo $((6 * 8)) goes on; exit\r")
    shell.see("48 goes on")
    assert shell.end() == 0
    assert lab.sessions()[0]["status"] == "Terminated"


def test_a_shell_goes_on_where_the_way_was_cut(lab: EmbeddedAws, node: str) -> None:
    lab.channel_fault(cut_after=30)
    shell = Shell(node)
    shell.see("$ ")
    for number in range(20):
        shell.type(f"echo $(({number} + 1000)) so far\r")
        shell.see(f"{number + 1000} so far")
    shell.type("exit\r")
    assert shell.end() == 0
    assert lab.sessions()[0]["connections"] == 2
