# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates in ACM: asked of AWS, signed by a CA of ours, or brought by somebody.

What AWS signs it also renews, as long as the proof stands in DNS. The others are imported, and are imported again under
the same ARN when they come to their end or change, so that listeners keep what they point at.
https://docs.aws.amazon.com/acm/latest/userguide/import-reimport.html
"""

from __future__ import annotations

import typing as t
import uuid
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._certificate_users import standing_users, theirs, told
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ApiError,
    ImmutableError,
    InputError,
    OwnershipError,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_dict, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.private_ca import PrivateCa, refuse_without_key

# Without them ListCertificates shows RSA_2048 alone:
# https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html
EVERY_KEY = ("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")
# Requests that came to nothing: https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-failed.html
OVER = ("FAILED", "VALIDATION_TIMED_OUT", "EXPIRED", "REVOKED")
STANDING, NOT_DUE = "standing", "not due"
_ANOTHER = "list a second certificate, let the listeners use it, then take this one off the list"
# A load balancer that has just gone is shown as a user for a while.
_LETTING_GO = Patience(frozenset({"ResourceInUseException"}), seconds=300)


class Certificate(Kind):
    """A certificate; its id is its ARN.

    Fields: ``source`` (``acm`` or ``imported``), ``domains``, ``key_algorithm``; of one that ACM was asked for
    ``request``; of one that our CA signs ``issuer`` (fingerprint of the CA) and ``renewal``; of one that was brought
    ``certificate`` and ``chain`` (fingerprints). No field is a secret.
    """

    noun = "certificate"
    made_by = "certificates"
    rank = 60
    immutable: t.ClassVar[t.Mapping[str, str]] = {"source": _ANOTHER, "key_algorithm": _ANOTHER}

    renew_before_days: t.Mapping[str, int] = {}
    """By name: how many days before its end one that our CA signs is signed anew."""
    cas: t.Mapping[str, Found] = {}
    """Our CAs by name; needed to sign."""

    def find(self) -> list[Found]:
        """Return ours, by tags, which are read one by one, as the API gives them."""
        raws = self.aws.pages(
            "acm", "list_certificates", "CertificateSummaryList", Includes={"keyTypes": list(EVERY_KEY)}
        )
        found = each(lambda raw: Found(raw["CertificateArn"], self._tags(raw["CertificateArn"]), raw), raws)
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is; of one that was imported also what is in it."""
        raw = found.raw
        fields: dict[str, t.Any] = {
            "source": "acm" if raw["Type"] == "AMAZON_ISSUED" else "imported",
            "domains": sorted({raw["DomainName"], *raw.get("SubjectAlternativeNameSummaries", ())}),
            "key_algorithm": raw["KeyAlgorithm"].replace("-", "_"),
        }
        if fields["source"] == "acm":
            return {**fields, "request": raw["Status"] if raw["Status"] in OVER else STANDING}
        answer = self.aws.call("acm", "get_certificate", CertificateArn=found.id)
        own, chain = _x509.read(answer["Certificate"]), answer.get("CertificateChain", "")
        listed = [one.fingerprint for one in _x509.read_all(chain)] if chain.strip() else []
        above = [one for one in listed if one != own.fingerprint]
        days = own.days_left(self.now())
        due = days <= self.renew_before_days.get(found.part, 0)
        return {
            **fields,
            "domains": sorted(own.names),
            "issuer": above[-1] if above else "",
            "renewal": f"due, {days} days left" if due else NOT_DUE,
            "certificate": own.fingerprint,
            "chain": above,
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Ask ACM for it, or import it. One that was asked for is issued once its proof stands."""
        if want.fields["source"] == "acm":
            return self._request(want, tags)
        material = self._material(want)
        answer = self.aws.make("acm", "import_certificate", Tags=tag_list(tags), **material)
        return Found(answer["CertificateArn"], tags, _imported_raw(material))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found | None:
        """Import what took its place under the same ARN, or ask once more where ACM gave up."""
        if want.fields["source"] == "acm":
            self.delete(found)
            return self._request(want, self.owner.tags_for(want.part, want.tags))
        # Tags cannot come with it: what is there keeps its own.
        material = self._material(want)
        self.aws.call("acm", "import_certificate", CertificateArn=found.id, **material)
        return Found(found.id, found.tags, {**found.raw, **_imported_raw(material)})

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse what ACM cannot change, and a CA that would end before what it signs."""
        if found and want.fields["source"] == "acm":
            self._vet_request(want, found)
        ca = self.cas.get(want.create.get("ca", ""))
        if ca:
            refuse_without_key(ca)
        if ca and "certificate" in ca.raw and not is_unknown(want.fields["issuer"]):
            end = _x509.read(ca.raw["certificate"])
            if end.days_left(self.now()) <= self.renew_before_days.get(want.part, 0):
                raise InputError(
                    f"certificate {want.part}: its private CA {ca.part} ends on {end.not_after:%Y-%m-%d}, and nothing "
                    "that it signs lives longer. Make its successor now: docs/certificates.md"
                )

    def vet_removal(self, found: Found) -> None:
        """Refuse while something uses it that is not the region's own."""
        users = theirs(standing_users(self.aws, found.id), self.owner.region)
        if users:
            raise OwnershipError(
                f"certificate {found.part} ({found.id}) is used by {told(users)}, not the region's own, and stays; "
                "let that use another certificate, then run again"
            )

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("acm", "add_tags_to_certificate", CertificateArn=found.id, Tags=tag_list(tags))

    def delete(self, found: Found) -> None:
        """Delete it, once AWS has seen that nothing uses it any more."""
        try:
            self.aws.call("acm", "delete_certificate", CertificateArn=found.id, patience=_LETTING_GO)
        except ApiError as exc:
            if exc.code == "ResourceInUseException":
                users = told(standing_users(self.aws, found.id)) or "something that AWS does not name"
                raise OwnershipError(f"certificate {found.part} ({found.id}) is still used by {users}") from exc
            if exc.code != "ResourceNotFoundException":
                raise

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its names, until when it is valid and for how many days; what is not issued yet says so."""
        raw = found.raw
        names = sorted({raw["DomainName"], *raw.get("SubjectAlternativeNameSummaries", ())})
        if not raw.get("NotAfter"):
            return {"domains": names, "status": raw["Status"]}
        end: datetime = raw["NotAfter"]
        return {"domains": names, "expires": f"{end:%Y-%m-%d}", "days": (end - self.now()).days}

    def now(self) -> datetime:
        """Return the time that validity is measured by."""
        return datetime.now(UTC)

    def _request(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        names = want.create["names"]
        answer = self.aws.make(
            "acm",
            "request_certificate",
            DomainName=names[0],
            ValidationMethod="DNS",
            KeyAlgorithm=want.fields["key_algorithm"],
            IdempotencyToken=want.create["token"],
            Tags=tag_list(tags),
            **({"SubjectAlternativeNames": names[1:]} if names[1:] else {}),
        )
        raw = {"DomainName": names[0], "SubjectAlternativeNameSummaries": names, "Status": "PENDING_VALIDATION"}
        return Found(answer["CertificateArn"], tags, raw)

    def _material(self, want: Want) -> dict[str, t.Any]:
        """Return what is imported: what was brought, or what our CA signs now with a new key."""
        made = want.create
        if "ca" in made:
            ca = self.cas[made["ca"]]
            key = PrivateCa(self.aws, self.owner).key(ca)
            issued = _x509.issue(
                key, ca.raw["certificate"], made["names"], made["valid_days"], made["key_algorithm"], self.now()
            )
            made = {"certificate": issued.certificate, "private_key": issued.private_key, "chain": issued.chain}
        chain = {"CertificateChain": made["chain"].encode()} if made["chain"].strip() else {}
        return {"Certificate": made["certificate"].encode(), "PrivateKey": made["private_key"].encode(), **chain}

    def _vet_request(self, want: Want, found: Found) -> None:
        have = self.fields(found)
        if have["domains"] != want.fields["domains"]:
            raise ImmutableError(
                f"certificate {want.part} ({found.id}) is for {', '.join(have['domains'])}, which ACM cannot change; "
                f"{_ANOTHER}"
            )
        if have["request"] != STANDING and found.raw.get("InUse"):
            raise ImmutableError(
                f"certificate {want.part} ({found.id}) is {have['request']} and used by "
                f"{told(standing_users(self.aws, found.id))}; {_ANOTHER}"
            )

    def _tags(self, arn: str) -> dict[str, str]:
        try:
            return tag_dict(self.aws.call("acm", "list_tags_for_certificate", CertificateArn=arn)["Tags"])
        except ApiError as exc:
            if exc.code != "ResourceNotFoundException":
                raise
            return {}


def _imported_raw(material: t.Mapping[str, bytes]) -> dict[str, t.Any]:
    """Return what ACM will list of an import; ACM itself tells it some seconds later."""
    own = _x509.read(material["Certificate"].decode())
    raw = {"DomainName": own.names[0], "SubjectAlternativeNameSummaries": list(own.names), "NotAfter": own.not_after}
    return {**raw, "Type": "IMPORTED", "Status": "ISSUED", "KeyAlgorithm": own.key_algorithm}


def want(entry: t.Mapping[str, t.Any], issuer: str = "") -> Want:
    """Return the wish for an entry of ``certificates_defined``; ``issuer`` is its CA's fingerprint, or a marker."""
    name, source = entry["name"], entry["source"]
    if source == "imported":
        return _imported(entry)
    names = [domain.lower() for domain in entry["domains"]]
    fields: dict[str, t.Any] = {"domains": sorted(names), "key_algorithm": entry["key_algorithm"]}
    if source == "acm":
        token = uuid.uuid4().hex  # one answer, however often the call is repeated
        return Want(name, {"source": "acm", **fields, "request": STANDING}, create={"names": names, "token": token})
    made = {"ca": entry["ca"], "names": names, "valid_days": entry["valid_days"]}
    made["key_algorithm"] = entry["key_algorithm"]
    return Want(name, {"source": "imported", **fields, "issuer": issuer, "renewal": NOT_DUE}, create=made)


def _imported(entry: t.Mapping[str, t.Any]) -> Want:
    found = _x509.faults(entry["certificate"], entry["private_key"], entry["chain"], datetime.now(UTC))
    if found:
        raise InputError(f"certificate {entry['name']}: {'; '.join(found)}")
    own = _x509.read(entry["certificate"])
    fields = {
        "source": "imported",
        "domains": sorted(own.names),
        "key_algorithm": own.key_algorithm,
        "certificate": own.fingerprint,
        "chain": [one.fingerprint for one in _x509.read_all(entry["chain"])] if entry["chain"].strip() else [],
    }
    return Want(entry["name"], fields, create={key: entry[key] for key in ("certificate", "private_key", "chain")})
