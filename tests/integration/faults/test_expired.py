"""Credentials end in the middle of a run: it says so within seconds, and with new ones the next run goes on.

What is sampled: the session of inventory us ends before the first write, and after a third and nearly all of
them.
"""

from __future__ import annotations

import os
import time

import pytest

from tests.integration.playbook import ROOT, Region, Shape

SECONDS = 10.0


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("expired"))


@pytest.fixture(scope="module")
def whole(region: Region) -> tuple[int, Shape]:
    """How many writes an undisturbed run makes, and what then stands."""
    run = region.play("site.yml")
    assert run.rc == 0, run.output
    return len(run.writes), region.shape()


def most_seconds() -> float:
    """As reliability asks on a quiet machine; longer by how busy this one is."""
    return SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.mark.parametrize("part", [0.0, 0.3, 0.95])
def test_a_run_whose_credentials_expire_says_so_and_the_next_one_goes_on(
    region: Region, whole: tuple[int, Shape], part: float
) -> None:
    writes, standing = whole
    region.reset()
    region.lab.expire_credentials(after_writes=round(part * writes))
    run = region.play("site.yml")
    ended = time.time()
    assert run.rc != 0
    assert "credentials have expired: get new ones and run again" in run.output
    if part:
        assert ended - max(write["time"] for write in run.writes if not write["error"]) < most_seconds()
    region.lab.expire_credentials(None)
    if part:
        region.unlock()
    again = region.play("site.yml")
    assert again.rc == 0, again.output
    assert region.shape() == standing
