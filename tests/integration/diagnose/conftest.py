"""The regions whose flows are judged, each built once: every test mends what it broke."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.systems.built import Built, changed


def _built(inventory: str, scratch: pytest.TempPathFactory) -> t.Iterator[Built]:
    place = scratch.mktemp("diagnose")
    built = Built.of(changed(inventory, place), place)
    yield built
    built.region.lab.stop()


@pytest.fixture(scope="session")
def us(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    """Inventory us: services behind load balancers."""
    yield from _built("us", tmp_path_factory)


@pytest.fixture(scope="session")
def kr(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    """Inventory kr: a cluster, AI servers and a database."""
    yield from _built("kr", tmp_path_factory)


@pytest.fixture(scope="session")
def private_eks(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    """Inventory examples/private-eks: a cluster that operators reach over PrivateLink."""
    yield from _built("examples/private-eks", tmp_path_factory)
