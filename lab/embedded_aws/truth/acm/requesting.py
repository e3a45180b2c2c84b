# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates that ACM is asked for: issued once the exact CNAME stands in a public zone of the account.

https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html. Validity: 198 days since February 2026,
https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
"""

from __future__ import annotations

import datetime
import hashlib
import re
import sys
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.delays import current as delays
from lab.embedded_aws.truth.patching import refuser

refuse = refuser("acm")

DOMAIN = re.compile(r"(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])")
VALID_DAYS = 198
# https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html
MOST_NAMES = 10
# How much of the time until a certificate is issued passes before ACM tells its proof.
PROOF_SHARE = 0.25
REQUESTED = ("RSA_2048", "EC_prime256v1", "EC_secp384r1")


class Request:
    """What a certificate was asked for with, and since when its proof stands; kept on moto's CertBundle."""

    def __init__(self, account: str, names: list[str]) -> None:
        self.account, self.names = account, names
        self.since = clock.now()
        self.proved: float | None = None

    def told(self) -> bool:
        """Whether ACM tells the records by now."""
        return clock.now() - self.since >= delays["certificate"] * PROOF_SHARE


def proof(account: str, name: str) -> dict[str, str]:
    """The record that proves a name; a wildcard and its parent have the same, and so has every certificate for it."""
    base = name.removeprefix("*.").lower()
    digest = hashlib.sha256(f"{account} {base}".encode()).hexdigest()
    return {
        "Name": f"_{digest[:32]}.{base}.", "Type": "CNAME",
        "Value": f"_{digest[32:]}.{''.join(chr(97 + int(c, 16)) for c in digest[:10])}.acm-validations.aws.",
    }  # fmt: skip


def proved(account: str, name: str) -> bool:
    """Whether the world finds that record: in the public zone that answers for the name."""
    route53 = sys.modules.get("moto.route53.models")
    if route53 is None:
        return False
    wanted = proof(account, name)
    # Zones are public to all the world, whichever account they are in.
    zones = [
        zone
        for regions in list(route53.route53_backends.values())
        for backend in list(regions.values())
        for zone in backend.zones.values()
        if not zone.private_zone and f".{wanted['Name']}".endswith(f".{zone.name}")
    ]
    closest = max((len(zone.name) for zone in zones), default=0)
    return any(
        record.type == "CNAME" and record.name.lower() == wanted["Name"] and _values(record) == [wanted["Value"]]
        for zone in zones
        if len(zone.name) == closest
        for record in zone.rrsets
    )


def _values(record: t.Any) -> list[str]:
    return [f"{str(value).lower().rstrip('.')}." for value in record.records]


def state(bundle: t.Any) -> str:
    """A certificate's status, as it is now."""
    request: Request | None = bundle.__dict__.get("cloister_request")
    said = str(bundle.__dict__["cloister_status"])
    if request and said == "PENDING_VALIDATION" and request.told():
        if request.proved is None and all(proved(request.account, name) for name in request.names):
            request.proved = clock.now()
        if request.proved is not None and clock.now() - request.proved >= delays["certificate"]:
            bundle.status = said = "ISSUED"
    if said == "ISSUED" and bundle._cert.not_valid_after_utc <= datetime.datetime.now(datetime.UTC):
        return "EXPIRED"
    return said


def set_state(bundle: t.Any, status: str) -> None:
    bundle.__dict__["cloister_status"] = status


def request_certificate(self: t.Any) -> t.Any:
    from moto.acm.models import CertBundle
    from moto.core.responses import ActionResult

    names = list(dict.fromkeys([self._get_param("DomainName"), *(self._get_param("SubjectAlternativeNames") or ())]))
    algorithm = self._get_param("KeyAlgorithm") or "RSA_2048"
    _check(self, names, algorithm)
    backend, token = self.acm_backend, self._get_param("IdempotencyToken")
    before = backend._get_arn_from_idempotency_token(token) if token else None
    if before in backend._certificates and backend._certificates[before].cloister_request.names == names:
        return ActionResult({"CertificateArn": before})
    check_room(backend)
    certificate, key = _made(names, algorithm)
    bundle = CertBundle(
        backend.account_id, certificate, key, region=backend.region_name, cert_type="AMAZON_ISSUED",
        cert_status="PENDING_VALIDATION",
    )  # fmt: skip
    bundle.cloister_request = Request(backend.account_id, names)
    bundle.tags.add(self._get_param("Tags") or [])
    backend._certificates[bundle.arn] = bundle
    if token:
        backend._set_idempotency_token_arn(token, bundle.arn)
    return ActionResult({"CertificateArn": bundle.arn})


def check_room(backend: t.Any) -> None:
    """Refuse one more certificate than the quota says, where one is set."""
    from lab.embedded_aws.limits import current as limits

    most = limits.most.get("certificates")
    if most is not None and len(backend._certificates) >= most:
        refuse("LimitExceededException", f"Error: you have reached your limit of {most} certificates in the last year.")


def _check(self: t.Any, names: list[str], algorithm: str) -> None:
    wrong = next((name for name in names if not DOMAIN.fullmatch(name) or len(name) > 253), None)
    if wrong:
        refuse(
            "ValidationException",
            f"1 validation error detected: Value '{wrong}' at 'domainName' failed to satisfy constraint: Member must "
            f"satisfy regular expression pattern: {DOMAIN.pattern}",
        )
    if len(names) > MOST_NAMES:
        refuse("LimitExceededException", f"Error: you have reached your limit of {MOST_NAMES} domain names.")
    if algorithm not in REQUESTED:
        refuse("ValidationException", f"KeyAlgorithm {algorithm} is for imported certificates only.")
    if self._get_param("ValidationMethod") != "DNS" or self._get_param("CertificateAuthorityArn"):
        raise NotImplementedError("RequestCertificate other than with ValidationMethod DNS")


def _made(names: list[str], algorithm: str) -> tuple[bytes, bytes]:
    """A certificate as Amazon's CA signs it; nobody trusts this one."""
    curves = {"EC_prime256v1": ec.SECP256R1, "EC_secp384r1": ec.SECP384R1}
    key: t.Any = ec.generate_private_key(curves[algorithm]()) if algorithm in curves else _rsa()
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Amazon"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Amazon RSA 2048 M02"),
        ]
    )
    until = now + datetime.timedelta(days=VALID_DAYS)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), now, until)
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    certificate = builder.add_extension(alternatives, critical=False).sign(key, hashes.SHA256())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM), secret


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
