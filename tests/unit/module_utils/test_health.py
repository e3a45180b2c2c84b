"""What makes a group of targets or machines ill."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._health import machines, targets


def target(name: str, state: str, **why: str) -> dict[str, t.Any]:
    return {"Target": {"Id": name, "Port": 8080}, "TargetHealth": {"State": state, **why}}


def machine(state: str, health: str = "Healthy") -> dict[str, str]:
    return {"LifecycleState": state, "HealthStatus": health}


def test_a_group_whose_targets_answer_is_well() -> None:
    assert targets([target("10.0.3.4", "healthy"), target("10.0.4.4", "healthy")]) == ""


@pytest.mark.parametrize("state", ["initial", "draining", "unused"])
def test_a_target_that_comes_or_goes_does_not_fail(state: str) -> None:
    assert targets([target("10.0.3.4", "healthy"), target("10.0.4.4", state)]) == ""


def test_a_target_that_fails_is_named_with_the_reason_that_aws_gives() -> None:
    failing = target("10.0.4.4", "unhealthy", Reason="Target.Timeout", Description="Request timed out")
    said = targets([target("10.0.3.4", "healthy"), failing])
    assert said == "has 1 of 2 targets that fail: 10.0.4.4 (unhealthy Target.Timeout Request timed out)"


def test_a_group_in_use_without_targets_is_ill() -> None:
    assert targets([]) == "has no targets"


@pytest.mark.parametrize(
    ("wanted", "instances", "said"),
    [
        (0, [], ""),
        (2, [machine("InService"), machine("InService")], ""),
        (2, [machine("InService"), machine("Pending")], "has 1 of 2 healthy machines in service"),
        (1, [machine("InService", "Unhealthy")], "has 0 of 1 healthy machines in service"),
    ],
)
def test_a_group_is_ill_when_it_is_short_of_healthy_machines(
    wanted: int, instances: list[dict[str, str]], said: str
) -> None:
    assert machines({"DesiredCapacity": wanted, "Instances": instances}) == said
