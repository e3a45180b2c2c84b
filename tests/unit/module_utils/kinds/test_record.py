"""Records against the embedded AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    InputError,
    MissingError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records, batches

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.dns_world import INSIDE, OWNER, World, plan, public, record, zone

ALIAS = {
    "dns_name": "Internal-Api-1.us-west-2.elb.amazonaws.com",
    "zone_id": "Z1H1FL5HABSF5",
    "evaluate_target_health": True,
}
MARK = '"cloister region=us stack=dns"'


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    made = World(aws, embedded_aws)
    made.zones(zone())
    made.writes()
    return made


@pytest.fixture
def home(world: World) -> str:
    return world.all_zones()[0]


def test_seven_phases_hold(world: World, home: str) -> None:
    some = (
        record("db", "10.0.16.10", "10.0.32.10", ttl_seconds=60),
        record("@", alias=ALIAS),
        record("*", "2001:DB8:0::1", type="AAAA"),
        record("old", f"db.{INSIDE}.", type="CNAME"),
        record("_region", 'us "and" more', "x" * 300, "é", type="TXT"),
        record("@", "10 mail.example.com.", type="MX"),
        record("@", '0 issue "amazon.com"', type="CAA"),
    )
    predicted = world.records(*some, check=True)
    assert world.writes() == []
    made = world.records(*some)
    assert plan(made) == plan(predicted)
    assert world.writes() == ["ChangeResourceRecordSets"]
    assert not world.records(*some).changed
    assert not world.records(*some, check=True).changed
    assert world.writes() == []

    less = record("db", "10.0.16.11"), record("old", "10.0.0.1"), *some[1:3]
    fields = ["db A", "old A", "old CNAME", "_region TXT", "@ MX", "@ CAA"]
    ((part, action, said),) = plan(world.records(*less, check=True))
    assert (part, action, sorted(said)) == (INSIDE, "change", sorted(fields))
    assert world.writes() == []
    world.records(*less)
    assert world.writes() == ["ChangeResourceRecordSets"]
    assert not world.records(*less).changed

    assert plan(world.records(check=True)) == [(INSIDE, "remove", [])]
    world.records()
    assert world.said(home) == {}
    world.writes()
    assert not world.records().changed
    assert world.writes() == []


def test_each_record_has_its_companion(world: World, home: str) -> None:
    world.records(record("api", "10.0.0.1"), record("*", "10.0.0.2"))
    assert world.said(home) == {
        f"api.{INSIDE}. A": ["10.0.0.1"],
        f"_cloister-a.api.{INSIDE}. TXT": [MARK],
        f"\\052.{INSIDE}. A": ["10.0.0.2"],
        f"_cloister-a.\\052.{INSIDE}. TXT": [MARK],
    }


def test_before_its_zone_is_there_a_record_can_be_predicted(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    world = World(aws, embedded_aws)
    assert plan(world.records(record("api", "10.0.0.1"), check=True)) == [(INSIDE, "create", ["api A"])]
    with pytest.raises(MissingError, match="no hosted zone called"):
        world.records(record("api", "10.0.0.1"))


def test_what_a_person_changed_is_put_right(world: World, home: str) -> None:
    world.records(record("api", "10.0.0.1"), record("db", "10.0.0.2"))
    world.by_hand(home, "UPSERT", f"api.{INSIDE}", "A", "10.6.6.6")
    world.by_hand(home, "DELETE", f"db.{INSIDE}.", "A", "10.0.0.2")
    wanted = record("api", "10.0.0.1"), record("db", "10.0.0.2")
    assert plan(world.records(*wanted, check=True)) == [(INSIDE, "change", ["api A", "db A"])]
    world.records(*wanted)
    assert world.said(home)[f"api.{INSIDE}. A"] == ["10.0.0.1"]
    assert world.said(home)[f"db.{INSIDE}. A"] == ["10.0.0.2"]
    assert not world.records(*wanted).changed


def test_a_companion_without_its_record_goes_when_it_is_not_listed(world: World, home: str) -> None:
    world.records(record("api", "10.0.0.1"), record("db", "10.0.0.2"))
    world.by_hand(home, "DELETE", f"db.{INSIDE}.", "A", "10.0.0.2")
    assert world.records(record("api", "10.0.0.1")).changed
    assert f"_cloister-a.db.{INSIDE}. TXT" not in world.said(home)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (("api", "A", "10.9.9.9", {}), record("api", "10.0.0.1")),
        (("api", "CNAME", "x.example.com", {}), record("api", "10.0.0.1")),
        (("api", "A", "10.9.9.9", {}), record("api", "x.example.com", type="CNAME")),
        (("api", "A", "10.9.9.9", {"Weight": 1, "SetIdentifier": "blue"}), record("api", "10.0.0.1")),
        (("_cloister-a.api", "TXT", '"somebody"', {}), record("api", "10.0.0.1")),
        (("_cloister-a.api", "TXT", '"cloister region=kr stack=dns"', {}), record("api", "10.0.0.1")),
    ],
)
def test_a_record_of_others_is_never_changed(
    world: World, home: str, theirs: tuple[str, str, str, dict[str, t.Any]], ours: dict[str, t.Any]
) -> None:
    name, kind, value, more = theirs
    world.by_hand(home, "CREATE", f"{name}.{INSIDE}", kind, value, **more)
    before = world.said(home)
    for wanted in ((ours,), (record("db", "10.0.0.2"), ours)):
        with pytest.raises(OwnershipError, match=rf"{name}.{INSIDE} {kind} \({value.strip(chr(34))}\)"):
            world.records(*wanted, check=True)
        with pytest.raises(OwnershipError, match="did not make and does not change"):
            world.records(*wanted)
    world.records()
    assert world.said(home) == before
    assert world.writes() == []


def test_records_of_others_stay_when_ours_come_and_go(world: World, home: str) -> None:
    world.by_hand(home, "CREATE", f"hand.{INSIDE}", "A", "10.9.9.9")
    before = world.said(home)
    world.records(record("api", "10.0.0.1"))
    world.records(record("api", "10.0.0.2"))
    world.records()
    assert world.said(home) == before


def test_two_stacks_have_records_in_one_zone(world: World, home: str) -> None:
    ecs = Owner("us", "ecs")
    world.records(record("api", "10.0.0.1"))
    world.records(record("chat", "10.0.0.2"), owner=ecs)
    assert not world.records(record("api", "10.0.0.1")).changed
    with pytest.raises(OwnershipError, match="of stack dns"):
        world.records(record("api", "10.0.0.3"), owner=ecs)
    world.records(owner=ecs)
    assert f"api.{INSIDE}. A" in world.said(home)
    assert f"chat.{INSIDE}. A" not in world.said(home)


def test_records_in_an_adopted_zone(world: World) -> None:
    one = world.foreign("example.com")
    world.adopted = {"hosted zone": {"example.com": one}}
    wanted = record("infer", f"api.{INSIDE}", type="CNAME", zone="example.com")
    world.records(wanted)
    assert world.said(one)["infer.example.com. CNAME"] == [f"api.{INSIDE}"]
    assert not world.records(wanted).changed
    world.records()
    assert world.said(one) == {}


def test_somebody_faster_is_found_before_anything_is_overwritten(world: World, home: str) -> None:
    kind = Records(world.aws, OWNER)
    wanted = kind.wants([record("api", "10.0.0.1")], Names(world.aws, "us", False))
    world.by_hand(home, "CREATE", f"api.{INSIDE}", "A", "10.9.9.9")
    with pytest.raises(OwnershipError, match=r"10\.9\.9\.9"):
        kind.create(wanted[0], {})
    assert world.said(home) == {f"api.{INSIDE}. A": ["10.9.9.9"]}


@pytest.mark.parametrize("applied", [False, True])
def test_a_lost_answer_changes_nothing_twice(world: World, home: str, applied: bool) -> None:
    world.records(record("api", "10.0.0.1"), record("db", "10.0.0.2"))
    world.lab.reset_connections("ChangeResourceRecordSets", applied=applied)
    world.records(record("api", "10.0.0.3"))
    assert sorted(world.said(home)) == [f"_cloister-a.api.{INSIDE}. TXT", f"api.{INSIDE}. A"]
    assert world.said(home)[f"api.{INSIDE}. A"] == ["10.0.0.3"]


def test_a_run_that_is_refused_says_so_and_the_next_one_finishes(world: World) -> None:
    world.lab.fail("ChangeResourceRecordSets", "AccessDenied")
    with pytest.raises(RegionError, match="AccessDenied"):
        world.records(record("api", "10.0.0.1"))
    assert world.records(record("api", "10.0.0.1")).changed
    assert not world.records(record("api", "10.0.0.1")).changed


def test_route_53_is_waited_for_when_asked(world: World) -> None:
    world.records(record("api", "10.0.0.1"), wait_seconds=60)
    assert "route53:GetChange" in world.lab.reads()["actions"]


def test_a_type_changes_in_one_batch(world: World, home: str) -> None:
    world.records(record("api", "10.0.0.1"))
    world.writes()
    world.records(record("api", "host.example.com", type="CNAME"))
    assert world.writes() == ["ChangeResourceRecordSets"]
    assert sorted(world.said(home)) == [f"_cloister-cname.api.{INSIDE}. TXT", f"api.{INSIDE}. CNAME"]


def test_an_alias_without_zone_id_leads_to_the_same_zone(world: World, home: str) -> None:
    target = {"dns_name": f"api.{INSIDE}", "zone_id": None, "evaluate_target_health": False}
    world.records(record("api", "10.0.0.1"), record("www", alias=target))
    sets = world.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=home)
    (alias,) = [item["AliasTarget"] for item in sets if item.get("AliasTarget")]
    assert alias["HostedZoneId"] == home


def test_many_records_go_in_batches_that_keep_names_together(world: World, home: str) -> None:
    many = [record(f"n{number}", *[f"10.1.{number}.{end}" for end in range(120)]) for number in range(20)]
    world.records(*many)
    assert world.writes() == ["ChangeResourceRecordSets"] * 3
    assert not world.records(*many).changed
    assert len(world.said(home)) == 40


def test_a_batch_is_within_the_limits() -> None:
    change = {"Action": "CREATE", "ResourceRecordSet": {"ResourceRecords": [{"Value": "x" * 200}] * 100}}
    sizes = [len(batch) for batch in batches([[change]] * 5)]
    assert sizes == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([record("api")], "exactly one of `values`"),
        ([record("api", "10.0.0.1", alias=ALIAS)], "exactly one of `values`"),
        ([record("api", "10.0.0")], "no address for type A"),
        ([record("api", "10.0.0.1", type="AAAA")], "no address for type AAAA"),
        ([record("api", "a.b", "c.d", type="CNAME")], "exactly one value"),
        ([record("api", "host", type="CNAME")], "full domain name"),
        ([record("@", "a.b", type="CNAME")], "use an alias"),
        ([record("a b", "10.0.0.1")], "is no name in zone"),
        ([record("x." * 120, "10.0.0.1")], "too long"),
        ([record("api", "漢", type="TXT")], "Latin-1"),
        ([record("api", "10.0.0.1"), record(f"API.{INSIDE}.", "10.0.0.2")], "listed twice"),
        ([record("api", "10.0.0.1"), record("api", "a.b", type="CNAME")], "cannot stand beside a CNAME"),
    ],
)
def test_what_cannot_be_said_is_refused(world: World, entries: list[dict[str, t.Any]], why: str) -> None:
    with pytest.raises(InputError, match=why):
        world.records(*entries)
    assert world.writes() == []


def test_a_public_zone_s_records_stay_with_the_zone_when_only_the_zone_is_kept(world: World) -> None:
    world.zones(zone(), public())
    world.records(record("infer", "192.0.2.1", zone="example.com"))
    world.records()
    (one,) = [member.id for member in world.zones(zone(), public()).members if member.part == "example.com"]
    assert world.said(one) == {}
