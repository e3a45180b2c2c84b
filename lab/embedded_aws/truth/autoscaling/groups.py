# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups: made, changed, listed, deleted.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html and _DeleteAutoScalingGroup
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.autoscaling import activities, checks, scaling, tagging, traffic_links
from lab.embedded_aws.truth.autoscaling.base import (
    Params,
    Response,
    action,
    done,
    group_of,
    invalid,
    not_modelled,
    paged,
    params,
    refuse,
)
from lab.embedded_aws.truth.autoscaling.group import DEFAULTS, Group, view

MOST_NAME = 255
ELSEWHERE = ("AutoScalingGroupName", "Tags", "TargetGroupARNs", "TrafficSources", "LifecycleHookSpecificationList")


@action
def create_auto_scaling_group(response: Response) -> t.Any:
    backend, given = response.autoscaling_backend, params(response)
    name = str(given["AutoScalingGroupName"])
    if not 1 <= len(name) <= MOST_NAME or ":" in name:
        invalid(f"1 validation error detected: Value '{name}' at 'autoScalingGroupName' failed to satisfy constraint")
    if name in backend.autoscaling_groups:
        refuse(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists",
        )
    message = "The maximum number of Auto Scaling groups has been reached."
    limits.check("auto_scaling_groups", len(backend.autoscaling_groups), "LimitExceeded", message, "autoscaling")
    if given.get("LifecycleHookSpecificationList"):
        not_modelled("lifecycle hooks given with a group")
    checks.one_source(given)
    settings = {**DEFAULTS, **{key: value for key, value in given.items() if key not in ELSEWHERE}}
    settings.setdefault("DesiredCapacity", settings["MinSize"])
    group = Group(backend, name, settings, tagging.checked(name, given.get("Tags") or []))
    checks.check(group)
    group.settings.update(checks.completed(group, given))
    checks.launchable(group, group.settings)
    arns = [*(given.get("TargetGroupARNs") or []), *_sources(given)]
    traffic_links.check(backend, arns, group.vpc)
    backend.autoscaling_groups[name] = group
    traffic_links.attach(group, arns)
    scaling.tend(group)
    return done()


def _sources(given: Params) -> list[str]:
    found = given.get("TrafficSources") or []
    for one in found:
        if one.get("Type") not in (None, "elbv2"):
            not_modelled(f"traffic sources of type {one['Type']}")
    return [one["Identifier"] for one in found]


@action
def update_auto_scaling_group(response: Response) -> t.Any:
    given, group = params(response), group_of(response)
    changed = {key: value for key, value in given.items() if key not in ELSEWHERE}
    if changed.get("LaunchTemplate") and changed.get("MixedInstancesPolicy"):
        invalid("Valid requests must contain either LaunchTemplate or MixedInstancesPolicy parameter, not both.")
    if changed.get("LaunchConfigurationName"):
        checks.one_source(changed)
    trial = Group(group.backend, group.name, {**group.settings, **changed}, group.tags)
    _follow_bounds(group, changed, trial.settings)
    checks.check(trial)
    source = _new_source(group, trial, changed)
    if source or changed.get("VPCZoneIdentifier"):
        checks.launchable(trial, {**trial.settings, **source})
    if source and any(one.active and one.desired for one in group.refreshes):
        refuse("InstanceRefreshInProgress", "An active Instance Refresh with a desired configuration exists. All "
               "configuration options derived from the desired configuration are not available for update while the "
               "Instance Refresh is active.")  # fmt: skip
    _take(group, trial, source)
    scaling.tend(group)
    return done()


def _follow_bounds(group: Group, changed: Params, settings: Params) -> None:
    """A new bound without a desired capacity draws that along."""
    if "DesiredCapacity" not in changed:
        if "MinSize" in changed and int(changed["MinSize"]) > group.desired_capacity:
            settings["DesiredCapacity"] = int(changed["MinSize"])
        elif "MaxSize" in changed and int(changed["MaxSize"]) < group.desired_capacity:
            settings["DesiredCapacity"] = int(changed["MaxSize"])


