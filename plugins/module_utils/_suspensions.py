# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Auto Scaling groups that look away while their machines are unhealthy on purpose.

A group with health checks of its load balancer replaces a machine that fails them. ReplaceUnhealthy alone is not
enough to suspend: machines are marked all the same and go as soon as it resumes, so HealthCheck is suspended with it
(https://docs.aws.amazon.com/autoscaling/ec2/userguide/suspend-resume-considerations.html), and AZRebalance, which may
end any machine. What was suspended here stands in a tag of the group, so that a run that was killed is made good by the
next, and what somebody else suspended stays so.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._balanced_fleet import read
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup

ROLLING = "cloister:rolling"
"""The tag of a group whose machines are being rolled: the processes that were suspended for it."""
PROCESSES = ("AZRebalance", "HealthCheck", "ReplaceUnhealthy")
_TYPE = "auto-scaling-group"


@dataclass(frozen=True)
class Suspender:
    """Suspends and resumes what would end machines of a region's pools; in check mode only says where."""

    aws: Aws
    region: str
    check: bool = False

    def suspend(self, ids: t.Collection[str]) -> list[str]:
        """Let the groups of these machines look away; return the names of those that did not yet."""
        groups = [
            one for one in self._groups() if any(raw["InstanceId"] in ids for raw in one.raw.get("Instances") or ())
        ]
        open_to_it = [one for one in groups if set(PROCESSES) - _suspended(one)]
        if not self.check:
            each(self._suspend, open_to_it)
        return sorted(_name(one) for one in open_to_it)

    def resume(self) -> list[str]:
        """Let all groups of the region that look away look again; return their names."""
        rolling = [one for one in self._groups() if ROLLING in one.tags]
        if not self.check:
            each(self._resume, rolling)
        return sorted(map(_name, rolling))

    def _groups(self) -> list[Found]:
        return AutoScalingGroup(self.aws, Owner(self.region)).find()

    def _suspend(self, group: Found) -> None:
        """The tag first: a process that it names and that runs is resumed in vain, one that it lacked never."""
        ours = (set(PROCESSES) - _suspended(group)) | set(group.tags.get(ROLLING, "").split())
        tag = {"Key": ROLLING, "Value": " ".join(sorted(ours)), "PropagateAtLaunch": False, **_of(group)}
        self.aws.call("autoscaling", "create_or_update_tags", Tags=[tag])
        self.aws.call(
            "autoscaling", "suspend_processes", AutoScalingGroupName=_name(group), ScalingProcesses=sorted(ours)
        )

    def _resume(self, group: Found) -> None:
        """Processes last: one that runs again ends what is marked still."""
        self._unmark(group)
        ours = [one for one in group.tags[ROLLING].split() if one in PROCESSES]
        if ours:  # none would be all of them
            self.aws.call("autoscaling", "resume_processes", AutoScalingGroupName=_name(group), ScalingProcesses=ours)
        self.aws.call("autoscaling", "delete_tags", Tags=[{"Key": ROLLING, **_of(group)}])

    def _unmark(self, group: Found) -> None:
        """Take back what was said of machines that serve: a mark is never taken back by AWS itself.

        https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetInstanceHealth.html
        """
        marked = [one["InstanceId"] for one in group.raw.get("Instances") or () if one["HealthStatus"] == "Unhealthy"]
        if not marked:
            return
        fleet = read(self.aws, self.region, marked)
        for one in marked:
            if one in fleet.machines and fleet.serves(fleet.machines[one]):
                self._mark_healthy(one)

    def _mark_healthy(self, instance: str) -> None:
        try:
            self.aws.call("autoscaling", "set_instance_health", InstanceId=instance, HealthStatus="Healthy")
        except ApiError as exc:
            if exc.code != "ValidationError":  # one that is gone by now
                raise


def _suspended(group: Found) -> set[str]:
    return {one["ProcessName"] for one in group.raw.get("SuspendedProcesses") or ()}


def _name(group: Found) -> str:
    return str(group.raw["AutoScalingGroupName"])


def _of(group: Found) -> dict[str, t.Any]:
    return {"ResourceId": _name(group), "ResourceType": _TYPE}
