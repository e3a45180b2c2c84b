"""A stack breaks: its layer goes on without it, the next layer does not start and says on whom it waits."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.playbook import ROOT, Action, Region, Run, Shape

LAYERS = (
    {"network", "identity", "registry"},
    {"security_groups", "endpoints", "dns", "certificates"},
    {"load_balancers", "edge", "pools"},
    {"ecs"},
)
# Each breaks by a call that no other stack makes.
BREAKS = {"network": "CreateRouteTable", "certificates": "RequestCertificate", "pools": "CreateLaunchTemplate"}


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Region]:
    raised = Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("broken"))
    yield raised
    raised.lab.stop()


@pytest.fixture(scope="module")
def whole(region: Region) -> tuple[Run, Shape]:
    """A run in which nothing breaks, and what then stands."""
    run = region.play("site.yml")
    assert run.rc == 0, run.output
    return run, region.shape()


def by(run: Run, stacks: t.Collection[str]) -> set[Action]:
    return {action for action in run.actions if action[0] in stacks}


def said(run: Run) -> str:
    return " ".join(run.output.split())


@pytest.mark.parametrize("broken", BREAKS)
def test_what_does_not_stand_on_it_is_finished_and_the_next_run_does_the_rest(
    region: Region, whole: tuple[Run, Shape], broken: str
) -> None:
    undisturbed, standing = whole
    region.reset()
    region.lab.fail(BREAKS[broken], "UnauthorizedOperation", status=403, times=1000)
    run = region.play("site.yml")
    assert run.rc != 0
    assert f"{broken} is not whole: " in run.output
    assert BREAKS[broken] in run.output

    layer = next(number for number, stacks in enumerate(LAYERS) if broken in stacks)
    finished = set().union(*LAYERS[: layer + 1]) - {broken}
    above = set().union(*LAYERS[layer + 1 :])
    assert by(run, finished) == by(undisturbed, finished)
    assert by(run, above) == set()
    for stack in above:
        assert f"{stack} was not started: it stands on " in said(run)
    for stack in LAYERS[layer + 1]:
        assert f"{stack} was not started: it stands on {broken}, not whole" in said(run)
    for stack in finished:
        assert f"{stack} is not whole" not in said(run)

    region.lab.clear_faults()
    again = region.play("site.yml")
    assert again.rc == 0, again.output
    assert region.shape() == standing
    assert region.play("site.yml", "--check").actions == set()
