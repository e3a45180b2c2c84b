"""System 1 in its own time: with delays as AWS has them the longest chain is all that is waited for."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.cli import _read_delays
from lab.embedded_aws.delays import REALISTIC
from tests.integration.playbook import ROOT, Region, Run

HURRY = 60
CHAIN = ("eks_cluster", "eks_addon", "eks_node_group", "eks_addon")
"""A cluster, what its nodes need, its nodes, and what needs them: nothing in the region takes longer."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Run]:
    region = Region.raised(
        ROOT / "inventories/kr", tmp_path_factory.mktemp("kr"), "--delays", "realistic", "--hurry", str(HURRY)
    )
    yield region.play("site.yml")
    region.lab.stop()


def waits(run: Run) -> dict[str, float]:
    """How long each stack waited, wait by wait."""
    stacks = run.report["timeline"]["stacks"].items()
    return {f"{stack}: {one['what']}": one["ended"] - one["began"] for stack, told in stacks for one in told["waits"]}


def test_all_that_is_waited_for_together_takes_no_longer_than_the_longest_chain(run: Run) -> None:
    """Waits are counted and not the machine's own work, which depends on what else it does; two at once count once."""
    assert run.rc == 0, run.output
    delays = _read_delays(REALISTIC, HURRY)
    chain = sum(delays[name] for name in CHAIN)
    assert run.report["timeline"]["waited"] <= 1.1 * chain, waits(run)


def test_the_cluster_and_its_nodes_are_what_a_run_waits_for(run: Run) -> None:
    longest = sorted(waits(run).items(), key=lambda item: -item[1])[:2]
    assert {name.partition(":")[0] for name, _seconds in longest} == {"eks"}


def test_the_report_draws_who_waited_for_what(run: Run) -> None:
    (row,) = [line for line in run.output.splitlines() if line.startswith("  eks ") and "|" in line]
    assert "=" in row
    assert "." in row
    assert "s for EKS cluster kr-main to be active" in run.output
