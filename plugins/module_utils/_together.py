# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several kinds that do not stand on each other, brought about side by side by one module."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import all_done, each, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

Work = tuple[Kind, t.Callable[[], t.Sequence[Want]]]


class Plan(t.NamedTuple):
    """A kind with what was read of it, and what is to be done."""

    kind: Kind
    wants: t.Sequence[Want]
    found: t.Sequence[Found]
    outcome: Outcome


def together(module: RegionModule, works: t.Sequence[Work], purge: bool = True) -> Outcome:
    """Make the wishes of each kind true; return what became of all of them, or end the module as failed.

    Every kind reads and refuses before the first of them writes. Kinds that wait for what stands are not for it.
    """

    def plan(work: Work) -> Plan:
        kind, wants = work
        reads: list[t.Callable[[], t.Any]] = [wants, kind.find]
        wanted, found = each(lambda read: read(), reads)
        return Plan(kind, wanted, found, reconcile(kind, wanted, check=True, purge=purge, found=found))

    def carry_out(plan: Plan) -> Outcome:
        if module.check or not plan.outcome.changed:
            return plan.outcome
        return reconcile(plan.kind, plan.wants, check=False, purge=purge, found=plan.found)

    try:
        plans = all_done(side_by_side(plan, works))
        outcomes = all_done(side_by_side(carry_out, plans))
    except RegionError as exc:
        fail: t.Callable[..., t.NoReturn] = module.ansible.fail_json
        fail(msg=str(exc))
    return Outcome(
        [member for outcome in outcomes for member in outcome.members],
        [error for outcome in outcomes for error in outcome.errors],
    )
