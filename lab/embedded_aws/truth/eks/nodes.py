# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The time of node groups: machines become nodes, groups come into being, change, fall ill and go."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.autoscaling import scaling
from lab.embedded_aws.truth.ecs import network as places
from lab.embedded_aws.truth.ecs.grants import role
from lab.embedded_aws.truth.eks import joining, node_machines
from lab.embedded_aws.truth.eks.base import Backend, Body, ec2_of
from lab.embedded_aws.truth.eks.nodegroup import Nodegroup, Rolling

ALIVE = ("ACTIVE", "DEGRADED", "UPDATING")


def look(backend: Backend) -> None:
    """Go on with every node group of an account and region as far as nothing has to be waited for."""
    groups = [one for cluster in backend.clusters.values() for one in cluster.nodegroups.values()]
    if not groups:
        return
    with places.look(backend):
        for group in groups:
            if group.scaling is not None:
                scaling.tend(group.scaling)
            places.look_anew(backend)
            _go_on(group)


def _go_on(group: Nodegroup) -> None:
    if group.status == "DELETING":
        if group.due and group.scaling is None:
            _gone(group)
        return
    if group.status == "CREATE_FAILED":
        return
    waiting = _join(group)
    if group.status == "CREATING":
        if group.due and not pending(group):
            _created(group, waiting)
    elif group.rolling is not None:
        _roll(group, waiting)
    elif group.status in ALIVE:
        _health(group)


def pending(group: Nodegroup) -> bool:
    return group.scaling is not None and any(one.lifecycle_state == "Pending" for one in group.scaling.members)


def _join(group: Nodegroup) -> dict[str, str]:
    """Let running machines become nodes; those that do not, with the reason."""
    waiting = {}
    members = group.scaling.members if group.scaling is not None else []
    for machine in (one.instance for one in members if one.lifecycle_state == "InService"):
        if machine.id not in group.joined:
            reason = joining.why_not(group, machine)
            if reason is None:
                group.joined.add(machine.id)
            else:
                waiting[machine.id] = reason
    group.joined &= {one.instance.id for one in members}
    return waiting


def _created(group: Nodegroup, waiting: dict[str, str]) -> None:
    issues = [*_launch_failures(group), *_not_joined(waiting)]
    group.issues = issues
    group.status = "CREATE_FAILED" if issues else "ACTIVE"


def _not_joined(waiting: dict[str, str]) -> list[Body]:
    if not waiting:
        return []
    message = "Instances failed to join the kubernetes cluster"
    if any(reason.startswith("container runtime network") for reason in waiting.values()):
        message = "Unhealthy nodes in the kubernetes cluster"
    return [{"code": "NodeCreationFailure", "message": message, "resourceIds": sorted(waiting)}]


def _launch_failures(group: Nodegroup) -> list[Body]:
    found = group.scaling
    if found is None:
        return [_issue("AutoScalingGroupNotFound", f"AutoScalingGroup {group.scaling_name} was not found.", group)]
    if found.capacity >= found.desired_capacity + found.extra:
        return []
    last = next((one for one in found.activities if one.status == "Failed"), None)
    return [_issue("AsgInstanceLaunchFailures", str(last.message), group)] if last is not None else []


def _issue(code: str, message: str, group: Nodegroup) -> Body:
    return {"code": code, "message": message, "resourceIds": [group.scaling_name]}


def _health(group: Nodegroup) -> None:
    """A group that was whole once falls ill by what others delete, or by machines that cannot come."""
    issues = _launch_failures(group)
    if group.made_template is None:
        message = f"We couldn't find the Amazon EC2 launch template {group.made_name} of your node group."
        issues.append(_issue("Ec2LaunchTemplateNotFound", message, group))
    if group.template and group.template["id"] not in ec2_of(group.cluster.backend).launch_templates:
        message = f"The launch template {group.template['id']} that the node group was made with was not found."
        issues.append(_issue("SourceEc2LaunchTemplateNotFound", message, group))
    if role(group.cluster.backend, group.role) is None:
        name = group.role.rpartition("/")[2]
        issues.append(_issue("IamNodeRoleNotFound", f"The node role {name} could not be found.", group))
    group.issues = issues
    if group.status in ("ACTIVE", "DEGRADED"):
        group.status = "DEGRADED" if issues else "ACTIVE"


def _roll(group: Nodegroup, waiting: dict[str, str]) -> None:
    """New machines beside the old ones; once they are nodes the old ones go, else the new ones do."""
    rolling = t.cast("Rolling", group.rolling)
    if not rolling.due or pending(group):
        return
    issues = [
        *_launch_failures(group),
        *_not_joined({key: why for key, why in waiting.items() if key not in rolling.old}),
    ]
    if issues:
        for name, value in rolling.before.items():
            setattr(group, name, value)
        rolling.update.fail("NodeCreationFailure", issues[0]["message"], issues[0]["resourceIds"])
    else:
        rolling.update.status = "Successful"
    group.rolling, group.status = None, "ACTIVE"
    _keep_half(group, rolling, old=bool(issues))


def _keep_half(group: Nodegroup, rolling: Rolling, old: bool) -> None:
    found = group.scaling
    if found is None:
        return
    if old:
        found.settings.update(rolling.before_settings)
    found.extra = 0
    for one in found.members:
        if (one.instance.id in rolling.old) is not old:
            scaling.remove(found, one, "an instance was taken out of service by the update of its node group.")
    scaling.tend(found)


def _gone(group: Nodegroup) -> None:
    cluster = group.cluster
    node_machines.unmake(group)
    group.gone = True
    cluster.nodegroups.pop(group.name, None)
    entry = cluster.access_entries.get(group.role)
    used = any(one.role == group.role for one in cluster.nodegroups.values())
    if entry is not None and entry.kind == "EC2_LINUX" and not entry.tags and not used:
        del cluster.access_entries[group.role]


def delete(group: Nodegroup) -> None:
    """Begin to take a node group away: its machines first."""
    group.status, group.rolling = "DELETING", None
    found = group.scaling
    if found is not None:
        found.deleting = True
        scaling.tend(found)
