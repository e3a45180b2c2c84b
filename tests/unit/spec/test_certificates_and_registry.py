# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules of certificates and registry: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils._endings import endings
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.needs import needs

from tests.unit.spec.described import Variables, region, sound, told

DEFINED, CAS = "certificates_defined", "certificates_private_cas"
REPOSITORIES, CACHES = "registry_repositories", "registry_pull_through_caches"
ROLE = "arn:aws:iam::111122223333:role/deploy"
KEY_ARN = "arn:aws:kms:us-west-2:111122223333:key/0a1b2c3d"
NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=3)
AGO = NOW - timedelta(days=300)

CA_KEY = _x509.new_key("EC_prime256v1")
CA = _x509.root(CA_KEY, "Partner CA", 400, [], AGO)
ISSUED = _x509.issue(CA_KEY, CA, ["api.partner.example"], 400, "EC_prime256v1", NOW - timedelta(days=1))
OTHER = _x509.issue(CA_KEY, CA, ["other.partner.example"], 20, "EC_prime256v1", NOW - timedelta(days=1))
ENDS = _x509.read(ISSUED.certificate).not_after
EXPIRED = _x509.issue(CA_KEY, CA, ["api.partner.example"], 30, "EC_prime256v1", AGO)
FUTURE = _x509.issue(CA_KEY, CA, ["api.partner.example"], 30, "EC_prime256v1", LATER)


def described() -> Variables:
    """A sound region with a certificate of each source, and with repositories."""
    public = {"name": "public", "source": "acm", "domains": ["api.example.com", "*.api.example.com"]}
    inner = {"name": "inner", "source": "private_ca", "domains": ["*.prod.example.internal"], "ca": "inner"}
    partner = {"name": "partner", "source": "imported", "certificate": ISSUED.certificate}
    ca = {"name": "inner", "common_name": "Inner", "valid_days": 3650, "permitted_domains": ["prod.example.internal"]}
    return {
        **sound(),
        CAS: [ca],
        DEFINED: [
            {**public, "zone": "example.com"},
            {**inner, "valid_days": 90, "renew_before_days": 30},
            {**partner, "private_key": ISSUED.private_key, "chain": ISSUED.chain},
        ],
        REPOSITORIES: [
            {"name": "guard", "mutable_tags": ["dev-*"], "keep_images": 20, "pull_principals": ["111122223333", ROLE]},
            {"name": "face-generator", "kms_key_arn": KEY_ARN, "keep_untagged_days": 0},
        ],
        CACHES: [
            {"name": "public", "upstream": "public.ecr.aws"},
            {"name": "hub", "upstream": "registry-1.docker.io", "credentials_secret": "ecr-pullthroughcache/hub"},
        ],
    }


