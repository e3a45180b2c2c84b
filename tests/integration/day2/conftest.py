# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A region of which little stands, with nodes whose machines need no Docker."""

from __future__ import annotations

import os
import shutil
import typing as t
from pathlib import Path

import pytest

from tests.clients import Clients
from tests.integration.playbook import ROOT, Region, cut
from tests.unit.lab.commands.world import REGION, Fleet, put_docker


class World(t.NamedTuple):
    """A region and its nodes."""

    region: Region
    nodes: Fleet


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[tuple[Region, Path]]:
    """The region's account, and the folder of what stands for Docker."""
    scratch, docker = tmp_path_factory.mktemp("day2"), tmp_path_factory.mktemp("docker")
    inventory = scratch / "inventory"
    shutil.copytree(ROOT / "inventories/us", inventory)
    cut(inventory, "network", "identity")
    put_docker(docker)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{docker}:{before}"
    try:
        region = Region.raised(inventory, scratch)
    finally:
        os.environ["PATH"] = before
    yield region, docker
    region.lab.stop()


@pytest.fixture
def world(standing: tuple[Region, Path]) -> World:
    """An empty account with a role for nodes."""
    region, docker = standing
    region.lab.reset()
    return World(region, Fleet(region.lab, Clients(region.lab.environment, REGION), docker))
