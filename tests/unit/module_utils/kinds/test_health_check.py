"""Health checks, and the multivalue answers that name them, against the embedded AWS."""

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
from ansible_collections.cloister.aws.plugins.module_utils._owner import HOME, PART, Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.health_check import HealthCheck

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.dns_world import World, plan, public, record

ZONE = "example.com"
TCP = {"protocol": "TCP", "port": 443, "path": None, "host": None, "interval_seconds": 30, "failure_threshold": 3}
WEB = {**TCP, "protocol": "HTTPS", "path": "/health"}
MARK = '"cloister region=us stack=dns set='
A_CHECK, B_CHECK = "example.com/partner/a/edge-a/tcp-30", "example.com/partner/a/edge-b/tcp-30"


def partner(*answers: tuple[str, dict[str, t.Any] | None], **said: t.Any) -> dict[str, t.Any]:
    listed = [{"address": address, "health_check": check} for address, check in answers]
    return {**record("partner", zone=ZONE, multivalue=listed, ttl_seconds=None), **said}


BOTH = partner(("edge-a", TCP), ("edge-b", TCP))


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    made = World(aws, embedded_aws)
    made.zones(public(ZONE))
    made.addresses = {name: made.elastic_ip(name) for name in ("edge-a", "edge-b")}
    made.writes()
    return made


@pytest.fixture
def home(world: World) -> str:
    return world.all_zones()[0]


def answered(world: World, home: str, kind: str = "A") -> dict[str, tuple[list[str], int, str | None]]:
    """What the zone answers, by identifier: values, time to live, health check."""
    sets = world.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=home)
    return {
        one.get("SetIdentifier", ""): (
            [value["Value"] for value in one["ResourceRecords"]],
            one["TTL"],
            one.get("HealthCheckId"),
        )
        for one in sets
        if one["Type"] == kind
    }


def by_part(world: World) -> dict[str, dict[str, t.Any]]:
    return {check["tags"].get(PART, ""): check for check in world.checks()}


def test_phases_hold_and_checks_come_first_and_go_last(world: World, home: str) -> None:
    predicted = world.answers(BOTH, check=True)
    assert world.writes() == []
    made = world.answers(BOTH)
    assert plan(made) == plan(predicted)
    assert [part for part, action, _fields in plan(made) if action == "create"] == [A_CHECK, B_CHECK, ZONE]
    writes = world.writes()
    assert sorted(writes[:-1]) == ["ChangeTagsForResource"] * 2 + ["CreateHealthCheck"] * 2
    assert writes[-1] == "ChangeResourceRecordSets"
    assert not world.answers(BOTH).changed
    assert not world.answers(BOTH, check=True).changed
    assert world.writes() == []

    one = partner(("edge-a", TCP))
    assert plan(world.answers(one, check=True)) == [(ZONE, "change", ["partner A edge-b"]), (B_CHECK, "remove", [])]
    world.answers(one)
    assert world.writes() == ["ChangeResourceRecordSets", "DeleteHealthCheck"]

    world.answers()
    assert world.writes() == ["ChangeResourceRecordSets", "DeleteHealthCheck"]
    assert world.said(home) == {}
    assert world.checks() == []
    assert not world.answers().changed


def test_each_answer_is_ours_by_a_companion_of_its_own(world: World, home: str) -> None:
    world.answers(partner(("edge-a", TCP), ("192.0.2.9", None)))
    (check,) = world.checks()
    assert answered(world, home) == {
        "edge-a": ([world.addresses["edge-a"]], 60, check["Id"]),
        "192.0.2.9": (["192.0.2.9"], 60, None),
    }
    assert answered(world, home, "TXT") == {name: ([f'{MARK}{name}"'], 300, None) for name in ("edge-a", "192.0.2.9")}
    assert check["tags"].items() >= {"cloister:stack": "dns", HOME: "us-west-2", "owner": "platform"}.items()


def test_a_health_check_asks_as_it_was_told(world: World) -> None:
    asked = {**WEB, "interval_seconds": 10, "failure_threshold": 2}
    world.answers(partner(("edge-a", asked), ("edge-b", {**WEB, "host": "probe.example.org"})))
    first, second = (check["HealthCheckConfig"] for check in world.checks())
    assert (first["Type"], first["IPAddress"], first["Port"]) == ("HTTPS", world.addresses["edge-a"], 443)
    assert (first["ResourcePath"], first["FullyQualifiedDomainName"]) == ("/health", "partner.example.com")
    assert (first["EnableSNI"], first["RequestInterval"], first["FailureThreshold"]) == (True, 10, 2)
    assert second["FullyQualifiedDomainName"] == "probe.example.org"


