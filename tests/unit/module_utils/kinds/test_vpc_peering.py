"""Peerings on the embedded AWS: accepted when both ends are ours, waiting for the other side when not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError, OwnershipError, RegionError

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients
from tests.unit.module_utils.kinds.network_world import MAIN, Entry, World, told

OPERATOR = {"name": "operator", "cidr": "172.20.0.0/16"}
OPS = {"name": "ops", "vpc": "operator", "peer_vpc": "main"}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws).lay(vpcs=[MAIN, OPERATOR])


def of_others(world: World, account: str, region: str = "us-west-2") -> tuple[t.Any, Entry]:
    """Return a client of another account, and the peering with its VPC."""
    client = Clients(world.lab.account_keys(account), region)("ec2")
    vpc = client.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    world.lab.clear_journal()
    return client, {"name": "partner", "vpc": "main", "peer_vpc_id": vpc, "peer_account_id": account}


def test_between_our_vpcs_it_is_active_and_names_resolve_both_ways(world: World) -> None:
    world.lab.delays(vpc_peering=0.3)
    world.apply("vpc_peerings", OPS)
    assert world.fields("vpc_peerings")["ops"] == {
        "vpc": world.id("vpcs", "operator"),
        "peer_vpc": world.id("vpcs", "main"),
        "accepted": True,
        "requester_dns": True,
        "accepter_dns": True,
    }


@pytest.mark.parametrize("call", ["AcceptVpcPeeringConnection", "ModifyVpcPeeringConnectionOptions"])
def test_one_whose_run_was_killed_is_completed(world: World, call: str) -> None:
    world.lab.fail(call, "UnauthorizedOperation", status=403)
    with pytest.raises(RegionError, match="UnauthorizedOperation"):
        world.apply("vpc_peerings", OPS)
    before = world.id("vpc_peerings", "ops")
    assert told(world.apply("vpc_peerings", OPS)) == [("ops", "change")]
    assert world.id("vpc_peerings", "ops") == before
    assert world.fields("vpc_peerings")["ops"]["accepter_dns"] is True


def test_one_with_another_account_waits_for_its_owner_and_is_no_drift_meanwhile(world: World) -> None:
    client, partner = of_others(world, "999988887777")
    outcome = world.apply("vpc_peerings", partner)
    assert world.actions() == ["CreateVpcPeeringConnection"]
    assert outcome.members[0].shows["status"] in ("pending-acceptance", "initiating-request")
    again = world.apply("vpc_peerings", partner)
    assert not again.changed
    assert again.members[0].shows["status"] == "pending-acceptance"
    client.accept_vpc_peering_connection(VpcPeeringConnectionId=outcome.members[0].id)
    world.lab.clear_journal()
    assert told(world.apply("vpc_peerings", partner)) == [("partner", "change")]
    assert world.actions() == ["ModifyVpcPeeringConnectionOptions"]
    assert world.fields("vpc_peerings")["partner"]["requester_dns"] is True
    assert not world.apply("vpc_peerings", partner).changed


def test_one_with_another_region_says_where(world: World) -> None:
    other = Clients(world.lab.environment, "ap-northeast-2")("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    world.apply("vpc_peerings", {"name": "kr", "vpc": "main", "peer_vpc_id": other, "peer_region": "ap-northeast-2"})
    assert world.standing("vpc_peerings")["kr"].raw["AccepterVpcInfo"]["Region"] == "ap-northeast-2"


def test_one_that_its_owner_rejected_is_requested_anew(world: World) -> None:
    client, partner = of_others(world, "999988887777")
    first = world.apply("vpc_peerings", partner).members[0].id
    client.reject_vpc_peering_connection(VpcPeeringConnectionId=first)
    assert told(world.apply("vpc_peerings", partner)) == [("partner", "create")]
    assert world.id("vpc_peerings", "partner") != first


def test_ranges_that_overlap_are_told_with_awss_reason(world: World) -> None:
    twin = {"name": "twin", "cidr": "10.0.0.0/16"}
    world.lay(vpcs=[MAIN, OPERATOR, twin])
    with pytest.raises(RegionError, match=r"is failed: .*|overlap"):
        world.apply("vpc_peerings", {"name": "bad", "vpc": "main", "peer_vpc": "twin"})


@pytest.mark.parametrize("turned", [True, False])
def test_a_peering_of_others_between_the_same_vpcs_is_refused_whoever_asked(world: World, turned: bool) -> None:
    ends = [world.id("vpcs", "operator"), world.id("vpcs", "main")]
    requester, accepter = reversed(ends) if turned else ends
    theirs = world.aws.make("ec2", "create_vpc_peering_connection", VpcId=requester, PeerVpcId=accepter)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=theirs["VpcPeeringConnection"]["VpcPeeringConnectionId"]):
        world.apply("vpc_peerings", OPS)
    assert world.actions() == []


def test_its_ends_cannot_change(world: World) -> None:
    world.lay(vpc_peerings=[OPS])
    with pytest.raises(ImmutableError, match="give the new peering another name"):
        world.apply("vpc_peerings", {"name": "ops", "vpc": "main", "peer_vpc": "operator"})
    assert world.actions() == []
