# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stack's CAs and the certificates that they and others sign, brought about in one go."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._certificate_users import standing_users, theirs, told
from ansible_collections.cloister.aws.plugins.module_utils._errors import MissingError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, by_part, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds import certificate, private_ca
from ansible_collections.cloister.aws.plugins.module_utils.kinds.certificate import Certificate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.private_ca import CERTIFICATE, PrivateCa

# ACM asks for a proof anew 45 days before the end of what is valid for 198, and needs it less than 30 days before:
# https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
ACM_IS_LATE_DAYS = 30
_DEFAULT_ALGORITHM = {"acm": "RSA_2048", "private_ca": "EC_prime256v1"}

Entry = t.Mapping[str, t.Any]


@dataclass
class Done:
    """What became of them, and what a person should know."""

    outcome: Outcome
    warnings: list[str] = field(default_factory=list)


class Desk:
    """Where a stack's certificates are dealt with: what is listed, and what was read once."""

    def __init__(self, aws: Aws, owner: Owner, cas: t.Sequence[Entry], certificates: t.Sequence[Entry]) -> None:
        self.entries = [
            {**entry, "key_algorithm": entry["key_algorithm"] or _DEFAULT_ALGORITHM.get(entry["source"], "")}
            for entry in certificates
        ]
        self.authority, self.kind = PrivateCa(aws, owner), Certificate(aws, owner)
        self.kind.renew_before_days = {entry["name"]: entry["renew_before_days"] for entry in self.entries}
        self.ca_wants = [private_ca.want(ca) for ca in cas]
        self.warnings: list[str] = []
        self._every_ca = PrivateCa(aws, Owner(owner.region))
        reads: list[t.Callable[[], list[Found]]] = [self._every_ca.find, self.kind.find]
        known, standing = each(lambda read: read(), reads)
        self.cas = [found for found in known if owner.owns(found.tags)]
        self.kind.cas = by_part(self._every_ca, known)
        self.standing = [found for found in standing if not self._still_used(found)]

    def bring_about(self, check: bool) -> Done:
        """Make it so, or say in check mode what that takes; all is refused that must be before anything is written."""
        planned = self._certificates(check=True)
        self._warn()
        listed = {want.part for want in self.ca_wants}
        made = reconcile(self.authority, self.ca_wants, check, purge=False, found=self.cas)
        if made.changed and not check and not made.errors:
            self.kind.cas = by_part(self._every_ca, self._every_ca.find())
        done = planned
        if planned.changed and not check and not made.errors:
            done = self._certificates(check=False)
        unlisted = [found for found in self.cas if found.part not in listed]
        errors = made.errors + done.errors
        gone = reconcile(self.authority, [], check or bool(errors), found=unlisted)
        return Done(Outcome(made.members + done.members + gone.members, errors + gone.errors), self.warnings)

    def _certificates(self, check: bool) -> Outcome:
        return reconcile(self.kind, [self._want(entry) for entry in self.entries], check, found=self.standing)

    def _want(self, entry: Entry) -> Want:
        return certificate.want(entry, self._issuer(entry) if entry["source"] == "private_ca" else "")

    def _issuer(self, entry: Entry) -> str:
        """Return the fingerprint of the CA that signs an entry, a marker while it is still to be made."""
        name = entry["ca"]
        ca = self.kind.cas.get(name)
        if ca and CERTIFICATE in ca.raw:
            return _x509.read(ca.raw[CERTIFICATE]).fingerprint
        if ca or name in {want.part for want in self.ca_wants}:
            return unknown(PrivateCa.noun, name)
        have = ", ".join(sorted(self.kind.cas)) or "none"
        raise MissingError(
            f"certificate {entry['name']}: the region has no private CA called {name} (it has: {have}); list it in "
            "certificates_private_cas"
        )

    def _still_used(self, found: Found) -> bool:
        """Return whether one that is no longer listed stays for now: a load balancer of ours has yet to let go."""
        if found.part in self.kind.renew_before_days or not found.raw.get("InUse"):
            return False
        users = standing_users(self.kind.aws, found.id)
        if not users or theirs(users, self.kind.owner.region):
            return False
        self.warnings.append(
            f"certificate {found.part} ({found.id}) is no longer listed and still used by {told(users)}; it goes in "
            "the next run after that lets it go"
        )
        return True

    def _warn(self) -> None:
        """Note what comes to its end and that no run can help."""
        now = self.kind.now()
        for found in self.standing:
            days = (found.raw["NotAfter"] - now).days if found.raw.get("NotAfter") else ACM_IS_LATE_DAYS
            if found.raw["Type"] == "AMAZON_ISSUED" and days < ACM_IS_LATE_DAYS:
                why = "its proof may be gone from DNS" if found.raw.get("InUse") else "nothing uses it"
                self.warnings.append(f"certificate {found.part} ends in {days} days and ACM has not renewed it: {why}")
        for entry in self.entries:
            ca = self.kind.cas.get(entry["ca"] or "")
            end = _x509.read(ca.raw[CERTIFICATE]) if ca and CERTIFICATE in ca.raw else None
            if end and end.days_left(now) < entry["valid_days"]:
                self.warnings.append(
                    f"private CA {entry['ca']} ends on {end.not_after:%Y-%m-%d}, and what it signs now ends with it: "
                    f"certificate {entry['name']}. Make its successor: docs/certificates.md"
                )
