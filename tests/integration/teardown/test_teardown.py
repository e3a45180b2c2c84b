"""Teardown as a person runs it: asked twice, told what stays, told what is in the way, and proven."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

from tests.integration.playbook import ROOT, Region
from tests.integration.teardown.laid import PLAYBOOK, RELEASED, lay, left, teardown
from tests.unit.module_utils.region_of_things import Things


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("teardown"))


@pytest.fixture
def things(region: Region) -> t.Iterator[Things]:
    yield lay(region)
    region.reset()


@pytest.mark.parametrize("words", [(), ("-e", "teardown_confirm=kr"), ("-e", "teardown_confirm=")])
def test_without_the_regions_name_nothing_is_asked_of_aws(
    region: Region, things: Things, words: tuple[str, ...]
) -> None:
    run = region.play(PLAYBOOK, *words)
    assert run.rc == 2
    assert "type its name: -e teardown_confirm=us" in " ".join(run.output.split())
    assert run.writes == []
    assert region.lab.reads()["total"] == 0


def test_a_plan_lists_what_goes_and_writes_nothing(region: Region, things: Things) -> None:
    planned = region.play(PLAYBOOK, "--check")
    assert planned.rc == 0, planned.output
    assert planned.writes == []
    done = teardown(region)
    assert done.rc == 0, done.output
    assert done.actions == planned.actions
    assert {action for *_, action in done.actions} == {"remove"}


def test_all_goes_but_the_static_addresses_which_are_named(region: Region, things: Things) -> None:
    run = teardown(region)
    assert run.rc == 0, run.output
    assert left(region) == ["nat-a"]
    assert f"Elastic IP nat-a ({things['nat-a']}) of stack network" in run.output
    again = teardown(region, *RELEASED)
    assert again.rc == 0, again.output
    assert left(region) == []
    assert "Nothing else is left of the region." in again.output


def test_what_is_in_the_way_is_named_and_the_lock_is_given_back(region: Region, things: Things) -> None:
    where = {"SubnetId": things["private-a"], "Description": "bob's"}
    eni = things.make("theirs", "create_network_interface", "network-interface", None, **where)
    run = teardown(region, "-e", "teardown_wait_seconds=1")
    assert run.rc == 2
    text = " ".join(run.output.split())
    assert f"network interface {eni} (bob's, not of region us" in text
    assert f"- subnet private-a ({things['private-a']}) of stack network" in text
    assert left(region) == ["main", "nat-a", "private-a"]
    things.aws.call("ec2", "delete_network_interface", NetworkInterfaceId=eni)
    assert teardown(region).rc == 0
    assert left(region) == ["nat-a"]


def test_a_layer_stays_when_what_stands_on_it_did_not_go(region: Region, things: Things) -> None:
    things.make("zone-vpc", "create_vpc", "vpc", Owner("us", "dns"), CidrBlock="10.8.0.0/16")
    region.lab.fail("DeleteVpc", "UnauthorizedOperation", times=1)
    run = teardown(region)
    assert run.rc == 2
    text = " ".join(run.output.split())
    assert "network was left as it is: on it stands dns" in text
    assert "- VPC zone-vpc" in text
    assert {"main", "private-a", "nat-gateway-a"} <= set(left(region))
    assert {write["action"] for write in run.region_writes} == {"DeleteVpc"}


def test_a_stack_alone_does_not_go_from_under_another(region: Region, things: Things) -> None:
    things.make("zone-vpc", "create_vpc", "vpc", Owner("us", "dns"), CidrBlock="10.8.0.0/16")
    refused = teardown(region, "--limit", "network")
    assert refused.rc == 2
    told = " ".join(refused.output.split())
    assert "Nothing was touched. On network still stands dns: take that down first" in told
    assert refused.writes == []
    upper = teardown(region, "--limit", "dns")
    assert upper.rc == 0, upper.output
    assert {"main", "private-a"} <= set(left(region))
    assert "zone-vpc" not in left(region)
    assert teardown(region, "--limit", "network").rc == 0
    assert left(region) == ["nat-a"]


def test_a_stack_that_the_inventory_no_longer_has_is_found_and_goes_when_named(region: Region, things: Things) -> None:
    old = things.make("legacy", "create_vpc", "vpc", Owner("us", "old"), CidrBlock="10.9.0.0/16")
    run = teardown(region)
    assert run.rc == 2
    text = " ".join(run.output.split())
    assert f"- VPC legacy ({old}) of stack old" in text
    assert "-e teardown_stacks=old" in text
    assert left(region) == ["legacy", "nat-a"]
    named = teardown(region, "-e", "teardown_stacks=old")
    assert named.rc == 0, named.output
    assert left(region) == ["nat-a"]


def test_a_stack_of_the_inventory_is_not_taken_for_an_old_one(region: Region, things: Things) -> None:
    run = teardown(region, "-e", "teardown_stacks=network")
    assert run.rc == 2
    assert "use --limit for those" in " ".join(run.output.split())
    assert run.writes == []


def test_things_of_others_are_not_touched(region: Region, things: Things) -> None:
    theirs = [
        things.make("main", "create_vpc", "vpc", Owner("eu", "network"), CidrBlock="10.0.0.0/16"),
        things.make("half", "create_vpc", "vpc", None, CidrBlock="10.0.0.0/16"),
        things.make("nat-b", "allocate_address", "elastic-ip", Owner("eu", "network"), Domain="vpc"),
    ]
    half = [{"Key": "cloister:region", "Value": "us"}, {"Key": "cloister:stack", "Value": "network"}]
    things.aws.call("ec2", "create_tags", Resources=[theirs[1]], Tags=half)
    run = teardown(region, *RELEASED)
    assert run.rc == 0, run.output
    assert [write for write in run.writes if set(theirs) & {*write["named"], *write["made"]}] == []
    assert set(theirs) <= {thing["id"] for thing in region.lab.holdings()}
