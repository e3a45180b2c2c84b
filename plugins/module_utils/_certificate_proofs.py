# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proofs by which AWS knows that a domain is ours, and the wait until it has seen them.

A proof is a CNAME in the public zone. It stays for as long as the certificate does, since ACM looks for it again at
each renewal. It is the same for every certificate of an account that names the domain, so one that somebody else put
there will do.
https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._dns import plain
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, DeadlineError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member
from ansible_collections.cloister.aws.plugins.module_utils.kinds.certificate import OVER, Certificate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.hosted_zone import HostedZone
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records

TTL_SECONDS = 300
# ACM tells the records some seconds after it was asked for a certificate.
TOLD_SECONDS = 120.0

Entry = t.Mapping[str, t.Any]
Detail = t.Mapping[str, t.Any]


class Proofs:
    """The proofs of a stack's certificates ``{name, zone}``."""

    def __init__(self, aws: Aws, names: Names, records: Records, entries: t.Sequence[Entry], check: bool) -> None:
        self._aws, self._names, self._records, self._check = aws, names, records, check
        self.entries = entries
        self._arns: dict[str, str] = {}
        self.details: dict[str, Detail] = {}
        """What ACM says of each certificate that stands, by name."""

    def wants(self) -> list[Want]:
        """Return the wishes for the records: those that nobody has put there, and what is ours and no longer needed."""
        self._names.read(Certificate, HostedZone)
        found = {entry["name"]: self._names.found(Certificate, entry["name"]) for entry in self.entries}
        self._arns = {name: item.id for name, item in found.items() if item}
        self._poll(all_told, 0 if self._check else TOLD_SECONDS)
        listed: dict[tuple[str, str], Entry] = {}
        for entry in self.entries:
            for record in self._proofs(entry):
                listed.setdefault((entry["zone"], record["name"]), record)
        wants = self._records.wants(list(listed.values()), self._names)
        return [want for want in map(self._unproved, wants) if want.fields]

    def wait(self, seconds: float) -> None:
        """Return once every certificate is issued; say which domain lacks what proof when one is not."""
        self._poll(lambda detail: detail["Status"] == "ISSUED", seconds)
        late = {name: detail for name, detail in self.details.items() if detail["Status"] != "ISSUED"}
        if late:
            told = "; ".join(self._told(name, detail) for name, detail in late.items())
            raise DeadlineError(f"{told}. Waited for {seconds:.0f} s; run again to go on from here")

    def members(self, kind: Certificate) -> list[Member]:
        """Return the certificates as they stand now, to be shown."""
        found = [
            Found(self._arns[name], kind.owner.tags_for(name), listed(self.details[name])) for name in self.details
        ]
        stack = str(kind.owner.stack)
        return [Member(kind.noun, item.part, stack, "keep", item.id, shows=kind.shows(item)) for item in found]

    def _proofs(self, entry: Entry) -> t.Iterator[Entry]:
        """Yield what ACM wants to see for one certificate, in the form of ``dns_records``."""
        form: dict[str, t.Any] = {"zone": entry["zone"], "type": "CNAME", "ttl_seconds": TTL_SECONDS, "alias": None}
        detail = self.details.get(entry["name"])
        for option in detail.get("DomainValidationOptions", ()) if detail else ():
            record = option.get("ResourceRecord")
            if record:
                yield {**form, "name": record["Name"], "values": [record["Value"]]}
        if detail is None:
            # Only in check mode: what AWS wants to see is not known before it was asked.
            yield {**form, "name": f"_proof-of-{entry['name']}", "values": ["known-after-apply.acm-validations.aws"]}

    def _unproved(self, want: Want) -> Want:
        """Leave out what somebody else has put into the zone already, word for word."""
        zone = want.create.get("zone")
        said = self._records.said_by_others(zone) if zone else {}
        fields = {label: form for label, form in want.fields.items() if form is None or said.get(label) != form}
        return Want(want.part, fields, want.create, want.tags)

    def _poll(self, ready: t.Callable[[Detail], bool], seconds: float) -> None:
        """Ask ACM until all are ``ready``, or for so long."""
        end, pause = time.monotonic() + seconds, 0.5
        while True:
            waiting = [name for name in self._arns if name not in self.details or not ready(self.details[name])]
            for name, detail in zip(waiting, each(self._describe, waiting), strict=True):
                if detail is not None:
                    self.details[name] = detail
            if all(name in self.details and ready(self.details[name]) for name in self._arns):
                return
            if time.monotonic() >= end:
                return
            time.sleep(pause)
            pause = min(pause * 1.5, 10.0)

    def _describe(self, name: str) -> Detail | None:
        try:
            answer = self._aws.call("acm", "describe_certificate", CertificateArn=self._arns[name])
        except ApiError as exc:
            if exc.code != "ResourceNotFoundException":
                raise
            return None
        detail: Detail = answer["Certificate"]
        if detail["Status"] in OVER:
            why = detail.get("FailureReason", "ACM does not say why")
            raise RegionError(
                f"certificate {name} ({self._arns[name]}) is {detail['Status']}: {why}. "
                "https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting.html; the next run asks anew"
            )
        return detail

    def _told(self, name: str, detail: Detail) -> str:
        """Return which proofs of a certificate AWS has not seen, and what to look at."""
        zone = next(entry["zone"] for entry in self.entries if entry["name"] == name)
        zone_id = self._names.id(HostedZone, zone)
        servers = self._aws.call("route53", "get_hosted_zone", Id=zone_id)["DelegationSet"]["NameServers"]
        open_options = [
            option for option in detail.get("DomainValidationOptions", ()) if option["ValidationStatus"] != "SUCCESS"
        ]
        said = [
            f"{option['DomainName']} (CNAME {plain(record['Name'])} to {plain(record['Value'])})"
            for option in open_options
            if (record := option.get("ResourceRecord"))
        ]
        return (
            f"certificate {name} ({self._arns[name]}) is not issued: AWS does not see the proof of "
            f"{', '.join(said) or 'any domain'}. It stands in zone {zone} ({zone_id}); the parent domain must point at "
            f"that zone's name servers, {', '.join(servers)}"
        )


def listed(detail: Detail) -> dict[str, t.Any]:
    """Return what ListCertificates would say of what DescribeCertificate said."""
    return {**detail, "SubjectAlternativeNameSummaries": detail.get("SubjectAlternativeNames", [])}


def all_told(detail: Detail) -> bool:
    """Return whether ACM has said how every domain is to be proved."""
    options = detail.get("DomainValidationOptions", ())
    return bool(options) and all(option.get("ResourceRecord") for option in options)
