# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The client that plays use, against the embedded AWS's own Session Manager: two programs that share no code."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils._way_in import program

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients
from tests.environment import lead_to
from tests.unit.lab.sessions import world

REGION = "us-west-2"


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what stands in for Docker and for a container's programs."""
    return world.put_programs(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def session_lab(programs: Path) -> t.Iterator[EmbeddedAws]:
    with world.server(programs) as started:
        yield started


@pytest.fixture
def lab(session_lab: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> EmbeddedAws:
    """The embedded AWS, empty, and this process's environment leads to it."""
    session_lab.reset()
    lead_to(session_lab, monkeypatch)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return session_lab


@pytest.fixture
def node(lab: EmbeddedAws) -> str:
    """A node that is online and can be entered."""
    return world.online_node(Clients(lab.environment, REGION), lab)


@pytest.fixture
def echo() -> t.Iterator[int]:
    """The port of a server that says what it is told in capitals, and hangs up after "bye"."""
    with world.echo_port() as port:
        yield port


@pytest.fixture
def proxy(node: str, echo: int) -> t.Callable[..., subprocess.Popen[bytes]]:
    """proxy(timeout=2): ssh's way to the node, which leads to the echo here."""

    def started(*more: str, timeout: float = 30) -> subprocess.Popen[bytes]:
        where = ["--target", node, "--region", REGION, "--port", str(echo), "--user", "ec2-user", "--key", "agent"]
        command = [*program(), "proxy", *where, "--timeout", str(timeout), *more]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    return started
