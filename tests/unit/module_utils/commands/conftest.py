# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._clients import Connection

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients
from tests.environment import lead_to
from tests.unit.lab.commands.world import REGION, Fleet, put_docker, started


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program called docker."""
    folder = tmp_path_factory.mktemp("docker")
    put_docker(folder)
    return folder


@pytest.fixture(scope="session")
def server(docker: Path) -> t.Iterator[EmbeddedAws]:
    """An embedded AWS whose machines are this docker's."""
    with started(docker) as running:
        yield running


@pytest.fixture
def fleet(server: EmbeddedAws, docker: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nodes in an empty account that this process's environment leads to."""
    server.reset()
    lead_to(server, monkeypatch)
    return Fleet(server, Clients(server.environment, REGION), docker)


@pytest.fixture
def aws(fleet: Fleet) -> Aws:
    """AWS as module_utils see it."""
    return Aws(Connection(REGION))
