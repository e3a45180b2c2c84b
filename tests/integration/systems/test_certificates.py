"""Row 0.18: names inside have certificates of our own CA, which clients that have it trust, and which are renewed."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from ansible_collections.cloister.aws.plugins.module_utils import _x509
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from tests.integration.playbook import ROOT, cut
from tests.integration.systems.built import Built, changed

INNER = "guard.prod.infer.example.internal"


@pytest.fixture(scope="module")
def us(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Built]:
    """The network, the zones and the certificates of us."""
    inventory = changed("us", tmp_path_factory.mktemp("inventory"))
    cut(inventory, "network", "dns", "certificates")
    built = Built.of(inventory, tmp_path_factory.mktemp("scratch"))
    yield built
    built.region.lab.stop()


def inner(us: Built) -> tuple[str, str]:
    """ARN of the inner certificate, and the certificate."""
    acm = us.client("acm")
    listed = acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
    (arn,) = [one["CertificateArn"] for one in listed if one["DomainName"].endswith("prod.infer.example.internal")]
    return arn, acm.get_certificate(CertificateArn=arn)["Certificate"]


def trusts(us: Built, ca: str, name: str = INNER) -> bool:
    """Whether a client that has the CA's certificate, as a node reads it, and no other trusts a server of that name."""
    parameter = us.client("ssm").get_parameter(Name=f"/cloister/us/ca/{ca}/certificate")["Parameter"]
    store = Store(x509.load_pem_x509_certificates(parameter["Value"].encode()))
    verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName(name))
    try:
        verifier.verify(x509.load_pem_x509_certificate(inner(us)[1].encode()), [])
    except VerificationError:
        return False
    return True


def say(us: Built, **changes: t.Any) -> None:
    """Change the inner certificate in the inventory, and list a second CA beside the first."""
    file = us.region.inventory / "host_vars/certificates.yml"
    said = yaml.safe_load((ROOT / "inventories/us/host_vars/certificates.yml").read_text())
    (entry,) = [one for one in said["certificates_defined"] if one["name"] == "inner"]
    entry.update(changes)
    said["certificates_private_cas"].append({"name": "inner-2", "common_name": "Example inner names 2"})
    Path(file).write_text(yaml.safe_dump(said))


def test_0_18_a_client_that_has_our_ca_trusts_the_inner_names_and_no_others(us: Built) -> None:
    assert trusts(us, "inner")
    assert not trusts(us, "inner", "guard.infer.example.com")


def test_0_18_a_second_run_writes_nothing(us: Built) -> None:
    assert us.region.play("site.yml").region_writes == []


def test_0_18_the_key_of_the_ca_is_encrypted_and_no_key_is_printed(us: Built) -> None:
    ssm = us.client("ssm")
    assert ssm.get_parameter(Name="/cloister/us/ca/inner/key")["Parameter"]["Type"] == "SecureString"
    key = ssm.get_parameter(Name="/cloister/us/ca/inner/key", WithDecryption=True)["Parameter"]["Value"]
    run = us.region.play("site.yml", "-vvv", "--diff", "--limit", "certificates")
    assert run.rc == 0
    assert "PRIVATE KEY" not in run.output
    assert key.splitlines()[1] not in run.output


def test_0_18_a_successor_of_the_ca_and_other_names_keep_the_arn(us: Built) -> None:
    before, _ = inner(us)
    say(us, ca="inner-2", domains=[INNER])
    run = us.region.play("site.yml", "--limit", "certificates")
    assert run.actions == {
        ("certificates", "private CA", "inner-2", "create"),
        ("certificates", "certificate", "inner", "change"),
    }, run.output
    after, text = inner(us)
    assert before == after
    assert _x509.read(text).names == (INNER,)
    assert (trusts(us, "inner-2"), trusts(us, "inner")) == (True, False)


def test_0_18_what_comes_to_its_end_is_renewed_and_the_report_says_until_when(us: Built) -> None:
    say(us, ca="inner-2", domains=[INNER], valid_days=200, renew_before_days=100)
    run = us.region.play("site.yml", "--limit", "certificates")
    assert run.actions == {("certificates", "certificate", "inner", "change")}, run.output
    end = _x509.read(inner(us)[1]).not_after
    assert (end - datetime.now(UTC)).days == 199
    assert f"valid until {end:%Y-%m-%d}, in 199 days" in run.output
