# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates that are brought: what ACM checks of them, and what may change under one ARN.

https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html and
https://docs.aws.amazon.com/acm/latest/userguide/import-reimport.html
"""

from __future__ import annotations

import base64
import typing as t

from cryptography import x509

from lab.embedded_aws.truth.acm.listing import find, key_algorithm
from lab.embedded_aws.truth.acm.requesting import check_room
from lab.embedded_aws.truth.patching import refuser

refuse = refuser("acm")

LONGEST_KEY = 5120


def import_certificate(self: t.Any) -> t.Any:
    from moto.acm.models import CertBundle
    from moto.core.responses import ActionResult

    backend, arn = self.acm_backend, self._get_param("CertificateArn")
    tags = self._get_param("Tags")
    before = find(self) if arn else None
    if before and tags:
        refuse("ValidationException", "Tags cannot be specified when reimporting a certificate.")
    if not before:
        check_room(backend)
    certificate, key, chain = (self._get_param(name) for name in ("Certificate", "PrivateKey", "CertificateChain"))
    made = CertBundle(
        backend.account_id, base64.b64decode(certificate), base64.b64decode(key), region=backend.region_name, arn=arn
    )
    # moto adds Amazon's root to whatever is given.
    made.chain = base64.b64decode(chain) if chain else b""
    _check(made)
    if before:
        _check_same(before, made)
        made.tags, made.created_at = before.tags, before.created_at
    made.tags.add(tags or [])
    backend._certificates[made.arn] = made
    return ActionResult({"CertificateArn": made.arn})


def _check(made: t.Any) -> None:
    if len(made.key) > LONGEST_KEY:
        refuse("ValidationException", f"The private key is longer than {LONGEST_KEY} bytes.")
    if made._key.public_key() != made._cert.public_key():
        refuse("ValidationException", "The certificate field contains a certificate whose key is not the private key.")
    try:
        chain = x509.load_pem_x509_certificates(made.chain) if made.chain.strip() else []
    except ValueError:
        refuse("ValidationException", "The certificate chain is not PEM-encoded or is not valid.")
    if not chain and made._cert.issuer != made._cert.subject:
        refuse(
            "ValidationException",
            "Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or "
            "certificate chain.",
        )
    for lower, upper in zip([made._cert, *chain], chain, strict=False):
        try:
            lower.verify_directly_issued_by(upper)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not the issuer
            refuse(
                "ValidationException", "Unable to validate certificate chain. The certificate chain must be in order."
            )


def _check_same(before: t.Any, made: t.Any) -> None:
    """Refuse what a certificate under the same ARN may not become."""
    if before.type != "IMPORTED":
        refuse("ValidationException", f"The certificate {before.arn} was not imported and cannot be reimported.")
    if key_algorithm(before) != key_algorithm(made):
        refuse("ValidationException", "The key type and size of a certificate cannot be changed by reimporting it.")
    for kind in (x509.KeyUsage, x509.ExtendedKeyUsage):
        if _has(before, kind) != _has(made, kind):
            refuse("ValidationException", f"{kind.__name__} extensions cannot be added or removed by reimporting.")


def _has(bundle: t.Any, kind: t.Any) -> bool:
    return any(isinstance(extension.value, kind) for extension in bundle._cert.extensions)
