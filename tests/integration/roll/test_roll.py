# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A roll keeps the fleet serving, whatever becomes of it; on paper, with folders for machines.

What clients see of it is proven under load with real ones.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._lock import Lock
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._suspensions import Suspender

from lab.embedded_aws.client import EmbeddedAws
from tests.integration.roll.fleet import HERE, Fleet

ORDER = ["fail_health", "DeregisterTargets", "drain", "change", "verify", "serve", "RegisterTargets"]


@pytest.fixture
def fleet(aws: Aws, embedded_aws: EmbeddedAws, tmp_path: Path) -> t.Iterator[Fleet]:
    fleet = Fleet(aws, embedded_aws, tmp_path)
    yield fleet
    fleet.end()


@pytest.fixture
def three(aws: Aws, embedded_aws: EmbeddedAws, tmp_path: Path) -> t.Iterator[Fleet]:
    fleet = Fleet(aws, embedded_aws, tmp_path, machines=3)
    yield fleet
    fleet.end()


def left_in_order(fleet: Fleet) -> None:
    """Nothing of a roll is left: no lock, a group that looks, and the machines that there were."""
    assert Lock(fleet.aws, Owner("us")).read() is None
    assert fleet.processes() == []
    assert fleet.ids == fleet.nodes


def test_one_after_the_other_is_taken_out_changed_and_put_back_and_a_second_run_does_nothing(fleet: Fleet) -> None:
    planned = fleet.roll("--check")
    assert planned.rc == 0, planned.output
    assert all(f"batch {number}: {node}: taken out" in planned.output for number, node in enumerate(fleet.nodes, 1))
    assert (fleet.steps(), fleet.actions(), fleet.configurations()) == ([], [], ["old"] * 2)
    done = fleet.roll()
    assert done.rc == 0, done.output
    assert [fleet.went(node) for node in fleet.nodes] == [ORDER] * 2
    assert fleet.touched() == fleet.nodes
    assert fleet.configurations() == ["new"] * 2
    assert fleet.least == 1
    left_in_order(fleet)
    fleet.forget()
    again = fleet.roll()
    assert again.rc == 0, again.output
    assert (fleet.steps(), fleet.least) == ([], 2)
    assert all("/lock" in str(write["named"]) for write in fleet.lab.writes())
    assert "changed=0" in again.output
    assert "as it should be" in again.output


def test_batches_go_in_their_order_when_the_conductor_is_the_last_to_answer(three: Fleet) -> None:
    was_late = three.scratch / "late"
    three.plugins = {"ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"), "LATE_CONDUCTOR": str(was_late)}
    done = three.roll()
    assert done.rc == 0, done.output
    assert was_late.exists()
    assert [three.went(node) for node in three.nodes] == [ORDER] * 3
    assert three.touched() == three.nodes
    assert three.least == 2


def test_a_node_that_is_not_well_afterwards_stays_out_and_no_other_is_touched(three: Fleet) -> None:
    fleet, second = three, three.nodes[1]
    fleet.falter(second, "fails verify")
    done = fleet.roll()
    assert done.rc != 0
    assert f"{second} faltered" in " ".join(done.output.split())
    assert fleet.touched() == fleet.nodes[:2]
    assert "RegisterTargets" not in fleet.went(second)
    assert fleet.least == 2
    left_in_order(fleet)


def test_after_a_node_that_is_lost_no_other_is_touched_and_the_next_run_begins_with_it(fleet: Fleet) -> None:
    first = fleet.nodes[0]
    fleet.falter(first, "loses drain")
    done = fleet.roll()
    assert done.rc != 0
    assert f"{first} faltered" in " ".join(done.output.split())
    assert fleet.touched() == [first]
    assert "RegisterTargets" not in fleet.went(first)
    left_in_order(fleet)
    fleet.forget()
    fleet.falter(first, "none")
    fleet.folder(first).with_suffix(".lost").unlink()
    again = fleet.roll()
    assert again.rc == 0, again.output
    assert fleet.touched() == fleet.nodes
    assert "DeregisterTargets" not in fleet.went(first)
    assert fleet.configurations() == ["new"] * 2
    assert fleet.least == 1
    left_in_order(fleet)


