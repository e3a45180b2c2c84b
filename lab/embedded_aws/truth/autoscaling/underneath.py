# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes to moto's Auto Scaling that no single action shows: its clock, and what other services call."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.autoscaling import groups, members, scaling
from lab.embedded_aws.truth.autoscaling.base import Backend, Response, group_named
from lab.embedded_aws.truth.ec2.base import catch_up
from lab.embedded_aws.truth.patching import before, install


def set_desired_capacity(self: Backend, group_name: str, desired_capacity: int | None) -> None:
    """Called by ECS for its capacity providers, and by moto's scaling policies."""
    groups.resize(group_named(self, group_name), int(desired_capacity or 0))


def set_instance_protection(
    self: Backend, group_name: str, instance_ids: list[str], protected_from_scale_in: bool | None
) -> None:
    members.protect(group_named(self, group_name), instance_ids, bool(protected_from_scale_in))


def terminate_instance(self: Backend, instance_id: str, should_decrement: bool) -> t.Any:
    return members.terminate(*members.find(self, instance_id), should_decrement)


def notify_terminate_instances(self: Backend, instance_ids: list[str]) -> None:
    """Groups hear of it by what EC2 tells; see scaling.py."""


def tend_all(backend: Backend) -> None:
    """Let time pass for every group of an account and region."""
    catch_up(backend.ec2_backend)
    for group in list(backend.autoscaling_groups.values()):
        scaling.tend(group)


def policy_needs_group(self: Backend, *given: t.Any, **named: t.Any) -> None:
    group_named(self, named.get("as_name") or (given[4] if len(given) > 4 else None))


def hook_needs_group(self: Backend, *given: t.Any, **named: t.Any) -> None:
    group_named(self, named.get("as_name") or (given[1] if len(given) > 1 else None))


def apply() -> None:
    from moto.autoscaling.models import AutoScalingBackend
    from moto.autoscaling.responses import AutoScalingResponse

    dispatch = AutoScalingResponse.call_action

    def call_action(self: Response) -> t.Any:
        tend_all(self.autoscaling_backend)
        return dispatch(self)

    AutoScalingResponse.call_action = call_action
    install(
        AutoScalingBackend,
        set_desired_capacity,
        set_instance_protection,
        terminate_instance,
        notify_terminate_instances,
    )
    before(AutoScalingBackend, "put_scaling_policy", policy_needs_group)
    before(AutoScalingBackend, "create_lifecycle_hook", hook_needs_group)