def _new_source(group: Group, trial: Group, changed: Params) -> Params:
    """The new launch template or policy; of a policy, what is not given stays as it is."""
    if changed.get("LaunchTemplate"):
        return {**checks.completed(trial, changed), "MixedInstancesPolicy": None}
    policy = changed.get("MixedInstancesPolicy")
    if not policy:
        return {}
    old = group.mixed_instances_policy or {}
    part, known = policy.get("LaunchTemplate") or {}, old.get("LaunchTemplate") or {}
    spec = part.get("LaunchTemplateSpecification") or _as_given(known.get("LaunchTemplateSpecification"))
    overrides = part.get("Overrides") if part.get("Overrides") is not None else known.get("Overrides")
    merged = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": spec,
            "Overrides": [
                {**one, "LaunchTemplateSpecification": _as_given(one.get("LaunchTemplateSpecification"))}
                for one in overrides or []
            ],
        },
        "InstancesDistribution": {
            **(old.get("InstancesDistribution") or {}), **(policy.get("InstancesDistribution") or {}),
        },
    }  # fmt: skip
    return {**checks.completed(trial, {"MixedInstancesPolicy": merged}), "LaunchTemplate": None}


def _as_given(spec: Params | None) -> Params | None:
    """What was kept with id and name, with the id alone."""
    if not spec or not spec.get("LaunchTemplateId"):
        return spec
    return {key: value for key, value in spec.items() if key != "LaunchTemplateName"}


def _take(group: Group, trial: Group, source: Params) -> None:
    group.settings = {**trial.settings, **source}
    for name in ("LaunchTemplate", "MixedInstancesPolicy"):
        if source.get(name) is None and name in source:
            group.settings.pop(name, None)
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-default-instance-warmup.html: -1 unsets it.
    if group.settings.get("DefaultInstanceWarmup") == -1:
        group.settings.pop("DefaultInstanceWarmup")


@action
def set_desired_capacity(response: Response) -> t.Any:
    resize(group_of(response), int(params(response)["DesiredCapacity"]))
    return done()


def resize(group: Group, wanted: int) -> None:
    """Set a group's desired capacity within its bounds."""
    if wanted > group.max_size:
        invalid(f"New SetDesiredCapacity value {wanted} is above max value {group.max_size} for the AutoScalingGroup.")
    if wanted < group.min_size:
        invalid(f"New SetDesiredCapacity value {wanted} is below min value {group.min_size} for the AutoScalingGroup.")
    group.settings["DesiredCapacity"] = wanted
    scaling.tend(group)


@action
def describe_auto_scaling_groups(response: Response) -> t.Any:
    backend, given = response.autoscaling_backend, params(response)
    wanted = given.get("AutoScalingGroupNames") or []
    groups = [one for one in backend.autoscaling_groups.values() if not wanted or one.name in wanted]
    for one in given.get("Filters") or []:
        groups = [group for group in groups if tagging.accepted(group, one["Name"], one.get("Values") or [])]
    whole = given.get("IncludeInstances") is not False
    return paged(given, "AutoScalingGroups", [view(group, whole) for group in groups], 50, 100)


@action
def delete_auto_scaling_group(response: Response) -> t.Any:
    given, group = params(response), group_of(response)
    force = bool(given.get("ForceDelete"))
    protection = group.settings["DeletionProtection"]
    if protection == "prevent-all-deletion" or (force and protection == "prevent-force-deletion"):
        invalid(f"The Auto Scaling group {group.name} is protected from deletion by its setting '{protection}'.")
    if not force and group.members:
        refuse(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
            "still in the group.",
        )
    if not force and (group.instance_states or activities.in_progress(group)):
        refuse(
            "ScalingActivityInProgress",
            "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.",
        )
    group.deleting = True
    scaling.tend(group)
    return done()
