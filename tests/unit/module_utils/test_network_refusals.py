"""What one of a network's steps would refuse, the look refuses before the first of them; all of it at once."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.network_steps import NETWORK, SUBNETS, Network
from tests.unit.module_utils.kinds.network_world import World

# One subnet that would move, for the price of which a new one would come first.
MOVED = [{**SUBNETS[0], "cidr": "10.0.9.0/24"}, *NETWORK["subnets"][1:]]
NEW = {"name": "private-c", "vpc": "main", "tier": "private", "az": "us-west-2b", "cidr": "10.0.8.0/24"}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    made = World(aws, embedded_aws)
    Network(aws).steps(check=False)
    embedded_aws.clear_journal()
    return made


def refused(world: World, adopted: t.Any = None, **said: t.Any) -> str:
    """Return what the look refuses."""
    with pytest.raises(RegionError) as caught:
        Network(world.aws, adopted, **said).look()
    assert world.lab.writes() == []
    return str(caught.value)


def test_what_can_never_change_is_refused(world: World) -> None:
    said = refused(world, subnets=[*MOVED, NEW])
    assert "subnet public-a" in said
    assert "cidr is 10.0.1.0/24 and cannot become 10.0.9.0/24 on a living subnet" in said


def test_what_others_have_in_the_place_of_ours_is_refused(world: World) -> None:
    where = {"VpcId": world.id("vpcs", "main"), "AvailabilityZone": "us-west-2b"}
    foreign = world.aws.make("ec2", "create_subnet", CidrBlock="10.0.8.0/25", **where)["Subnet"]["SubnetId"]
    world.lab.clear_journal()
    assert f"overlaps 10.0.8.0/25 of {foreign} (not ours)" in refused(world, subnets=[*NETWORK["subnets"], NEW])


def test_what_machines_live_in_is_not_taken_away(world: World) -> None:
    where: dict[str, t.Any] = {"SubnetId": world.id("subnets", "private-b"), "ImageId": "ami-12c6146b", "MinCount": 1}
    made = world.aws.make("ec2", "run_instances", MaxCount=1, InstanceType="t3.micro", **where)
    instance = made["Instances"][0]["InstanceId"]
    world.lab.clear_journal()
    left = [subnet for subnet in NETWORK["subnets"] if subnet["name"] != "private-b"]
    said = refused(world, subnets=left)
    assert said.startswith("subnet private-b: ")
    assert f"{instance} still live in it" in said


def test_what_several_kinds_run_into_is_told_once(world: World) -> None:
    """Half of the kinds name a VPC, and none of them repeats why it cannot be."""
    other = [{**vpc, "cidr": vpc["cidr"].replace("172.20", "172.30")} for vpc in NETWORK["vpcs"]]
    assert refused(world, vpcs=other).count("cidr is 172.20.0.0/16 and cannot become 172.30.0.0/16") == 1


def test_what_several_kinds_refuse_is_told_together(world: World) -> None:
    world.aws.make("logs", "create_log_group", logGroupName="/us/flow-logs/office")
    world.lab.clear_journal()
    said = refused(world, vpcs=[*NETWORK["vpcs"], {"name": "office", "cidr": "192.168.0.0/16"}], subnets=MOVED)
    assert "cidr is 10.0.1.0/24 and cannot become 10.0.9.0/24" in said
    assert "/us/flow-logs/office has its place and is not ours" in said


def test_what_others_made_must_be_fit_to_build_on(world: World) -> None:
    vpc = world.aws.make("ec2", "create_vpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    world.lab.clear_journal()
    alone: dict[str, t.Any] = {
        "vpcs": [{"name": "main", "cidr": "10.0.0.0/16"}],
        "subnets": SUBNETS[1:],
        "peerings": [],
    }
    said = refused(world, {"VPC": {"main": vpc}}, **alone)
    assert f"adopted VPC main ({vpc}) has 10.9.0.0/16 and not 10.0.0.0/16" in said


def test_a_call_that_aws_refuses_stops_it(world: World) -> None:
    world.lab.fail("DescribeSubnets", "UnauthorizedOperation", status=403)
    assert "UnauthorizedOperation" in refused(world)
