# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates: each says what its signer needs, and what is brought holds together.

https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html,
https://docs.aws.amazon.com/acm/latest/userguide/import-certificate-prerequisites.html
"""

from __future__ import annotations

import re
import typing as t
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils import _dns, _x509
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer

DOMAIN = re.compile(r"(\*\.)?((?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{2,63}(?<!-)")
LONGEST_DOMAIN = 253
# https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html
MOST_DOMAINS = 10
# Clients of Apple's refuse what is valid for longer, whoever signed it: https://support.apple.com/en-us/103214
MOST_DAYS = 825
CA_DAYS = (30, 7300)
# What each source reads; what another reads says something that would not come true.
READS = {
    "acm": ("zone",),
    "private_ca": ("ca",),
    "imported": ("certificate", "private_key", "chain"),
}
NEEDS = {"acm": ("zone",), "private_ca": ("ca",), "imported": ("certificate", "private_key")}


def rules(region: Region) -> t.Iterator[Problem]:
    """CAs can sign, certificates say what they need, and domains lie where their proof or their CA does."""
    for ca in region.items("certificates_private_cas"):
        yield from _ca(ca)
    for certificate in region.items("certificates_defined"):
        source = certificate.text("source")
        if source not in READS:
            continue
        yield from _keys(certificate, source)
        yield from _domains(certificate, source)
        judge = {"acm": _asked, "private_ca": _signed, "imported": _brought}[source]
        yield from judge(certificate, region)
    for seconds in region.variables("certificates_wait_seconds"):
        if isinstance(seconds.value, int) and seconds.value < 0:
            yield seconds.problem(None, f"{seconds.value} seconds.", "0 or more")


def _ca(ca: Item) -> t.Iterator[Problem]:
    name, days = ca.text("common_name"), ca.get("valid_days", CA_DAYS[0])
    if ca.get("common_name") is not None and not 1 <= len(name.strip()) <= _x509.LONGEST_COMMON_NAME:
        found = f"{shown(name)} cannot be the name of a CA."
        yield ca.problem("common_name", found, f"1 to {_x509.LONGEST_COMMON_NAME} characters")
    if isinstance(days, int) and not CA_DAYS[0] <= days <= CA_DAYS[1]:
        yield ca.problem("valid_days", f"{days} days.", f"from {CA_DAYS[0]} to {CA_DAYS[1]}")
    for domain in ca.items("permitted_domains"):
        if not _dns.is_domain(str(domain.value)) or str(domain.value) != str(domain.value).lower():
            right = "a domain in lowercase without *, such as prod.infer.example.internal; what lies under it is meant"
            yield domain.problem(None, f"{shown(domain.value)} is not a domain.", right)


def _keys(certificate: Item, source: str) -> t.Iterator[Problem]:
    for other, keys in READS.items():
        for key in keys:
            if key not in READS[source] and certificate.get(key):
                found = f"{key} is for certificates with source {other}, and this one has {source}."
                yield certificate.problem(key, found, f"no {key}, or source: {other}")
    for key in NEEDS[source]:
        if certificate.get(key, "") == "" and key not in _broken(certificate):
            yield certificate.problem(key, f"A certificate with source {source} needs {key}.", f"{key}: ...")


def _broken(certificate: Item) -> set[str]:
    """Return the keys whose values are broken, which has been told already."""
    return {str(key) for key, value in certificate.value.items() if value is not None and certificate.get(key) is None}


def _domains(certificate: Item, source: str) -> t.Iterator[Problem]:
    domains = list(certificate.items("domains"))
    if not domains and source != "imported" and isinstance(certificate.get("domains", []), list):
        yield certificate.problem("domains", "It is for no name.", "at least one domain")
    for domain in domains:
        name = str(domain.value)
        if not DOMAIN.fullmatch(name) or len(name) > LONGEST_DOMAIN:
            right = "a full name in lowercase, api.example.com, or all names under one, *.example.com"
            yield domain.problem(None, f"{shown(name)} cannot be in a certificate.", right)
    yield from twice(certificate.child("domains"))
    if source == "acm" and len(domains) > MOST_DOMAINS:
        found = f"{len(domains)} domains, and ACM takes {MOST_DOMAINS} in one certificate."
        yield certificate.problem("domains", found, "several certificates; a listener takes more than one")


def _asked(certificate: Item, region: Region) -> t.Iterator[Problem]:
    wanted = certificate.text("zone")
    zones = {zone.text("part", _dns.plain(zone.name)): zone for zone in region.items("dns_zones")}
    known = {**zones, **region.adopted("hosted zone")}
    if not wanted:
        return
    if wanted not in known:
        if region.sound("dns_zones"):
            right = did_you_mean(wanted, known) or f"one of {', '.join(sorted(known)) or 'none, as there are no zones'}"
            yield certificate.problem("zone", f"There is no hosted zone called {shown(wanted)}.", right)
        return
    if wanted not in zones:
        return
    zone, home = zones[wanted], _dns.plain(zones[wanted].name)
    if zone.get("private"):
        found = f"The zone {wanted} is private, and AWS looks for the proof from outside."
        yield certificate.problem("zone", found, "a public zone, or source: private_ca")
    for domain in certificate.items("domains"):
        if not f".{str(domain.value).removeprefix('*.')}".endswith(f".{home}"):
            found = f"{domain.value} does not lie in the zone {home}, where its proof would go."
            yield domain.problem(None, found, f"a name under {home}, or another certificate with another zone")


def _signed(certificate: Item, region: Region) -> t.Iterator[Problem]:
    days, before = certificate.get("valid_days", MOST_DAYS), certificate.get("renew_before_days", 0)
    if isinstance(days, int) and not 1 <= days <= MOST_DAYS:
        yield certificate.problem("valid_days", f"{days} days.", f"from 1 to {MOST_DAYS}, which is what clients take")
    elif isinstance(days, int) and isinstance(before, int) and not 0 <= before < days:
        found = f"It would be signed anew {before} days before its end, and is valid for {days}."
        yield certificate.problem("renew_before_days", found, "fewer days than valid_days")
    if certificate.text("key_algorithm") == "RSA_2048":
        found = "Our CAs have keys on curves, and ACM wants what they sign to have such a key too."
        yield certificate.problem("key_algorithm", found, "EC_prime256v1 or EC_secp384r1")
    name = certificate.text("ca")
    if name:
        yield from refer(certificate, "ca", name, region, "certificates_private_cas")
    ca = region.named("certificates_private_cas").get(name)
    permitted = [str(domain.value) for domain in ca.items("permitted_domains")] if ca else []
    for domain in certificate.items("domains"):
        plain = str(domain.value).removeprefix("*.")
        if permitted and not any(f".{plain}".endswith(f".{limit}") for limit in permitted):
            found = f"The CA {name} may not vouch for {domain.value}; clients would refuse it."
            yield domain.problem(None, found, f"a name under {' or '.join(permitted)}")


def _brought(certificate: Item, region: Region) -> t.Iterator[Problem]:
    """Judge what was brought; nothing of the key is told."""
    own, key, chain = (certificate.text(name) for name in ("certificate", "private_key", "chain"))
    if not (own and key) or {"certificate", "private_key", "chain"} & _broken(certificate):
        return
    right = "the PEM files as the issuer gave them: one certificate, its key, and the chain from its issuer upwards"
    for fault in _x509.faults(own, key, chain, datetime.now(UTC)):
        name = "private_key" if "private key" in fault else "chain" if "chain" in fault else "certificate"
        yield certificate.problem(name, f"{fault[:1].upper()}{fault[1:]}.", right)
    try:
        names = _x509.read(own).names
    except InputError:
        return
    for domain in certificate.items("domains"):
        if not any(_x509.covers(name, str(domain.value)) for name in names):
            found = f"The certificate is not good for {domain.value}."
            yield domain.problem(None, found, f"names that it has: {', '.join(names)}")


def brought(region: Region) -> t.Iterator[dict[str, t.Any]]:
    """Yield what `_endings.endings` takes, for each certificate that somebody brought."""
    for certificate in region.items("certificates_defined"):
        if certificate.text("source") == "imported":
            end = _x509.read(certificate.text("certificate")).not_after.isoformat()
            before = certificate.get("renew_before_days", 0)
            yield {"name": certificate.name, "expires": end, "renew_before_days": before}
