# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines that are not what their pool says any more are replaced, so many at a time that the others serve.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html. What is to be replaced is asked of the
machines themselves, so a run that dies is taken up by the next; a refresh that runs already is joined. Machines that
have tasks of ECS are protected from scaling in, and are replaced all the same: managed draining moves the tasks first.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ApiError,
    DeadlineError,
    RegionError,
    UnsureError,
)
from ansible_collections.cloister.aws.plugins.module_utils._group_settings import fields
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._launch_data import same_machine
from ansible_collections.cloister.aws.plugins.module_utils._scaling_reasons import explained
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate

_RUNNING = ("Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress")
_ROUNDS = 3


class Progress(t.TypedDict):
    """How a refresh went: ``seconds`` since we looked first."""

    id: str
    status: str
    percent: int
    seconds: int


@dataclass(frozen=True)
class Refresher:
    """Replaces machines of groups; ``wait_seconds`` is how long one refresh is waited for."""

    aws: Aws
    group: AutoScalingGroup
    template: LaunchTemplate
    wait_seconds: float
    skips_matching: t.ClassVar[bool] = True
    """Whether machines that are already what the group says stay."""

    def stale(self, group: Found) -> list[str]:
        """Return the machines that are not what the group says: of another template, or a type it no longer lists.

        Those of an older version in which only tags differ stay.
        """
        said = fields(group.raw)
        machines = [
            one for one in group.raw.get("Instances") or () if one["LifecycleState"] in ("InService", "Pending")
        ]
        older = {str((one.get("LaunchTemplate") or {}).get("Version")) for one in machines} - {said["template_version"]}
        others = self._others(said, older) if older else set()
        return sorted(one["InstanceId"] for one in machines if _differs(one, said, others))

    def replace(self, group: Found, preferences: t.Mapping[str, t.Any]) -> list[Progress]:
        """Replace what is `stale`, and what becomes so meanwhile; return how each refresh went."""
        went: list[Progress] = []
        while left := self.stale(group):
            name = group.raw["AutoScalingGroupName"]
            if len(went) == _ROUNDS:
                raise RegionError(
                    f"{', '.join(left)} of {name} are still not what the pool says after {_ROUNDS} instance refreshes; "
                    f"aws autoscaling describe-instance-refreshes --auto-scaling-group-name {name} tells of them"
                )
            went.append(self._once(name, preferences))
            group = self.now(group)
        return went

    def now(self, group: Found) -> Found:
        """Return the group as it is now."""
        name = group.raw["AutoScalingGroupName"]
        return next(iter(self.group.described(AutoScalingGroupNames=[name])), group)

    def activities(self, name: str) -> list[dict[str, t.Any]]:
        """Return the newest scaling activities of a group, newest first."""
        answer = self.aws.call("autoscaling", "describe_scaling_activities", AutoScalingGroupName=name, MaxRecords=50)
        return t.cast("list[dict[str, t.Any]]", answer["Activities"])

    def running(self, name: str) -> dict[str, t.Any] | None:
        """Return the refresh of a group that goes on, if one does."""
        newest = self._newest(name)
        return newest if newest and newest["Status"] in _RUNNING else None

    def _others(self, said: t.Mapping[str, t.Any], older: t.Collection[str]) -> set[str]:
        """Return those of the older versions that make another machine; one that is gone counts as such."""
        template = Found(said["template"], {}, {})
        data = {str(one["VersionNumber"]): one["LaunchTemplateData"] for one in self.template.versions(template)}
        now = data.get(said["template_version"], {})
        return {version for version in older if version not in data or not same_machine(data[version], now)}

    def _once(self, name: str, preferences: t.Mapping[str, t.Any]) -> Progress:
        """Join the refresh that runs, or start one, and wait for its end."""
        if self.running(name) is None:
            self._start(name, preferences)
        began, pause = time.monotonic(), 0.2
        while True:
            refresh = t.cast("dict[str, t.Any]", self._newest(name))
            percent, seconds = refresh.get("PercentageComplete", 0), time.monotonic() - began
            if refresh["Status"] not in _RUNNING:
                break
            if seconds > self.wait_seconds:
                raise DeadlineError(
                    f"the instance refresh {refresh['InstanceRefreshId']} of {name} is at {percent} % after "
                    f"{seconds:.0f} s ({refresh.get('InstancesToUpdate', '?')} machines to go"
                    f"{_reason(refresh)}). It goes on; run again to wait for it. {explained(self.activities(name))}"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 15.0)
        if refresh["Status"] != "Successful":
            raise RegionError(
                f"the instance refresh {refresh['InstanceRefreshId']} of {name} ended as {refresh['Status']} at "
                f"{percent} %{_reason(refresh)}. {explained(self.activities(name))} What serves goes on serving; "
                "the next run starts another refresh"
            )
        return {"id": refresh["InstanceRefreshId"], "status": "Successful", "percent": 100, "seconds": int(seconds)}

    def _newest(self, name: str) -> dict[str, t.Any] | None:
        answer = self.aws.call("autoscaling", "describe_instance_refreshes", AutoScalingGroupName=name, MaxRecords=1)
        return next(iter(answer["InstanceRefreshes"]), None)

    def _start(self, name: str, preferences: t.Mapping[str, t.Any]) -> None:
        said = {
            "MinHealthyPercentage": preferences["healthy_percent"],
            "MaxHealthyPercentage": preferences["max_healthy_percent"],
            "InstanceWarmup": preferences["warmup_seconds"],
            "SkipMatching": self.skips_matching,
            "ScaleInProtectedInstances": "Refresh",
            "StandbyInstances": "Ignore",
        }
        given = {key: value for key, value in said.items() if value is not None}
        try:
            self.aws.make(
                "autoscaling",
                "start_instance_refresh",
                AutoScalingGroupName=name,
                Strategy="Rolling",
                Preferences=given,
            )
        except (UnsureError, ApiError) as exc:
            # The answer was lost, or somebody else was first: what runs is joined.
            if self.running(name) is None:
                raise exc from None


def _differs(machine: t.Mapping[str, t.Any], said: t.Mapping[str, t.Any], others: t.Collection[str]) -> bool:
    spec = machine.get("LaunchTemplate") or {}
    listed = said["instance_types"]
    return bool(
        spec.get("LaunchTemplateId") != said["template"]
        or str(spec.get("Version")) in others
        or (listed and machine.get("InstanceType") not in (None, *listed))
    )


def _reason(refresh: t.Mapping[str, t.Any]) -> str:
    return f": {refresh['StatusReason'].rstrip('.')}" if refresh.get("StatusReason") else ""
