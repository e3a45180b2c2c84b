# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines of pools are replaced by their age, against the embedded AWS."""

from __future__ import annotations

import typing as t
from pathlib import Path
from threading import Event

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._rotation import Rotated, rotate

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.pool_world import OWNER, World, pool

PREFERENCES = {"healthy_percent": 90, "max_healthy_percent": None, "warmup_seconds": None}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws, tmp_path: Path) -> World:
    world = World(aws, embedded_aws, tmp_path)
    entry = pool(size={"min": 1, "max": 4, "desired": 2})
    world.make(entry)
    world.settle(entry)
    return world


def ids(world: World) -> set[str]:
    return {one["InstanceId"] for one in world.machines()}


def turn(world: World, days: float = 0, check: bool = False, *pools: str) -> Rotated:
    (done,) = rotate(world.aws, OWNER, pools or ("cpu",), days, PREFERENCES, 60, check)
    return done


def refreshes(world: World) -> list[dict[str, t.Any]]:
    answer = world.aws.call("autoscaling", "describe_instance_refreshes", AutoScalingGroupName="us-cpu")
    return t.cast("list[dict[str, t.Any]]", answer["InstanceRefreshes"])


def test_all_are_replaced_though_they_are_what_the_pool_says(world: World) -> None:
    before = ids(world)
    done = turn(world)
    assert set(done["machines"]) == before
    assert len(ids(world)) == 2
    assert not ids(world) & before
    assert [one["Status"] for one in refreshes(world)] == ["Successful"]


def test_a_plan_names_them_and_replaces_none(world: World) -> None:
    before = ids(world)
    assert set(turn(world, check=True)["machines"]) == before
    assert ids(world) == before
    assert refreshes(world) == []


def test_young_ones_stay(world: World) -> None:
    before = ids(world)
    assert turn(world, days=1) == {"pool": "cpu", "machines": [], "refreshes": []}
    assert ids(world) == before


def test_one_that_runs_already_is_joined_and_what_it_made_stays(world: World) -> None:
    before = ids(world)
    Event().wait(1)  # AWS tells in whole seconds when a refresh began
    world.lab.delays(instance_refresh=5)
    preferences = {"SkipMatching": False, "ScaleInProtectedInstances": "Refresh"}
    world.aws.call("autoscaling", "start_instance_refresh", AutoScalingGroupName="us-cpu", Preferences=preferences)
    done = turn(world)
    assert set(done["machines"]) == before
    (refresh,) = refreshes(world)
    assert [one["id"] for one in done["refreshes"]] == [refresh["InstanceRefreshId"]]
    assert not ids(world) & before


def test_a_pool_that_is_not_there_is_named_with_those_that_are(world: World) -> None:
    with pytest.raises(InputError, match="no pool is called gpu; region us has cpu"):
        turn(world, 0, False, "gpu")
