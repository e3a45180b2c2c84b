# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CAs and certificates on the embedded AWS: signed, brought, renewed under one ARN, refused."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    MissingError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds.certificate import Certificate

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.certificate_world import CA, INNER, PUBLIC, Partner, World, fields, told

ALL = [("private CA", "inner"), ("certificate", "public"), ("certificate", "inner")]


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def test_all_sources_live_through_their_phases(world: World) -> None:
    partner = Partner().brings()
    predicted = world.apply(PUBLIC, INNER, partner, check=True).outcome
    assert told(predicted) == [(*one, "create") for one in [*ALL, ("certificate", "partner")]]
    assert world.writes() == []
    assert told(world.apply(PUBLIC, INNER, partner).outcome) == told(predicted)
    assert sorted(world.writes()) == [*["ImportCertificate"] * 2, *["PutParameter"] * 2, "RequestCertificate"]
    writes_nothing(world, PUBLIC, INNER, partner)
    foreseen = world.apply(cas=[], check=True).outcome
    assert {action for _kind, _part, action in told(foreseen)} == {"remove"}
    assert world.writes() == []
    world.apply(cas=[])
    assert sorted(world.writes()) == [*["DeleteCertificate"] * 3, *["DeleteParameter"] * 2]
    assert world.certificates() == {}
    assert told(world.apply(cas=[]).outcome) == []
    assert world.writes() == []


def writes_nothing(world: World, *entries: t.Any) -> None:
    world.writes()
    assert not world.apply(*entries).outcome.changed
    assert not world.apply(*entries, check=True).outcome.changed
    assert world.writes() == []


def test_everything_is_tagged_in_the_call_that_makes_it(world: World) -> None:
    world.apply(PUBLIC, INNER)
    for found in (*world.certificates().values(), world.ca()):
        assert found.tags["Name"] == f"us-{found.part}"
        assert (found.tags["cloister:stack"], found.tags["owner"]) == ("certificates", "platform")
    assert not {"AddTagsToCertificate", "AddTagsToResource"} & set(world.writes())


def test_an_inner_certificate_is_signed_by_our_ca_and_its_key_is_nowhere(world: World) -> None:
    world.apply(INNER)
    seen = world.holds("inner")
    assert (seen.issuer, seen.names) == ("Example inner", ("*.internal",))
    parameters = world.aws.pages("ssm", "describe_parameters", "Parameters")
    assert sorted((one["Name"], one["Type"]) for one in parameters) == [
        ("/cloister/us/ca/inner/certificate", "String"),
        ("/cloister/us/ca/inner/key", "SecureString"),
    ]


def test_the_key_of_the_ca_is_not_read_unless_something_is_signed(world: World) -> None:
    world.apply(INNER)
    world.lab.clear_journal()
    world.apply(INNER)
    assert "ssm:GetParameter" not in world.lab.reads()["actions"]


def test_a_certificate_near_its_end_is_signed_anew_under_its_arn_with_another_key(world: World) -> None:
    world.apply({**INNER, "valid_days": 20, "renew_before_days": 10})
    before, key = world.certificates()["inner"], world.holds("inner")
    planned = world.apply(INNER, check=True).outcome
    assert fields(planned) == {"inner": ["renewal"]}
    renewed = world.apply(INNER).outcome
    after = world.holds("inner")
    assert world.certificates()["inner"].id == before.id
    assert world.certificates()["inner"].tags == before.tags
    assert after.fingerprint != key.fingerprint
    assert next(m for m in renewed.members if m.kind == "certificate").shows["days"] >= 89
    writes_nothing(world, INNER)


def test_other_domains_are_signed_under_the_same_arn(world: World) -> None:
    world.apply(INNER)
    arn = world.certificates()["inner"].id
    other = {**INNER, "domains": ["b.internal", "a.internal"]}
    assert fields(world.apply(other).outcome) == {"inner": ["domains"]}
    assert (world.certificates()["inner"].id, world.holds("inner").names) == (arn, ("b.internal", "a.internal"))
    writes_nothing(world, {**other, "domains": other["domains"][::-1]})


def test_another_ca_signs_under_the_same_arn(world: World) -> None:
    world.apply(INNER)
    arn = world.certificates()["inner"].id
    successor = {**CA, "name": "inner-2", "common_name": "Example inner 2"}
    world.apply({**INNER, "ca": "inner-2"}, cas=[CA, successor])
    assert (world.certificates()["inner"].id, world.holds("inner").issuer) == (arn, "Example inner 2")


def test_a_brought_certificate_is_brought_again_when_it_is_another(world: World) -> None:
    partner = Partner()
    first = partner.brings()
    world.apply(first)
    arn = world.certificates()["partner"].id
    second = partner.brings("api.partner.example", "www.partner.example")
    assert fields(world.apply(second).outcome) == {"partner": ["domains", "certificate"]}
    assert world.certificates()["partner"].id == arn
    writes_nothing(world, second)


def test_nothing_of_a_key_is_in_what_a_run_tells(world: World) -> None:
    entry = Partner().brings()
    done = world.apply(INNER, entry)
    said = str([member.told() for member in done.outcome.members]) + repr(done.outcome.members)
    assert "PRIVATE KEY" not in said
    assert entry["private_key"].splitlines()[1] not in said


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**PUBLIC, "domains": ["kr.infer.example.com"]}, "which ACM cannot change; list a second certificate"),
        ({**PUBLIC, "key_algorithm": "EC_prime256v1"}, "key_algorithm is RSA_2048 and cannot become"),
        ({**INNER, "name": "public"}, "source is acm and cannot become imported"),
    ],
)
def test_what_acm_cannot_change_is_refused_before_any_write(world: World, entry: t.Any, words: str) -> None:
    world.apply(PUBLIC)
    world.writes()
    for check in (True, False):
        with pytest.raises(ImmutableError, match=words):
            world.apply(entry, check=check)
    assert world.writes() == []


