# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates that machines show themselves: brought, read from Secrets Manager, or signed by a CA of our own.

Each is judged before it is handed out: one that has ended, that is for other names or whose key is another's never
reaches a machine. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError, MissingError

Entry = t.Mapping[str, t.Any]
ALGORITHM = "EC_prime256v1"
_ABSENT = ("ParameterNotFound", "ResourceNotFoundException")


@dataclass(frozen=True)
class Held:
    """A certificate for a machine. Its key is in ``private_key`` only where ``key_in`` is ``result``.

    A key that was brought is where it came from (``inventory``): Ansible masks in a result what a module was given as a
    secret. One that the machine has already stays there (``machine``).
    """

    name: str
    certificate: str
    days_left: int
    key_in: str
    private_key: str = ""

    @property
    def file(self) -> str:
        """What its files are called, without a suffix: another certificate or chain is another file."""
        return f"{self.name}-{hashlib.sha256(self.certificate.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Trust:
    """What a machine believes when it asks somebody: certificates of CAs of the region, in one file."""

    name: str
    certificates: str

    @property
    def file(self) -> str:
        """What the file is called, without a suffix: other CAs are another file."""
        return f"trust-{self.name}-{hashlib.sha256(self.certificates.encode()).hexdigest()[:16]}"


class Safe:
    """Where certificates come from: ``aws`` for those that lie there, ``region_name`` for whose CAs."""

    def __init__(self, aws: Aws, region_name: str, present: t.Mapping[str, str], now: datetime) -> None:
        self.aws, self.region_name, self.now = aws, region_name, now
        self.present = present

    def get(self, entry: Entry) -> Held:
        """Return a certificate, good for all of its ``domains``; raise `RegionError` when it is not to be had."""
        if entry["source"] == "private_ca":
            return self._signed(entry)
        brought = self._secret(entry) if entry["source"] == "secret" else _given(entry)
        certificate, private_key, chain = (brought[part] for part in ("certificate", "private_key", "chain"))
        found = _x509.faults(certificate, private_key, chain, self.now)
        if not found:
            seen = _x509.read(certificate)
            found = [f"it is not for {name} (only for {', '.join(seen.names)})" for name in _missed(seen, entry)]
        if found:
            raise InputError(f"certificate {entry['name']} is not shown to anybody: {'; '.join(found)}")
        pem = f"{certificate.strip()}\n{chain.strip()}".strip() + "\n"
        if entry["source"] == "imported":
            return Held(entry["name"], pem, seen.days_left(self.now), "inventory")
        return Held(entry["name"], pem, seen.days_left(self.now), "result", private_key.strip() + "\n")

    def trust(self, entry: Entry) -> Trust:
        """Return the certificates of private CAs of the region; raise `RegionError` where one is not there."""
        what = f"trust {entry['name']}"
        if not entry["cas"] or not self.region_name:
            raise InputError(f"{what} needs cas, names of private CAs, and region_name, whose they are")
        found = [self._ca(what, name) for name in entry["cas"]]
        return Trust(entry["name"], "".join(f"{pem.strip()}\n" for pem in found))

    def _secret(self, entry: Entry) -> dict[str, str]:
        name = f"certificate {entry['name']}"
        if not entry["secret"]:
            raise InputError(f"{name} has the source secret and names none; write secret: and its name")
        what = f"secret {entry['secret']}"
        told = self._read("secretsmanager", "get_secret_value", name, what, SecretId=entry["secret"])
        try:
            held = json.loads(told.get("SecretString", ""))
            return {part: held[part] for part in ("certificate", "private_key")} | {"chain": held.get("chain") or ""}
        except (ValueError, KeyError, TypeError, AttributeError):
            # Nothing of what was found is told.
            wanted = 'JSON with "certificate", "private_key" and "chain", each PEM'
            raise InputError(f"{name}: {what} is not {wanted}") from None

    def _signed(self, entry: Entry) -> Held:
        if not entry["ca"] or not self.region_name:
            raise InputError(f"certificate {entry['name']} has the source private_ca; it needs ca and region_name")
        if entry["valid_days"] <= entry["renew_before_days"]:
            raise InputError(
                f"certificate {entry['name']} would be signed anew at each run: valid_days ({entry['valid_days']}) "
                f"must be more than renew_before_days ({entry['renew_before_days']})"
            )
        whose, what = f"certificate {entry['name']}", f"private CA {entry['ca']}"
        ca = self._ca(whose, entry["ca"])
        if pem := self._present(entry, ca):
            return Held(entry["name"], pem, _x509.read(pem).days_left(self.now), "machine")
        path = f"/cloister/{self.region_name}/ca/{entry['ca']}/key"
        key = self._read("ssm", "get_parameter", whose, what, Name=path, WithDecryption=True)
        made = _x509.issue(key["Parameter"]["Value"], ca, entry["domains"], entry["valid_days"], ALGORITHM, self.now)
        days = _x509.read(made.certificate).days_left(self.now)
        if days <= entry["renew_before_days"]:
            raise InputError(
                f"certificate {entry['name']}: private CA {entry['ca']} ends in {days} days, and so does what it "
                "signs. Make its successor first: docs/certificates.md"
            )
        # The root is what clients hold already; it proves nothing when it is shown.
        return Held(entry["name"], made.certificate, days, "result", made.private_key)

    def _present(self, entry: Entry, ca: str) -> str:
        """Return what the machine has of it and can go on with, the one that is valid longest; or nothing."""
        mine = re.compile(re.escape(entry["name"]) + "-[0-9a-f]{16}[.]pem")
        files = {file: pem for file, pem in self.present.items() if mine.fullmatch(file)}
        held = [pem for file, pem in files.items() if self._still_good(file, pem, entry, ca)]
        return max(held, key=lambda pem: _x509.read(pem).not_after, default="")

    def _still_good(self, file: str, pem: str, entry: Entry, ca: str) -> bool:
        try:
            seen = _x509.read(pem)
        except InputError:
            return False
        fresh = seen.days_left(self.now) > entry["renew_before_days"]
        whole = Held(entry["name"], pem, 0, "machine").file + ".pem" == file
        return fresh and whole and not _missed(seen, entry) and _x509.signed_by(pem, ca)

    def _ca(self, whose: str, name: str) -> str:
        path = f"/cloister/{self.region_name}/ca/{name}/certificate"
        return str(self._read("ssm", "get_parameter", whose, f"private CA {name}", Name=path)["Parameter"]["Value"])

    def _read(self, service: str, action: str, whose: str, what: str, **params: t.Any) -> t.Any:
        try:
            return self.aws.call(service, action, **params)
        except ApiError as exc:
            if exc.code not in _ABSENT:
                raise
            raise MissingError(
                f"{whose}: there is no {what} in this account and region; make it first (the role "
                "certificates makes private CAs), or name another"
            ) from None


def _given(entry: Entry) -> dict[str, str]:
    if not entry["certificate"] or not entry["private_key"]:
        raise InputError(
            f"certificate {entry['name']} has the source imported and brings no certificate or no private_key; give "
            "both, such as by lookup('file', ...)"
        )
    return {part: entry[part] or "" for part in ("certificate", "private_key", "chain")}


def _missed(seen: _x509.Seen, entry: Entry) -> list[str]:
    """The domains that a certificate is not for."""
    return [name for name in entry["domains"] if not any(_x509.covers(pattern, name) for pattern in seen.names)]
