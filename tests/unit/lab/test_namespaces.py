# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections made within another network, where this process may enter one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from lab.embedded_aws import namespaces

# In a network of its own: brings its loopback up, tells a port, and greets once.
SERVER = """
import fcntl, socket, struct
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(probe, 0x8914, struct.pack("16sh14x", b"lo", 1))
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
server.accept()[0].sendall(b"from within")
server.accept()  # it stays until it is ended
"""
MAY_ENTER = subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode == 0
need_to_enter = pytest.mark.skipif(not MAY_ENTER, reason="NOT TESTED: this process may enter no other network")


@pytest.fixture
def within() -> t.Iterator[tuple[int, int]]:
    """(process, port) of a server in a network of its own; in this one, where none can be made."""
    apart = ["unshare", "--net"] if MAY_ENTER else []
    with subprocess.Popen([*apart, sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout
        yield server.pid, int(server.stdout.readline())
        server.kill()


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., None]:
    """docker(pid, identifier): a program in Docker's place that knows a container of this process and id."""

    def says(pid: int, identifier: str) -> None:
        seen = json.dumps([{"Id": identifier, "State": {"Running": True, "Pid": pid}}])
        (tmp_path / "docker").write_text(f"#!/bin/sh\necho '{seen}'\n")
        (tmp_path / "docker").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    return says


@need_to_enter
def test_a_port_is_reached_in_the_containers_own_network(within: tuple[int, int], docker: t.Any) -> None:
    pid, port = within
    # What stands in each such file, whatever the system.
    docker(pid, ":/")
    connected = namespaces.connect("node", port)
    assert connected
    with connected:
        assert connected.recv(20) == b"from within"
    with pytest.raises(ConnectionRefusedError):
        namespaces.connect("node", 1)


@pytest.mark.skipif(MAY_ENTER, reason="this process may enter any network")
def test_where_no_other_network_may_be_entered_there_is_no_connection(within: tuple[int, int], docker: t.Any) -> None:
    pid, port = within
    docker(pid, ":/")
    assert namespaces.connect("node", port) is None


def test_a_process_that_is_not_the_containers_is_left_alone(within: tuple[int, int], docker: t.Any) -> None:
    pid, port = within
    docker(pid, "f" * 64)
    assert namespaces.connect("node", port) is None
    docker(0, ":/")
    assert namespaces.connect("node", port) is None


@need_to_enter
def test_this_process_stays_in_its_own_network(within: tuple[int, int], docker: t.Any) -> None:
    before = os.readlink("/proc/thread-self/ns/net")
    docker(within[0], ":/")
    connected = namespaces.connect("node", within[1])
    assert connected
    connected.close()
    assert os.readlink("/proc/thread-self/ns/net") == before
