# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ACM: proofs in DNS, imports, listings."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _x509

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
DOMAIN = "us.infer.example.com"


@pytest.fixture
def acm(client: t.Any) -> t.Any:
    return client("acm")


@pytest.fixture(scope="module")
def authority() -> tuple[str, str]:
    """A CA's key and certificate."""
    key = _x509.new_key("EC_prime256v1")
    return key, _x509.root(key, "Example inner", 365, [], datetime.now(UTC))


def signed(authority: tuple[str, str], *names: str, days: int = 30, **said: t.Any) -> dict[str, t.Any]:
    now = said.pop("now", datetime.now(UTC))
    made = _x509.issue(*authority, names or ("a.internal",), days, said.pop("algorithm", "EC_prime256v1"), now)
    return {"Certificate": made.certificate, "PrivateKey": made.private_key, "CertificateChain": made.chain, **said}


def asked(acm: t.Any, *names: str, **said: t.Any) -> str:
    more = {"SubjectAlternativeNames": list(names[1:])} if names[1:] else {}
    return str(acm.request_certificate(DomainName=names[0], ValidationMethod="DNS", **more, **said)["CertificateArn"])


def seen(acm: t.Any, arn: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", acm.describe_certificate(CertificateArn=arn)["Certificate"])


def proofs(acm: t.Any, arn: str) -> list[dict[str, str]]:
    return [one["ResourceRecord"] for one in seen(acm, arn)["DomainValidationOptions"]]


def zone(client: t.Any, name: str = "infer.example.com", **place: t.Any) -> str:
    made = client("route53").create_hosted_zone(Name=name, CallerReference=f"{name}{place}", **place)
    return str(made["HostedZone"]["Id"])


def write(client: t.Any, zone_id: str, record: dict[str, str], value: str = "") -> None:
    values = [{"Value": value or record["Value"]}]
    item = {"Name": record["Name"], "Type": "CNAME", "TTL": 300, "ResourceRecords": values}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": item}]}
    client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)


def test_a_certificate_is_issued_once_its_proof_stands_in_the_public_zone(client: t.Any, acm: t.Any) -> None:
    public = zone(client)
    arn = asked(acm, DOMAIN)
    pending = seen(acm, arn)
    assert (pending["Status"], "NotAfter" in pending) == ("PENDING_VALIDATION", False)
    write(client, public, *proofs(acm, arn), value="_wrong.acm-validations.aws.")
    assert seen(acm, arn)["Status"] == "PENDING_VALIDATION"
    write(client, public, *proofs(acm, arn))
    issued = seen(acm, arn)
    assert issued["Status"] == "ISSUED"
    assert timedelta(days=197) < issued["NotAfter"] - datetime.now(UTC) <= timedelta(days=198)
    assert issued["DomainValidationOptions"][0]["ValidationStatus"] == "SUCCESS"


def test_every_name_needs_its_proof_and_a_wildcard_shares_that_of_its_parent(client: t.Any, acm: t.Any) -> None:
    public = zone(client)
    arn = asked(acm, DOMAIN, f"*.{DOMAIN}", "other.infer.example.com")
    first, wild, other = proofs(acm, arn)
    assert first == wild != other
    write(client, public, first)
    assert seen(acm, arn)["Status"] == "PENDING_VALIDATION"
    write(client, public, other)
    assert seen(acm, arn)["Status"] == "ISSUED"


def test_a_proof_in_a_private_zone_or_above_a_closer_one_proves_nothing(
    client: t.Any, acm: t.Any, network: t.Any
) -> None:
    arn = asked(acm, DOMAIN)
    private = zone(client, VPC={"VPCRegion": "us-west-2", "VPCId": network.vpc()})
    write(client, private, *proofs(acm, arn))
    assert seen(acm, arn)["Status"] == "PENDING_VALIDATION"
    public, closer = zone(client), zone(client, DOMAIN)
    write(client, public, *proofs(acm, arn))
    assert seen(acm, arn)["Status"] == "PENDING_VALIDATION"
    write(client, closer, *proofs(acm, arn))
    assert seen(acm, arn)["Status"] == "ISSUED"


def test_a_proof_is_told_late_and_seen_late_when_that_is_asked_for(aws: EmbeddedAws, client: t.Any, acm: t.Any) -> None:
    aws.delays(certificate=60)
    public, arn = zone(client), asked(acm, DOMAIN)
    assert "ResourceRecord" not in seen(acm, arn)["DomainValidationOptions"][0]
    aws.skip(20)
    write(client, public, *proofs(acm, arn))
    assert seen(acm, arn)["Status"] == "PENDING_VALIDATION"
    aws.skip(60)
    assert seen(acm, arn)["Status"] == "ISSUED"


def test_a_request_that_is_repeated_with_its_token_is_one(acm: t.Any) -> None:
    assert asked(acm, DOMAIN, IdempotencyToken="once") == asked(acm, DOMAIN, IdempotencyToken="once")
    assert asked(acm, DOMAIN, IdempotencyToken="twice") != asked(acm, DOMAIN, IdempotencyToken="once")


