# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys and certificates: making those of our own CA, and reading and judging those of others. Pure, knows no AWS.

Names and validity: https://datatracker.ietf.org/doc/html/rfc5280#section-4.2; what ACM takes:
https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html
"""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    pass  # ansible-core itself needs cryptography

ALGORITHMS = ("EC_prime256v1", "EC_secp384r1")
"""Keys that we make, as ACM calls them."""
# A certificate is valid a little before it was made, for clocks that are behind.
SKEW = timedelta(minutes=5)
# https://datatracker.ietf.org/doc/html/rfc5280#appendix-A.1, ub-common-name
LONGEST_COMMON_NAME = 64
_CURVE_NAMES = {"secp256r1": "EC_prime256v1", "secp384r1": "EC_secp384r1", "secp521r1": "EC_secp521r1"}


@dataclass(frozen=True)
class Issued:
    """A certificate with its key and the chain that leads to its root, all PEM."""

    certificate: str
    private_key: str
    chain: str


@dataclass(frozen=True)
class Seen:
    """What a certificate says. ``fingerprint`` is the SHA-256 of all of it, in hexadecimal."""

    fingerprint: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    key_algorithm: str
    not_before: datetime
    not_after: datetime
    permitted: tuple[str, ...]
    """The domains that it may vouch for; empty where it is no CA, or one without such bounds."""

    def days_left(self, now: datetime) -> int:
        """Return for how many whole days it is still valid; negative once it has expired."""
        return (self.not_after - now).days


def new_key(algorithm: str) -> str:
    """Return a new private key, PEM; ``algorithm`` is one of `ALGORITHMS`."""
    key = ec.generate_private_key(ec.SECP384R1() if algorithm == "EC_secp384r1" else ec.SECP256R1())
    return _pem(key)


def root(private_key: str, common_name: str, days: int, permitted: t.Sequence[str], now: datetime) -> str:
    """Return a CA's own certificate, PEM. With ``permitted`` domains it vouches for no name outside of them."""
    key = _private(private_key)
    name = _name(common_name)
    builder = _builder(name, name, key.public_key(), now, now + timedelta(days=days))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    if permitted:
        limits = x509.NameConstraints([x509.DNSName(domain) for domain in permitted], None)
        builder = builder.add_extension(limits, critical=True)
    return _signed(builder, key)


def issue(ca_key: str, ca_certificate: str, names: t.Sequence[str], days: int, algorithm: str, now: datetime) -> Issued:
    """Return a new key with a certificate for ``names`` (domains or addresses) that the CA has signed.

    It never outlives its CA. The first name that is short enough is the common name too.
    """
    authority, signer = x509.load_pem_x509_certificate(ca_certificate.encode()), _private(ca_key)
    if authority.public_key() != signer.public_key():
        raise InputError("the CA's key is not the key of its certificate; nothing it would sign could be trusted")
    key_text = new_key(algorithm)
    key = _private(key_text)
    until = min(now + timedelta(days=days), authority.not_valid_after_utc)
    common = next((name for name in names if len(name) <= LONGEST_COMMON_NAME), "")
    builder = _builder(_name(common), authority.subject, key.public_key(), now, until)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    # Without a common name the names are all that tells whose it is, and RFC 5280 wants them critical.
    builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), not common)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs=False), critical=True)
    builder = builder.add_extension(server, critical=False).add_extension(identifier, critical=False)
    return Issued(_signed(builder, signer), key_text, ca_certificate)


def read(text: str) -> Seen:
    """Return what the first certificate of a PEM says; raise `InputError` when there is none."""
    return read_all(text)[0]


def read_all(text: str) -> list[Seen]:
    """Return what each certificate of a PEM says, in its order; raise `InputError` when there is none."""
    return [_seen(one) for one in _load(text)]