def test_a_run_that_was_killed_is_taken_up_where_it_was(fleet: Fleet) -> None:
    first = fleet.nodes[0]
    fleet.killed(first, "change")
    assert fleet.processes() != []
    assert fleet.ids == fleet.nodes
    fleet.forget()
    again = fleet.roll()
    assert again.rc == 0, again.output
    assert fleet.touched() == fleet.nodes
    assert "DeregisterTargets" not in fleet.went(first)
    assert fleet.configurations() == ["new"] * 2
    left_in_order(fleet)


def test_a_fleet_that_is_short_already_is_left_alone(fleet: Fleet) -> None:
    ill = fleet.nodes[1]
    fleet.aws.call(
        "autoscaling", "suspend_processes", AutoScalingGroupName="us-proxy", ScalingProcesses=["HealthCheck"]
    )
    fleet.lab.target_health(ill, healthy=False, reason="Target.Timeout")
    done = fleet.roll()
    assert done.rc != 0
    told = " ".join(done.output.split())
    assert f"The fleet is short already, and a roll would take more away: {ill} is unhealthy" in told
    assert (fleet.steps(), fleet.configurations()) == ([], ["old"] * 2)
    assert fleet.processes() == ["HealthCheck"]


def test_a_node_whose_failing_health_nobody_sees_goes_back_into_service(fleet: Fleet) -> None:
    fleet.checked = False
    done = fleet.roll(roll_unhealthy_seconds=1)
    assert done.rc != 0
    assert "still finds" in done.output
    assert fleet.went(fleet.nodes[0]) == ["fail_health", "serve"]
    assert fleet.touched() == fleet.nodes[:1]
    assert (fleet.least, fleet.configurations()) == (2, ["old"] * 2)
    left_in_order(fleet)


def test_what_could_not_leave_all_its_target_groups_comes_back_to_all_and_the_lock_is_free_whatever_is_refused(
    fleet: Fleet,
) -> None:
    first = fleet.nodes[0]
    for action in ("DeregisterTargets", "ResumeProcesses"):
        fleet.lab.fail(action, "AccessDenied")
    done = fleet.roll()
    assert done.rc != 0
    told = " ".join(done.output.split())
    assert "It is in service as before, and no other was touched" in told
    assert fleet.went(first) == ["fail_health", "DeregisterTargets", "serve", "RegisterTargets"]
    assert fleet.touched() == [first]
    assert fleet.seen(first).states.keys() == fleet.seen(fleet.nodes[1]).states.keys()
    assert {state.name for state in fleet.seen(first).states.values()} == {"healthy"}
    assert Lock(fleet.aws, Owner("us")).read() is None
    assert fleet.processes() != [], "nobody may resume them, and the tag tells the next run of them"
    Suspender(fleet.aws, "us").resume()
    left_in_order(fleet)


def test_new_nodes_are_brought_in_and_those_that_serve_are_rolled_after_them(three: Fleet) -> None:
    """What configure_nodes.yml does: nobody is refused, and who needs nothing is gone over where it is."""
    fleet, new, well = three, three.nodes[2], three.nodes[1]
    (fleet.folder(new) / "configuration").unlink()
    fleet.configure(well, "new")
    done = fleet.roll(roll_mends=True, roll_sweeps=True)
    assert done.rc == 0, done.output
    assert fleet.went(new) == ["change", "serve"]
    assert fleet.went(well) == ["change", "verify", "serve"]
    assert fleet.touched() == [new, fleet.nodes[0], well]
    assert fleet.configurations() == ["new"] * 3
    assert fleet.least == 2
    left_in_order(fleet)
