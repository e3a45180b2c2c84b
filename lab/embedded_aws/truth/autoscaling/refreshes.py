# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instance refreshes: machines replaced in batches that keep enough of the group healthy.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import typing as t
import uuid

from lab.embedded_aws.truth.autoscaling import choosing, scaling
from lab.embedded_aws.truth.autoscaling.base import Params
from lab.embedded_aws.truth.autoscaling.group import Group, Member
from lab.embedded_aws.truth.ec2.base import after, now

ACTIVE = ("Pending", "InProgress", "RollbackInProgress", "Cancelling")
SOURCES = ("LaunchTemplate", "MixedInstancesPolicy")


@dataclasses.dataclass(eq=False)
class Refresh:
    """One refresh of a group; `left` holds the machines that are still to go."""

    group: Group
    preferences: Params
    given: Params | None
    desired: Params | None
    total: int = 0
    left: list[str] = dataclasses.field(default_factory=list)
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Pending"
    reason: str | None = None
    start: datetime.datetime = dataclasses.field(default_factory=now)
    end: datetime.datetime | None = None
    warming: bool = False
    stepping: bool = False
    going: list[str] = dataclasses.field(default_factory=list)
    """Machines that go once those launched in their place are in service."""
    rollback: Params | None = None

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    @property
    def percent(self) -> int:
        return 100 if not self.total else math.floor(100 * (self.total - len(self.left)) / self.total)

    def view(self) -> Params:
        return {
            "InstanceRefreshId": self.id, "AutoScalingGroupName": self.group.name, "Status": self.status,
            "StatusReason": self.reason, "StartTime": self.start, "EndTime": self.end, "Strategy": "Rolling",
            "PercentageComplete": self.percent, "InstancesToUpdate": len(self.left), "Preferences": self.preferences,
            "DesiredConfiguration": self.given, "RollbackDetails": self.rollback,
        }  # fmt: skip

    def finish(self, status: str, reason: str | None = None) -> None:
        self.status, self.reason, self.end = status, reason or self.reason, now()
        self.group.extra = 0


def begin(refresh: Refresh) -> None:
    """Let a refresh start in its time."""
    refresh.group.refreshes.insert(0, refresh)
    _plan(refresh)

    def go() -> None:
        if refresh.status == "Pending":
            refresh.status = "InProgress"
            scaling.tend(refresh.group)

    after(refresh.group.ec2, "instance_refresh", go)


def _plan(refresh: Refresh) -> None:
    group = refresh.group
    skips = bool(refresh.preferences.get("SkipMatching")) or refresh.status == "RollbackInProgress"
    found = [one for one in group.members if not (skips and choosing.matches(group, one))]
    if refresh.preferences["ScaleInProtectedInstances"] == "Ignore":
        found = [one for one in found if not one.protected_from_scale_in]
    refresh.left = [one.instance.id for one in found]
    refresh.total = len(refresh.left)


def advance(group: Group) -> None:
    """Go on with the refresh that runs, as far as nothing has to be waited for."""
    refresh = next((one for one in group.refreshes if one.active), None)
    if refresh is None or refresh.stepping:
        return
    refresh.stepping = True
    try:
        while _step(group, refresh):
            pass
    finally:
        refresh.stepping = False


def _step(group: Group, refresh: Refresh) -> bool:
    """Do the next thing; whether there is another to do at once."""
    if not refresh.active or refresh.status == "Pending" or refresh.warming or "InstanceRefresh" in group.suspended:
        return False
    if refresh.status == "Cancelling":
        refresh.finish("Cancelled")
        return False
    refresh.left = [one for one in refresh.left if (member := group.member(one)) is not None and member.alive]
    failed = _failure(group, refresh)
    if failed:
        fail(refresh, failed)
        return True
    if any(one.lifecycle_state != "InService" for one in group.instance_states):
        return False
    if refresh.going:
        going, refresh.going = refresh.going, []
        group.extra = 0
        _go(refresh, [member for one in going if (member := group.member(one)) is not None])
        return True
    if refresh.left:
        return _replace_some(refresh)
    _succeed(refresh)
    return False


