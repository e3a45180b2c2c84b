"""Route tables on the embedded AWS: whose routes and subnets are compared, healed, moved and refused."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.network_world import MAIN, PRIVATE_A, PRIVATE_B, PUBLIC_A, Entry, World, told

OUT = {"destination": "0.0.0.0/0", "internet_gateway": "main"}
PUBLIC: Entry = {"name": "main-public", "subnets": ["public-a"], "routes": [OUT]}
PRIVATE: Entry = {"name": "main-private-a", "subnets": ["private-a"]}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    gateway = {"name": "main", "vpc": "main"}
    made = World(aws, embedded_aws)
    return made.lay(vpcs=[MAIN], subnets=[PUBLIC_A, PRIVATE_A, PRIVATE_B], internet_gateways=[gateway])


def foreign_table(world: World) -> str:
    answer = world.aws.make("ec2", "create_route_table", VpcId=world.id("vpcs", "main"))
    return str(answer["RouteTable"]["RouteTableId"])


def associate(world: World, table: str, subnet: str) -> None:
    world.aws.call("ec2", "associate_route_table", RouteTableId=table, SubnetId=world.id("subnets", subnet))


def test_a_table_has_its_routes_and_its_subnets(world: World) -> None:
    world.apply("route_tables", PUBLIC)
    assert world.fields("route_tables")["main-public"] == {
        "vpc": world.id("vpcs", "main"),
        "routes": {"0.0.0.0/0": world.id("internet_gateways", "main")},
        "subnets": [world.id("subnets", "public-a")],
    }


def test_the_main_table_is_left_alone(world: World) -> None:
    world.apply("route_tables", PUBLIC)
    world.apply("route_tables")
    tables = world.aws.pages("ec2", "describe_route_tables", "RouteTables")
    main = [table for table in tables if table["VpcId"] == world.id("vpcs", "main")]
    assert [any(item["Main"] for item in table["Associations"]) for table in main] == [True]


def test_a_route_added_by_hand_goes_and_one_taken_by_hand_comes_back(world: World) -> None:
    world.lay(route_tables=[PUBLIC])
    where: dict[str, t.Any] = {"RouteTableId": world.id("route_tables", "main-public")}
    world.aws.call("ec2", "delete_route", DestinationCidrBlock="0.0.0.0/0", **where)
    gateway = world.id("internet_gateways", "main")
    world.aws.call("ec2", "create_route", DestinationCidrBlock="8.8.8.8/32", GatewayId=gateway, **where)
    (change,) = world.apply("route_tables", PUBLIC).members[0].changes
    assert change == {"field": "routes", "before": {"8.8.8.8/32": gateway}, "after": {"0.0.0.0/0": gateway}}
    assert not world.apply("route_tables", PUBLIC).changed


def test_routes_of_a_gateway_endpoint_are_no_drift(world: World) -> None:
    world.lay(route_tables=[PUBLIC])
    tables = [world.id("route_tables", "main-public")]
    where: dict[str, t.Any] = {"VpcId": world.id("vpcs", "main"), "ServiceName": "com.amazonaws.us-west-2.s3"}
    world.aws.make("ec2", "create_vpc_endpoint", VpcEndpointType="Gateway", RouteTableIds=tables, **where)
    assert not world.apply("route_tables", PUBLIC).changed


def test_a_subnet_moves_between_our_tables_in_one_call(world: World) -> None:
    world.lay(route_tables=[PUBLIC, PRIVATE])
    both = [{**PUBLIC, "subnets": []}, {**PRIVATE, "subnets": ["private-a", "public-a"]}]
    assert told(world.apply("route_tables", *both)) == [("main-public", "change"), ("main-private-a", "change")]
    assert world.actions() == ["ReplaceRouteTableAssociation"]
    assert not world.apply("route_tables", *both).changed


def test_a_subnet_that_no_table_lists_any_more_is_let_go_of(world: World) -> None:
    world.lay(route_tables=[PUBLIC])
    world.apply("route_tables", {**PUBLIC, "subnets": []})
    assert world.actions() == ["DisassociateRouteTable"]


@pytest.mark.parametrize("standing", [True, False])
def test_a_subnet_on_a_table_of_others_is_refused_before_anything_is_written(world: World, standing: bool) -> None:
    world.lay(route_tables=[PRIVATE] if standing else [])
    theirs = foreign_table(world)
    associate(world, theirs, "private-b")
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=f"associated with {theirs}, which is not ours"):
        world.apply("route_tables", PUBLIC, {**PRIVATE, "subnets": ["private-a", "private-b"]})
    assert world.actions() == []


def test_a_subnet_that_was_taken_away_by_hand_comes_back(world: World) -> None:
    world.lay(route_tables=[PRIVATE])
    key = world.standing("route_tables")["main-private-a"].raw["Associations"][0]["RouteTableAssociationId"]
    world.aws.call("ec2", "disassociate_route_table", AssociationId=key)
    assert told(world.apply("route_tables", PRIVATE)) == [("main-private-a", "change")]
    assert world.fields("route_tables")["main-private-a"]["subnets"] == [world.id("subnets", "private-a")]


@pytest.mark.parametrize("call", ["CreateRoute", "AssociateRouteTable"])
def test_a_call_whose_answer_was_lost_is_repeated_without_harm(world: World, call: str) -> None:
    world.lab.reset_connections(call, applied=True)
    world.apply("route_tables", PUBLIC)
    world.lab.clear_journal()
    assert not world.apply("route_tables", PUBLIC).changed
    assert world.fields("route_tables")["main-public"]["subnets"] == [world.id("subnets", "public-a")]


@pytest.mark.parametrize("call", ["CreateRoute", "AssociateRouteTable"])
def test_a_table_whose_run_was_killed_is_completed(world: World, call: str) -> None:
    world.lab.fail(call, "UnauthorizedOperation", status=403)
    with pytest.raises(Exception, match="UnauthorizedOperation"):
        world.apply("route_tables", PUBLIC)
    before = world.id("route_tables", "main-public")
    assert told(world.apply("route_tables", PUBLIC)) == [("main-public", "change")]
    assert world.id("route_tables", "main-public") == before
    assert not world.apply("route_tables", PUBLIC).changed


def test_a_route_to_something_that_routes_cannot_lead_to_is_refused(world: World) -> None:
    wrong = {"destination": "10.9.0.0/16", "target_id": "subnet-1"}
    with pytest.raises(InputError, match="leads to subnet-1, which is no id of a route's target"):
        world.apply("route_tables", {**PRIVATE, "routes": [wrong]})
    assert world.actions() == []


def test_tables_of_others_stay_when_ours_go(world: World) -> None:
    theirs = foreign_table(world)
    world.lay(route_tables=[PUBLIC, PRIVATE])
    world.apply("route_tables")
    tables = world.aws.pages("ec2", "describe_route_tables", "RouteTables")
    assert theirs in [table["RouteTableId"] for table in tables]
    assert world.standing("route_tables") == {}
