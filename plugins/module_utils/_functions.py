# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stack's functions with all that each needs, brought about in one go: role, log group, code, and what invokes it.

A function called ``sweep`` runs as the role ``function-sweep`` and logs into ``/<region_name>/lambda/sweep``. Rules and
schedules are made last and removed first, so that nothing is invoked that is half there.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._account import caller
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, MissingError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, leave, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils._trails import records_calls
from ansible_collections.cloister.aws.plugins.module_utils.kinds import (
    event_rule,
    function,
    iam_role,
    log_group,
    schedule,
    schedule_group,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds.event_rule import EventRule, hears_calls, rule_arn
from ansible_collections.cloister.aws.plugins.module_utils.kinds.function import Function
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import LogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.schedule import Schedule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.schedule_group import ScheduleGroup

Entry = t.Mapping[str, t.Any]
Ids = dict[type[Kind], dict[str, str]]
KINDS: tuple[type[Kind], ...] = (IamRole, LogGroup, Function, EventRule, ScheduleGroup, Schedule)
"""In the order in which they are made."""
SCHEDULER = "scheduler"
"""The role that schedules of a stack invoke with."""
_ROLE: dict[str, t.Any] = {
    "trusted_arns": [],
    "trust_conditions": {},
    "trust_statements": [],
    "managed_policies": [],
    "session_seconds": 3600,
    "permissions_boundary": "",
}


@dataclass
class Wishes:
    """What a stack wants of them, as the module `functions` takes it."""

    functions: t.Sequence[Entry] = ()
    rules: t.Sequence[Entry] = ()
    schedules: t.Sequence[Entry] = ()
    boundary: str = ""
    listed: dict[type[Kind], list[Want]] = field(default_factory=dict)


class Functions:
    """A stack's functions: what it wants, and what stands."""

    def __init__(self, aws: Aws, owner: Owner, wishes: Wishes) -> None:
        self.aws, self.owner, self.wishes = aws, owner, wishes
        self.kinds = [kind(aws, owner) for kind in KINDS]
        self._refuse_strangers()
        reads: list[t.Callable[[], t.Any]] = [lambda: caller(aws).account, *(kind.find for kind in self.kinds)]
        account, *found = each(lambda read: read(), reads)
        self.account, self.found = str(account), t.cast(list[list[Found]], found)

    def bring_about(self, check: bool, purge: bool = True) -> Outcome:
        """Make it so, or say in check mode what that takes; what is refused is refused before the first write."""
        planned = self._round(True, purge)
        if check:
            return planned
        self._refuse_deaf_rules()
        pairs = zip(self.kinds, self.found, strict=True)
        settled = all(kind.settled(one) for kind, found in pairs for one in found)
        return planned if settled and not planned.changed else self._round(False, purge)

    def _round(self, check: bool, purge: bool) -> Outcome:
        whole = Outcome([])
        ids: Ids = {}
        for kind, found in zip(self.kinds, self.found, strict=True):
            wants = self.wishes.listed[type(kind)] = self._wants(type(kind), ids)
            outcome = reconcile(kind, wants, check, purge=False, found=found)
            ids[type(kind)] = outcome.ids
            whole = Outcome(whole.members + outcome.members, whole.errors + outcome.errors)
            if whole.errors:
                return whole
        gone = remove_by_rank(self._unlisted() if purge else [], check)
        return Outcome(whole.members + gone.members, gone.errors)

    def _wants(self, kind: type[Kind], ids: Ids) -> list[Want]:
        wishes = self.wishes
        if kind is IamRole:
            return [self._role(entry) for entry in wishes.functions] + self._scheduler()
        if kind is LogGroup:
            return [_group(entry) for entry in wishes.functions]
        if kind is Function:
            return [self._function(entry, ids) for entry in wishes.functions]
        if kind is EventRule:
            return [event_rule.want(rule, self.owner, ids[Function][rule["function"]]) for rule in wishes.rules]
        if not wishes.schedules:
            return []
        group, role = str(self.owner.stack), ids[IamRole].get(SCHEDULER, "")
        if kind is ScheduleGroup:
            return [schedule_group.want(group)]
        return [schedule.want(one, group, ids[Function][one["function"]], role) for one in wishes.schedules]

    def _role(self, entry: Entry) -> Want:
        """The role of one: what its entry allows, and its log."""
        streams = self._arn("logs", f"log-group:/{self.owner.region}/{_log_part(entry)}:*")
        log = {"actions": ["logs:CreateLogStream", "logs:PutLogEvents"], "resources": [streams]}
        said = [{"sid": None, "effect": "Allow", "conditions": {}, **log}, *entry["statements"]]
        return self._iam_role(f"function-{entry['name']}", entry["reason"], "lambda", said, {})

    def _scheduler(self) -> list[Want]:
        if not self.wishes.schedules:
            return []
        names = sorted({one["function"] for one in self.wishes.schedules})
        invoked = [self._arn("lambda", f"function:{self.owner.region}-{name}") for name in names]
        said = {"effect": "Allow", "actions": [function.INVOKE], "resources": invoked}
        may: Entry = {"sid": None, "conditions": {}, **said}
        ours = {"StringEquals": {"aws:SourceAccount": self.account}}
        return [self._iam_role(SCHEDULER, "Invokes functions when their time comes", "scheduler", [may], ours)]

    def _iam_role(self, name: str, reason: str, service: str, statements: list[Entry], conditions: Entry) -> Want:
        policy = {"name": "work", "statements": statements}
        said = {"name": name, "reason": reason, "trusted_services": [service], "policies": [policy]}
        entry = {**_ROLE, **said, "trust_conditions": conditions}
        return iam_role.want(entry, self.owner, self.aws.partition, self.wishes.boundary, self.aws.region)

    def _function(self, entry: Entry, ids: Ids) -> Want:
        partition, region, account = self.aws.partition, self.aws.region, self.account
        invokers = {
            rule["name"]: {
                "principal": event_rule.PRINCIPAL,
                "source_arn": rule_arn(self.owner, rule["name"], partition, region, account),
            }
            for rule in self.wishes.rules
            if rule["function"] == entry["name"]
        }
        role = ids[IamRole][f"function-{entry['name']}"]
        return function.want(entry, self.owner, role, f"/{self.owner.region}/{_log_part(entry)}", invokers)

    def _arn(self, service: str, rest: str) -> str:
        return f"arn:{self.aws.partition}:{service}:{self.aws.region}:{self.account}:{rest}"

    def _unlisted(self) -> list[tuple[Kind, t.Any]]:
        doomed = []
        for kind, found in zip(self.kinds, self.found, strict=True):
            listed = {want.part for want in self.wishes.listed[type(kind)]}
            members = [leave(kind, one) for one in found if one.part not in listed]
            doomed += [(kind, member) for member in members if member.action == "remove"]
        return doomed

    def _refuse_strangers(self) -> None:
        """What is invoked is one of the stack's own."""
        names = {entry["name"] for entry in self.wishes.functions}
        for what, entries in (("event rule", self.wishes.rules), ("schedule", self.wishes.schedules)):
            for entry in entries:
                if entry["function"] not in names:
                    have = ", ".join(sorted(names)) or "none"
                    raise InputError(
                        f"{what} {entry['name']}: there is no function {entry['function']} beside it (there is: {have})"
                    )

    def _refuse_deaf_rules(self) -> None:
        """A rule that waits for calls of the API hears nothing without a trail, and nobody would ever know."""
        deaf = [want.part for want in self.wishes.listed[EventRule] if hears_calls(want)]
        if deaf and not records_calls(self.aws):
            raise MissingError(
                f"event rule {', '.join(deaf)}: EventBridge hears of calls of the API only where a trail of CloudTrail "
                f"logs them, and no trail logs those of {self.aws.region}. Give the region a stack with the role audit "
                "and run that first, or let the account's own trail log management events"
            )


def _log_part(entry: Entry) -> str:
    return f"lambda/{entry['name']}"


def _group(entry: Entry) -> Want:
    """Its log goes with it."""
    days = entry["log_retention_days"]
    return log_group.want({"name": _log_part(entry), "retention_days": days, "kms_key_arn": None, "keep": False})