def faults(certificate: str, private_key: str, chain: str, now: datetime) -> list[str]:
    """Return why ACM would not take a certificate, or clients not trust it, a sentence each; never any of the key."""
    try:
        own = _load(certificate)
        above = _load(chain) if chain.strip() else []
    except InputError as exc:
        return [str(exc)]
    found = [] if len(own) == 1 else [f"the certificate holds {len(own)}; those of its issuers belong into the chain"]
    leaf = own[0]
    found += _key_faults(leaf, private_key)
    found += _time_faults(leaf, "the certificate", now)
    if not _names(leaf):
        found.append("the certificate names no domain (it has no subject alternative name)")
    self_signed = leaf.subject == leaf.issuer
    if not above and not self_signed:
        found.append(f"its issuer {_told(leaf.issuer)} is not in the chain, so clients could not trust it")
    for lower, upper in zip([leaf, *above], above, strict=False):
        found += _time_faults(upper, f"{_told(upper.subject)} in the chain", now)
        if not _signed_by(lower, upper):
            found.append(
                f"{_told(upper.subject)} follows {_told(lower.subject)} in the chain and did not sign it; "
                "each certificate of a chain signs the one before it"
            )
    return found


def signed_by(certificate: str, authority: str) -> bool:
    """Return whether the first certificate of a PEM was signed by the first of another."""
    return _signed_by(_load(certificate)[0], _load(authority)[0])


def covers(pattern: str, name: str) -> bool:
    """Return whether a certificate's name, which may begin with ``*.``, is good for a name."""
    pattern, name = pattern.lower(), name.lower()
    if pattern.startswith("*.") and not name.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return pattern == name


def _load(text: str) -> list[x509.Certificate]:
    try:
        return list(x509.load_pem_x509_certificates(text.encode()))
    except ValueError as exc:
        begins = "-----BEGIN CERTIFICATE-----"
        raise InputError(f"this is no certificate in PEM form (it begins with {begins}): {exc}") from None


def _key_faults(leaf: x509.Certificate, private_key: str) -> list[str]:
    try:
        key: t.Any = serialization.load_pem_private_key(private_key.encode(), password=None)
    except TypeError:
        return ["its private key is locked with a passphrase; ACM takes none: openssl pkey -in key.pem takes it off"]
    except ValueError:
        return ["its private key is no private key in PEM form"]
    if len(private_key.encode()) > 5120:
        return ["its private key is longer than the 5,120 bytes that ACM takes"]
    if key.public_key() != leaf.public_key():
        return ["its private key belongs to another certificate"]
    algorithm = _algorithm(leaf.public_key())
    return [] if algorithm else ["its key is neither RSA of 1024 to 4096 bits nor on a curve that ACM takes"]


def _time_faults(one: x509.Certificate, what: str, now: datetime) -> list[str]:
    if one.not_valid_after_utc <= now:
        return [f"{what} expired on {one.not_valid_after_utc:%Y-%m-%d}"]
    if one.not_valid_before_utc > now:
        return [f"{what} is not valid before {one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"]
    return []


def _signed_by(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    try:
        lower.verify_directly_issued_by(upper)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not the issuer
        return False
    return True


def _seen(one: x509.Certificate) -> Seen:
    return Seen(
        one.fingerprint(hashes.SHA256()).hex(),
        _told(one.subject),
        _told(one.issuer),
        tuple(_names(one)),
        _algorithm(one.public_key()),
        one.not_valid_before_utc,
        one.not_valid_after_utc,
        tuple(_permitted(one)),
    )


def _names(one: x509.Certificate) -> list[str]:
    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _permitted(one: x509.Certificate) -> list[str]:
    try:
        limits = one.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return []
    return [str(limit.value) for limit in limits.permitted_subtrees or ()]


def _algorithm(key: t.Any) -> str:
    """Return the kind of key as ACM calls it, empty for one that ACM does not take."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA_{key.key_size}" if key.key_size in (1024, 2048, 3072, 4096) else ""
    return _CURVE_NAMES.get(key.curve.name, "") if isinstance(key, ec.EllipticCurvePublicKey) else ""


def _told(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _private(text: str) -> ec.EllipticCurvePrivateKey:
    return t.cast("ec.EllipticCurvePrivateKey", serialization.load_pem_private_key(text.encode(), password=None))


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), now - SKEW, until)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> str:
    strong = isinstance(key.curve, ec.SECP384R1)
    made = builder.sign(key, hashes.SHA384() if strong else hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()
