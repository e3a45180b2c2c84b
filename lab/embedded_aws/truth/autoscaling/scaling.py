# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bringing a group to what is desired: launching spread over the zones, terminating, replacing what is gone.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
"""

from __future__ import annotations

import typing as t

from moto.core.exceptions import ServiceException

from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.truth import happenings
from lab.embedded_aws.truth.autoscaling import activities, choosing, judging, traffic_links
from lab.embedded_aws.truth.autoscaling.base import Backend, Params
from lab.embedded_aws.truth.autoscaling.group import Group, Member
from lab.embedded_aws.truth.ec2 import launching, machines


def tend(group: Group) -> None:
    """Note what has come and gone, bring the group to what is desired, go on with its refresh."""
    if group.busy:
        return
    group.busy = True
    try:
        _sweep(group)
        if group.deleting:
            _empty(group)
        else:
            judging.mark(group)
            _replace_unhealthy(group)
            _launch_missing(group)
            _terminate_surplus(group)
        _sweep(group)
    finally:
        group.busy = False
    _go_on(group)


def _go_on(group: Group) -> None:
    from lab.embedded_aws.truth.autoscaling import refreshes

    if group.deleting:
        if not group.instance_states:
            group.backend.autoscaling_groups.pop(group.name, None)
        return
    refreshes.advance(group)


def _sweep(group: Group) -> None:
    """Let machines into service that run now, and out of the group that are gone."""
    for member in list(group.instance_states):
        state = member.instance.state
        if member.lifecycle_state == "Pending" and state == "running":
            member.lifecycle_state, member.in_service_at = "InService", clock.now()
            _finish(group, member)
            traffic_links.register(group, member)
        elif member.lifecycle_state == "Terminating" and state == "terminated":
            group.instance_states.remove(member)
            _finish(group, member)
        elif member.alive and state in ("shutting-down", "terminated", "stopping", "stopped"):
            cause = "an instance was taken out of service in response to an EC2 health check indicating it has been "
            remove(group, member, cause + "terminated or stopped.")


def _finish(group: Group, member: Member) -> None:
    for activity in activities.of_instance(group, member.instance.id):
        activity.finish()


def _replace_unhealthy(group: Group) -> None:
    if group.suspended & {"ReplaceUnhealthy", "Terminate"}:
        return
    for member in group.members:
        if member.health_status == "Unhealthy":
            cause = f"an instance was taken out of service in response to {member.judged_by} health-check"
            remove(group, member, f"{cause}{' failure' if member.judged_by != 'a user' else ''}.")


def _empty(group: Group) -> None:
    for member in group.members:
        remove(group, member, "an instance was taken out of service in response to the deletion of its group.")


def _launch_missing(group: Group) -> None:
    if "Launch" in group.suspended:
        return
    while group.capacity < group.desired_capacity + group.extra:
        if not _launch_one(group):
            return


def _launch_one(group: Group) -> bool:
    """Launch one machine in the zone with the fewest that has room; note why the others had none."""
    spot = choosing.next_is_spot(group)
    try:
        options = choosing.choices(group)
    except ServiceException as refused:
        activities.note_failure(group, str(refused.message), {})
        return False
    failures = []
    for zone, subnet in choosing.zones_in_turn(group):
        details = {"Subnet ID": subnet, "Availability Zone": zone}
        for choice in options:
            try:
                _launch(group, choice, subnet, spot, details)
            except ServiceException as refused:
                failures.append((details, _said(group, refused, spot)))
                continue
            _note_failures(group, failures)
            return True
    _note_failures(group, failures)
    return False


def _note_failures(group: Group, failures: list[tuple[Params, str]]) -> None:
    """One entry for each zone, with the first choice's reason: the later ones are tried in the same breath."""
    seen: set[str] = set()
    for details, message in failures:
        if details["Subnet ID"] not in seen:
            seen.add(details["Subnet ID"])
            activities.note_failure(group, message, details)


def _said(group: Group, refused: ServiceException, spot: bool) -> str:
    """Groups with a policy launch through a fleet, which names the code."""
    if not choosing.configuration(group).get("MixedInstancesPolicy"):
        return str(refused.message)
    return f"Could not launch {'Spot' if spot else 'On-Demand'} Instances. {refused.code} - {refused.message}"


def _launch(group: Group, choice: choosing.Choice, subnet: str, spot: bool, details: Params) -> None:
    plan = launching.settle(group.ec2, choosing.request(group, choice, subnet, spot))

    def join(machine: machines.Machine) -> None:
        machine.autoscaling_group = group
        cause = activities.difference(group, group.capacity + choice.weight, "an instance was started")
        activities.note(
            group, f"Launching a new EC2 instance: {machine.id}", cause, instance_id=machine.id, details=details
        )
        protected = group.new_instances_protected_from_scale_in
        group.instance_states.append(Member(machine, choice.named, choice.weight, protected))

    launching.launch(group.ec2, plan, 1, joining=join)
    _sweep(group)


def _terminate_surplus(group: Group) -> None:
    if "Terminate" in group.suspended:
        return
    while True:
        surplus = group.capacity - group.desired_capacity - group.extra
        leaving = next((one for one in _in_order_of_leaving(group) if one.weight <= surplus), None)
        if leaving is None:
            return
        cause = activities.difference(group, group.capacity - leaving.weight, "an instance was taken out of service")
        remove(group, leaving, cause)


def _in_order_of_leaving(group: Group) -> list[Member]:
    """By the default policy: from the fullest zone, what differs from the template first, then the oldest."""
    members = group.members
    in_zone = {one: sum(1 for other in members if _zone(other) == _zone(one)) for one in members}
    age = {one: number for number, one in enumerate(members)}
    first = (group.settings.get("TerminationPolicies") or ["Default"])[0]

    def rank(one: Member) -> tuple[int, bool, int]:
        if first in ("OldestInstance", "NewestInstance"):
            return -in_zone[one], False, age[one] if first == "OldestInstance" else -age[one]
        return -in_zone[one], choosing.matches(group, one), age[one]

    return sorted((one for one in members if not one.protected_from_scale_in), key=rank)


def _zone(member: Member) -> str:
    return str(member.instance.availability_zone)


def remove(group: Group, member: Member, cause: str) -> activities.Activity:
    """Take a machine out of service and terminate it."""
    activity = activities.note(
        group, f"Terminating EC2 instance: {member.instance.id}", cause, instance_id=member.instance.id,
        details={"Availability Zone": _zone(member)},
    )  # fmt: skip
    member.lifecycle_state = "Terminating"
    traffic_links.deregister(group, member)
    machines.end(member.instance)
    return activity


def _of_machine(account: str, region: str, machine: t.Any) -> Group | None:
    from moto.autoscaling.models import autoscaling_backends

    backend: Backend = autoscaling_backends[account][region]
    group = getattr(machine, "autoscaling_group", None)
    return group if group is not None and backend.autoscaling_groups.get(group.name) is group else None


@happenings.on(happenings.INSTANCE_RUNNING)
def _came(account: str, region: str, machine: t.Any) -> None:
    group = _of_machine(account, region, machine)
    if group is not None:
        tend(group)


@happenings.on(happenings.INSTANCE_GONE)
def _went(account: str, region: str, machine: t.Any) -> None:
    group = _of_machine(account, region, machine)
    if group is not None:
        tend(group)
