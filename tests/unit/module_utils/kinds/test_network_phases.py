"""The seven phases of every kind of the network: predicted, made, kept, changed, predicted gone, gone, still gone."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.network_world import (
    MAIN,
    NAT_A,
    PRIVATE_A,
    PUBLIC_A,
    Entry,
    World,
    told,
)

GATEWAY = {"name": "main", "vpc": "main"}
OPERATOR = {"name": "operator", "cidr": "172.20.0.0/16"}
PEERING = {"name": "ops", "vpc": "operator", "peer_vpc": "main"}
GROUP = {"name": "flow-logs/main"}
WITH_NAT: dict[str, t.Any] = {
    "vpcs": [MAIN],
    "subnets": [PUBLIC_A, PRIVATE_A],
    "internet_gateways": [GATEWAY],
    "elastic_ips": [{"name": "main-nat-a"}],
}
TABLE = {"name": "main-private-a", "subnets": ["private-a"]}


@dataclass
class Case:
    """A kind, what it stands on, and one field that changes."""

    name: str
    entry: Entry
    changed: Entry = field(default_factory=dict)
    under: dict[str, t.Any] = field(default_factory=dict)


LOG = {"name": "main", "vpc": "main", "log_group": "flow-logs/main", "role": "flow-logs"}
# The role is another stack's kind; here it stands for something that others made.
ADOPTED = {"IAM role": {"flow-logs": "arn:aws:iam::123456789012:role/us-flow-logs"}}
CASES = [
    Case("vpcs", {**MAIN, "default_security_group_closed": False}, {"default_security_group_closed": True}),
    Case("vpc_ranges", {"name": "main", "secondary_cidrs": ["10.1.0.0/16"]}, {}, {"vpcs": [MAIN]}),
    Case("subnets", PUBLIC_A, {"public_addresses": True}, {"vpcs": [MAIN]}),
    Case("internet_gateways", GATEWAY, {"vpc": "operator"}, {"vpcs": [MAIN, OPERATOR]}),
    Case("elastic_ips", {"name": "edge", "keep": False}, {"tags": {"use": "edge"}}),
    Case("nat_gateways", NAT_A, {}, WITH_NAT),
    Case(
        "route_tables",
        {
            "name": "main-public",
            "subnets": ["public-a"],
            "routes": [{"destination": "0.0.0.0/0", "internet_gateway": "main"}],
        },
        {"subnets": ["public-a", "private-a"], "routes": []},
        {key: WITH_NAT[key] for key in ("vpcs", "subnets", "internet_gateways")},
    ),
    Case(
        "nat_routes",
        {"table": "main-private-a", "nat_gateway": "main-a"},
        {"nat_gateway": "main-b"},
        {
            **WITH_NAT,
            "elastic_ips": [{"name": "main-nat-a"}, {"name": "main-nat-b"}],
            "nat_gateways": [NAT_A, {"name": "main-b", "subnet": "public-a", "elastic_ip": "main-nat-b"}],
            "route_tables": [TABLE],
        },
    ),
    Case("vpc_peerings", PEERING, {"dns_resolution": False}, {"vpcs": [MAIN, OPERATOR]}),
    Case("log_groups", {**GROUP, "keep": False}, {"retention_days": 90}),
    Case("flow_logs", LOG, {"traffic": "all"}, {"vpcs": [MAIN], "log_groups": [GROUP]}),
]


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_kind_lives_through_all_its_phases(world: World, case: Case) -> None:
    world.lay(**case.under)
    predicted = world.apply(case.name, case.entry, check=True, adopted=ADOPTED)
    assert [action for _part, action in told(predicted)] == ["create"]
    assert world.actions() == []
    assert told(world.apply(case.name, case.entry, adopted=ADOPTED)) == told(predicted)
    _writes_nothing(world, case.name, case.entry)
    if case.changed:
        changed = {**case.entry, **case.changed}
        foreseen = world.apply(case.name, changed, check=True, adopted=ADOPTED)
        assert [action for _part, action in told(foreseen)] == ["change"]
        assert world.actions() == []
        assert told(world.apply(case.name, changed, adopted=ADOPTED)) == told(foreseen)
        _writes_nothing(world, case.name, changed)
    assert [action for _part, action in told(world.apply(case.name, check=True))] == ["remove"]
    assert world.actions() == []
    world.apply(case.name)
    assert world.standing(case.name) == {}
    _writes_nothing(world, case.name)


def _writes_nothing(world: World, name: str, *entries: Entry) -> None:
    """Hold that nothing is left to do, in check mode and out of it."""
    world.lab.clear_journal()
    assert not world.apply(name, *entries, adopted=ADOPTED).changed
    assert not world.apply(name, *entries, check=True, adopted=ADOPTED).changed
    assert world.actions() == []


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_kind_bears_ids_that_are_shown_late(world: World, case: Case) -> None:
    world.lay(**case.under)
    world.lab.hide_new_ids(2)
    world.apply(case.name, case.entry, adopted=ADOPTED)
    world.lab.clear_faults()
    _writes_nothing(world, case.name, case.entry)


MADE_TAGGED = [case for case in CASES if case.name not in ("nat_routes", "vpc_ranges")]


@pytest.mark.parametrize("case", MADE_TAGGED, ids=[case.name for case in MADE_TAGGED])
def test_a_kind_is_tagged_in_the_call_that_makes_it(world: World, case: Case) -> None:
    world.lay(**case.under)
    world.apply(case.name, case.entry, adopted=ADOPTED)
    assert "CreateTags" not in world.actions()
    assert "TagResource" not in world.actions()
    tags = next(iter(world.standing(case.name).values())).tags
    assert tags["Name"] == f"us-{case.entry['name']}"
    assert (tags["cloister:region"], tags["cloister:stack"]) == ("us", "network")
    assert tags["owner"] == "platform"


CREATES = {
    "vpcs": "CreateVpc",
    "vpc_ranges": "AssociateVpcCidrBlock",
    "subnets": "CreateSubnet",
    "internet_gateways": "CreateInternetGateway",
    "elastic_ips": "AllocateAddress",
    "nat_gateways": "CreateNatGateway",
    "vpc_peerings": "CreateVpcPeeringConnection",
    "log_groups": "CreateLogGroup",
    "flow_logs": "CreateFlowLogs",
}


@pytest.mark.parametrize("case", [case for case in CASES if case.name in CREATES], ids=list(CREATES))
def test_a_create_whose_answer_is_lost_makes_no_second_one(world: World, case: Case, monkeypatch: t.Any) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world.lay(**case.under)
    world.lab.reset_connections(CREATES[case.name], applied=True)
    world.apply(case.name, case.entry, adopted=ADOPTED)
    assert len(world.standing(case.name)) == 1
    _writes_nothing(world, case.name, case.entry)
