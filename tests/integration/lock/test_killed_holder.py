"""A run dies with the lock: the lock stays, is seen to be dead, and only a person with the id breaks it."""

from __future__ import annotations

import re
import time
import typing as t
from pathlib import Path

import pytest

from tests.integration.killing import IN_A_NAMESPACE
from tests.integration.lock.operators import LIGHT, Operator, lock_writes, until, vpcs
from tests.integration.playbook import ROOT, Region

UNLOCK = "playbooks/unlock.yml"
BEATING = "tests/integration/lock/beating.yml"


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("killed"))


@pytest.fixture(autouse=True)
def _emptied(region: Region) -> t.Iterator[None]:
    yield
    region.reset()


def alive(pid: int) -> bool:
    """Return whether it still runs; one that has ended and that init has not collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def word(tmp_path: Path) -> Path:
    """Return the file whose coming ends the work of a run."""
    return tmp_path / "word"


def at_work(word: Path) -> tuple[str, str]:
    """Return the arguments of a run that works until the word comes."""
    return "-e", f"light_until={word}"


def end_of_all(run: Operator, word: Path) -> None:
    """Give the word and wait: a module that lives on would write into the next test's account."""
    word.touch()
    until(lambda: not run.processes(), "end of its processes")


def refusal(region: Region) -> str:
    """Start a run that must be refused; return what it is told."""
    run = Operator(region, "second", LIGHT).end()
    assert run.rc == 2, run.output
    return " ".join(run.output.split())


def test_the_keeper_ends_with_its_run_and_the_lock_stays(region: Region, word: Path) -> None:
    run = Operator(region, "first", LIGHT, *at_work(word))
    keeper = run.keeper()
    run.kill()
    until(lambda: not alive(keeper), "end of the keeper", 2)
    assert lock_writes(region) == ["PutParameter"]
    end_of_all(run, word)


def test_the_lock_outlives_the_run_while_its_modules_may_still_write(region: Region, word: Path) -> None:
    run = Operator(region, "first", LIGHT, *at_work(word))
    run.keeper()
    until(lambda: len(vpcs(region)) == 1, "VPC")
    run.kill()
    told = refusal(region)
    assert f"process {run.process.pid} is gone from this machine: it looks dead" in told
    assert len(vpcs(region)) == 1
    end_of_all(run, word)


def test_a_dead_lock_is_broken_by_its_id_only_and_the_next_run_converges(region: Region, word: Path) -> None:
    run = Operator(region, "first", LIGHT, *at_work(word), prefix=IN_A_NAMESPACE)
    run.keeper()
    until(lambda: len(vpcs(region)) == 1, "VPC")
    run.kill()
    until(lambda: not run.processes(), "end of its processes", 5)
    told = refusal(region)
    assert "it looks dead. Make sure that nothing of it still runs, then unlock it with" in told
    run_id = re.search(r"unlock_run_id=(\w+)", told)
    assert run_id
    for words in ((), ("-e", "unlock_run_id=00000000")):
        wrong = Operator(region, "second", UNLOCK, *words).end()
        assert wrong.rc != 0
        assert lock_writes(region) == ["PutParameter"]
    right = Operator(region, "second", UNLOCK, "-e", f"unlock_run_id={run_id[1]}").end()
    assert right.rc == 0, right.output
    again = Operator(region, "second", LIGHT).end()
    assert again.rc == 0, again.output
    assert len(vpcs(region)) == 1


def test_a_run_that_ends_in_failure_gives_the_lock_back(region: Region) -> None:
    region.lab.fail("CreateVpc", "UnauthorizedOperation", times=9)
    run = Operator(region, "first", "site.yml").end()
    assert run.rc == 2, run.output
    assert lock_writes(region) == ["PutParameter", "DeleteParameter"]


def test_a_heartbeat_is_a_sign_of_life_while_a_run_works(region: Region) -> None:
    run = Operator(region, "first", BEATING)
    run.keeper()
    until(lambda: lock_writes(region).count("AddTagsToResource") >= 2, "second heartbeat")
    run.kill()
    time.sleep(1.5)
    beats = len(lock_writes(region))
    time.sleep(2.5)
    assert len(lock_writes(region)) == beats
