# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates for machines, from where they lie in the embedded AWS: good ones are handed out, others are refused."""

from __future__ import annotations

import json
import typing as t
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, MissingError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._server_certificates import Held, Safe

from lab.embedded_aws.client import EmbeddedAws

NOW = datetime.now(UTC).replace(microsecond=0)
NAME = "infer.prod.internal"
CANARY = "canary-that-nobody-may-see"


class Authority:
    """A CA of the test."""

    def __init__(self, days: int = 365) -> None:
        self.key = _x509.new_key("EC_prime256v1")
        self.certificate = _x509.root(self.key, "Example inner", days, (), NOW - timedelta(days=200))

    def issue(self, name: str = NAME, days: int = 90, ago: int = 0) -> _x509.Issued:
        return _x509.issue(self.key, self.certificate, [name], days, "EC_prime256v1", NOW - timedelta(days=ago))

    def keep(self, aws: Aws) -> None:
        """Put it where the role certificates keeps it."""
        for what, value, kind in (("certificate", self.certificate, "String"), ("key", self.key, "SecureString")):
            aws.make("ssm", "put_parameter", Name=f"/cloister/us/ca/inner/{what}", Value=value, Type=kind)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def entry(source: str, **more: t.Any) -> dict[str, t.Any]:
    nothing = {"certificate": None, "private_key": None, "chain": "", "secret": None, "ca": None}
    lasts = {"valid_days": 90, "renew_before_days": 30}
    return {"name": "infer", "source": source, "domains": [NAME], **nothing, **lasts, **more}


def secret(name: str) -> dict[str, str]:
    return {"secret": name}


def given(issued: _x509.Issued, **more: t.Any) -> dict[str, t.Any]:
    parts = {"certificate": issued.certificate, "private_key": issued.private_key, "chain": issued.chain}
    return entry("imported", **{**parts, **more})


def get(aws: Aws, wanted: dict[str, t.Any], present: dict[str, str] | None = None) -> Held:
    return Safe(aws, "us", present or {}, NOW).get(wanted)


def test_what_is_brought_is_shown_with_its_chain_and_its_key_stays_where_it_was(aws: Aws, authority: Authority) -> None:
    issued = authority.issue()
    held = get(aws, given(issued))
    assert [seen.subject for seen in _x509.read_all(held.certificate)] == [NAME, "Example inner"]
    assert (held.key_in, held.private_key, held.days_left) == ("inventory", "", 90)