def test_another_protocol_is_another_health_check_and_the_record_goes_over_first(world: World, home: str) -> None:
    world.answers(BOTH)
    world.writes()
    world.answers(partner(("edge-a", WEB), ("edge-b", TCP)))
    made = ["CreateHealthCheck", "ChangeTagsForResource"]
    assert world.writes() == [*made, "ChangeResourceRecordSets", "DeleteHealthCheck"]
    checks = by_part(world)
    assert sorted(checks) == ["example.com/partner/a/edge-a/https-30", B_CHECK]
    assert answered(world, home)["edge-a"][2] == checks["example.com/partner/a/edge-a/https-30"]["Id"]


def test_what_can_change_changes_in_place(world: World) -> None:
    world.answers(BOTH)
    world.writes()
    stricter = partner(("edge-a", {**TCP, "port": 80, "failure_threshold": 1}), ("edge-b", TCP))
    assert plan(world.answers(stricter, check=True)) == [(A_CHECK, "change", ["port", "failure_threshold"])]
    world.answers(stricter)
    assert world.writes() == ["UpdateHealthCheck"]
    assert not world.answers(stricter).changed


@pytest.mark.parametrize(
    ("by_hand", "fields"),
    [
        ({"Disabled": True, "Inverted": True}, ["inverted", "disabled"]),
        ({"IPAddress": "192.0.2.77"}, ["address"]),
    ],
)
def test_what_a_person_changed_is_put_right(world: World, by_hand: dict[str, t.Any], fields: list[str]) -> None:
    world.answers(BOTH)
    before = by_part(world)[A_CHECK]
    world.aws.call("route53", "update_health_check", HealthCheckId=before["Id"], **by_hand)
    assert plan(world.answers(BOTH, check=True)) == [(A_CHECK, "change", fields)]
    world.answers(BOTH)
    assert by_part(world)[A_CHECK]["HealthCheckConfig"] == before["HealthCheckConfig"]


def test_one_that_a_person_deleted_is_made_anew_and_its_record_names_the_new_one(world: World, home: str) -> None:
    world.answers(BOTH)
    old = by_part(world)[A_CHECK]["Id"]
    world.aws.call("route53", "delete_health_check", HealthCheckId=old)
    assert plan(world.answers(BOTH, check=True))[1] == (ZONE, "change", ["partner A edge-a"])
    world.answers(BOTH)
    assert answered(world, home)["edge-a"][2] == by_part(world)[A_CHECK]["Id"] != old
    assert not world.answers(BOTH).changed


def test_one_that_a_killed_run_did_not_tag_is_known_again(world: World) -> None:
    world.lab.fail("ChangeTagsForResource", "AccessDenied")
    with pytest.raises(RegionError, match="AccessDenied"):
        world.answers(partner(("edge-a", TCP)))
    (left,) = world.checks()
    assert left["tags"] == {}
    assert [(part, action) for part, action, _fields in plan(world.answers(partner(("edge-a", TCP))))] == [
        (A_CHECK, "change"),
        (ZONE, "create"),
    ]
    (now,) = world.checks()
    assert (now["Id"], now["tags"][PART]) == (left["Id"], A_CHECK)


def test_one_that_a_killed_run_did_not_tag_goes_when_it_is_not_wanted(world: World) -> None:
    world.lab.fail("ChangeTagsForResource", "AccessDenied")
    with pytest.raises(RegionError, match="AccessDenied"):
        world.answers(partner(("edge-a", TCP)))
    world.answers()
    assert world.checks() == []


@pytest.mark.parametrize("applied", [False, True])
def test_a_lost_answer_makes_no_second_one(world: World, applied: bool) -> None:
    world.lab.reset_connections("CreateHealthCheck", applied=applied)
    world.answers(BOTH)
    assert [check["tags"][PART] for check in world.checks()] == [A_CHECK, B_CHECK]


def test_a_health_check_that_is_not_seen_yet_is_waited_for(world: World, home: str) -> None:
    world.lab.fail("ChangeResourceRecordSets", "NoSuchHealthCheck", times=2, status=404)
    world.answers(BOTH)
    assert sorted(answered(world, home)) == ["edge-a", "edge-b"]


