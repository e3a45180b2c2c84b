"""Hosted zones against the embedded AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds import hosted_zone

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.dns_world import INSIDE, OWNER, World, plan, public, record, zone

OTHER = "444455556666"


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def test_seven_phases_hold(world: World) -> None:
    both = zone(), public(keep=False)
    predicted = world.zones(*both, check=True)
    assert world.writes() == []
    made = world.zones(*both)
    assert plan(made) == plan(predicted)
    assert sorted(world.writes()) == ["ChangeTagsForResource"] * 2 + ["CreateHostedZone"] * 2
    assert not world.zones(*both).changed
    assert not world.zones(*both, check=True).changed
    assert world.writes() == []

    changed = zone(comment="why it is there", vpcs=["main", "second"]), public(keep=False)
    assert plan(world.zones(*changed, check=True)) == [(INSIDE, "change", ["comment", "vpcs"])]
    assert world.writes() == []
    world.zones(*changed)
    assert world.writes() == ["UpdateHostedZoneComment", "AssociateVPCWithHostedZone"]
    assert not world.zones(*changed).changed

    gone = world.zones(check=True)
    assert {member.action for member in gone.members} == {"remove"}
    assert world.writes() == []
    world.zones()
    assert world.all_zones() == []
    world.writes()
    assert not world.zones().changed
    assert world.writes() == []


def test_a_public_zone_tells_its_name_servers_and_outlives_its_removal(world: World) -> None:
    made = world.zones(public())
    assert len(made.members[0].shows["name_servers"]) == 4
    kept = world.zones()
    assert [member.action for member in kept.members] == ["keep"]
    assert len(world.all_zones()) == 1


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("write", ["CreateHostedZone", "ChangeTagsForResource", "AssociateVPCWithHostedZone"])
def test_a_run_that_ends_at_any_write_leaves_no_second_zone(world: World, write: str, applied: bool) -> None:
    wanted = zone(vpcs=["main", "second"])
    world.lab.fail(write, "AccessDenied", applied=applied)
    with pytest.raises(RegionError, match="Injected"):
        world.zones(wanted)
    world.zones(wanted)
    (one,) = world.all_zones()
    assert world.seen_from(one) == sorted(world.vpcs.values())
    assert not world.zones(wanted).changed


def test_a_zone_whose_answer_was_lost_is_found_and_finished(world: World) -> None:
    world.lab.reset_connections("CreateHostedZone", applied=True)
    made = world.zones(zone())
    assert world.all_zones() == [made.ids[INSIDE]]
    assert not world.zones(zone()).changed


def test_tags_are_read_although_one_of_the_zones_went_since_they_were_listed(world: World) -> None:
    wanted = (zone(), zone("lab.example.internal"))
    world.zones(*wanted)
    world.lab.fail("ListTagsForResources", "NoSuchHostedZone", status=404)
    assert not world.zones(*wanted).changed


def test_a_zone_that_goes_while_it_is_read_is_still_known_by_its_reference(world: World) -> None:
    world.zones(zone())
    world.lab.fail("ListTagsForResources", "NoSuchHostedZone", status=404)
    assert [found.part for found in hosted_zone.HostedZone(world.aws, OWNER).find()] == [INSIDE]


def test_an_untagged_zone_of_a_killed_run_is_removed_with_its_stack(world: World) -> None:
    world.lab.fail("ChangeTagsForResource", "AccessDenied")
    with pytest.raises(RegionError):
        world.zones(zone())
    world.zones()
    assert world.all_zones() == []


def test_an_untagged_zone_of_a_killed_run_gets_all_its_tags(world: World) -> None:
    world.lab.fail("ChangeTagsForResource", "AccessDenied")
    with pytest.raises(RegionError):
        world.zones(zone())
    world.zones(zone())
    (tags,) = [thing["tags"] for thing in world.lab.holdings() if thing["kind"] == "route53:hostedzone"]
    assert (tags["cloister:part"], tags["cloister:stack"]) == (INSIDE, "dns")


def test_who_sees_a_zone_is_put_right(world: World) -> None:
    (one,) = world.zones(zone()).ids.values()
    second: t.Any = {"VPCRegion": "us-west-2", "VPCId": world.vpcs["second"]}
    main: t.Any = {"VPCRegion": "us-west-2", "VPCId": world.vpcs["main"]}
    world.aws.call("route53", "associate_vpc_with_hosted_zone", HostedZoneId=one, VPC=second)
    world.aws.call("route53", "disassociate_vpc_from_hosted_zone", HostedZoneId=one, VPC=main)
    world.writes()
    assert plan(world.zones(zone(), check=True)) == [(INSIDE, "change", ["vpcs"])]
    world.zones(zone())
    # The new one first: AWS does not take the last VPC away.
    assert world.writes() == ["AssociateVPCWithHostedZone", "DisassociateVPCFromHostedZone"]
    assert world.seen_from(one) == [world.vpcs["main"]]


def test_a_tag_taken_away_comes_back(world: World) -> None:
    (one,) = world.zones(zone()).ids.values()
    keys = ["cloister:region", "owner"]
    world.aws.call("route53", "change_tags_for_resource", ResourceType="hostedzone", ResourceId=one, RemoveTagKeys=keys)
    world.writes()
    assert plan(world.zones(zone())) == [(INSIDE, "change", ["tag owner"])]
    assert world.writes() == ["ChangeTagsForResource"]


def test_what_another_stack_owns_is_not_touched(world: World) -> None:
    world.zones(zone(), owner=Owner("us", "other"))
    world.writes()
    assert world.zones().members == []
    assert world.writes() == []


def test_a_zone_in_another_aws_region_s_vpc(world: World) -> None:
    far = Aws(type(world.aws.connection)("us-east-1"))
    vpc = far.make("ec2", "create_vpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    wanted = zone(other_vpcs=[{"id": vpc, "region": "us-east-1"}])
    (one,) = world.zones(wanted).ids.values()
    assert world.seen_from(one) == sorted([vpc, world.vpcs["main"]])
    assert not world.zones(wanted).changed


def test_other_accounts_are_let_in_and_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in world.lab.account_keys(OTHER).items():
        monkeypatch.setenv(name, value)
    guest = Aws(world.aws.connection)
    vpc = guest.make("ec2", "create_vpc", CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    place: t.Any = {"VPCRegion": "us-west-2", "VPCId": vpc}
    for name, value in world.lab.environment.items():
        monkeypatch.setenv(name, value)
    (one,) = world.zones(zone(authorised_vpcs=[{"id": vpc, "region": "us-west-2"}])).ids.values()
    for name, value in world.lab.account_keys(OTHER).items():
        monkeypatch.setenv(name, value)
    guest.call("route53", "associate_vpc_with_hosted_zone", HostedZoneId=one, VPC=place)
    for name, value in world.lab.environment.items():
        monkeypatch.setenv(name, value)
    world.writes()
    assert not world.zones(zone(authorised_vpcs=[{"id": vpc, "region": "us-west-2"}])).changed
    assert world.zones(zone()).changed
    assert world.writes() == ["DeleteVPCAssociationAuthorization", "DisassociateVPCFromHostedZone"]
    assert world.seen_from(one) == [world.vpcs["main"]]


def test_a_public_zone_of_others_is_refused_and_adoption_named(world: World) -> None:
    one = world.foreign("example.com")
    with pytest.raises(OwnershipError, match=rf"public zone {one} \(.*region_adopted"):
        world.zones(public())
    assert world.writes() == []


def test_a_vpc_that_sees_a_zone_of_that_name_is_refused(world: World) -> None:
    one = world.foreign(INSIDE, world.vpcs["second"])
    world.zones(zone())
    world.writes()
    with pytest.raises(OwnershipError, match=rf"VPC {world.vpcs['second']} already sees.*{one}"):
        world.zones(zone(vpcs=["main", "second"]))
    assert world.writes() == []


def test_a_zone_with_records_of_others_is_not_removed(world: World) -> None:
    (one,) = world.zones(zone()).ids.values()
    world.records(record("api", "10.0.0.1"))
    world.by_hand(one, "CREATE", f"hand.{INSIDE}", "A", "10.0.0.9")
    with pytest.raises(OwnershipError, match=rf"hand.{INSIDE} A \(10.0.0.9\)"):
        world.zones(check=True)
    with pytest.raises(OwnershipError, match="Remove them where they were made"):
        world.zones()
    assert world.writes() == []


def test_a_zone_goes_with_the_stack_s_own_records(world: World) -> None:
    world.zones(zone())
    world.records(record("api", "10.0.0.1"))
    world.zones()
    assert world.all_zones() == []


def test_two_zones_of_one_name_are_refused(world: World) -> None:
    world.zones(zone())
    reference = f"cloister:us:dns:{INSIDE}:0"
    world.aws.make("route53", "create_hosted_zone", Name="twin.example", CallerReference=reference)
    with pytest.raises(OwnershipError, match="there are 2 of hosted zone"):
        world.zones(zone())


def test_public_never_becomes_private(world: World) -> None:
    world.zones(public(INSIDE))
    with pytest.raises(ImmutableError, match="private is False"):
        world.zones(zone())


def test_public_and_private_zone_of_one_domain_stand_side_by_side_and_warn(world: World) -> None:
    both = public(INSIDE), zone(part="inside")
    world.zones(*both)
    assert not world.zones(*both).changed
    kind = hosted_zone.HostedZone(world.aws, OWNER)
    kind.find()
    wanted = hosted_zone.Want("inside", {"name": INSIDE, "private": True})
    assert len(kind.shadows([wanted])) == 1
    assert kind.shadows([hosted_zone.Want("deeper", {"name": f"a.{INSIDE}", "private": True})]) == []


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (zone(vpcs=[]), "at least one VPC"),
        (public(vpcs=["main"]), "set `private`"),
        (zone("internal"), "at least two labels"),
        (zone(part="a:b"), "without colons"),
        (zone(part="x" * 120), "at most"),
    ],
)
def test_what_cannot_be_a_zone_is_refused(world: World, entry: dict[str, t.Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        world.zones(entry)
    assert world.writes() == []


def test_too_many_tags_are_refused_before_a_zone_is_made(world: World) -> None:
    with pytest.raises(InputError, match="Route 53 takes 10"):
        world.zones(zone(), owner=Owner("us", "dns", {f"tag{number}": "x" for number in range(6)}))
    assert world.writes() == []
