"""The CA and the certificate that the Terraform twin reads from files: Cloister makes its own."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DOMAIN = "*.prod.infer.example.internal"


def write(folder: Path) -> None:
    """Write ca.pem, ca.key, inner.pem and inner.key."""
    authority, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = _name("Example inner names"), _name(DOMAIN)
    signed = _certificate(issuer, issuer, authority, authority, x509.BasicConstraints(ca=True, path_length=0))
    alternatives = x509.SubjectAlternativeName([x509.DNSName(DOMAIN)])
    inner = _certificate(subject, issuer, leaf, authority, alternatives)
    for name, certificate, key in (("ca", signed, authority), ("inner", inner, leaf)):
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        (folder / f"{name}.key").write_bytes(text)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=90))
    builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
    return builder.sign(signer, hashes.SHA256())
