# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service's tasks as targets of its target groups."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ecs.base import Backend, Body


def _backend(backend: Backend) -> t.Any:
    """moto's load balancers, with the truth about them applied whoever asks first."""
    from lab.embedded_aws import truth

    truth.apply("elbv2")
    from moto.elbv2.models import elbv2_backends

    return elbv2_backends[backend.account_id][backend.region_name]


def find(backend: Backend, arn: str) -> t.Any:
    """moto's target group, None when it is not there."""
    return _backend(backend).target_groups.get(arn)


def attached(backend: Backend, group: t.Any) -> bool:
    """Whether a listener or rule of a load balancer leads to the group."""
    return bool(group.load_balancer_arns)


def _target(task: t.Any, row: Body) -> Body:
    """A task as a target: its own address, or its machine and the port there."""
    if task.eni is not None:
        return {"id": task.eni.private_ip_address, "port": row["containerPort"]}
    host = next(
        one["hostPort"]
        for name, bindings in task.bindings.items()
        for one in bindings
        if name == row["containerName"] and one["containerPort"] == row["containerPort"]
    )
    return {"id": task.instance.instance_id, "port": host}


def register(task: t.Any) -> None:
    """Register a running task in its service's target groups."""
    for row in task.target_groups:
        if find(task.backend, row["targetGroupArn"]) is not None:
            _backend(task.backend).register_targets(row["targetGroupArn"], [_target(task, row)])
            task.service.tell(f"registered 1 targets in (target-group {row['targetGroupArn']})")


def deregister(task: t.Any) -> None:
    """Take a task that stops out of its target groups."""
    for row in task.target_groups:
        if find(task.backend, row["targetGroupArn"]) is not None:
            _backend(task.backend).deregister_targets(row["targetGroupArn"], [_target(task, row)])
            task.service.tell(f"deregistered 1 targets in (target-group {row['targetGroupArn']})")


def health(task: t.Any) -> list[tuple[str, str, str]]:
    """(target group, state, reason) of a running task; unused targets count as healthy for ECS."""
    found = []
    for row in task.target_groups:
        arn = row["targetGroupArn"]
        if find(task.backend, arn) is None:
            continue
        for one in _backend(task.backend).describe_target_health(arn, [_target(task, row)]):
            found.append((arn, str(one.status), str(getattr(one, "description", "") or "Health checks failed")))
    return found
