# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether targets are healthy: what a test or another truth says, what EC2 knows, and what time brings.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html (states, reasons)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from lab.embedded_aws import machines
from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.truth.ec2.base import tags_of
from lab.embedded_aws.truth.elbv2.base import Backend, Params, View
from lab.embedded_aws.truth.elbv2.finding import users_of_group
from lab.embedded_aws.truth.elbv2.state import Target, TargetGroup
from lab.embedded_aws.verdicts import INITIAL, Verdict
from lab.embedded_aws.verdicts import current as verdicts

DESCRIPTIONS = {
    "Target.ResponseCodeMismatch": "Health checks failed with these codes: [404]",
    "Target.Timeout": "Request timed out",
    "Target.FailedHealthChecks": "Health checks failed",
    "Target.NotRegistered": "Target is not registered to the target group",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
    INITIAL: "Initial health checks in progress",
}


Judge = Callable[[Backend, TargetGroup, Target], Verdict | None]


_judges: list[Judge] = []


def judge(one: Judge) -> Judge:
    """Ask the decorated function about each target nobody said anything of; it answers None for what it knows not."""
    _judges.append(one)
    return one


@judge
def answers_somebody(backend: Backend, group: TargetGroup, target: Target) -> Verdict | None:
    """An address of the VPC's subnets that no interface holds answers nobody."""
    if group.target_type != "ip" or target.zone == "all":
        return None
    address = ipaddress.ip_address(target.id)
    ec2 = backend.ec2_backend
    inside = any(
        address in subnet.cidr
        for zone in ec2.subnets.values()
        for subnet in zone.values()
        if subnet.vpc_id == group.vpc_id
    )
    held = any(
        one["PrivateIpAddress"] == target.id
        for eni in ec2.enis.values()
        if eni.vpc_id == group.vpc_id
        for one in eni.private_ip_addresses
    )
    return Verdict(False, "Target.Timeout") if inside and not held else None


def state(backend: Backend, group: TargetGroup, target: Target) -> View:
    """TargetHealth of a registered target: State, and Reason and Description unless it is healthy."""
    if target.gone_at is not None:
        return _said("draining", "Target.DeregistrationInProgress")
    if not users_of_group(backend, group.arn):
        return _said("unused", "Target.NotInUse")
    ended = _ended(backend, group, target)
    if ended:
        return _said("unused", "Target.InvalidState", f"Target is in the {ended} state")
    if clock.now() < target.ready_at:
        return _said("initial", INITIAL)
    verdict = _verdict(backend, group, target)
    if verdict.healthy:
        return {"State": "healthy"}
    return _said("initial" if verdict.reason == INITIAL else "unhealthy", verdict.reason, verdict.description)


def described(backend: Backend, group: TargetGroup) -> list[View]:
    """TargetHealthDescriptions of all that is registered or drains."""
    from lab.embedded_aws.truth.ecs.network import look_at_targets

    with look_at_targets(backend.account_id, backend.region_name):
        return [describe(backend, group, target) for target in list(group.targets.values())]


def shown(backend: Backend, group: TargetGroup, wanted: list[Params]) -> list[View]:
    """The same of the targets with these ids and ports, registered or not; of all when none is named."""
    if not wanted:
        return described(backend, group)
    found = []
    for one in wanted:
        port = one.get("Port") or group.port
        target = group.targets.get((one["Id"], port))
        absent = {"Target": {"Id": one["Id"], "Port": port}, "TargetHealth": _said("unused", "Target.NotRegistered")}
        found.append(describe(backend, group, target) if target else absent)
    return found


def describe(backend: Backend, group: TargetGroup, target: Target) -> View:
    shown = {"Id": target.id, "Port": target.port, "AvailabilityZone": target.zone}
    port = str(group.health_check.get("HealthCheckPort") or "traffic-port")
    return {
        "Target": {key: value for key, value in shown.items() if value is not None},
        "HealthCheckPort": str(target.port) if port == "traffic-port" else port,
        "TargetHealth": state(backend, group, target),
    }


def _verdict(backend: Backend, group: TargetGroup, target: Target) -> Verdict:
    path = group.health_check.get("HealthCheckPath") or ""
    told = verdicts.of(target.id, target.port) or verdicts.of(path, target.port)
    told = told or verdicts.found(target.id, target.registration, _has_machine(backend, group, target))
    if told is not None:
        return told
    found = (one(backend, group, target) for one in _judges)
    return next((one for one in found if one is not None), Verdict(True))


def _has_machine(backend: Backend, group: TargetGroup, target: Target) -> bool:
    """Whether a machine is there behind an instance, or is awaited."""
    if group.target_type != "instance":
        return False
    tags = tags_of(backend.ec2_backend, target.id)
    return machines.behind(target.id) is not None or machines.awaited.missing(target.id, tags)


def _ended(backend: Backend, group: TargetGroup, target: Target) -> str | None:
    """The state of a machine that no longer runs, None of all else."""
    if group.target_type != "instance":
        return None
    instance = backend.ec2_backend.get_instance_by_id(target.id)
    name = "terminated" if instance is None else str(instance.state)
    return None if name in ("pending", "running") else name


def _said(name: str, reason: str, description: str = "") -> View:
    return {"State": name, "Reason": reason, "Description": description or DESCRIPTIONS.get(reason, "")}
