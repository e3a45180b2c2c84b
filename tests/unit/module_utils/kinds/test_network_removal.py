"""A whole network on the embedded AWS: made first to last, removed last to first, and nothing else."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_unlisted

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.network_world import (
    KINDS,
    MAIN,
    NAT_A,
    OWNER,
    PRIVATE_A,
    PRIVATE_B,
    PUBLIC_A,
    World,
)

OPERATOR = {"name": "operator", "cidr": "172.20.0.0/16"}
PUBLIC = {"name": "main-public", "subnets": ["public-a"]}
PRIVATE = {
    "name": "main-private-a",
    "subnets": ["private-a"],
    "routes": [{"destination": "172.20.0.0/16", "peering": "ops"}],
}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    made = World(aws, embedded_aws).lay(
        vpcs=[MAIN, OPERATOR],
        vpc_ranges=[{"name": "main", "secondary_cidrs": ["10.1.0.0/16"]}],
        subnets=[PUBLIC_A, PRIVATE_A, PRIVATE_B],
        internet_gateways=[{"name": "main", "vpc": "main"}],
        elastic_ips=[{"name": "main-nat-a"}],
        nat_gateways=[NAT_A],
        vpc_peerings=[{"name": "ops", "vpc": "operator", "peer_vpc": "main"}],
        route_tables=[PUBLIC, PRIVATE],
        nat_routes=[{"table": "main-private-a", "nat_gateway": "main-a"}],
    )
    made.lab.delays(nat_gateway_delete=60)
    return made


def remove(world: World, check: bool = False, **spared: list[str]) -> Outcome:
    """Remove everything of the network but what is spared."""
    kinds = {name: kind for name, kind in KINDS.items() if name != "nat_routes"}
    listed = {kind.noun: spared.get(name, []) for name, kind in kinds.items()}
    return remove_unlisted([kind(world.aws, OWNER) for kind in kinds.values()], listed, check)


def test_everything_goes_but_the_address_and_what_is_not_ours(world: World) -> None:
    foreign = world.aws.make("ec2", "create_vpc", CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    world.lab.clear_journal()
    predicted = remove(world, check=True)
    assert world.actions() == []
    gone = remove(world)
    assert gone.errors == []
    assert [m.told() for m in gone.members] == [m.told() for m in predicted.members]
    assert {name for name in KINDS if world.standing(name)} == {"elastic_ips"}
    assert foreign in [vpc["VpcId"] for vpc in world.aws.pages("ec2", "describe_vpcs", "Vpcs")]


def test_what_nothing_lists_goes_and_the_rest_is_untouched(world: World) -> None:
    outcome = remove(
        world,
        vpcs=["main"],
        subnets=["public-a", "private-a"],
        internet_gateways=["main"],
        nat_gateways=["main-a"],
        route_tables=["main-public", "main-private-a"],
    )
    assert [(m.kind, m.part) for m in outcome.members] == [
        ("VPC peering", "ops"),
        ("subnet", "private-b"),
        ("VPC range", "main 10.1.0.0/16"),
        ("VPC", "operator"),
    ]
    assert world.actions() == [
        *("DeleteVpcPeeringConnection", "DeleteSubnet"),
        *("DisassociateVpcCidrBlock", "DeleteVpc"),
    ]


def test_a_run_with_nothing_to_remove_writes_nothing(world: World) -> None:
    spared = {name: list(world.standing(name)) for name in KINDS if name != "nat_routes"}
    outcome = remove(world, **spared)
    assert outcome.members == []
    assert world.actions() == []


@pytest.mark.parametrize("action", ["DeleteNatGateway", "DetachInternetGateway", "DeleteRouteTable", "DeleteVpc"])
def test_a_removal_that_was_killed_goes_on_where_it_stopped(world: World, action: str) -> None:
    world.lab.fail(action, "UnauthorizedOperation", status=403)
    first = remove(world)
    assert [isinstance(error, RegionError) for error in first.errors] == [True]
    assert remove(world).errors == []
    assert {name for name in KINDS if world.standing(name)} == {"elastic_ips"}
