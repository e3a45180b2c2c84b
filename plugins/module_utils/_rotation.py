# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines of pools replaced by new ones of the same template, so many at a time that the others serve.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html. A machine's age is what counts, so a
run that dies is taken up by the next: a refresh that runs already is joined, and what it replaced is young.
"""

from __future__ import annotations

import datetime
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, all_done, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._instance_refresh import Progress, Refresher
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate


class Rotated(t.TypedDict):
    """A pool: the machines that were too old, and the refreshes that replaced them."""

    pool: str
    machines: list[str]
    refreshes: list[Progress]


@dataclass(frozen=True)
class Rotation(Refresher):
    """Replaces machines of groups that were launched before ``before``; of those ``among``, where it is not None.

    AWS tells launches by the second: of machines that were launched in this one, it is known which are new.
    """

    before: datetime.datetime
    among: frozenset[str] | None = None
    skips_matching: t.ClassVar[bool] = False

    def stale(self, group: Found) -> list[str]:
        """Return the machines that are too old."""
        ids = [one["InstanceId"] for one in group.raw.get("Instances") or ()]
        ids = [one for one in ids if self.among is None or one in self.among]
        if not ids:
            return []
        found = self.aws.pages("ec2", "describe_instances", "Reservations", InstanceIds=ids)
        machines = [raw for one in found for raw in one["Instances"]]
        alive = [raw for raw in machines if raw["State"]["Name"] in ("pending", "running")]
        return sorted(raw["InstanceId"] for raw in alive if raw["LaunchTime"] < self.before)

    def of(self, group: Found) -> Rotation:
        """Return it as it is for a group: of one whose refresh runs, what that made is not replaced once more."""
        running = self.running(group.raw["AutoScalingGroupName"])
        began = running["StartTime"] if running else self.before
        return replace(self, before=min(self.before, began))


def rotate(
    aws: Aws,
    owner: Owner,
    pools: t.Sequence[str],
    older_than_days: float,
    preferences: t.Mapping[str, t.Any],
    wait_seconds: float,
    check: bool,
) -> list[Rotated]:
    """Replace the machines of these pools that are older than that; in check mode only name them."""
    group = AutoScalingGroup(aws, Owner(owner.region))
    standing = {found.part: found for found in group.find()}
    unknown = sorted(set(pools) - set(standing))
    if unknown:
        there = ", ".join(sorted(standing)) or "none"
        raise InputError(f"no pool is called {', '.join(unknown)}; region {owner.region} has {there}")
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=older_than_days)
    plain = Rotation(aws, group, LaunchTemplate(aws, Owner(owner.region)), wait_seconds, before)

    def one(pool: str) -> Rotated:
        found = standing[pool]
        rotation = plain.of(found)
        old = rotation.stale(found)
        those = replace(rotation, among=frozenset(old))
        return Rotated(pool=pool, machines=old, refreshes=[] if check else those.replace(found, preferences))

    return all_done(side_by_side(one, sorted(pools)))
