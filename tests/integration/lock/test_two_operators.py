"""Two people start a run at the same time: one wins, the other is told who in seconds, and nothing is made twice.

Six pairs at offsets from a seed; ``CLOISTER_PAIRS`` takes more.
"""

from __future__ import annotations

import os
import random
import re
import time
import typing as t
from collections import Counter
from pathlib import Path

import pytest

from tests.integration.lock.operators import LIGHT, Ended, Operator, lock_writes, until, vpcs
from tests.integration.playbook import ROOT, Region

PAIRS = int(os.environ.get("CLOISTER_PAIRS", "6"))
QUICK_SECONDS = 5.0
WORD = "work-is-over"
"""The file in the scratch folder that lets a run end."""
TWICE = {("ecs:task", "guard"): 2, ("ssm:parameter", "inner"): 2, ("ec2:volume", "vllm"): 2} | {
    (kind, "proxy"): 4 for kind in ("ec2:instance", "ec2:network-interface", "ec2:volume")
}
"""What there is more of: guard's tasks, of a CA its key and its certificate, a model server's volumes, the proxies."""


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("two"))


@pytest.fixture(scope="module", autouse=True)
def _warm(region: Region) -> None:
    """The embedded AWS starts slowly on its first calls, which is not what is timed here."""
    assert Operator(region, "first", LIGHT).end().rc == 0
    region.reset()


def quick() -> float:
    """How many seconds a refusal may take: five, and more where more processes want to run than there are cores."""
    return QUICK_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.fixture(autouse=True)
def _emptied(region: Region) -> t.Iterator[None]:
    yield
    region.reset()
    (region.scratch / WORD).unlink(missing_ok=True)


def meet(region: Region, offset: float, playbook: str, *arguments: str) -> tuple[Ended, Ended]:
    """Start two runs so many seconds apart, and let the winner end after the loser; return both."""
    first = Operator(region, "first", playbook, *arguments)
    time.sleep(offset)
    second = Operator(region, "second", playbook, *arguments)
    until(lambda: first.ended() or second.ended(), "end of one of two runs", 120)
    (region.scratch / WORD).touch()
    winner, loser = sorted((first.end(), second.end()), key=lambda ended: ended.rc)
    return winner, loser


def refused(loser: Ended) -> str:
    """Return the id of the run that the loser was refused for, once all it must be told was found."""
    text = " ".join(loser.output.split())
    told = re.search(
        r"region us is locked by run (\w+) of \S+@\S+ \(process \d+: ansible-playbook [^)]*\) since \S+Z", text
    )
    assert told, loser.output
    assert f"ansible-playbook cloister.aws.unlock -i {ROOT}/inventories/us -e unlock_run_id={told[1]}" in text
    return told[1]


@pytest.mark.parametrize("pair", range(PAIRS))
def test_one_wins_and_the_other_is_told_who_in_seconds(region: Region, pair: int) -> None:
    offset = random.Random(pair).uniform(0, 0.8)  # noqa: S311 - a moment, not a secret
    winner, loser = meet(region, offset, LIGHT, "-e", f"light_until={region.scratch / WORD}")
    assert (winner.rc, loser.rc) == (0, 2), loser.output + winner.output
    writers = {write["run_id"] for write in region.lab.writes() if not write["error"]}
    assert writers == {refused(loser)}
    assert len(vpcs(region)) == 1
    assert lock_writes(region) == ["PutParameter", "DeleteParameter"]
    assert loser.seconds < quick()


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_two_builds_of_a_whole_region_make_nothing_twice(region: Region, offset: float) -> None:
    winner, loser = meet(region, offset, "site.yml")
    assert (winner.rc, loser.rc) == (0, 2), loser.output + winner.output
    refused(loser)
    made = Counter((thing["kind"], thing["tags"]["cloister:part"]) for thing in region.owned())
    assert {thing: count for thing, count in made.items() if count > 1} == TWICE
    again = Operator(region, "second", "site.yml").end()
    assert again.rc == 0, again.output
    assert not re.search(r"changed=[1-9]", again.output), again.output


def test_a_plan_beside_a_run_goes_on_and_says_who_is_at_work(region: Region) -> None:
    run = Operator(region, "first", LIGHT, "-e", f"light_until={region.scratch / WORD}")
    run.keeper()
    plan = Operator(region, "second", LIGHT, "--check").end()
    assert plan.rc == 0, plan.output
    refused(plan)
    (region.scratch / WORD).touch()
    assert run.end().rc == 0


def test_no_process_is_left_when_all_is_over(region: Region, tmp_path: Path) -> None:
    run = Operator(region, "alone", LIGHT)
    assert run.end().rc == 0
    deadline = time.monotonic() + 15
    while (left := run.processes()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == {}
