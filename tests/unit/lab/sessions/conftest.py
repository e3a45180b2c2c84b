# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients
from tests.unit.lab.sessions import world
from tests.unit.lab.sessions.peer import Peer


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what stands in for the container's."""
    return world.put_programs(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def aws(programs: Path) -> t.Iterator[EmbeddedAws]:
    """An embedded AWS whose machines are this one."""
    with world.server(programs) as started:
        yield started


@pytest.fixture(scope="session")
def client(aws: EmbeddedAws) -> Clients:
    """Clients of that server: the neighbours' fixture would go on with whichever server it met first."""
    return Clients(aws.environment)


@pytest.fixture
def node(client: t.Any, aws: EmbeddedAws) -> str:
    """A node that is online and can be entered."""
    return world.online_node(client, aws)


@pytest.fixture
def echo() -> t.Iterator[int]:
    """The port of a server that says what it is told in capitals, and hangs up after "bye"."""
    with world.echo_port() as port:
        yield port


class Sessions:
    """Starts sessions, each with a client of its own."""

    def __init__(self, ssm: t.Any, node: str) -> None:
        self.ssm, self.node = ssm, node
        self.started: dict[str, t.Any] = {}

    def __call__(self, document: str = "AWS-StartSSHSession", version: str = "1.2.650.0", **given: t.Any) -> Peer:
        parameters = {name: [str(value)] for name, value in given.items()}
        self.started = self.ssm.start_session(Target=self.node, DocumentName=document, Parameters=parameters)
        return Peer(self.started, version)

    def resumed(self) -> dict[str, t.Any]:
        """What ResumeSession gives for the last one."""
        return t.cast("dict[str, t.Any]", self.ssm.resume_session(SessionId=self.started["SessionId"]))


@pytest.fixture
def session(client: t.Any, node: str) -> Sessions:
    """session(document, portNumber=22): a new session's client."""
    return Sessions(client("ssm"), node)