# What is set where; the path that the message gives; words that the message has.
Case = tuple[tuple[t.Any, ...], t.Any, str, str]
CASES: list[Case] = [
    # CAs
    ((CAS, 0, "name"), "Inner", f"{CAS}[0].name", "lowercase"),
    ((CAS, 0, "common_name"), "x" * 65, f"{CAS}[0].common_name", "1 to 64"),
    ((CAS, 0, "valid_days"), 7, f"{CAS}[0].valid_days", "from 30 to 7300"),
    ((CAS, 0, "permitted_domains", 0), "*.internal", f"{CAS}[0].permitted_domains[0]", "without *"),
    # asked of ACM
    ((DEFINED, 0, "name"), "inner", f"{DEFINED}[1].name", "there already"),
    ((DEFINED, 0, "zone"), None, f"{DEFINED}[0].zone", "needs zone"),
    ((DEFINED, 0, "zone"), "exmaple.com", f"{DEFINED}[0].zone", "did you mean example.com"),
    ((DEFINED, 0, "zone"), "prod.example.internal", f"{DEFINED}[0].zone", "looks for the proof from outside"),
    ((DEFINED, 0, "domains"), [], f"{DEFINED}[0].domains", "for no name"),
    ((DEFINED, 0, "domains", 1), "api.example.org", f"{DEFINED}[0].domains[1]", "does not lie in the zone"),
    ((DEFINED, 0, "domains", 1), "API.example.com", f"{DEFINED}[0].domains[1]", "lowercase"),
    ((DEFINED, 0, "domains", 1), "a.*.example.com", f"{DEFINED}[0].domains[1]", "*.example.com"),
    ((DEFINED, 0, "domains", 1), "api.example.com", f"{DEFINED}[0].domains[1]", "twice"),
    ((DEFINED, 0, "domains"), [f"a{n}.example.com" for n in range(11)], f"{DEFINED}[0].domains", "ACM takes 10"),
    ((DEFINED, 0, "ca"), "inner", f"{DEFINED}[0].ca", "source: private_ca"),
    ((DEFINED, 0, "private_key"), ISSUED.private_key, f"{DEFINED}[0].private_key", "source: imported"),
    # signed by us
    ((DEFINED, 1, "ca"), "iner", f"{DEFINED}[1].ca", "did you mean inner"),
    ((DEFINED, 1, "ca"), None, f"{DEFINED}[1].ca", "needs ca"),
    ((DEFINED, 1, "zone"), "example.com", f"{DEFINED}[1].zone", "source: acm"),
    ((DEFINED, 1, "domains", 0), "api.example.com", f"{DEFINED}[1].domains[0]", "may not vouch"),
    ((DEFINED, 1, "valid_days"), 1000, f"{DEFINED}[1].valid_days", "from 1 to 825"),
    ((DEFINED, 1, "renew_before_days"), 90, f"{DEFINED}[1].renew_before_days", "fewer days"),
    ((DEFINED, 1, "key_algorithm"), "RSA_2048", f"{DEFINED}[1].key_algorithm", "EC_prime256v1"),
    # brought
    ((DEFINED, 2, "certificate"), None, f"{DEFINED}[2].certificate", "needs certificate"),
    ((DEFINED, 2, "certificate"), "nonsense", f"{DEFINED}[2].certificate", "no certificate in PEM form"),
    ((DEFINED, 2, "certificate"), OTHER.certificate, f"{DEFINED}[2].private_key", "belongs to another"),
    ((DEFINED, 2, "private_key"), "nonsense", f"{DEFINED}[2].private_key", "no private key in PEM form"),
    ((DEFINED, 2, "chain"), "", f"{DEFINED}[2].chain", "Partner CA is not in the chain"),
    ((DEFINED, 2, "chain"), OTHER.certificate, f"{DEFINED}[2].chain", "did not sign it"),
    ((DEFINED, 2, "domains"), ["x.example.com"], f"{DEFINED}[2].domains[0]", "api.partner.example"),
    ((DEFINED, 2, "zone"), "example.com", f"{DEFINED}[2].zone", "source: acm"),
    (("certificates_wait_seconds",), -1, "certificates_wait_seconds", "0 or more"),
    # repositories
    ((REPOSITORIES, 0, "name"), "us/guard", f"{REPOSITORIES}[0].name", "lowercase"),
    ((REPOSITORIES, 0, "name"), "face-generator", f"{REPOSITORIES}[1].name", "there already"),
    ((REPOSITORIES, 0, "tags_immutable"), False, f"{REPOSITORIES}[0].mutable_tags", "may move already"),
    ((REPOSITORIES, 0, "mutable_tags"), list("abcdef"), f"{REPOSITORIES}[0].mutable_tags", "at most 5"),
    ((REPOSITORIES, 0, "mutable_tags", 0), "dev/*", f"{REPOSITORIES}[0].mutable_tags[0]", "no pattern"),
    ((REPOSITORIES, 0, "keep_images"), 0, f"{REPOSITORIES}[0].keep_images", "from 1"),
    ((REPOSITORIES, 0, "keep_untagged_days"), -1, f"{REPOSITORIES}[0].keep_untagged_days", "from 0"),
    ((REPOSITORIES, 1, "lifecycle_policy"), {"rule": 1}, f"{REPOSITORIES}[1].lifecycle_policy", "rules: [...]"),
    ((REPOSITORIES, 0, "pull_principals", 0), "*", f"{REPOSITORIES}[0].pull_principals[0]", "Everybody"),
    ((REPOSITORIES, 0, "pull_principals", 0), "1111", f"{REPOSITORIES}[0].pull_principals[0]", "12 digits"),
    ((REPOSITORIES, 0, "pull_principals", 1), KEY_ARN, f"{REPOSITORIES}[0].pull_principals[1]", "cannot pull"),
    (
        (REPOSITORIES, 0, "pull_principals", 1),
        "arn:aws-cn:iam::111122223333:role/deploy",
        f"{REPOSITORIES}[0].pull_principals[1]",
        "partition aws-cn",
    ),
    ((REPOSITORIES, 1, "kms_key_arn"), "key", f"{REPOSITORIES}[1].kms_key_arn", "not the ARN of a key"),
    (
        (REPOSITORIES, 1, "kms_key_arn"),
        KEY_ARN.replace("us-west-2", "us-east-1"),
        f"{REPOSITORIES}[1].kms_key_arn",
        "a key of us-west-2",
    ),
    # caches
    ((CACHES, 0, "name"), "a-name-that-is-a-bit-long", f"{CACHES}[0].name", "at most 23 characters"),
    ((CACHES, 0, "upstream"), "public.erc.aws", f"{CACHES}[0].upstream", "did you mean public.ecr.aws"),
    ((CACHES, 1, "credentials_secret"), None, f"{CACHES}[1].credentials_secret", "asks who pulls"),
    ((CACHES, 1, "credentials_secret"), "hub", f"{CACHES}[1].credentials_secret", "begins ecr-pullthroughcache/"),
]


