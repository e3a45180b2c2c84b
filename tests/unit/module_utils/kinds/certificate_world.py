# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A region's CAs, certificates and proofs made of plain entries, for tests."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._certificate_proofs import Proofs
from ansible_collections.cloister.aws.plugins.module_utils._certificates import Desk, Done
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds import hosted_zone
from ansible_collections.cloister.aws.plugins.module_utils.kinds.certificate import Certificate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.private_ca import PrivateCa
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.dns_world import public

OWNER = Owner("us", "certificates", {"owner": "platform"})
Entry = dict[str, t.Any]

CA: Entry = {
    "name": "inner",
    "common_name": "Example inner",
    "key_algorithm": "EC_prime256v1",
    "valid_days": 3650,
    "permitted_domains": [],
    "keep": False,
}
_FORM: Entry = {"domains": [], "key_algorithm": None, "ca": None, "valid_days": 90, "renew_before_days": 30}
_GIVEN: Entry = {"certificate": None, "private_key": None, "chain": ""}
PUBLIC: Entry = {**_FORM, **_GIVEN, "name": "public", "source": "acm", "domains": ["us.infer.example.com"]}
INNER: Entry = {**_FORM, **_GIVEN, "name": "inner", "source": "private_ca", "ca": "inner", "domains": ["*.internal"]}


class Partner:
    """Somebody else's CA, and what it signs for us."""

    def __init__(self, days: int = 400) -> None:
        self.key = _x509.new_key("EC_prime256v1")
        self.root = _x509.root(self.key, "Partner", days, [], datetime.now(UTC))

    def brings(self, *names: str, days: int = 200, algorithm: str = "EC_prime256v1", **said: t.Any) -> Entry:
        made = _x509.issue(self.key, self.root, names or ("api.partner.example",), days, algorithm, datetime.now(UTC))
        pem = {"certificate": made.certificate, "private_key": made.private_key, "chain": made.chain}
        return {**_FORM, "name": "partner", "source": "imported", **pem, **said}


class World:
    """A region, its AWS and its lab."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.adopted: dict[str, dict[str, str]] = {}

    def apply(self, *entries: Entry, cas: t.Sequence[Entry] = (CA,), check: bool = False) -> Done:
        """Bring CAs and certificates about; raise what went wrong with a member."""
        done = Desk(self.aws, OWNER, cas, entries).bring_about(check)
        whole(done.outcome)
        return done

    def zone(self, name: str = "infer.example.com") -> str:
        """A public zone of the region."""
        owner = Owner("us", "dns")
        wants = [hosted_zone.want(public(name), Names(self.aws, "us", False), owner, self.aws.region)]
        return whole(reconcile(hosted_zone.HostedZone(self.aws, owner), wants, False)).members[0].id

    def prove(self, *names: str, zone: str = "infer.example.com", check: bool = False, seconds: float = 5) -> Outcome:
        """Write the proofs of certificates and wait until they are issued."""
        records = Records(self.aws, OWNER)
        records.adopted = self.adopted
        entries = [{"name": name, "zone": zone} for name in names]
        proofs = Proofs(self.aws, Names(self.aws, "us", check, self.adopted), records, entries, check)
        outcome = whole(reconcile(records, proofs.wants(), check))
        if not check:
            proofs.wait(seconds)
        return outcome

    def certificates(self) -> dict[str, Found]:
        return {found.part: found for found in Certificate(self.aws, OWNER).find()}

    def ca(self) -> Found:
        [found] = PrivateCa(self.aws, OWNER).find()
        return found

    def holds(self, name: str) -> _x509.Seen:
        """What a certificate says, as ACM gives it."""
        answer = self.aws.call("acm", "get_certificate", CertificateArn=self.certificates()[name].id)
        return _x509.read(answer["Certificate"])

    def writes(self) -> list[str]:
        """The writes since the last time this was asked."""
        done = [write["action"] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done


def whole(outcome: Outcome) -> Outcome:
    if outcome.errors:
        raise outcome.errors[0]
    return outcome


def told(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(member.kind, member.part, member.action) for member in outcome.members]


def fields(outcome: Outcome) -> dict[str, list[str]]:
    """The fields that change, by name."""
    return {m.part: [c["field"] for c in m.changes] for m in outcome.members if m.action == "change"}