def test_another_kind_of_key_is_refused_for_an_import(world: World) -> None:
    world.apply(INNER)
    with pytest.raises(ImmutableError, match="key_algorithm is EC_prime256v1"):
        world.apply({**INNER, "key_algorithm": "EC_secp384r1"})


def test_a_brought_certificate_that_does_not_hold_together_is_refused_before_any_call(world: World) -> None:
    first, second = Partner().brings(), Partner().brings()
    with pytest.raises(InputError, match="certificate partner: its private key belongs to another"):
        world.apply({**first, "private_key": second["private_key"]})
    assert world.writes() == []


def test_a_ca_that_nobody_lists_is_missed_by_name(world: World) -> None:
    with pytest.raises(MissingError, match=r"no private CA called inner \(it has: none\)"):
        world.apply(INNER, cas=[])


def test_two_of_one_name_are_refused_with_both_ids(world: World) -> None:
    world.apply(INNER)
    found = world.certificates()["inner"]
    tags = [{"Key": key, "Value": value} for key, value in found.tags.items()]
    arguments = {"DomainName": "x.example.com", "ValidationMethod": "DNS", "Tags": tags}
    second = world.aws.make("acm", "request_certificate", **arguments)["CertificateArn"]
    with pytest.raises(OwnershipError, match="there are 2 of certificate inner") as caught:
        world.apply(INNER)
    assert found.id in str(caught.value)
    assert second in str(caught.value)


def test_a_run_killed_between_the_key_and_the_certificate_of_a_ca_goes_on(world: World) -> None:
    world.lab.fail("ssm:PutParameter", "AccessDeniedException", times=2)
    with pytest.raises(RegionError, match="AccessDenied"):
        world.apply(INNER)
    world.lab.clear_faults()
    world.apply(cas=[CA])
    world.aws.call("ssm", "delete_parameter", Name="/cloister/us/ca/inner/certificate")
    assert told(world.apply(INNER).outcome)[0] == ("private CA", "inner", "change")
    assert world.holds("inner").issuer == "Example inner"


def test_a_ca_whose_key_is_gone_is_told_and_never_made_anew(world: World) -> None:
    world.apply(INNER)
    world.aws.call("ssm", "delete_parameter", Name="/cloister/us/ca/inner/key")
    world.writes()
    with pytest.raises(RegionError, match="its key /cloister/us/ca/inner/key is gone"):
        world.apply({**INNER, "domains": ["a.internal"]})
    assert world.writes() == []


def test_a_ca_is_kept_when_it_is_no_longer_listed(world: World) -> None:
    world.apply(cas=[{**CA, "keep": True}])
    assert told(world.apply(cas=[]).outcome) == [("private CA", "inner", "keep")]


@pytest.mark.parametrize(
    "change", [{"common_name": "Another"}, {"key_algorithm": "EC_secp384r1"}, {"permitted_domains": ["internal"]}]
)
def test_a_ca_cannot_become_another(world: World, change: t.Any) -> None:
    world.apply(cas=[CA])
    with pytest.raises(ImmutableError, match="list a second CA"):
        world.apply(cas=[{**CA, **change}])


def test_a_strangers_parameter_in_the_place_of_a_ca_is_refused(world: World) -> None:
    name = "/cloister/us/ca/inner/key"
    world.aws.make("ssm", "put_parameter", Name=name, Value="x", Type="String")
    world.writes()
    with pytest.raises(OwnershipError, match=f"{name} has its place"):
        world.apply(INNER)
    assert world.writes() == []


def test_a_ca_near_its_end_is_warned_of_and_then_signs_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    short = {**CA, "valid_days": 60}
    first = world.apply(INNER, cas=[short])
    assert any("private CA inner ends on" in text for text in world.apply(INNER, cas=[short]).warnings)
    assert first.outcome.errors == []
    assert world.holds("inner").not_after - datetime.now(UTC) < timedelta(days=60)
    monkeypatch.setattr(Certificate, "now", lambda self: datetime.now(UTC) + timedelta(days=31))
    with pytest.raises(InputError, match=r"its private CA inner ends on .* Make its successor now"):
        world.apply(INNER, cas=[short])


def test_a_lost_answer_makes_no_second_certificate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    for action in ("RequestCertificate", "ImportCertificate", "PutParameter"):
        world.lab.reset_connections(action, applied=True)
    world.apply(PUBLIC, INNER)
    assert sorted(world.certificates()) == ["inner", "public"]
    assert len(world.aws.pages("acm", "list_certificates", "CertificateSummaryList")) == 1
    writes_nothing(world, PUBLIC, INNER)


def test_tags_that_were_taken_off_are_put_back(world: World) -> None:
    world.apply(INNER)
    arn = world.certificates()["inner"].id
    tags = [{"Key": "Name"}]
    world.aws.call("acm", "remove_tags_from_certificate", CertificateArn=arn, Tags=tags)
    key = {"ResourceType": "Parameter", "ResourceId": "/cloister/us/ca/inner/key"}
    world.aws.call("ssm", "remove_tags_from_resource", TagKeys=["Name"], **key)
    assert [action for *_, action in told(world.apply(INNER).outcome)] == ["change", "change"]
    writes_nothing(world, INNER)
