"""Fixtures that unit and integration tests share."""

from __future__ import annotations

import os
import signal
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Connection

from lab.embedded_aws.client import EmbeddedAws
from tests.environment import lead_to
from tests.labs import Labs

# Tests that run in the background ignore these, and so would all that they start; ^C and hanging up are tested.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

EmbeddedAws.start = Labs().start

# Where the files are that take longest; what is short fills up the workers at the end.
FIRST = ("tests/integration/edge/", "tests/integration/rehearsal/", "molecule/", "tests/integration/")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, as tests wait for what they started half of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with long files, else the last of them is waited for alone; make's pytest keeps this order."""
    items.sort(key=lambda item: next((rank for rank, at in enumerate(FIRST) if item.nodeid.startswith(at)), len(FIRST)))


@pytest.fixture(scope="session")
def embedded_aws_server() -> t.Iterator[EmbeddedAws]:
    """One embedded AWS for all tests of this process."""
    server = EmbeddedAws.start()
    yield server
    server.stop()


@pytest.fixture
def embedded_aws(embedded_aws_server: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> EmbeddedAws:
    """The embedded AWS, empty, without faults, and in this process's environment."""
    embedded_aws_server.reset()
    embedded_aws_server.clear_faults()
    embedded_aws_server.clear_journal()
    lead_to(embedded_aws_server, monkeypatch)
    return embedded_aws_server


@pytest.fixture
def aws(embedded_aws: EmbeddedAws) -> Aws:
    """AWS as kinds see it, in us-west-2, on the embedded AWS."""
    return Aws(Connection("us-west-2"))