def _failure(group: Group, refresh: Refresh) -> str | None:
    """Why the group cannot be brought back to what is desired since the refresh began."""
    if group.capacity >= group.desired_capacity + group.extra:
        return None
    last = next((one for one in group.activities if one.status == "Failed" and one.start >= refresh.start), None)
    return None if last is None else f"Instances could not be launched: {last.message}"


def _succeed(refresh: Refresh) -> None:
    group = refresh.group
    if refresh.status == "RollbackInProgress":
        refresh.finish("RollbackSuccessful")
        return
    if refresh.desired:
        for name in SOURCES:
            group.settings.pop(name, None)
        group.settings.update({key: value for key, value in refresh.desired.items() if value})
    refresh.finish("Successful")


def fail(refresh: Refresh, reason: str) -> None:
    """End a refresh without success; back to what was there when it asked for that."""
    if refresh.status == "RollbackInProgress":
        refresh.finish("RollbackFailed", reason)
    elif refresh.preferences.get("AutoRollback"):
        roll_back(refresh, reason)
    else:
        refresh.finish("Failed", reason)


def roll_back(refresh: Refresh, reason: str) -> None:
    """Replace what the refresh made by what the group had before."""
    refresh.rollback = {
        "RollbackReason": reason, "RollbackStartTime": now(), "PercentageCompleteOnRollback": refresh.percent,
        "InstancesToUpdateOnRollback": len(refresh.left),
    }  # fmt: skip
    refresh.status, refresh.reason, refresh.desired = "RollbackInProgress", reason, None
    refresh.warming, refresh.going, refresh.group.extra, refresh.start = False, [], 0, now()
    _plan(refresh)
    scaling.tend(refresh.group)


def _replace_some(refresh: Refresh) -> bool:
    """One batch: as many as may be away, or as may be there besides, at least one; whether there was any."""
    group, preferences = refresh.group, refresh.preferences
    batch = _batch(refresh)
    if not batch:
        refresh.reason = "Waiting for instances that are protected from scale in to be released."
        return False
    size = max(1, group.desired_capacity)
    above = math.floor(size * (int(preferences["MaxHealthyPercentage"]) - 100) / 100)
    below = math.floor(size * (100 - int(preferences["MinHealthyPercentage"])) / 100)
    refresh.reason = None
    if above and not below:
        refresh.going = [one.instance.id for one in batch[:above]]
        group.extra = sum(one.weight for one in batch[:above])
        scaling.tend(group)
    else:
        _go(refresh, batch[: max(1, below)])
    return True


def _batch(refresh: Refresh) -> list[Member]:
    found = [refresh.group.member(one) for one in refresh.left]
    replaced = [one for one in found if one is not None]
    if refresh.preferences["ScaleInProtectedInstances"] == "Wait":
        return [one for one in replaced if not one.protected_from_scale_in]
    return replaced


def _go(refresh: Refresh, batch: list[Member]) -> None:
    """Terminate a batch, let the group launch what is missing, and wait for that to warm up."""
    group = refresh.group
    refresh.warming, group.busy = True, True
    try:
        for member in batch:
            refresh.left.remove(member.instance.id)
            cause = "an instance was taken out of service in response to an instance refresh."
            scaling.remove(group, member, cause)
    finally:
        group.busy = False
    scaling.tend(group)

    def warm() -> None:
        refresh.warming = False
        scaling.tend(group)

    after(group.ec2, "instance_refresh", warm)


def started(group: Group, given: t.Any, preferences: Params, desired: Params | None) -> Refresh:
    """Make and begin a refresh."""
    refresh = Refresh(group, preferences, given, desired)
    begin(refresh)
    return refresh
