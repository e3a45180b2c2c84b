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
    """The target group, None when it is not there."""
    return _backend(backend).target_groups.get(arn)


def attached(backend: Backend, arn: str) -> bool:
    """Whether a listener or rule of a load balancer leads to the group."""
    from lab.embedded_aws.truth.elbv2.finding import users_of_group

    return bool(users_of_group(_backend(backend), arn))


def _target(task: t.Any, row: Body) -> Body:
    """A task as a target: its own address, or its machine and the port there."""
    if task.eni is not None:
        return {"id": task.eni.private_ip_address, "port": row["containerPort"]}
    bindings = task.bindings[row["containerName"]]
    host = next(one["hostPort"] for one in bindings if one["containerPort"] == row["containerPort"])
    return {"id": task.instance.instance_id, "port": host}


def register(task: t.Any) -> None:
    """Register a running task in its service's target groups."""
    for row in _groups(task):
        _backend(task.backend).register_targets(row["targetGroupArn"], [_target(task, row)])
        task.service.tell(f"registered 1 targets in (target-group {row['targetGroupArn']})")


def deregister(task: t.Any) -> None:
    """Take a task that stops out of its target groups."""
    for row in _groups(task):
        _backend(task.backend).deregister_targets(row["targetGroupArn"], [_target(task, row)])
        task.service.tell(f"deregistered 1 targets in (target-group {row['targetGroupArn']})")


def _groups(task: t.Any) -> list[Body]:
    """Those that still exist."""
    return [row for row in task.target_groups if find(task.backend, row["targetGroupArn"]) is not None]


def health(task: t.Any) -> list[tuple[str, str, str]]:
    """(target group, state, description) of a running task."""
    found = []
    for row in _groups(task):
        for one in _backend(task.backend).describe_target_health(row["targetGroupArn"], [_target(task, row)]):
            found.append((row["targetGroupArn"], str(one.status), str(one.description or "")))
    return found
