# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients
from tests.unit.lab.commands.world import Fleet, put_docker, started


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program called docker."""
    folder = tmp_path_factory.mktemp("docker")
    put_docker(folder)
    return folder


@pytest.fixture(scope="session")
def aws(docker: Path) -> t.Iterator[EmbeddedAws]:
    """An embedded AWS whose machines are this docker's."""
    with started(docker) as server:
        yield server


@pytest.fixture(scope="session")
def client(aws: EmbeddedAws) -> Clients:
    """Clients of that server: the neighbours' fixture would go on with whichever server it met first."""
    return Clients(aws.environment)


@pytest.fixture
def fleet(aws: EmbeddedAws, client: t.Any, docker: Path) -> Fleet:
    return Fleet(aws, client, docker)
