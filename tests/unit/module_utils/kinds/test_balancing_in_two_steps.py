"""Load balancing as its two modules bring it about: started, opened, changed, taken away in the order that works."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _balancer_beginning, _balancer_ending
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._balancer_arguments import TARGET
from ansible_collections.cloister.aws.plugins.module_utils._errors import OwnershipError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member, Outcome
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds import dns_world
from tests.unit.module_utils.kinds.balancer_world import (
    OWNER,
    Entry,
    World,
    balancer,
    full,
    group,
    listener,
    rule,
)

RECORD = {"zone": "example.com", "name": "us"}
WEB = group(health_check=None)
TO_WEB = group("to-web", protocol="TCP", port=80, target_type="alb", targets=[full({"load_balancer": "web"}, TARGET)])
RULE = rule("jobs", 10, hosts=["jobs.example.com"], forward="guard")
BALANCERS = [
    balancer("web", listeners=[listener(rules=[RULE])], records=[RECORD]),
    balancer(
        "edge",
        type="network",
        scheme="internet-facing",
        addresses={"public-a": "edge-a"},
        listeners=[listener(80, "TCP", forward="to-web")],
    ),
]


class Region(World):
    """A world with a zone, in which both modules can be run."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        super().__init__(aws, lab)
        names = Names(aws, "us", False)
        wanted = [dns_world.hosted_zone.want(dns_world.public(), names, dns_world.OWNER, aws.region)]
        dns_world.reconcile(dns_world.hosted_zone.HostedZone(aws, dns_world.OWNER), wanted, False)
        lab.clear_journal()

    def module(self, balancers: t.Sequence[Entry], groups: t.Sequence[Entry], check: bool) -> RegionModule:
        """What the two modules see of Ansible."""

        def kind(made: type[Kind]) -> Kind:
            return made(self.aws, OWNER)

        said = {"load_balancers": balancers, "target_groups": groups, "vpc": "main", "wait": True, "region_adopted": {}}
        names = Names(self.aws, "us", check)
        seen = types.SimpleNamespace(params=said, owner=OWNER, aws=self.aws, names=names, check=check, kind=kind)
        return t.cast(RegionModule, seen)

    def begin(self, balancers: t.Sequence[Entry], groups: t.Sequence[Entry], check: bool = False) -> Outcome:
        return sound(_balancer_beginning.bring_about(self.module(balancers, groups, check)))

    def end(self, balancers: t.Sequence[Entry], groups: t.Sequence[Entry], check: bool = False) -> Outcome:
        return sound(_balancer_ending.bring_about(self.module(balancers, groups, check)))

    def both(self, balancers: t.Sequence[Entry], groups: t.Sequence[Entry], check: bool = False) -> list[Member]:
        """What both did, or would do."""
        outcomes = [step(balancers, groups, check) for step in (self.begin, self.end)]
        return [member for outcome in outcomes for member in outcome.members if member.action != "keep"]


def sound(outcome: Outcome) -> Outcome:
    for error in outcome.errors:
        raise error
    return outcome


def told(members: t.Iterable[Member]) -> set[tuple[str, str, str]]:
    return {(member.kind, member.part, member.action) for member in members}


@pytest.fixture
def region(aws: Aws, embedded_aws: EmbeddedAws) -> Region:
    return Region(aws, embedded_aws)


def test_the_plan_on_an_empty_account_is_what_is_then_done_and_the_second_run_does_nothing(region: Region) -> None:
    planned = told(region.both(BALANCERS, [WEB, TO_WEB], check=True))
    assert region.writes() == []
    assert told(region.both(BALANCERS, [WEB, TO_WEB])) == planned
    assert {kind for kind, _part, _action in planned} == {
        "Elastic IP", "load balancer", "target group", "listener", "listener rule", "target", "records",
    }  # fmt: skip
    region.writes()
    assert region.both(BALANCERS, [WEB, TO_WEB]) == []
    assert region.both(BALANCERS, [WEB, TO_WEB], check=True) == []
    assert region.writes() == []


