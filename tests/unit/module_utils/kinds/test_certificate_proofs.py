# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proofs of domains on the embedded AWS: written, kept, left to others, waited for."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError, MissingError, OwnershipError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.certificate_world import PUBLIC, World, told

ZONE = "infer.example.com"
BOTH = {**PUBLIC, "domains": ["us.infer.example.com", "*.us.infer.example.com", "eu.infer.example.com"]}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def status(world: World, name: str = "public") -> str:
    return str(world.certificates()[name].raw["Status"])


def proofs(world: World, name: str = "public") -> dict[str, str]:
    """The records that ACM wants, name and value."""
    arn = world.certificates()[name].id
    options = world.aws.call("acm", "describe_certificate", CertificateArn=arn)["Certificate"][
        "DomainValidationOptions"
    ]
    return {option["ResourceRecord"]["Name"]: option["ResourceRecord"]["Value"] for option in options}


def said(world: World, zone: str) -> dict[str, str]:
    """The CNAMEs of a zone."""
    sets = world.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
    return {item["Name"]: item["ResourceRecords"][0]["Value"] for item in sets if item["Type"] == "CNAME"}


def put(world: World, zone: str, action: str, name: str, value: str) -> None:
    item = {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": value}]}
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": item}]}
    world.aws.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch=batch)
    world.lab.clear_journal()


def test_proofs_live_through_their_phases(world: World) -> None:
    zone = world.zone()
    assert told(world.prove("public", check=True)) == [("records", ZONE, "create")]
    world.apply(BOTH)
    world.writes()
    assert told(world.prove("public", check=True)) == [("records", ZONE, "create")]
    assert world.writes() == []
    world.prove("public")
    assert world.writes() == ["ChangeResourceRecordSets"]
    assert said(world, zone) == {name: value.rstrip(".") for name, value in proofs(world).items()}
    assert len(said(world, zone)) == 2
    assert status(world) == "ISSUED"
    assert told(world.prove("public")) == [("records", ZONE, "keep")]
    assert told(world.prove(check=True)) == [("records", ZONE, "remove")]
    assert world.writes() == []
    world.prove()
    assert said(world, zone) == {}
    assert told(world.prove()) == []


def test_a_proof_that_was_deleted_is_written_again(world: World) -> None:
    zone = world.zone()
    world.apply(PUBLIC)
    world.prove("public")
    [(name, value)] = said(world, zone).items()
    put(world, zone, "DELETE", name, value)
    assert told(world.prove("public")) == [("records", ZONE, "change")]
    assert said(world, zone) == {name: value}


def test_proofs_of_what_is_no_longer_listed_go(world: World) -> None:
    zone = world.zone()
    other = {**PUBLIC, "name": "other", "domains": ["other.infer.example.com"]}
    world.apply(PUBLIC, other)
    world.prove("public", "other")
    assert len(said(world, zone)) == 2
    world.prove("public")
    assert said(world, zone) == {name: value.rstrip(".") for name, value in proofs(world).items()}


def test_two_certificates_for_one_domain_share_a_proof(world: World) -> None:
    zone = world.zone()
    world.apply(PUBLIC, {**PUBLIC, "name": "second", "key_algorithm": "EC_prime256v1"})
    world.prove("public", "second")
    assert len(said(world, zone)) == 1
    assert status(world) == status(world, "second") == "ISSUED"


def test_a_proof_that_somebody_else_put_there_is_left_to_them(world: World) -> None:
    zone = world.zone()
    world.apply(PUBLIC)
    [(name, value)] = proofs(world).items()
    put(world, zone, "CREATE", name, value)
    assert told(world.prove("public")) == []
    assert world.writes() == []
    assert status(world) == "ISSUED"


def test_another_record_in_the_place_of_a_proof_is_refused_and_named(world: World) -> None:
    zone = world.zone()
    world.apply(PUBLIC)
    [(name, _value)] = proofs(world).items()
    put(world, zone, "CREATE", name, "elsewhere.example.org.")
    with pytest.raises(OwnershipError, match=r"already holds _.*CNAME \(elsewhere.example.org\)"):
        world.prove("public")
    assert world.writes() == []


def test_a_proof_goes_into_a_zone_that_others_made(world: World) -> None:
    made = world.aws.make("route53", "create_hosted_zone", Name=ZONE, CallerReference="theirs")
    zone = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    world.adopted = {"hosted zone": {"company": zone}}
    world.apply(PUBLIC)
    world.prove("public", zone="company")
    assert status(world) == "ISSUED"


def test_a_proof_that_nobody_sees_is_told_with_domain_record_and_name_servers(world: World) -> None:
    zone = world.zone()
    # The world asks another zone, which is closer, as if the parent did not point at ours.
    world.aws.make("route53", "create_hosted_zone", Name="us.infer.example.com", CallerReference="closer")
    world.apply(PUBLIC)
    [(name, value)] = proofs(world).items()
    with pytest.raises(DeadlineError) as caught:
        world.prove("public", seconds=1)
    for words in ("us.infer.example.com (CNAME", name.rstrip("."), value.rstrip("."), zone, "ns-", "run again"):
        assert words in str(caught.value)


def test_what_acm_says_late_is_waited_for(world: World) -> None:
    world.zone()
    world.lab.delays(certificate=15)
    world.apply(PUBLIC)
    world.prove("public", seconds=20)
    assert status(world) == "ISSUED"


def test_a_certificate_that_nobody_asked_for_is_missed_by_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world.zone()
    with pytest.raises(MissingError, match="no certificate called public"):
        world.prove("public")