def test_the_sound_region_is_sound() -> None:
    assert told(described()) == []


def named(value: t.Any) -> str:
    """Name a value of a case; what is new in each run is not spelled out."""
    return "PEM" if "BEGIN" in str(value) else str(value)[:60]


@pytest.mark.parametrize(("path", "value", "where", "words"), CASES, ids=named)
def test_what_is_wrong_is_told_at_its_place(path: tuple[t.Any, ...], value: t.Any, where: str, words: str) -> None:
    broken = described()
    holder: t.Any = broken
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    found = told(broken)
    assert [line for line in found if line.startswith(f"{where}: ") and words in line], found


@pytest.mark.parametrize(("brought", "words"), [(EXPIRED, "expired on"), (FUTURE, "is not valid before")])
def test_a_certificate_out_of_its_time_is_refused_before_any_call(brought: _x509.Issued, words: str) -> None:
    broken = described()
    broken[DEFINED][2] |= {"certificate": brought.certificate, "private_key": brought.private_key}
    [problem] = told(broken)
    assert problem.startswith(f"{DEFINED}[2].certificate: The certificate {words}")


def test_a_written_policy_and_a_number_do_not_go_together() -> None:
    broken = described()
    rule = {"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9}}
    broken[REPOSITORIES][0]["lifecycle_policy"] = {"rules": [{**rule, "action": {"type": "expire"}}]}
    [problem] = told(broken)
    assert "either lifecycle_policy or keep_images" in problem


def test_an_adopted_zone_will_do_for_a_proof() -> None:
    variables = described()
    variables["region_adopted"] = {"hosted zone": {"company": "Z0123456789ABCDEFGHIJ"}}
    variables[DEFINED][0]["zone"] = "company"
    assert told(variables) == []


def test_nothing_of_a_key_is_told() -> None:
    broken = described()
    broken[DEFINED][2]["private_key"] = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"
    assert "c2VjcmV0" not in "".join(told(broken))


def test_what_somebody_brought_is_looked_at_before_a_run() -> None:
    [brought] = needs(region(described()))["imported_certificates"]
    assert brought == {"name": "partner", "expires": ENDS.isoformat(), "renew_before_days": 0}


@pytest.mark.parametrize(("days", "told_of"), [(31, False), (30, True), (1, True)])
def test_what_nobody_renews_is_warned_of_in_time(days: int, told_of: bool) -> None:
    one = {"name": "partner", "expires": ENDS.isoformat(), "renew_before_days": 30}
    notes = endings([one], ENDS - timedelta(days=days))
    assert bool(notes) is told_of
    assert all(f"partner was brought by somebody and ends on {ENDS:%Y-%m-%d}, in {days} days" in note for note in notes)
