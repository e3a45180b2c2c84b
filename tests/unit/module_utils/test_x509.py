# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys and certificates: what is made is what others verify, and what is brought is judged."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import typing as t
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

NOW = datetime.now(UTC).replace(microsecond=0)
CURVES = _x509.ALGORITHMS
NAMES = ("guard.prod.internal", "*.prod.internal", "10.0.16.10")


class Authority:
    """A CA of a test."""

    def __init__(self, algorithm: str = CURVES[0], days: int = 365, permitted: t.Sequence[str] = ()) -> None:
        self.key = _x509.new_key(algorithm)
        self.certificate = _x509.root(self.key, "Example inner", days, permitted, NOW)

    def issue(self, *names: str, days: int = 30, algorithm: str = CURVES[0], now: datetime = NOW) -> _x509.Issued:
        return _x509.issue(self.key, self.certificate, names or NAMES, days, algorithm, now)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("of_ca", CURVES)
def test_openssl_verifies_what_we_sign(tmp_path: Path, curve: str, of_ca: str) -> None:
    authority = Authority(of_ca, permitted=["prod.internal"])
    issued = authority.issue("guard.prod.internal", algorithm=curve)
    root, leaf = tmp_path / "root.pem", tmp_path / "leaf.pem"
    root.write_text(authority.certificate)
    leaf.write_text(issued.certificate)
    words = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "guard.prod.internal"]
    done = subprocess.run([*words, "-CAfile", str(root), str(leaf)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{leaf}: OK\n"), done.stderr


def test_openssl_refuses_a_name_that_the_ca_may_not_vouch_for(tmp_path: Path) -> None:
    authority = Authority(permitted=["prod.internal"])
    root, leaf = tmp_path / "root.pem", tmp_path / "leaf.pem"
    root.write_text(authority.certificate)
    leaf.write_text(authority.issue("www.example.com").certificate)
    done = subprocess.run(["openssl", "verify", "-CAfile", str(root), str(leaf)], capture_output=True, check=False)
    assert b"permitted subtree violation" in done.stderr


def handshake(server: _x509.Issued, trusted: str, name: str, folder: Path) -> str:
    """Speak TLS with a server that has this certificate, trusting one CA alone; return what the client was told."""
    held = folder / "server.pem"
    held.write_text(server.certificate + server.private_key)
    of_server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    of_server.load_cert_chain(held)
    of_client = ssl.create_default_context(cadata=trusted)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        try:
            with of_server.wrap_socket(connection, server_side=True) as secured:
                secured.sendall(b"inside")
        except ssl.SSLError:
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        plain = socket.create_connection(listener.getsockname(), timeout=10)
        with plain, of_client.wrap_socket(plain, server_hostname=name) as secured:
            return secured.recv(10).decode()
    finally:
        thread.join()
        listener.close()


@pytest.mark.parametrize("name", ["guard.prod.internal", "api.prod.internal", "10.0.16.10"])
def test_row_0_18_a_client_that_trusts_our_ca_alone_talks_to_a_server_with_our_certificate(
    authority: Authority, tmp_path: Path, name: str
) -> None:
    assert handshake(authority.issue(), authority.certificate, name, tmp_path) == "inside"


def test_row_0_18_a_client_that_trusts_another_ca_of_the_same_name_does_not(
    authority: Authority, tmp_path: Path
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.issue(), Authority().certificate, NAMES[0], tmp_path)


@pytest.mark.parametrize("name", ["guard.dev.internal", "a.b.prod.internal", "10.0.16.11"])
def test_row_0_18_a_name_that_the_certificate_has_not_is_refused(
    authority: Authority, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.issue(), authority.certificate, name, tmp_path)


def test_a_certificate_says_what_it_was_made_for(authority: Authority) -> None:
    seen = _x509.read(authority.issue(days=90).certificate)
    assert seen.names == NAMES
    assert (seen.subject, seen.issuer) == (NAMES[0], "Example inner")
    assert seen.key_algorithm == "EC_prime256v1"
    assert seen.not_before == NOW - _x509.SKEW
    assert (seen.not_after, seen.days_left(NOW)) == (NOW + timedelta(days=90), 90)
    assert seen.days_left(NOW + timedelta(days=91)) == -1


def test_each_certificate_has_a_key_of_its_own(authority: Authority) -> None:
    first, second = authority.issue(), authority.issue()
    assert first.private_key != second.private_key
    assert _x509.read(first.certificate).fingerprint != _x509.read(second.certificate).fingerprint


def test_no_certificate_outlives_its_ca() -> None:
    authority = Authority(days=40)
    assert _x509.read(authority.issue(days=90).certificate).not_after == _x509.read(authority.certificate).not_after


def test_a_ca_says_for_what_it_may_vouch() -> None:
    seen = _x509.read(Authority(CURVES[1], permitted=["prod.internal", "dev.internal"]).certificate)
    assert (seen.permitted, seen.key_algorithm, seen.names) == (("prod.internal", "dev.internal"), CURVES[1], ())


def test_a_key_of_another_ca_signs_nothing(authority: Authority) -> None:
    with pytest.raises(InputError, match="not the key of its certificate"):
        _x509.issue(_x509.new_key(CURVES[0]), authority.certificate, NAMES, 30, CURVES[0], NOW)


def test_a_name_too_long_for_a_common_name_is_in_the_certificate_all_the_same(authority: Authority) -> None:
    name = f"{'a' * 60}.prod.internal"
    seen = _x509.read(authority.issue(name).certificate)
    assert (seen.names, seen.subject) == ((name,), "")


def test_what_holds_together_has_no_fault(authority: Authority) -> None:
    issued = authority.issue()
    assert _x509.faults(issued.certificate, issued.private_key, issued.chain, NOW) == []


def test_what_signs_itself_needs_no_chain() -> None:
    key = _x509.new_key(CURVES[0])
    own = _x509.root(key, "alone.internal", 30, [], NOW)
    assert _x509.faults(own, key, "", NOW) == ["the certificate names no domain (it has no subject alternative name)"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"certificate": ""}, "no certificate in PEM form"),
        ({"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}, "no certificate in PEM form"),
        ({"private_key": "x"}, "no private key in PEM form"),
        ({"private_key": _x509.new_key(CURVES[0])}, "belongs to another certificate"),
        ({"chain": ""}, "Example inner is not in the chain"),
        ({"chain": "x"}, "no certificate in PEM form"),
        ({"chain": Authority().certificate}, "did not sign it"),
        ({"now": NOW + timedelta(days=31)}, "the certificate expired on"),
        ({"now": NOW - timedelta(days=1)}, "the certificate is not valid before"),
        ({"now": NOW + timedelta(days=400)}, "Example inner in the chain expired on"),
    ],
)
def test_what_does_not_hold_together_is_told(authority: Authority, change: dict[str, t.Any], words: str) -> None:
    issued = authority.issue()
    given = {"certificate": issued.certificate, "private_key": issued.private_key, "chain": issued.chain, "now": NOW}
    found = _x509.faults(**{**given, **change})
    assert any(words in fault for fault in found), found
    assert not any("BEGIN PRIVATE" in fault for fault in found)


def test_a_chain_in_the_place_of_a_certificate_is_told(authority: Authority) -> None:
    issued = authority.issue()
    found = _x509.faults(issued.certificate + issued.chain, issued.private_key, issued.chain, NOW)
    assert found == ["the certificate holds 2; those of its issuers belong into the chain"]


def test_a_key_with_a_passphrase_is_told_with_what_takes_it_off(authority: Authority, tmp_path: Path) -> None:
    issued = authority.issue()
    plain = tmp_path / "key.pem"
    plain.write_text(issued.private_key)
    words = ["openssl", "pkcs8", "-topk8", "-in", str(plain), "-passout", "pass:secret"]
    locked = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    [fault] = _x509.faults(issued.certificate, locked, issued.chain, NOW)
    assert "locked with a passphrase" in fault


@pytest.mark.parametrize(
    ("pattern", "name", "good"),
    [
        ("api.example.com", "api.example.com", True),
        ("API.example.com", "api.Example.com", True),
        ("*.example.com", "api.example.com", True),
        ("*.example.com", "*.example.com", True),
        ("*.example.com", "a.api.example.com", False),
        ("*.example.com", "example.com", False),
        ("api.example.com", "example.com", False),
    ],
)
def test_a_wildcard_is_good_for_one_label(pattern: str, name: str, good: bool) -> None:
    assert _x509.covers(pattern, name) is good
