"""Living regions, each built once: every test leaves its region as it found it, or healed."""

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


@pytest.fixture(scope="session")
def fargate(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    """The region of inventory examples/fargate-private, with a second range: system 2."""
    scratch = tmp_path_factory.mktemp("fargate")
    vpc = {"name": "main", "cidr": "10.0.0.0/16", "secondary_cidrs": ["10.1.0.0/16"], "nat": "none"}
    built = Built.of(changed("examples/fargate-private", scratch, network={"network_vpcs": [vpc]}), scratch)
    yield built
    built.region.lab.stop()


@pytest.fixture(scope="session")
def private_eks(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    """The region of inventory examples/private-eks: system 4."""
    scratch = tmp_path_factory.mktemp("private-eks")
    built = Built.of(changed("examples/private-eks", scratch), scratch)
    yield built
    built.region.lab.stop()


@pytest.fixture(scope="session")
def static_ip(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    """The region of inventory examples/static-ip: system 3."""
    scratch = tmp_path_factory.mktemp("static-ip")
    built = Built.of(changed("examples/static-ip", scratch), scratch)
    yield built
    built.region.lab.stop()


@pytest.fixture(scope="session")
def kr(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    """The region of inventory kr: system 1."""
    scratch = tmp_path_factory.mktemp("kr")
    built = Built.of(changed("kr", scratch), scratch)
    yield built
    built.region.lab.stop()
