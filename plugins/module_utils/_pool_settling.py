# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pools that were made are joined: old machines replaced, enough of them in service, and pools of no list removed."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import each, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._ecs import capacity_providers
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._instance_refresh import Progress, Refresher
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._pools import Pool
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member, Outcome, by_part, leave
from ansible_collections.cloister.aws.plugins.module_utils._removal import Doomed, remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils._scaling_reasons import explained, failed, hopeless
from ansible_collections.cloister.aws.plugins.module_utils.functions.resting import RESTING


@dataclass
class Settled:
    """What became of pools: the refreshes that ran, and groups that ECS still uses though no list names them."""

    outcome: Outcome
    refreshes: dict[str, list[Progress]]
    still_used: dict[str, list[str]]


@dataclass(frozen=True)
class Settler:
    """Joins the pools of an owner; ``capacity_seconds`` is how long machines are waited for."""

    refresher: Refresher
    capacity_seconds: float
    check: bool

    def settle(self, pools: t.Sequence[Pool]) -> Settled:
        """Join ``pools``, side by side, then remove what is no longer listed."""
        kinds: tuple[Kind, Kind] = (self.refresher.group, self.refresher.template)
        groups, templates = each(lambda kind: by_part(kind, kind.find()), kinds)
        standing = [(pool, groups[pool["name"]]) for pool in pools if pool["name"] in groups]
        members = each(lambda pair: self._member(*pair), standing)
        work = [(*pair, member) for pair, member in zip(standing, members, strict=True) if not self.check]
        went = side_by_side(lambda one: self._join(*one), work)
        errors = [one for one in went if isinstance(one, Exception)]
        refreshes = {one[2].part: done for one, done in zip(work, went, strict=True) if isinstance(done, list) and done}
        listed = {pool["name"] for pool in pools}
        used = self._users([found for part, found in groups.items() if part not in listed])
        staying = listed | set(used)
        doomed: list[Doomed] = [
            (kind, leave(kind, found))
            for kind, all_of in zip(kinds, (groups, templates), strict=True)
            for part, found in sorted(all_of.items())
            if part not in staying
        ]
        removed = Outcome([]) if errors else remove_by_rank(doomed, self.check)
        return Settled(Outcome(members + removed.members, errors + removed.errors), refreshes, used)

    def _member(self, pool: Pool, group: Found) -> Member:
        """Return what is to be done with a pool that stands: machines are replaced, or nothing is."""
        stale = self.refresher.stale(group) if pool["refresh"]["enabled"] else []
        changes = [{"field": "machines", "before": ", ".join(stale), "after": "as the pool says"}] if stale else []
        kind = self.refresher.group
        member = Member(kind.noun, group.part, group.stack, "change" if stale else "keep", group.id, changes)
        member.shows, member.found = kind.shows(group), group
        return member

    def _join(self, pool: Pool, group: Found, member: Member) -> list[Progress]:
        went = self.refresher.replace(group, pool["refresh"]) if member.action == "change" else []
        group = self._await(pool, self.refresher.now(group) if went else group)
        member.shows, member.done = self.refresher.group.shows(group), True
        return went

    def _await(self, pool: Pool, group: Found) -> Found:
        """Wait until as many machines serve as the inventory asks for, or raise; one that rests is not waited for."""
        name, size = group.raw["AutoScalingGroupName"], pool["size"]
        wanted = size["min"] if size["desired"] is None else size["desired"]
        if _serving(group) >= wanted or RESTING in group.tags:
            return group
        before = {one["ActivityId"] for one in failed(self.refresher.activities(name))}

        def ready() -> bool:
            nonlocal group
            group = self.refresher.now(group)
            if _serving(group) >= wanted:
                return True
            activities = self.refresher.activities(name)
            newest = hopeless(activities)
            if newest and newest["ActivityId"] not in before:
                raise RegionError(self._short(group, wanted, activities))
            return False

        try:
            self.refresher.group.until(name, ready, self.capacity_seconds)
        except DeadlineError as exc:
            text = self._short(group, wanted, self.refresher.activities(name))
            raise DeadlineError(f"{text} Waited {self.capacity_seconds:.0f} s; run again to go on from here") from exc
        return group

    def _short(self, group: Found, wanted: int, activities: t.Sequence[t.Mapping[str, t.Any]]) -> str:
        suspended = ", ".join(one["ProcessName"] for one in group.raw.get("SuspendedProcesses") or ())
        more = f" Somebody has suspended {suspended} of the group." if suspended else ""
        name = group.raw["AutoScalingGroupName"]
        return f"{_serving(group)} of {wanted} machines of {name} are in service. {explained(activities)}{more}"

    def _users(self, groups: t.Sequence[Found]) -> dict[str, list[str]]:
        """Return by pool the ECS capacity providers that still use it: its machines are theirs to give up."""
        if not groups:
            return {}
        providers = capacity_providers(self.refresher.aws)
        using = {
            group.part: [
                one["name"]
                for one in providers
                if one.get("autoScalingGroupProvider", {}).get("autoScalingGroupArn") == group.id
                and one.get("status") == "ACTIVE"
            ]
            for group in groups
        }
        return {part: names for part, names in using.items() if names}


def _serving(group: Found) -> int:
    machines = group.raw.get("Instances") or ()
    return sum(one["LifecycleState"] == "InService" and one["HealthStatus"] == "Healthy" for one in machines)
