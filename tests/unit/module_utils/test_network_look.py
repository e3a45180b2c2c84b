"""One look at a network says what its steps, taken one after the other, do; and reads each kind once."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.network_steps import MAIN, OPERATOR, SUBNETS, Network, moved, told
from tests.unit.module_utils.kinds.network_world import NAT_A, World

SMALLER: dict[str, t.Any] = {
    "vpcs": [{"name": "main", "cidr": "10.0.0.0/16"}],
    "subnets": SUBNETS[:2],
    "peerings": [],
    "flow_logs": {},
}
RENAMED = {"subnets": [{**SUBNETS[0], "name": "door-a"}, *SUBNETS[1:]], "vpcs": [MAIN], "peerings": []}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


@pytest.fixture
def standing(world: World) -> World:
    Network(world.aws).steps(check=False)
    world.lab.clear_journal()
    return world


def drift(world: World) -> None:
    """Do what a person does by hand: change, delete, untag something of many kinds."""
    ec2 = world.aws.call
    subnet, table = world.id("subnets", "private-a"), world.id("route_tables", "main-private-a")
    ec2("ec2", "modify_subnet_attribute", SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    ec2("ec2", "delete_tags", Resources=[world.id("vpcs", "main")], Tags=[{"Key": "owner"}])
    ec2("ec2", "delete_route", RouteTableId=table, DestinationCidrBlock="172.20.0.0/16")
    ec2("ec2", "delete_nat_gateway", NatGatewayId=world.id("nat_gateways", "main-a"))
    ec2("ec2", "delete_flow_logs", FlowLogIds=[world.id("flow_logs", "operator")])
    ec2("logs", "put_retention_policy", logGroupName="/us/flow-logs/main", retentionInDays=7)
    ec2("iam", "update_role", RoleName="us-flow-logs", Description="changed by hand")


@pytest.mark.parametrize("steps", [0, 1, 3, 5, 8, 11])
def test_what_a_killed_run_left_is_looked_at_as_its_steps_look_at_it(world: World, steps: int) -> None:
    network = Network(world.aws)
    network.steps(check=False, count=steps)
    _says_what_the_steps_do(network, alike=True)


def test_what_was_changed_by_hand_is_seen(standing: World) -> None:
    drift(standing)
    _says_what_the_steps_do(Network(standing.aws), alike=True)


@pytest.mark.parametrize(
    "said", [SMALLER, {"vpcs": [MAIN, {**OPERATOR, "nat": "none"}], "peerings": []}], ids=["smaller", "unpeered"]
)
def test_what_is_no_longer_listed_goes(standing: World, said: dict[str, t.Any]) -> None:
    _says_what_the_steps_do(Network(standing.aws, **said), alike=True)


def test_a_subnet_that_gets_another_name_keeps_what_stands_in_it(standing: World) -> None:
    """The steps alone, in check mode, took its NAT gateway to be in another subnet then, which cannot be."""
    network = Network(standing.aws, **RENAMED)
    assert ("subnet", "door-a", "change", "tag Name", "tag cloister:part") in moved(network.look().outcome.members)
    _says_what_the_steps_do(network, alike=False)


def _says_what_the_steps_do(network: Network, alike: bool) -> None:
    """Hold the look to the steps: to what they predict where they see all that it does, and to what they then do."""
    looked = network.look()
    assert looked.settled is False
    if alike:
        assert told(looked.outcome.members) == told(network.steps(check=True))
    assert moved(looked.outcome.members) == moved(network.steps(check=False))
    after = network.look()
    assert (moved(after.outcome.members), after.settled) == (set(), True)


def test_each_kind_is_read_once(standing: World) -> None:
    looked = Network(standing.aws).look()
    assert looked.settled
    reads = standing.lab.reads()["actions"]
    twice_a_vpc = {"ec2:DescribeVpcAttribute": 4, "ec2:DescribeSecurityGroups": 2, "logs:ListTagsForResource": 2}
    assert {action: count for action, count in reads.items() if count > 1} == twice_a_vpc
    assert standing.lab.writes() == []


def test_a_network_is_not_done_while_a_gateway_is_on_its_way(world: World) -> None:
    world.lab.delays(nat_gateway=1)
    network = Network(world.aws)
    network.steps(check=False, count=6)
    gateways = [member for member in network.look().outcome.members if member.kind == "NAT gateway"]
    assert [member.action for member in gateways] == ["keep"]
    assert network.look().settled is False


def test_a_gateway_that_failed_is_to_be_made_anew(world: World) -> None:
    """A public one does, in a VPC without an internet gateway."""
    network = Network(world.aws)
    network.steps(check=False, count=3)
    world.apply("elastic_ips", {"name": "main-nat-a"})
    with pytest.raises(RegionError, match="failed"):
        world.apply("nat_gateways", NAT_A)
    looked = network.look()
    assert ("NAT gateway", "main-a", "create", "elastic_ip", "subnet") in moved(looked.outcome.members)
    assert looked.settled is False