def test_another_certificate_is_another_file(aws: Aws, authority: Authority) -> None:
    assert get(aws, given(authority.issue())).file != get(aws, given(authority.issue())).file


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda ca: {"certificate": ca.issue(days=90, ago=100).certificate}, "belongs to another certificate"),
        (lambda ca: {"domains": [NAME, "else.prod.internal"]}, "not for else.prod.internal"),
        (lambda ca: {"chain": ""}, "is not in the chain"),
        (lambda ca: {"private_key": None}, "brings no certificate or no private_key"),
    ],
)
def test_what_clients_would_refuse_is_refused(aws: Aws, authority: Authority, change: t.Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        get(aws, given(authority.issue(), **change(authority)))


def test_what_has_ended_is_refused(aws: Aws, authority: Authority) -> None:
    with pytest.raises(InputError, match="expired on"):
        get(aws, given(authority.issue(days=90, ago=100)))


def test_a_secret_is_read_and_judged(aws: Aws, authority: Authority) -> None:
    issued = authority.issue()
    parts = {"certificate": issued.certificate, "private_key": issued.private_key, "chain": issued.chain}
    aws.make("secretsmanager", "create_secret", Name="us/proxy/infer", SecretString=json.dumps(parts))
    held = get(aws, entry("secret", **secret("us/proxy/infer")))
    assert (held.key_in, held.private_key) == ("result", issued.private_key)


@pytest.mark.parametrize("value", [CANARY, f'{{"certificate": "{CANARY}"}}', f'["{CANARY}"]'])
def test_a_secret_of_another_form_is_refused_and_not_told(aws: Aws, value: str) -> None:
    aws.make("secretsmanager", "create_secret", Name="us/proxy/other", SecretString=value)
    with pytest.raises(InputError, match='is not JSON with "certificate"') as told:
        get(aws, entry("secret", **secret("us/proxy/other")))
    assert CANARY not in str(told.value)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (entry("secret", **secret("us/proxy/none")), "there is no secret us/proxy/none"),
        (entry("private_ca", ca="none"), "there is no private CA none"),
    ],
)
def test_what_is_not_there_is_told(aws: Aws, wanted: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(MissingError, match=sentence):
        get(aws, wanted)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (entry("secret"), "names none"),
        (entry("private_ca"), "it needs ca and region_name"),
        (entry("private_ca", ca="inner", valid_days=30), "would be signed anew at each run"),
    ],
)
def test_what_is_not_said_is_asked_for_before_aws_is(
    aws: Aws, embedded_aws: EmbeddedAws, wanted: dict[str, t.Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        get(aws, wanted)
    assert embedded_aws.reads()["total"] == 0


def test_a_private_ca_signs_once_and_the_machine_keeps_it(
    aws: Aws, embedded_aws: EmbeddedAws, authority: Authority
) -> None:
    authority.keep(aws)
    first = get(aws, entry("private_ca", ca="inner"))
    assert (first.key_in, first.days_left) == ("result", 90)
    assert _x509.faults(first.certificate, first.private_key, authority.certificate, NOW) == []
    embedded_aws.clear_journal()
    again = get(aws, entry("private_ca", ca="inner"), {f"{first.file}.pem": first.certificate})
    assert (again.certificate, again.key_in, again.private_key, again.file) == (
        first.certificate, "machine", "", first.file
    )  # fmt: skip
    # The CA's key is read only to sign.
    assert embedded_aws.reads()["actions"] == {"ssm:GetParameter": 1}


def test_it_signs_anew_what_the_machine_cannot_go_on_with(aws: Aws, authority: Authority) -> None:
    authority.keep(aws)
    stranger = Authority().issue()
    for certificate in (
        authority.issue(days=90, ago=65).certificate,
        authority.issue("else.prod.internal").certificate,
        stranger.certificate,
        "no certificate\n",
    ):
        held = Held("infer", certificate, 0, "machine")
        assert get(aws, entry("private_ca", ca="inner"), {f"{held.file}.pem": certificate}).key_in == "result"


def test_a_file_that_was_changed_or_is_another_ones_is_not_gone_on_with(aws: Aws, authority: Authority) -> None:
    authority.keep(aws)
    good = authority.issue().certificate
    digest = Held("infer", good, 0, "machine").file.rpartition("-")[2]
    for file in (f"infer-{'0' * 16}.pem", f"infer-two-{digest}.pem", "infer.pem"):
        assert get(aws, entry("private_ca", ca="inner"), {file: good}).key_in == "result"


def test_a_ca_at_its_end_signs_nothing(aws: Aws) -> None:
    Authority(days=220).keep(aws)
    with pytest.raises(RegionError, match="private CA inner ends in 20 days"):
        get(aws, entry("private_ca", ca="inner"))


def test_what_a_machine_believes_is_one_file_that_is_another_for_other_cas(aws: Aws, authority: Authority) -> None:
    authority.keep(aws)
    second = Authority()
    aws.make(
        "ssm", "put_parameter", Name="/cloister/us/ca/inner-2/certificate", Value=second.certificate, Type="String"
    )
    safe = Safe(aws, "us", {}, NOW)
    alone = safe.trust({"name": "models", "cas": ["inner"]})
    both = safe.trust({"name": "models", "cas": ["inner", "inner-2"]})
    assert alone.certificates.strip() == authority.certificate.strip()
    assert [pem.strip() in both.certificates for pem in (authority.certificate, second.certificate)] == [True, True]
    assert alone.file != both.file
    assert alone.file.startswith("trust-models-")


def test_a_ca_that_is_not_there_is_told(aws: Aws) -> None:
    safe = Safe(aws, "us", {}, NOW)
    with pytest.raises(MissingError, match="trust models: there is no private CA innner"):
        safe.trust({"name": "models", "cas": ["innner"]})
    with pytest.raises(InputError, match="needs cas"):
        safe.trust({"name": "models", "cas": []})
