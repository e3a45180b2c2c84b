"""Ways out on the embedded AWS: gateways, addresses that stay, routes that wait."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    MissingError,
    OwnershipError,
    RegionError,
)

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.network_world import MAIN, NAT_A, PRIVATE_A, PUBLIC_A, World, told

GATEWAY = {"name": "main", "vpc": "main"}
ADDRESS = {"name": "main-nat-a"}
TABLE = {"name": "main-private-a", "subnets": ["private-a"]}
ROUTE = {"table": "main-private-a", "nat_gateway": "main-a"}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    made = World(aws, embedded_aws)
    return made.lay(
        vpcs=[MAIN],
        subnets=[PUBLIC_A, PRIVATE_A],
        internet_gateways=[GATEWAY],
        elastic_ips=[ADDRESS],
        route_tables=[TABLE],
    )


def test_a_second_gateway_in_a_vpc_is_refused_and_named(world: World) -> None:
    world.apply("internet_gateways")
    theirs = world.aws.make("ec2", "create_internet_gateway")["InternetGateway"]["InternetGatewayId"]
    where = world.id("vpcs", "main")
    world.aws.call("ec2", "attach_internet_gateway", InternetGatewayId=theirs, VpcId=where)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=theirs):
        world.apply("internet_gateways", GATEWAY)
    assert world.actions() == []


def test_a_gateway_whose_run_was_killed_before_it_was_attached_is_attached(world: World) -> None:
    world.apply("internet_gateways")
    world.lab.fail("AttachInternetGateway", "UnauthorizedOperation", status=403)
    with pytest.raises(RegionError, match="UnauthorizedOperation"):
        world.apply("internet_gateways", GATEWAY)
    before = world.id("internet_gateways", "main")
    assert told(world.apply("internet_gateways", GATEWAY)) == [("main", "change")]
    assert world.id("internet_gateways", "main") == before
    assert world.fields("internet_gateways")["main"] == {"vpc": world.id("vpcs", "main")}


def test_an_address_outlives_its_removal_from_the_list(world: World) -> None:
    address = world.standing("elastic_ips")["main-nat-a"].raw["PublicIp"]
    assert told(world.apply("elastic_ips")) == [("main-nat-a", "keep")]
    outcome = world.apply("elastic_ips", ADDRESS)
    assert not outcome.changed
    assert outcome.members[0].shows == {"public_ip": address}


def test_an_address_goes_once_it_is_no_longer_to_be_kept(world: World) -> None:
    world.apply("elastic_ips", {**ADDRESS, "keep": False})
    world.apply("elastic_ips")
    assert world.standing("elastic_ips") == {}


def test_a_gateway_that_is_rebuilt_has_the_same_address(world: World) -> None:
    world.lab.delays(nat_gateway_delete=60)
    world.apply("nat_gateways", NAT_A)
    first = world.standing("nat_gateways")["main-a"]
    # By hand, so that the address is still held when the next run comes.
    world.aws.call("ec2", "delete_nat_gateway", NatGatewayId=first.id)
    assert told(world.apply("nat_gateways", NAT_A, check=True)) == [("main-a", "create")]
    world.apply("nat_gateways", NAT_A)
    second = world.standing("nat_gateways")["main-a"]
    assert second.id != first.id
    assert second.raw["NatGatewayAddresses"][0]["PublicIp"] == first.raw["NatGatewayAddresses"][0]["PublicIp"]


def test_a_gateway_cannot_move(world: World) -> None:
    world.apply("nat_gateways", NAT_A)
    world.lab.clear_journal()
    with pytest.raises(ImmutableError, match="take it off the list, run, and list it again"):
        world.apply("nat_gateways", {**NAT_A, "subnet": "private-a"})
    assert world.actions() == []


def test_an_address_that_something_else_uses_is_refused_before_anything_is_made(world: World) -> None:
    world.apply("nat_gateways", NAT_A)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=r"its Elastic IP eipalloc-.* is used by eni-"):
        world.apply("nat_gateways", NAT_A, {**NAT_A, "name": "main-z"})
    assert world.actions() == []


def test_a_started_gateway_is_not_waited_for_unless_that_is_wanted(world: World) -> None:
    world.lab.delays(nat_gateway=60)
    world.apply("nat_gateways", NAT_A, wait=False)
    assert world.standing("nat_gateways")["main-a"].raw["State"] == "pending"
    assert not world.apply("nat_gateways", NAT_A).changed
    assert world.standing("nat_gateways")["main-a"].raw["State"] == "available"


def test_a_route_waits_for_its_gateway_and_the_second_run_writes_nothing(world: World) -> None:
    world.lab.delays(nat_gateway=60)
    world.apply("nat_gateways", NAT_A, wait=False)
    world.apply("nat_routes", ROUTE)
    assert world.fields("nat_routes") == {
        "main-private-a 0.0.0.0/0": {"nat_gateway": world.id("nat_gateways", "main-a")}
    }
    world.lab.clear_journal()
    assert not world.apply("route_tables", TABLE).changed
    assert not world.apply("nat_routes", ROUTE).changed
    assert world.actions() == []


def failed_gateway(world: World) -> str:
    world.apply("internet_gateways")
    with pytest.raises(RegionError, match=r"failed: Gateway\.NotAttached"):
        world.apply("nat_gateways", NAT_A)
    gateways = world.aws.pages("ec2", "describe_nat_gateways", "NatGateways")
    return str(next(raw["NatGatewayId"] for raw in gateways if raw["State"] == "failed"))


def test_a_gateway_that_failed_is_told_with_the_reason_by_who_waits_for_it(world: World) -> None:
    failed = failed_gateway(world)
    with pytest.raises(RegionError, match=rf"{failed}\) failed: Gateway.NotAttached: .*; the next run replaces it"):
        world.apply("nat_routes", ROUTE)


def test_a_gateway_that_failed_is_replaced_by_the_next_run(world: World) -> None:
    failed = failed_gateway(world)
    world.apply("internet_gateways", GATEWAY)
    assert told(world.apply("nat_gateways", NAT_A, check=True)) == [("main-a", "create")]
    world.apply("nat_gateways", NAT_A)
    assert world.id("nat_gateways", "main-a") != failed
    assert not world.apply("nat_gateways", NAT_A).changed


def test_a_route_into_a_black_hole_is_led_to_the_gateway_that_took_its_place(world: World) -> None:
    world.apply("nat_gateways", NAT_A)
    world.apply("nat_routes", ROUTE)
    world.aws.call("ec2", "delete_nat_gateway", NatGatewayId=world.id("nat_gateways", "main-a"))
    world.apply("nat_gateways", NAT_A)
    outcome = world.apply("nat_routes", ROUTE)
    assert [(m.action, m.changes[0]["after"]) for m in outcome.members] == [
        ("change", world.id("nat_gateways", "main-a"))
    ]


def test_a_route_that_was_led_elsewhere_is_led_back(world: World) -> None:
    world.apply("nat_gateways", NAT_A)
    where: dict[str, t.Any] = {"RouteTableId": world.id("route_tables", "main-private-a")}
    target = world.id("internet_gateways", "main")
    world.aws.call("ec2", "create_route", DestinationCidrBlock="0.0.0.0/0", GatewayId=target, **where)
    assert told(world.apply("nat_routes", ROUTE)) == [("main-private-a 0.0.0.0/0", "create")]
    assert not world.apply("nat_routes", ROUTE).changed


def test_a_gateway_nobody_started_is_missed_by_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    later = iter(range(0, 1000, 20))
    monkeypatch.setattr("time.monotonic", lambda: float(next(later)))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(MissingError, match="no NAT gateway called main-a"):
        world.apply("nat_routes", ROUTE)