def test_health_checks_of_others_are_left_alone(world: World) -> None:
    for reference in ("by hand", "cloister:kr:dns:0a1b:2c3d"):
        config = {"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 443}
        world.aws.call("route53", "create_health_check", CallerReference=reference, HealthCheckConfig=config)
    world.answers(BOTH, owner=Owner("us", "edge"))
    # A region of this name in another AWS region says so.
    which = {"ResourceType": "healthcheck", "ResourceId": by_part(world)[A_CHECK]["Id"]}
    moved = [{"Key": HOME, "Value": "ap-northeast-2"}]
    world.aws.call("route53", "change_tags_for_resource", **which, AddTags=moved)
    assert [one.part for one in HealthCheck(world.aws, Owner("us")).find()] == [B_CHECK]
    assert not world.answers().changed
    assert len(world.checks()) == 4


def test_a_simple_record_becomes_several_and_one_again_in_one_batch(world: World, home: str) -> None:
    simple = record("partner", "edge-a", "edge-b", zone=ZONE, ttl_seconds=None)
    world.answers(simple)
    assert answered(world, home) == {"": (sorted(world.addresses.values()), 300, None)}
    plain = partner(("edge-a", None), ("edge-b", None))
    for wanted, names in ((plain, ["edge-a", "edge-b"]), (simple, [""])):
        world.writes()
        world.answers(wanted)
        assert world.writes() == ["ChangeResourceRecordSets"]
        assert (sorted(answered(world, home)), sorted(answered(world, home, "TXT"))) == (names, names)
        assert not world.answers(wanted).changed


def test_two_stacks_answer_under_one_name_and_a_person_too(world: World, home: str) -> None:
    edge = Owner("us", "edge")
    world.by_hand(home, "CREATE", "partner.example.com", "A", "192.0.2.9", SetIdentifier="hand", MultiValueAnswer=True)
    world.answers(partner(("edge-a", TCP)))
    world.answers(partner(("edge-b", TCP)), owner=edge)
    assert sorted(answered(world, home)) == ["edge-a", "edge-b", "hand"]
    with pytest.raises(OwnershipError, match=r"partner\.example\.com A edge-b of stack edge"):
        world.answers(BOTH)
    with pytest.raises(OwnershipError, match="did not make and does not change"):
        world.answers(record("partner", "192.0.2.1", zone=ZONE))
    world.writes()
    with pytest.raises(OwnershipError, match="did not make and does not change"):
        world.answers(partner(("edge-b", None), ("edge-a", WEB)))
    assert world.writes() == []
    world.answers()
    world.answers(owner=edge)
    assert sorted(answered(world, home)) == ["hand"]


def test_what_is_ours_in_a_zone_of_the_stack_itself_is_listed_there(world: World, home: str) -> None:
    world.answers(BOTH)
    assert not world.answers(but={home: ZONE}).changed
    assert len(world.checks()) == 2


def test_an_address_of_ipv6_is_the_same_however_it_is_written(world: World) -> None:
    wanted = partner(("2001:DB8:0:0::1", TCP), type="AAAA")
    world.answers(wanted)
    assert not world.answers(wanted).changed


def test_an_adopted_address_answers_too(world: World, home: str) -> None:
    made = world.aws.make("ec2", "allocate_address", Domain="vpc")
    world.adopted = {"Elastic IP": {"old": made["AllocationId"]}}
    world.answers(partner(("old", TCP)))
    assert answered(world, home)["old"][0] == [made["PublicIp"]]


def test_before_its_address_is_there_an_answer_can_be_predicted(world: World) -> None:
    late = partner(("edge-c", TCP))
    parts = [part for part, action, _fields in plan(world.answers(late, check=True)) if action == "create"]
    assert parts == ["example.com/partner/a/edge-c/tcp-30", ZONE]
    with pytest.raises(MissingError, match="no Elastic IP called edge-c"):
        world.answers(late)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (partner(("edge-a", TCP), values=["192.0.2.1"]), "exactly one of"),
        (partner(("edge-a", None), type="AAAA"), "no address for type AAAA"),
        (partner(("host.example.com", None), type="CNAME"), "for types A and AAAA"),
        (partner(("edge-a", None), ("edge-a", None)), "listed twice"),
        (partner(("10.0.0.1", TCP)), "over the internet, which has no address 10.0.0.1"),
        (partner(("edge-a", {**TCP, "path": "/health"})), "TCP asks for no path"),
        (partner(("edge-a", {**TCP, "host": "a.example.com"})), "TCP asks for no path and no host"),
        (partner(("edge-a", WEB), name="*"), "say which `host`"),
    ],
)
def test_what_cannot_be_said_is_refused_before_the_first_write(world: World, entry: dict[str, t.Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        world.answers(entry)
    assert world.writes() == []


def test_simple_and_multivalue_records_of_one_name_are_refused(world: World) -> None:
    with pytest.raises(InputError, match="cannot stand beside a record without `multivalue`"):
        world.answers(partner(("edge-a", None)), record("partner", "192.0.2.1", zone=ZONE))


def test_names_that_leave_no_room_in_a_reference_are_refused(world: World) -> None:
    with pytest.raises(InputError, match="of 32 characters together at most"):
        world.answers(BOTH, owner=Owner("us", "a-stack-with-a-long-name-indeed-it"))
    assert world.writes() == []
