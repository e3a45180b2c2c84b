# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records together with the health checks that some of them name: checks come before records and go after them.

A record cannot name a health check that is not there, and Route 53 deletes one without a word that records still name.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, leave, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._record_wants import zone_of
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils.kinds.health_check import HealthCheck
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Entries, Records


class CheckedRecords:
    """The records of a stack and their health checks."""

    def __init__(self, records: Records, checks: HealthCheck, names: Names) -> None:
        self.records, self._checks, self._names = records, checks, names
        self._standing: list[Found] | None = None

    def read(self) -> None:
        """Read what health checks stand, ahead of `bring`."""
        self._standing = self._checks.find()

    def bring(self, listed: Entries, check: bool, but: t.Mapping[str, str] | None = None) -> Outcome:
        """Make the entries of ``dns_records`` true; zones ``but``, names by id, are left as they are."""
        but = but or {}
        found = self._checks.find() if self._standing is None else self._standing
        standing = [one for one in found if zone_of(one.part) not in but.values()]
        asked = self.records.checks(listed, self._names)
        checks = reconcile(self._checks, asked, True, purge=False, found=standing)
        said = self._say(listed, checks, True, but)  # what is refused of the records is refused before the first check
        if not check:
            checks = reconcile(self._checks, asked, False, purge=False, found=standing) if checks.changed else checks
            said = Outcome([]) if checks.errors else self._say(listed, checks, False, but)
        staying = {*checks.ids.values()}
        leaving = [leave(self._checks, one) for one in standing if one.id not in staying]
        errors = checks.errors + said.errors
        gone = Outcome([]) if errors else remove_by_rank([(self._checks, one) for one in leaving], check)
        return Outcome(checks.members + said.members + gone.members, errors + gone.errors)

    def _say(self, listed: Entries, checks: Outcome, check: bool, but: t.Mapping[str, str]) -> Outcome:
        wanted = self.records.wants(listed, self._names, checks.ids)
        return reconcile(self.records, wanted, check, found=[one for one in self.records.find() if one.id not in but])


def bring_about(module: RegionModule, listed: Entries) -> Outcome:
    """Make ``listed`` all the records that the module's stack has, and wait for as long as it says."""
    both = CheckedRecords(module.kind(Records), module.kind(HealthCheck), module.names)
    both.records.wait_seconds = module.params["wait_seconds"]
    return both.bring(listed, module.check)
