# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instance refreshes: started, listed, cancelled, rolled back.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.autoscaling import checks, choosing, refreshes, scaling
from lab.embedded_aws.truth.autoscaling.base import (
    Params,
    Response,
    action,
    answer,
    group_of,
    invalid,
    not_modelled,
    paged,
    params,
    refuse,
)
from lab.embedded_aws.truth.autoscaling.group import Group

CHOICES = {
    "ScaleInProtectedInstances": ("Refresh", "Ignore", "Wait"), "StandbyInstances": ("Terminate", "Ignore", "Wait"),
}  # fmt: skip
NOT_MODELLED = ("CheckpointPercentages", "CheckpointDelay", "AlarmSpecification", "BakeTime")


@action
def start_instance_refresh(response: Response) -> t.Any:
    given, group = params(response), group_of(response)
    if given.get("Strategy") not in (None, "Rolling"):
        not_modelled(f"instance refreshes with the strategy {given['Strategy']}")
    if any(one.active for one in group.refreshes):
        refuse(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        )
    wanted = given.get("DesiredConfiguration")
    desired = _desired(group, wanted) if wanted else None
    preferences = _preferences(group, given.get("Preferences") or {})
    if preferences["AutoRollback"]:
        _can_roll_back(group, desired)
    refresh = refreshes.started(group, wanted, preferences, desired)
    return answer(InstanceRefreshId=refresh.id)


def _desired(group: Group, wanted: Params) -> Params:
    if bool(wanted.get("LaunchTemplate")) == bool(wanted.get("MixedInstancesPolicy")):
        invalid("A desired configuration must contain either LaunchTemplate or MixedInstancesPolicy.")
    desired = checks.completed(group, wanted)
    checks.launchable(group, desired)
    return desired


def _preferences(group: Group, given: Params) -> Params:
    """The preferences with their defaults."""
    for name in NOT_MODELLED:
        if given.get(name):
            not_modelled(f"instance refreshes with {name}")
    maintenance = group.settings.get("InstanceMaintenancePolicy") or {}
    least = given.get("MinHealthyPercentage", maintenance.get("MinHealthyPercentage", 90))
    most = given.get("MaxHealthyPercentage", maintenance.get("MaxHealthyPercentage", 100))
    if "MaxHealthyPercentage" in given and "MinHealthyPercentage" not in given:
        invalid("MinHealthyPercentage must be specified with MaxHealthyPercentage.")
    if not 0 <= least <= 100 or not 100 <= most <= 200 or most - least > 100:
        invalid(
            "MinHealthyPercentage must be from 0 to 100, MaxHealthyPercentage from 100 to 200, and the difference "
            "between them at most 100.",
        )
    for name, values in CHOICES.items():
        if given.get(name) not in (None, *values):
            invalid(f"{name} must be one of {', '.join(values)}.")
    warmup = group.settings.get("DefaultInstanceWarmup", group.settings["HealthCheckGracePeriod"])
    return {
        "MinHealthyPercentage": least, "MaxHealthyPercentage": most, "InstanceWarmup": warmup, "SkipMatching": False,
        "AutoRollback": False, "ScaleInProtectedInstances": "Wait", "StandbyInstances": "Wait",
        **{key: value for key, value in given.items() if value is not None},
    }  # fmt: skip


def _can_roll_back(group: Group, desired: Params | None) -> None:
    """Refuse a rollback that AWS could not do: to what is not said, or not fixed."""
    if not desired:
        invalid("AutoRollback cannot be enabled without a desired configuration.")
    for choice in choosing.choices(group, group.settings):
        if str(choice.template.data.get("ImageId") or "").startswith("resolve:ssm:"):
            invalid("AutoRollback is not supported for launch templates that use a Systems Manager parameter.")
    if _floats(group.settings):
        invalid("AutoRollback is not supported for Auto Scaling groups that use the $Latest or $Default version.")


def _floats(settings: Params) -> bool:
    """Whether what is launched changes with the template's versions."""
    policy = settings.get("MixedInstancesPolicy")
    spec = policy["LaunchTemplate"]["LaunchTemplateSpecification"] if policy else settings["LaunchTemplate"]
    return str(spec.get("Version") or "$Default").startswith("$")


@action
def describe_instance_refreshes(response: Response) -> t.Any:
    given, group = params(response), group_of(response)
    wanted = given.get("InstanceRefreshIds") or []
    unknown = set(wanted) - {one.id for one in group.refreshes}
    if unknown:
        invalid(f"Instance refresh {', '.join(sorted(unknown))} does not exist.")
    views = [one.view() for one in group.refreshes if not wanted or one.id in wanted]
    return paged(given, "InstanceRefreshes", views, 50, 100)


@action
def cancel_instance_refresh(response: Response) -> t.Any:
    refresh = _active(group_of(response))
    refresh.warming = False
    refresh.status = "Cancelling"
    refreshes.advance(refresh.group)
    return answer(InstanceRefreshId=refresh.id)


@action
def rollback_instance_refresh(response: Response) -> t.Any:
    group = group_of(response)
    refresh = _active(group)
    fixed = not _floats(group.settings) and refresh.desired
    if refresh.status == "RollbackInProgress" or not fixed:
        refuse(
            "IrreversibleInstanceRefresh",
            f"The instance refresh {refresh.id} of Auto Scaling group {group.name} cannot be rolled back.",
        )
    refreshes.roll_back(refresh, "A user requested the rollback.")
    scaling.tend(group)
    return answer(InstanceRefreshId=refresh.id)


def _active(group: Group) -> t.Any:
    refresh = next((one for one in group.refreshes if one.active), None)
    if refresh is None:
        refuse(
            "ActiveInstanceRefreshNotFound",
            f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}",
        )
    return refresh
