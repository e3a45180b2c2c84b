"""Associations of our VPCs with zones of other accounts, against the embedded AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError, InputError, RegionError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.dns_world import World, plan

PARTNER = "444455556666"


class Partner:
    """Another account with a private zone."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.patch, self.keys = world, monkeypatch, world.lab.account_keys(PARTNER)
        vpc = self.call("ec2", "create_vpc", CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
        place: t.Any = {"VPCRegion": "us-west-2", "VPCId": vpc}
        config: t.Any = {"PrivateZone": True}
        made = self.call(
            "route53",
            "create_hosted_zone",
            Name="partner.example",
            CallerReference="1",
            VPC=place,
            HostedZoneConfig=config,
        )
        self.zone = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
        world.writes()

    def authorise(self, vpc: str) -> None:
        place: t.Any = {"VPCRegion": "us-west-2", "VPCId": vpc}
        self.call("route53", "create_vpc_association_authorization", HostedZoneId=self.zone, VPC=place)
        self.world.writes()

    def call(self, service: str, action: str, **params: t.Any) -> t.Any:
        with self.patch.context() as keys:
            for name, value in self.keys.items():
                keys.setenv(name, value)
            return self.world.aws.call(service, action, **params)

    def seen_from(self) -> list[str]:
        return [vpc["VPCId"] for vpc in self.call("route53", "get_hosted_zone", Id=self.zone)["VPCs"]]


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


@pytest.fixture
def partner(world: World, monkeypatch: pytest.MonkeyPatch) -> Partner:
    return Partner(world, monkeypatch)


def entry(partner: Partner, **said: str) -> dict[str, str]:
    return {"name": "partner", "zone_id": partner.zone, "vpc": "main", **said}


def test_seven_phases_hold(world: World, partner: Partner) -> None:
    partner.authorise(world.vpcs["main"])
    wanted = entry(partner)
    predicted = world.associations(wanted, check=True)
    assert world.writes() == []
    assert plan(world.associations(wanted)) == plan(predicted)
    assert world.writes() == ["CreateTags", "AssociateVPCWithHostedZone"]
    assert world.vpcs["main"] in partner.seen_from()
    assert not world.associations(wanted).changed
    assert not world.associations(wanted, check=True).changed
    assert world.writes() == []

    place: t.Any = {"VPCRegion": "us-west-2", "VPCId": world.vpcs["main"]}
    partner.call("route53", "disassociate_vpc_from_hosted_zone", HostedZoneId=partner.zone, VPC=place)
    assert plan(world.associations(wanted, check=True)) == [("partner", "change", ["associated"])]
    world.associations(wanted)
    assert world.vpcs["main"] in partner.seen_from()

    assert plan(world.associations(check=True)) == [("partner", "remove", [])]
    world.writes()
    world.associations()
    assert world.writes() == ["DisassociateVPCFromHostedZone", "DeleteTags"]
    assert world.vpcs["main"] not in partner.seen_from()
    assert not world.associations().changed
    assert world.writes() == []


def test_without_authorisation_it_says_who_has_to_give_it(world: World, partner: Partner) -> None:
    with pytest.raises(RegionError, match=f"has to authorise {world.vpcs['main']} in us-west-2 first"):
        world.associations(entry(partner))
    partner.authorise(world.vpcs["main"])
    world.associations(entry(partner))
    assert world.vpcs["main"] in partner.seen_from()


@pytest.mark.parametrize("write", ["CreateTags", "AssociateVPCWithHostedZone"])
@pytest.mark.parametrize("applied", [False, True])
def test_a_run_that_ends_at_any_write_is_finished_by_the_next(
    world: World, partner: Partner, write: str, applied: bool
) -> None:
    partner.authorise(world.vpcs["main"])
    world.lab.fail(write, "AccessDenied", applied=applied)
    with pytest.raises(RegionError, match="Injected"):
        world.associations(entry(partner))
    world.associations(entry(partner))
    assert not world.associations(entry(partner)).changed
    world.associations()
    assert world.vpcs["main"] not in partner.seen_from()


def test_an_association_somebody_else_made_stays(world: World, partner: Partner) -> None:
    partner.authorise(world.vpcs["main"])
    place: t.Any = {"VPCRegion": "us-west-2", "VPCId": world.vpcs["main"]}
    world.aws.call("route53", "associate_vpc_with_hosted_zone", HostedZoneId=partner.zone, VPC=place)
    world.writes()
    assert world.associations().members == []
    assert world.vpcs["main"] in partner.seen_from()
    assert world.writes() == []


def test_another_vpc_under_the_same_name_is_refused(world: World, partner: Partner) -> None:
    partner.authorise(world.vpcs["main"])
    world.associations(entry(partner))
    with pytest.raises(ImmutableError, match="vpc is"):
        world.associations(entry(partner, vpc="second"))


def test_an_adopted_vpc_is_left_to_its_owner(world: World, partner: Partner) -> None:
    world.adopted = {"VPC": {"theirs": world.vpcs["main"]}}
    with pytest.raises(InputError, match="its owner associates it"):
        world.associations(entry(partner, vpc="theirs"))