def test_requests_that_acm_does_not_take_are_refused(aws: EmbeddedAws, acm: t.Any, refused: Refused) -> None:
    with refused("LimitExceededException", "10 domain names"):
        asked(acm, *(f"a{number}.example.com" for number in range(11)))
    with refused("ValidationException", "domainName"):
        asked(acm, "-a.example.com")
    with refused("ValidationException", "imported certificates only"):
        asked(acm, DOMAIN, KeyAlgorithm="RSA_4096")
    with refused("NotModelled"):
        acm.request_certificate(DomainName=DOMAIN, ValidationMethod="EMAIL")
    aws.limits(certificates=1)
    asked(acm, DOMAIN)
    with refused("LimitExceededException"):
        asked(acm, DOMAIN)


def test_a_list_shows_rsa_alone_unless_it_is_asked_for_more(acm: t.Any, authority: t.Any) -> None:
    ours, theirs = acm.import_certificate(**signed(authority))["CertificateArn"], asked(acm, DOMAIN)
    listed = acm.list_certificates()["CertificateSummaryList"]
    assert [(one["CertificateArn"], one["KeyAlgorithm"]) for one in listed] == [(theirs, "RSA-2048")]
    every = acm.list_certificates(Includes={"keyTypes": ["RSA_2048", "EC_prime256v1"]})["CertificateSummaryList"]
    assert {one["CertificateArn"] for one in every} == {ours, theirs}


def test_a_list_comes_in_pages(acm: t.Any) -> None:
    arns = [asked(acm, f"{letter}.example.com", KeyAlgorithm="EC_prime256v1") for letter in "abc"]
    pages = acm.get_paginator("list_certificates").paginate(
        Includes={"keyTypes": ["EC_prime256v1"]}, PaginationConfig={"PageSize": 2}
    )
    found = [[one["CertificateArn"] for one in page["CertificateSummaryList"]] for page in pages]
    assert found == [arns[:2], arns[2:]]


def test_what_is_pending_cannot_be_got(acm: t.Any, refused: Refused) -> None:
    with refused("RequestInProgressException"):
        acm.get_certificate(CertificateArn=asked(acm, DOMAIN))


def test_an_import_is_got_as_it_was_given(acm: t.Any, authority: t.Any) -> None:
    given = signed(authority, "a.internal", "b.internal")
    arn = acm.import_certificate(**given, Tags=[{"Key": "a", "Value": "b"}])["CertificateArn"]
    found = acm.get_certificate(CertificateArn=arn)
    assert (found["Certificate"], found["CertificateChain"]) == (given["Certificate"], given["CertificateChain"])
    [shown] = acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
    assert (shown["Type"], shown["Status"], shown["SubjectAlternativeNameSummaries"], shown["InUse"]) == (
        "IMPORTED",
        "ISSUED",
        ["a.internal", "b.internal"],
        False,
    )


def test_imports_that_do_not_hold_together_are_refused(acm: t.Any, authority: t.Any, refused: Refused) -> None:
    first, second = signed(authority), signed(authority)
    with refused("ValidationException", "not the private key"):
        acm.import_certificate(**{**first, "PrivateKey": second["PrivateKey"]})
    with refused("ValidationException", "self-signed certificate or"):
        acm.import_certificate(Certificate=first["Certificate"], PrivateKey=first["PrivateKey"])
    with refused("ValidationException", "must be in order"):
        acm.import_certificate(**{**first, "CertificateChain": second["Certificate"]})
    with refused("ValidationException", "expired"):
        acm.import_certificate(**signed(authority, days=1, now=datetime.now(UTC) - timedelta(days=2)))
    with refused("ValidationException", "PEM"):
        acm.import_certificate(**{**first, "Certificate": "no certificate"})
    later = datetime.now(UTC) + timedelta(days=2)
    with refused("ValidationException", "not in effect yet"):
        acm.import_certificate(**signed(authority, now=later))


def test_an_import_is_replaced_under_its_arn_without_tags(acm: t.Any, authority: t.Any, refused: Refused) -> None:
    tags = [{"Key": "cloister:region", "Value": "us"}]
    arn = acm.import_certificate(**signed(authority), Tags=tags)["CertificateArn"]
    with refused("ValidationException", "Tags"):
        acm.import_certificate(**signed(authority), CertificateArn=arn, Tags=tags)
    with refused("ValidationException", "key type"):
        acm.import_certificate(**signed(authority, algorithm="EC_secp384r1"), CertificateArn=arn)
    with refused("ValidationException", "not imported"):
        acm.import_certificate(**signed(authority), CertificateArn=asked(acm, DOMAIN))
    given = signed(authority, "c.internal")
    assert acm.import_certificate(**given, CertificateArn=arn)["CertificateArn"] == arn
    assert acm.get_certificate(CertificateArn=arn)["Certificate"] == given["Certificate"]
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == tags
    with refused("ResourceNotFoundException"):
        acm.import_certificate(**signed(authority), CertificateArn=arn[:-1] + "0")


def test_certificates_are_held_and_change_their_fingerprint(aws: EmbeddedAws, acm: t.Any, authority: t.Any) -> None:
    arn = acm.import_certificate(**signed(authority))["CertificateArn"]
    [before] = [one for one in aws.holdings() if one["kind"] == "acm:certificate"]
    acm.import_certificate(**signed(authority), CertificateArn=arn)
    [after] = [one for one in aws.holdings() if one["kind"] == "acm:certificate"]
    assert before["id"] == after["id"] == arn
    assert before["fingerprint"] != after["fingerprint"]
    acm.delete_certificate(CertificateArn=arn)
    assert [one for one in aws.holdings() if one["kind"] == "acm:certificate"] == []
