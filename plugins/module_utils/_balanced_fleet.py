# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines of pools as their load balancers see them: which target groups they belong to, and what those find.

A machine belongs to the target groups that its Auto Scaling group is attached to, registered or not, so one that was
taken out is known without a note of it. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/
API_TargetHealth.html has the states.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._elb import attributes
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup

HEALTHY = "healthy"
OUT = ("absent", "draining")
"""States of a machine that no load balancer counts on: not registered, or on its way out."""
_LEAVING = ("Terminating", "Terminated", "Detach")
_CUTS = "target_health_state.unhealthy.connection_termination.enabled"
_CROSS_ZONE = "load_balancing.cross_zone.enabled"
_NETWORK = ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC")


@dataclass(frozen=True)
class Targets:
    """A target group: whether a listener leads to it, and how it treats machines that leave.

    ``cuts_unhealthy``: it ends the connections of one that turns unhealthy. ``cross_zone``: machines of one zone get
    what comes in another.
    """

    arn: str
    name: str
    in_use: bool
    cuts_unhealthy: bool
    cross_zone: bool


@dataclass(frozen=True)
class State:
    """What a target group finds of a machine: a state, ``absent`` when it is not registered, and why."""

    name: str
    why: str = ""

    def said(self) -> str:
        """Return it in words."""
        return f"{self.name} ({self.why})" if self.why else self.name


@dataclass(frozen=True)
class Machine:
    """A machine of a pool, and what the target groups that it belongs to find of it, by their ARNs."""

    id: str
    zone: str
    in_service: bool
    states: t.Mapping[str, State]
    strays: tuple[str, ...] = ()
    """Names of target groups that it is in though its pool is not attached to them."""


@dataclass(frozen=True)
class Fleet:
    """The machines of pools by id, their target groups by ARN, and how many machines pools lack of what they want."""

    machines: t.Mapping[str, Machine]
    targets: t.Mapping[str, Targets]
    lacking: t.Mapping[str, int]

    def led(self, machine: Machine) -> list[Targets]:
        """Return the target groups of a machine that a listener leads to."""
        return [self.targets[arn] for arn in sorted(machine.states) if self.targets[arn].in_use]

    def serves(self, machine: Machine) -> bool:
        """Return whether every target group that leads to it finds it healthy."""
        states = [machine.states[one.arn].name for one in self.led(machine)]
        return machine.in_service and bool(states) and all(name == HEALTHY for name in states)

    def out(self, machine: Machine) -> bool:
        """Return whether a target group that leads to machines of its pool does not count on it any more."""
        return any(machine.states[one.arn].name in OUT for one in self.led(machine))

    def faults(self, machine: Machine) -> list[str]:
        """Return where it is not healthy, in words."""
        if not machine.in_service:
            return [f"{machine.id} is not in service in its Auto Scaling group"]
        states = ((one.name, machine.states[one.arn]) for one in self.led(machine))
        return [f"{machine.id} is {state.said()} in {name}" for name, state in states if state.name != HEALTHY]


def read(aws: Aws, region: str, ids: t.Collection[str]) -> Fleet:
    """Return the pools that these machines are of, with all of their machines. A machine of no pool stands alone."""
    groups, owned = each(
        lambda kind: kind.find(), [AutoScalingGroup(aws, Owner(region)), TargetGroup(aws, Owner(region))]
    )
    mine = [group for group in groups if any(one["InstanceId"] in ids for one in group.raw.get("Instances") or ())]
    raws = _raws(aws, owned, {arn for group in mine for arn in group.raw.get("TargetGroupARNs") or ()})
    targets = dict(zip(raws, each(lambda raw: _targets(aws, raw), list(raws.values())), strict=True))
    found = dict(zip(raws, each(lambda arn: _states(aws, arn), list(raws)), strict=True))
    machines = [_machine(group, raw, targets, found) for group in mine for raw in _standing(group)]
    alone = set(ids) - {one.id for one in machines}
    machines += [Machine(one, "", True, {}, _strays(one, (), targets, found)) for one in sorted(alone)]
    lacking = {group.part: max(0, group.raw["DesiredCapacity"] - len(_standing(group))) for group in mine}
    return Fleet({one.id: one for one in machines}, targets, lacking)


def _standing(group: Found) -> list[t.Mapping[str, t.Any]]:
    return [one for one in group.raw.get("Instances") or () if not one["LifecycleState"].startswith(_LEAVING)]


def _raws(aws: Aws, owned: t.Sequence[Found], attached: t.Collection[str]) -> dict[str, t.Mapping[str, t.Any]]:
    """Return target groups for instances by ARN: the region's own, and those of others that pools are attached to."""
    raws = {found.id: found.raw for found in owned}
    strange = sorted(set(attached) - set(raws))
    if strange:
        answer = aws.pages("elbv2", "describe_target_groups", "TargetGroups", TargetGroupArns=strange)
        raws |= {raw["TargetGroupArn"]: raw for raw in answer}
    return {arn: raw for arn, raw in raws.items() if raw["TargetType"] == "instance"}


def _targets(aws: Aws, raw: t.Mapping[str, t.Any]) -> Targets:
    arn, balancers = raw["TargetGroupArn"], list(raw.get("LoadBalancerArns") or ())
    if not balancers:
        return Targets(arn, raw["TargetGroupName"], False, False, True)
    said = attributes(aws.call("elbv2", "describe_target_group_attributes", TargetGroupArn=arn)["Attributes"])
    network = raw.get("Protocol") in _NETWORK
    crosses = said.get(_CROSS_ZONE, "")
    if not isinstance(crosses, bool):
        crosses = not network or all(_crosses(aws, balancer) for balancer in balancers)
    return Targets(arn, raw["TargetGroupName"], True, network and bool(said.get(_CUTS)), crosses)


def _crosses(aws: Aws, balancer: str) -> bool:
    said = aws.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=balancer)["Attributes"]
    return bool(attributes(said).get(_CROSS_ZONE))


def _states(aws: Aws, arn: str) -> dict[str, State]:
    answer = aws.call("elbv2", "describe_target_health", absent_ok=True, TargetGroupArn=arn) or {}
    return {
        one["Target"]["Id"]: State(
            one["TargetHealth"]["State"],
            " ".join(one["TargetHealth"][key] for key in ("Reason", "Description") if one["TargetHealth"].get(key)),
        )
        for one in answer.get("TargetHealthDescriptions", ())
    }


def _machine(
    group: Found,
    raw: t.Mapping[str, t.Any],
    targets: t.Mapping[str, Targets],
    found: t.Mapping[str, t.Mapping[str, State]],
) -> Machine:
    own = [arn for arn in group.raw.get("TargetGroupARNs") or () if arn in targets]
    states = {arn: found[arn].get(raw["InstanceId"], State("absent")) for arn in own}
    in_service = raw["LifecycleState"] == "InService"
    strays = _strays(raw["InstanceId"], own, targets, found)
    return Machine(raw["InstanceId"], raw["AvailabilityZone"], in_service, states, strays)


def _strays(
    machine: str,
    own: t.Collection[str],
    targets: t.Mapping[str, Targets],
    found: t.Mapping[str, t.Mapping[str, State]],
) -> tuple[str, ...]:
    return tuple(sorted(targets[arn].name for arn in targets if arn not in own and machine in found[arn]))
