# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Single machines of groups: listed, protected, judged, terminated.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.autoscaling import scaling
from lab.embedded_aws.truth.autoscaling.base import (
    Backend,
    Response,
    action,
    answer,
    done,
    group_of,
    invalid,
    not_modelled,
    paged,
    params,
)
from lab.embedded_aws.truth.autoscaling.group import Group, Member


def find(backend: Backend, instance_id: str) -> tuple[Group, Member]:
    """The group and the member of an instance; refuses one that is in no group."""
    for group in backend.autoscaling_groups.values():
        member = group.member(instance_id)
        if member is not None:
            return group, member
    invalid(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")


@action
def describe_auto_scaling_instances(response: Response) -> t.Any:
    backend, given = response.autoscaling_backend, params(response)
    wanted = given.get("InstanceIds") or []
    views = [
        {**member.view(), "AutoScalingGroupName": group.name, "HealthStatus": member.health_status.upper()}
        for group in backend.autoscaling_groups.values()
        for member in group.instance_states
        if not wanted or member.instance.id in wanted
    ]
    return paged(given, "AutoScalingInstances", views, 50, 50)


@action
def set_instance_protection(response: Response) -> t.Any:
    given, group = params(response), group_of(response)
    protect(group, given["InstanceIds"], bool(given["ProtectedFromScaleIn"]))
    return done()


def protect(group: Group, instance_ids: list[str], protected: bool) -> None:
    """Protect machines of a group from scale-in, or no longer."""
    found = [(one, group.member(one)) for one in instance_ids]
    for identifier, member in found:
        if member is None:
            invalid(f"The instance {identifier} is not part of Auto Scaling group {group.name}.")
        if not member.alive:
            invalid(f"The instance {identifier} is not in InService or EnteringStandby or Standby.")
    for _, member in found:
        if member is not None:
            member.protected_from_scale_in = protected
    scaling.tend(group)


@action
def set_instance_health(response: Response) -> t.Any:
    given = params(response)
    status = given["HealthStatus"]
    if status not in ("Healthy", "Unhealthy"):
        invalid("Valid instance health states are: [Healthy, Unhealthy].")
    group, member = find(response.autoscaling_backend, given["InstanceId"])
    member.health_status = status
    scaling.tend(group)
    return done()


@action
def terminate_instance_in_auto_scaling_group(response: Response) -> t.Any:
    given = params(response)
    if given.get("InstanceIds"):
        not_modelled("TerminateInstanceInAutoScalingGroup of several instances")
    group, member = find(response.autoscaling_backend, given.get("InstanceId") or "")
    activity = terminate(group, member, bool(given["ShouldDecrementDesiredCapacity"]))
    return answer(Activity=activity.view())


def terminate(group: Group, member: Member, decrement: bool) -> t.Any:
    """Terminate one machine, and either replace it or want one less; the activity."""
    cause = "an instance was taken out of service in response to a user request."
    if decrement:
        wanted = group.desired_capacity - member.weight
        if wanted < group.min_size:
            invalid(
                f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement "
                "will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or "
                "lower group's min size."
            )
        cause = f"{cause[:-1]}, shrinking the capacity from {group.desired_capacity} to {wanted}."
        group.settings["DesiredCapacity"] = wanted
    group.busy = True
    try:
        activity = scaling.remove(group, member, cause)
    finally:
        group.busy = False
    scaling.tend(group)
    return activity
