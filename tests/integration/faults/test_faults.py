"""AWS throttles, fails, loses answers, shows things late or is slow: a run ends as an undisturbed one does.

What is sampled: inventory us, which makes about 130 writes of 60 actions. Each trouble meets every action of the run
(or, where it says so, one), three or five times in a row where the aim of ``reliability`` is that, once where more
would only add sleep. Runs mostly sleep between tries, so that they go side by side, each on an embedded AWS of its own.
"""

from __future__ import annotations

import time
import typing as t
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.integration.playbook import ROOT, Region, Run, Shape

AT_ONCE = 4
LONGEST_THROTTLE_SECONDS = 180

OTHERS = (
    "acm",
    "application-autoscaling",
    "autoscaling",
    "ecr",
    "ecs",
    "elasticloadbalancing",
    "iam",
    "logs",
    "route53",
    "secretsmanager",
    "servicequotas",
    "ssm",
    "sts",
)


def throttled(lab: EmbeddedAws) -> None:
    """EC2 by its own word, all others by theirs: the first three calls of every action."""
    lab.fail("ec2:*", "RequestLimitExceeded", times=3, each=True)
    for service in OTHERS:
        lab.fail(f"{service}:*", "ThrottlingException", times=3, each=True)


ENDLESS = "endlessly_throttled"
TROUBLES: dict[str, t.Callable[[EmbeddedAws], None]] = {
    ENDLESS: lambda lab: lab.fail("CreateInternetGateway", "RequestLimitExceeded", times=1000),
    "throttled": throttled,
    "failed_3_times": lambda lab: lab.fail("*", "InternalError", times=3, each=True),
    "new_ids_hidden_for_5_calls": lambda lab: lab.hide_new_ids(5),
    "one_action_throttled_8_times": lambda lab: lab.fail("CreateSubnet", "ThrottlingException", times=8),
    "slow": lambda lab: lab.slow("*", seconds=0.5, each=True),
    "failed_after_it_was_done": lambda lab: lab.fail("*", "InternalError", each=True, applied=True),
    "connection_lost": lambda lab: lab.reset_connections("*", each=True),
    "answer_lost": lambda lab: lab.reset_connections("*", each=True, applied=True),
    "nothing": lambda lab: None,
}


@dataclass
class Troubled:
    """What became of a region that was built in trouble, and what a plan then found once the trouble was over."""

    run: Run
    seconds: float
    shape: Shape
    plan: Run


def build(trouble: str, scratch: Path) -> Troubled:
    """Build a region in this trouble."""
    region = Region.raised(ROOT / "inventories/us", scratch)
    try:
        TROUBLES[trouble](region.lab)
        began = time.monotonic()
        run = region.play("site.yml")
        seconds = time.monotonic() - began
        region.lab.clear_faults()
        return Troubled(run, seconds, region.shape(), region.play("site.yml", "--check"))
    finally:
        region.lab.stop()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Troubled]:
    """Build all of them, some at once; those that sleep longest begin."""
    scratches = [tmp_path_factory.mktemp(trouble) for trouble in TROUBLES]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(TROUBLES, pool.map(build, TROUBLES, scratches), strict=True))


@pytest.mark.parametrize("trouble", [trouble for trouble in TROUBLES if trouble != ENDLESS])
def test_a_run_outlives_it_and_the_region_is_as_without_it(built: dict[str, Troubled], trouble: str) -> None:
    ended = built[trouble]
    assert ended.run.rc == 0, ended.run.output
    assert ended.shape == built["nothing"].shape
    assert ended.plan.rc == 0, ended.plan.output
    assert ended.plan.actions == set()


def test_the_troubles_were_met(built: dict[str, Troubled]) -> None:
    actions = {write["action"] for write in built["nothing"].run.region_writes}
    for trouble in ("throttled", "failed_3_times"):
        refused = Counter(write["action"] for write in built[trouble].run.writes if write["error"])
        assert {action for action in actions if refused[action] < 3} == set()


def test_endless_throttling_ends_within_three_minutes_and_the_run_names_the_action(built: dict[str, Troubled]) -> None:
    ended = built[ENDLESS]
    assert ended.run.rc != 0
    assert ended.seconds < LONGEST_THROTTLE_SECONDS
    assert "CreateInternetGateway" in ended.run.output
    assert "RequestLimitExceeded" in ended.run.output
