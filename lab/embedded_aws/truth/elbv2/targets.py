# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Targets: registered, described, deregistered.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html
"""

from __future__ import annotations

import ipaddress
import typing as t

from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.delays import current as delays
from lab.embedded_aws.truth.ec2.base import after
from lab.embedded_aws.truth.elbv2 import health
from lab.embedded_aws.truth.elbv2.base import (
    Backend,
    Params,
    Response,
    action,
    answer,
    done,
    invalid,
    members,
    misconfigured,
    not_modelled,
    params,
    refuse,
    within,
)
from lab.embedded_aws.truth.elbv2.finding import target_group, users_of_group
from lab.embedded_aws.truth.elbv2.state import APPLICATION, Target, TargetGroup
from lab.embedded_aws.truth.elbv2.target_group_attributes import draining_seconds
from lab.embedded_aws.truth.happenings import INSTANCE_GONE, on

# RFC 1918 and RFC 6598: where a target outside the VPC may be.
PRIVATE = tuple(
    ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


def register(backend: Backend, arn: str, wanted: list[Params]) -> None:
    """Register targets, {"Id", "Port", "AvailabilityZone"} each, or with keys in lower case as ECS writes them."""
    group = target_group(backend, arn)
    ready = clock.now() + delays["target_health"]
    new = [_read(backend, group, members(one)) for one in wanted]
    if group.target_type == "alb" and len({*group.targets, *((one.id, one.port) for one in new)}) > 1:
        refuse("TooManyTargets", "A target group of type 'alb' can have only one target")
    for one in new:
        known = group.targets.get((one.id, one.port))
        if known is None or known.gone_at is not None:
            one.ready_at = ready
            group.targets[one.id, one.port] = one


def _read(backend: Backend, group: TargetGroup, given: Params) -> Target:
    """One target of a request, checked."""
    within(given, "Port", 1, 65535)
    port = int(given["Port"]) if given.get("Port") else group.port
    target = Target(str(given["Id"]), port, given.get("AvailabilityZone"), 0.0)
    check = {"instance": _check_instance, "ip": _check_address, "alb": _check_balancer}.get(group.target_type)
    if check is None:
        not_modelled("Lambda functions as targets")
    check(backend, group, target)
    return target


def _check_instance(backend: Backend, group: TargetGroup, target: Target) -> None:
    instance = backend.ec2_backend.get_instance_by_id(target.id) if target.id.startswith("i-") else None
    if instance is None:
        refuse("InvalidTarget", f"The following targets are not valid instances: '{target.id}'")
    if instance.state not in ("running", "pending"):
        refuse(
            "InvalidTarget",
            f"The following targets are not in a running state and cannot be registered: '{target.id}'",
        )
    if instance.vpc_id != group.vpc_id:
        refuse(
            "InvalidTarget",
            f"The following targets are not in the target group VPC '{group.vpc_id}': '{target.id}'",
        )
    if target.zone is not None:
        misconfigured("You cannot specify an Availability Zone for targets of type 'instance'")


def _check_address(backend: Backend, group: TargetGroup, target: Target) -> None:
    """An address of the VPC's subnets, or a private one elsewhere whose zone is named."""
    try:
        address = ipaddress.IPv4Address(target.id)
    except ValueError:
        invalid(f"The IP address '{target.id}' is not a valid IPv4 address")
    ec2 = backend.ec2_backend
    subnets = [one for zone in ec2.subnets.values() for one in zone.values() if one.vpc_id == group.vpc_id]
    home = next((one for one in subnets if address in one.cidr), None)
    if home is not None:
        if target.zone not in (None, home.availability_zone):
            invalid(
                f"The IP address '{target.id}' is within the VPC, and cannot have its Availability Zone overridden to "
                f"'{target.zone}' from '{home.availability_zone}'"
            )
        target.zone = home.availability_zone
        return
    if not any(address in one for one in PRIVATE):
        invalid(f"The IP address '{target.id}' is not a valid IPv4 address from one of the allowed ranges")
    if target.zone is None:
        invalid(
            "You must specify a valid Availability Zone or select 'all' for all enabled Availability zones, since the "
            f"IP address '{target.id}' is outside the VPC"
        )
    if target.zone != "all" and target.zone not in {one.name for one in ec2.describe_availability_zones()}:
        invalid(f"The Availability Zone '{target.zone}' is not valid")


def _check_balancer(backend: Backend, group: TargetGroup, target: Target) -> None:
    balancer = backend.load_balancers.get(target.id)
    if balancer is None or balancer.type != APPLICATION:
        refuse("InvalidTarget", f"The following targets are not valid Application Load Balancers: '{target.id}'")
    if balancer.vpc_id != group.vpc_id:
        refuse(
            "InvalidTarget", f"The following targets are not in the target group VPC '{group.vpc_id}': '{target.id}'"
        )
    if target.port not in {one.port for one in balancer.listeners.values()}:
        invalid(
            "If the target type is ALB, the target must have at least one listener that matches the target group port "
            "or any specified port overrides"
        )


def deregister(backend: Backend, arn: str, wanted: list[Params]) -> None:
    """Let targets drain, in their time; one without a port leaves every port it is registered at."""
    group = target_group(backend, arn)
    for one in wanted:
        given = members(one)
        port = int(given["Port"]) if given.get("Port") else None
        for target in list(group.targets.values()):
            if target.id == given["Id"] and port in (None, target.port) and target.gone_at is None:
                _leave(backend, group, target)


def _leave(backend: Backend, group: TargetGroup, target: Target) -> None:
    target.gone_at = clock.now() + delays["target_drain"]

    def gone() -> None:
        if group.targets.get((target.id, target.port)) is target:
            del group.targets[target.id, target.port]

    if users_of_group(backend, group.arn) and draining_seconds(group) > 0:
        after(backend, "target_drain", gone)
    else:
        gone()


def begin_checks(backend: Backend, arns: t.Iterable[str]) -> None:
    """Start the first health checks of groups that a listener or rule has just begun to use."""
    for arn in arns:
        for target in target_group(backend, arn).targets.values():
            target.ready_at = clock.now() + delays["target_health"]


def load_balancer_target(backend: Backend, arn: str, port: int | None = None) -> TargetGroup | None:
    """The group in which an application load balancer is a target, at `port` when given."""
    for group in backend.target_groups.values():
        for target in group.targets.values():
            if target.id == arn and port in (None, target.port) and target.gone_at is None:
                return t.cast("TargetGroup", group)
    return None


@on(INSTANCE_GONE)
def forget_machine(account: str, region: str, machine: t.Any) -> None:
    """A machine that is terminated leaves its groups; one that is stopped stays registered."""
    from moto.elbv2.models import elbv2_backends

    if machine.state in ("shutting-down", "terminated"):
        elbv2_backends[account][region].notify_terminate_instances([machine.id])


@action
def register_targets(response: Response) -> t.Any:
    given = params(response)
    register(response.elbv2_backend, given["TargetGroupArn"], given["Targets"])
    return done()


@action
def deregister_targets(response: Response) -> t.Any:
    given = params(response)
    deregister(response.elbv2_backend, given["TargetGroupArn"], given["Targets"])
    return done()


@action
def describe_target_health(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    group = target_group(backend, given["TargetGroupArn"])
    return answer(TargetHealthDescriptions=health.shown(backend, group, given.get("Targets") or []))
