"""Two living regions, each built once: every test leaves its region as it found it, or healed."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.systems.built import Built, changed


@pytest.fixture(scope="session")
def us(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    """The region of inventory us: system 0."""
    scratch = tmp_path_factory.mktemp("us")
    built = Built.of(changed("us", scratch), scratch)
    yield built
    built.region.lab.stop()
