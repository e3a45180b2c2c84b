"""One stack at a time: ``--limit`` runs it alone, and it finds its neighbours by their tags."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.playbook import ROOT, Region
from tests.integration.rehearsal.neighbours import session


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Region]:
    raised = Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("alone"))
    yield raised
    raised.lab.stop()


def test_on_an_empty_account_it_says_which_stack_makes_what_it_misses(region: Region) -> None:
    region.reset()
    run = region.play("site.yml", "--limit", "dns")
    assert run.rc != 0
    assert run.region_writes == []
    assert "region us has no VPC called main (it has: none); network makes it: run that stack first" in run.output
    assert region.owned() == []  # not even the lock


# In the order in which they stand on each other.
STACKS = (
    "identity",
    "network",
    "registry",
    "dns",
    "endpoints",
    "security_groups",
    "certificates",
    "load_balancers",
    "edge",
    "pools",
    "ecs",
)


@pytest.mark.parametrize("stack", STACKS)
def test_on_an_empty_account_each_can_be_planned(region: Region, stack: str) -> None:
    region.reset()
    run = region.play("site.yml", "--check", "--limit", stack)
    assert run.rc == 0, run.output
    assert run.writes == []
    assert {action[0] for action in run.actions} == {stack}
    assert {action[3] for action in run.actions} == {"create"}


def test_one_after_the_other_they_make_what_one_run_makes(region: Region) -> None:
    region.reset()
    region.play("site.yml")
    standing = region.shape()
    region.reset()
    for stack in STACKS:
        run = region.play("site.yml", "--limit", stack)
        assert run.rc == 0, run.output
        assert {action[0] for action in run.actions} == {stack}
    assert region.shape() == standing
    whole = region.play("site.yml")
    assert whole.actions == set()
    assert whole.region_writes == []


def test_only_what_it_owns_is_healed(region: Region) -> None:
    region.reset()
    region.play("site.yml")
    ec2 = session(region)("ec2")
    named = [{"Name": "tag:cloister:part", "Values": ["main", "main-s3", "logs"]}]
    endpoints = ec2.describe_vpc_endpoints(Filters=named)["VpcEndpoints"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"] for endpoint in endpoints])
    healed = region.play("site.yml", "--limit", "endpoints")
    assert healed.actions == {("endpoints", "VPC endpoint", "logs", "create")}
    assert region.play("site.yml", "--check").actions == {("network", "VPC endpoint", "main-s3", "create")}


@pytest.mark.parametrize("how", [[], ["--check"]], ids=["run", "plan"])
def test_a_network_that_stands_is_looked_at_once(region: Region, how: list[str]) -> None:
    region.reset()
    region.play("site.yml", "--limit", "network")
    region.lab.clear_journal()
    again = region.play("site.yml", "--limit", "network", *how)
    assert again.rc == 0, again.output
    assert "Ensure the VPCs are laid out" not in again.output
    reads = region.lab.reads()["actions"]
    once = ("DescribeRouteTables", "DescribeInternetGateways", "DescribeVpcPeeringConnections", "DescribeFlowLogs")
    assert [reads[f"ec2:{action}"] for action in once] == [1, 1, 1, 1]


def test_a_stack_that_does_not_exist_is_no_success(region: Region) -> None:
    region.reset()
    run = region.play("site.yml", "--limit", "dsn")
    assert run.rc != 0
    assert region.lab.reads()["total"] == 0
