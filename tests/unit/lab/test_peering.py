# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

Network = t.Any
Refused = t.Any


@pytest.fixture
def pair(network: Network) -> tuple[str, str]:
    return network.vpc("10.0.0.0/16"), network.vpc("10.1.0.0/16")


def ask(ec2: t.Any, vpc: str, peer: str, **more: t.Any) -> str:
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer, **more)["VpcPeeringConnection"]
    assert made["Status"]["Code"] == "initiating-request"
    return str(made["VpcPeeringConnectionId"])


def seen(ec2: t.Any, peering: str) -> dict[str, t.Any]:
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
    return t.cast("dict[str, t.Any]", found[0])


def test_a_peering_is_asked_for_and_accepted(ec2: t.Any, pair: tuple[str, str]) -> None:
    peering = ask(ec2, *pair)
    assert seen(ec2, peering)["Status"]["Code"] == "pending-acceptance"
    assert "CidrBlock" not in seen(ec2, peering)["AccepterVpcInfo"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    active = seen(ec2, peering)
    assert (active["Status"]["Code"], active["AccepterVpcInfo"]["CidrBlock"]) == ("active", "10.1.0.0/16")


def test_overlapping_blocks_fail(ec2: t.Any, network: Network, refused: Refused) -> None:
    peering = ask(ec2, network.vpc("10.0.0.0/16"), network.vpc("10.0.128.0/17"))
    assert seen(ec2, peering)["Status"]["Code"] == "failed"
    with refused("InvalidStateTransition"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)


def test_two_vpcs_have_one_peering(ec2: t.Any, pair: tuple[str, str], refused: Refused) -> None:
    first = ask(ec2, *pair)
    with refused("VpcPeeringConnectionAlreadyExists"):
        ask(ec2, pair[1], pair[0])
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=first)
    assert seen(ec2, first)["Status"]["Code"] == "deleted"
    ask(ec2, *pair)


def test_dns_options_need_an_active_peering(ec2: t.Any, pair: tuple[str, str], refused: Refused) -> None:
    peering = ask(ec2, *pair)
    both = {
        "AccepterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True},
        "RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True},
    }
    with refused("OperationNotPermitted", "is not active"):
        ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=peering, **both)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=peering, **both)
    active = seen(ec2, peering)
    for side in ("AccepterVpcInfo", "RequesterVpcInfo"):
        assert active[side]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is True


def test_routes_lead_over_a_peering_and_die_with_it(ec2: t.Any, pair: tuple[str, str]) -> None:
    peering = ask(ec2, *pair)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    table = ec2.create_route_table(VpcId=pair[0])["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=peering)

    def state() -> str:
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return str(next(one["State"] for one in routes if one.get("VpcPeeringConnectionId") == peering))

    assert state() == "active"
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    assert state() == "blackhole"


def test_the_other_account_accepts(ec2: t.Any, network: Network, other_account: t.Any, refused: Refused) -> None:
    mine = network.vpc("10.0.0.0/16")
    theirs = other_account("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    peering = ask(ec2, mine, theirs, PeerOwnerId="999988887777")
    with refused("OperationNotPermitted"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    other_account("ec2").accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    assert seen(ec2, peering)["AccepterVpcInfo"]["OwnerId"] == "999988887777"


def test_the_other_region_accepts(ec2: t.Any, network: Network, client: t.Any, refused: Refused) -> None:
    seoul = client("ec2", "ap-northeast-2")
    theirs = seoul.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    peering = ask(ec2, network.vpc("10.0.0.0/16"), theirs, PeerRegion="ap-northeast-2")
    with refused("OperationNotPermitted", "ap-northeast-2"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    seoul.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    assert seen(ec2, peering)["Status"]["Code"] == "active"


def test_peerings_are_found_by_side_state_and_tag(ec2: t.Any, pair: tuple[str, str]) -> None:
    tags = [{"ResourceType": "vpc-peering-connection", "Tags": [{"Key": "Name", "Value": "us-peer"}]}]
    peering = ask(ec2, *pair, TagSpecifications=tags)
    for name, value in (
        ("tag:Name", "us-peer"),
        ("requester-vpc-info.vpc-id", pair[0]),
        ("accepter-vpc-info.vpc-id", pair[1]),
        ("status-code", "pending-acceptance"),
    ):
        filters = [{"Name": name, "Values": [value]}]
        found = ec2.describe_vpc_peering_connections(Filters=filters)["VpcPeeringConnections"]
        assert [one["VpcPeeringConnectionId"] for one in found] == [peering], name
    gone = [{"Name": "status-code", "Values": ["active"]}]
    assert ec2.describe_vpc_peering_connections(Filters=gone)["VpcPeeringConnections"] == []
