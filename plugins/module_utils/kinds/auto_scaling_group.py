# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Auto Scaling groups: how many machines of a pool there are, of which types, and where.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html. Every group has a mixed
instances policy, with one type in it or several, on demand only or not, and names a version of its launch template by
number: a new version is a change of the group, and a machine tells which one it has.
"""

from __future__ import annotations

import re
import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, DeadlineError
from ansible_collections.cloister.aws.plugins.module_utils._group_settings import fields, new_settings, settings
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_dict, tag_list
from ansible_collections.cloister.aws.plugins.module_utils.functions.resting import RESTING, SCHEDULE, Size, remembered

GONE_SECONDS = 1800
_LEAVING = "Delete in progress"
_BUSY = Patience(frozenset({"ScalingActivityInProgress", "ResourceContention", "ResourceInUse"}), seconds=300)
# Auto Scaling sees a new profile, template or version late, and says so as an error of the request.
_LATE = re.compile(
    r"Invalid IAM Instance Profile|no associated IAM Roles|launch template.*(does not exist|not found)", re.IGNORECASE
)
_LATE_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
_MOST_PROTECTED = 50
_SIZES = frozenset({"min", "max", "desired"})
_ENDING = ("Terminating", "Terminated", "Detaching", "Detached")


class AutoScalingGroup(Kind):
    """An Auto Scaling group, called ``<region_name>-<part>`` (``raw["AutoScalingGroupName"]``). Its id is its ARN.

    ``raw`` is AWS's description: ``raw["NewInstancesProtectedFromScaleIn"]`` says whether an ECS capacity provider may
    have managed termination protection. Fields: those of `_group_settings`; ``desired`` is compared only when the
    inventory says it. A group that rests has the sizes it will have once it is started again, and goes on resting;
    ``schedule`` is the calendar that it follows.
    """

    noun = "Auto Scaling group"
    made_by = "pools"
    rank = 15

    def find(self) -> list[Found]:
        """Return what the owner owns, by tags."""
        return [found for found in self.described(Filters=self.owner.filters()) if self.owner.owns(found.tags)]

    def described(self, **which: t.Any) -> list[Found]:
        """Return groups that are not on their way out."""
        groups = self.aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", **which)
        return [_found(raw) for raw in groups if raw.get("Status") != _LEAVING]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what the group is told to be."""
        size = remembered(found.tags)
        resting = {"min": size.least, "desired": size.wanted, "max": size.most} if size else {}
        return {**fields(found.raw), "schedule": found.tags.get(SCHEDULE, ""), **resting}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; one of the same name that is on its way out is waited for."""
        name = tags["Name"]
        self.until(f"the old {name} to be gone", lambda: not self._leaving(name), GONE_SECONDS)
        said = new_settings(want.fields)
        follows = {SCHEDULE: want.fields["schedule"]} if want.fields["schedule"] else {}
        _bear_late_neighbours(
            lambda: self.aws.make(
                "autoscaling",
                "create_auto_scaling_group",
                AutoScalingGroupName=name,
                Tags=_tags(name, tags) + _tags(name, follows, on_machines=False),
                **said,
            )
        )
        self.until(f"{name} to be shown", lambda: bool(self.described(AutoScalingGroupNames=[name])), 60)
        return self.described(AutoScalingGroupNames=[name])[0]

    def complete(self, found: Found, want: Want) -> None:
        """Switch its metrics on: they are off on a new group."""
        if want.fields["metrics"]:
            self.update(found, want, ("metrics",))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring it to what is wanted."""
        group: dict[str, t.Any] = {"AutoScalingGroupName": found.raw["AutoScalingGroupName"]}
        wanted = want.fields
        size = remembered(found.tags)
        if size:
            changed = self._resting(found, wanted, size, changed)
        said = settings(wanted, changed)
        if said:
            self._set(found.raw["AutoScalingGroupName"], said)
        if "schedule" in changed:
            self._follow(found, wanted["schedule"])
        if "scale_in_protection" in changed and not wanted["scale_in_protection"]:
            self._unprotect(found)
        if "target_groups" in changed:
            self._lead_to(group, set(found.raw.get("TargetGroupARNs") or ()), set(wanted["target_groups"]))
        if "metrics" in changed and wanted["metrics"]:
            self.aws.call("autoscaling", "enable_metrics_collection", Granularity="1Minute", **group)
        elif "metrics" in changed:
            self.aws.call("autoscaling", "disable_metrics_collection", **group)

    def retag(self, found: Found, tags: t.Mapping[str, str], on_machines: bool = True) -> None:
        """Set these tags, leaving others alone; machines started from now on have them too."""
        said = _tags(found.raw["AutoScalingGroupName"], tags, on_machines)
        self.aws.call("autoscaling", "create_or_update_tags", Tags=said)

    def delete(self, found: Found) -> None:
        """Take its machines down, unprotected ones and protected, then the group; return when all are gone.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-process-shutdown.html
        """
        name = found.raw["AutoScalingGroupName"]
        if self.described(AutoScalingGroupNames=[name]):
            self._set(name, {"NewInstancesProtectedFromScaleIn": False})
            for standing in self.described(AutoScalingGroupNames=[name]):
                self._unprotect(standing)
            self._set(name, {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0})
            self._empty(name)
            self._delete_group(name)
        self.until(f"{name} to be gone", lambda: not self._leaving(name) and not self._lives(name), GONE_SECONDS)

    def foreign(self, want: Want) -> str | None:
        """Return a group of that name that is not ours."""
        found = self.described(AutoScalingGroupNames=[f"{self.owner.region}-{want.part}"])
        return next((item.id for item in found if not self.owner.owns(item.tags)), None)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return how many machines it has and may have."""
        raw = found.raw
        serving = sum(one["LifecycleState"] == "InService" for one in raw.get("Instances") or ())
        return {"machines": f"{serving} of {raw['DesiredCapacity']} ({raw['MinSize']} to {raw['MaxSize']})"}

    def _resting(
        self, found: Found, wanted: t.Mapping[str, t.Any], size: Size, changed: t.Collection[str]
    ) -> t.Collection[str]:
        """Deal with the sizes of a group that rests, and return what else changes.

        Other sizes are those that it gets when it is started. One that no longer follows its calendar, which would
        start it, is started here.
        """
        if not _SIZES & set(changed) and "schedule" not in changed:
            return changed
        name = found.raw["AutoScalingGroupName"]
        least, most = wanted["min"], wanted["max"]
        later = Size(least, min(max(wanted.get("desired", size.wanted), least), most), most)
        if "schedule" in changed:
            self._set(name, {"MinSize": later.least, "DesiredCapacity": later.wanted, "MaxSize": later.most})
            self._untag(name, RESTING)
        else:
            self.retag(found, {RESTING: later.text()}, on_machines=False)
        return set(changed) - _SIZES

    def _follow(self, found: Found, schedule: str) -> None:
        """Put the calendar's name on it, or take it off; its machines follow it and not the calendar."""
        if schedule:
            self.retag(found, {SCHEDULE: schedule}, on_machines=False)
        else:
            self._untag(found.raw["AutoScalingGroupName"], SCHEDULE)

    def _untag(self, name: str, key: str) -> None:
        gone = {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": key}
        self.aws.call("autoscaling", "delete_tags", Tags=[gone])

    def _leaving(self, name: str) -> bool:
        groups = self.aws.pages(
            "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=[name]
        )
        return any(raw.get("Status") == _LEAVING for raw in groups)

    def _set(self, name: str, said: t.Mapping[str, t.Any]) -> None:
        action = "update_auto_scaling_group"
        _bear_late_neighbours(
            lambda: self.aws.call("autoscaling", action, patience=_BUSY, AutoScalingGroupName=name, **said)
        )

    def _unprotect(self, found: Found) -> None:
        """Take scale-in protection off the machines that have it."""
        machines = found.raw.get("Instances") or ()
        kept = sorted(
            one["InstanceId"]
            for one in machines
            if one.get("ProtectedFromScaleIn") and not one["LifecycleState"].startswith(_ENDING)
        )
        for start in range(0, len(kept), _MOST_PROTECTED):
            self.aws.call(
                "autoscaling",
                "set_instance_protection",
                AutoScalingGroupName=found.raw["AutoScalingGroupName"],
                InstanceIds=kept[start : start + _MOST_PROTECTED],
                ProtectedFromScaleIn=False,
            )

    def _lead_to(self, group: t.Mapping[str, t.Any], have: set[str], wanted: set[str]) -> None:
        come, go = sorted(wanted - have), sorted(have - wanted)
        if come:
            self.aws.call("autoscaling", "attach_load_balancer_target_groups", TargetGroupARNs=come, **group)
        if go:
            self.aws.call("autoscaling", "detach_load_balancer_target_groups", TargetGroupARNs=go, **group)

    def _empty(self, name: str) -> None:
        """Wait until its machines are gone; those that a person put on standby go with the group."""

        def machines() -> list[str]:
            return [
                f"{one['InstanceId']} ({one['LifecycleState']})"
                for group in self.described(AutoScalingGroupNames=[name])
                for one in group.raw.get("Instances") or ()
                if one["LifecycleState"] != "Standby"
            ]

        try:
            self.until(f"the machines of {name} to be gone", lambda: not machines(), GONE_SECONDS)
        except DeadlineError as exc:
            advice = "what holds a machine in Terminating:Wait is a lifecycle hook of the group"
            raise DeadlineError(f"{exc}. Still there: {', '.join(machines())}; {advice}") from exc

    def _lives(self, name: str) -> bool:
        """Say whether a machine of the group still is: its interface holds security groups and subnets."""
        filters = [
            {"Name": "tag:aws:autoscaling:groupName", "Values": [name]},
            {"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down", "stopping", "stopped"]},
        ]
        return bool(self.aws.pages("ec2", "describe_instances", "Reservations", Filters=filters))

    def _delete_group(self, name: str) -> None:
        try:
            self.aws.call(
                "autoscaling", "delete_auto_scaling_group", patience=_BUSY, AutoScalingGroupName=name, ForceDelete=True
            )
        except ApiError as exc:
            if exc.code != "ValidationError" or "not found" not in str(exc):
                raise


def _tags(name: str, tags: t.Mapping[str, str], on_machines: bool = True) -> list[dict[str, t.Any]]:
    about = {"ResourceId": name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": on_machines}
    return [{**tag, **about} for tag in tag_list(tags)]


def _bear_late_neighbours(work: t.Callable[[], t.Any]) -> None:
    """Do ``work`` again while Auto Scaling does not see yet what was made a moment ago."""
    for pause in (*_LATE_WAITS, None):
        try:
            work()
            return
        except ApiError as exc:
            if pause is None or exc.code != "ValidationError" or not _LATE.search(str(exc)):
                raise
            time.sleep(pause)


def _found(raw: t.Mapping[str, t.Any]) -> Found:
    return Found(raw["AutoScalingGroupARN"], tag_dict(raw.get("Tags")), raw)
