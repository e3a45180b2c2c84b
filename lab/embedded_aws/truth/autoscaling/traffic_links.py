# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target groups a group's machines are targets of."""

from __future__ import annotations

import contextlib
import typing as t

from moto.core.exceptions import ServiceException

from lab.embedded_aws.truth.autoscaling.base import Backend, invalid
from lab.embedded_aws.truth.autoscaling.group import Group, Member


def balancing(backend: Backend) -> t.Any:
    """The load balancing backend beside this one; its truth is there once a target group is named."""
    from lab.embedded_aws import truth

    truth.apply("elbv2")
    return backend.elbv2_backend


def check(backend: Backend, arns: list[str], vpc: str | None) -> None:
    """Refuse target groups that do not exist, that take no instances, or that are in another VPC."""
    known = balancing(backend).target_groups if arns else {}
    for arn in arns:
        if arn not in known or known[arn].target_type != "instance":
            invalid("Provided Target Groups may not be valid. Please ensure they exist and try again.")
        if known[arn].vpc_id != vpc:
            invalid(f"The target group {arn} is not in the VPC of the Auto Scaling group's subnets.")


def register(group: Group, member: Member) -> None:
    if "AddToLoadBalancer" not in group.suspended:
        for arn in group.target_group_arns:
            _do(group, "register_targets", arn, member)


def deregister(group: Group, member: Member) -> None:
    for arn in group.target_group_arns:
        _do(group, "deregister_targets", arn, member)


def attach(group: Group, arns: list[str]) -> None:
    for arn in arns:
        if arn not in group.target_group_arns:
            group.target_group_arns.append(arn)
            for member in group.members:
                if member.lifecycle_state == "InService":
                    _do(group, "register_targets", arn, member)


def detach(group: Group, arns: list[str]) -> None:
    for arn in arns:
        if arn in group.target_group_arns:
            group.target_group_arns.remove(arn)
            for member in group.instance_states:
                _do(group, "deregister_targets", arn, member)


def _do(group: Group, what: str, arn: str, member: Member) -> None:
    """A target group may be gone, or a machine, before the other; there is nothing to register then."""
    backend = balancing(group.backend)
    if arn in backend.target_groups:
        with contextlib.suppress(ServiceException):
            getattr(backend, what)(arn, [{"Id": member.instance.id}])