def test_all_of_it_is_taken_away_last_to_first_and_the_address_stays(region: Region) -> None:
    region.both(BALANCERS, [WEB, TO_WEB])
    region.writes()
    gone = told(region.both([], []))
    assert {action for _kind, _part, action in gone} == {"remove"}
    writes = [write for write in region.writes() if write != "DeleteRule"]
    order = [
        "DeregisterTargets",
        "ChangeResourceRecordSets",
        "DeleteListener",
        "DeleteLoadBalancer",
        "DeleteTargetGroup",
    ]
    assert list(dict.fromkeys(writes)) == order
    assert region.standing("load_balancers") == region.standing("target_groups") == {}
    assert set(region.standing("elastic_ips")) == {"edge-a"}


def test_the_second_step_waits_until_the_balancers_take_traffic(region: Region) -> None:
    region.lab.delays(load_balancer=1.5)
    region.begin(BALANCERS, [WEB, TO_WEB])
    assert {found.raw["State"]["Code"] for found in region.standing("load_balancers").values()} == {"provisioning"}
    region.end(BALANCERS, [WEB, TO_WEB])
    assert {found.raw["State"]["Code"] for found in region.standing("load_balancers").values()} == {"active"}


def test_a_protected_balancer_that_is_no_longer_listed_stops_the_run_before_its_first_write(region: Region) -> None:
    region.both([balancer("web", deletion_protection=True)], [WEB])
    region.writes()
    with pytest.raises(RegionError, match="list it with deletion_protection: false"):
        region.end([], [])
    assert region.writes() == []


def test_what_a_late_stage_refuses_is_refused_before_the_first_write(region: Region) -> None:
    region.begin(BALANCERS, [WEB, TO_WEB])
    listed = region.aws.call("route53", "list_hosted_zones")["HostedZones"]
    zone = listed[0]["Id"].removeprefix("/hostedzone/")
    theirs = {"Name": "us.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": theirs}]}
    region.aws.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch=batch)
    region.writes()
    with pytest.raises(OwnershipError, match=r"us\.example\.com A \(10\.0\.0\.1\)"):
        region.end(BALANCERS, [WEB, TO_WEB])
    assert region.writes() == []


@pytest.mark.parametrize("fails", ["CreateTargetGroup", "CreateListener", "CreateRule", "RegisterTargets"])
def test_a_run_that_was_stopped_anywhere_is_gone_on_with(region: Region, fails: str) -> None:
    region.lab.fail(fails, "AccessDenied", status=403)
    with pytest.raises(RegionError, match="AccessDenied"):
        region.both(BALANCERS, [WEB, TO_WEB])
    region.both(BALANCERS, [WEB, TO_WEB])
    region.writes()
    assert region.both(BALANCERS, [WEB, TO_WEB]) == []
    assert region.writes() == []


def test_a_balancer_and_its_group_give_way_to_others_of_another_name(region: Region) -> None:
    region.both(BALANCERS, [WEB, TO_WEB])
    other = balancer("second", listeners=[listener(forward="next")], records=[RECORD])
    assert told(region.both([other], [group("next")])) >= {
        ("load balancer", "second", "create"),
        ("load balancer", "web", "remove"),
        ("target group", "guard", "remove"),
        ("records", "example.com", "change"),
    }
    assert set(region.standing("load_balancers")) == {"second"}
    assert region.both([other], [group("next")]) == []


def test_a_name_tells_where_it_leads(region: Region) -> None:
    region.begin(BALANCERS, [WEB, TO_WEB])
    members = region.end(BALANCERS, [WEB, TO_WEB]).members
    assert [member.shows["names"] for member in members if member.kind == "records"] == [["us.example.com"]]


def test_3_03_a_name_leads_to_the_addresses_of_a_load_balancer_as_long_as_they_are_well(region: Region) -> None:
    check = "example.com/partner/a/edge-a/tcp-30"
    answers = [{"address": "edge-a", "health_check": {"port": 80}}]
    edge = balancer(
        "edge",
        type="network",
        scheme="internet-facing",
        addresses={"public-a": "edge-a"},
        listeners=[listener(80, "TCP", forward="next")],
        records=[{"zone": "example.com", "name": "partner", "multivalue": answers}],
    )
    groups = [group("next", protocol="TCP", port=80)]
    assert told(region.both([edge], groups)) >= {
        ("health check", check, "create"),
        ("records", "example.com", "create"),
    }
    assert region.both([edge], groups) == []
    assert told(region.both([], [])) >= {("records", "example.com", "remove"), ("health check", check, "remove")}
