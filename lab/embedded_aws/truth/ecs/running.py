# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Making a task run and stop: its interface, its time, its targets."""

from __future__ import annotations

import typing as t

from lab.embedded_aws import task_containers
from lab.embedded_aws.delays import current as delays
from lab.embedded_aws.truth.ec2 import interfaces
from lab.embedded_aws.truth.ec2.addresses import next_public
from lab.embedded_aws.truth.ec2.base import after
from lab.embedded_aws.truth.ecs import network, starting, targets
from lab.embedded_aws.truth.ecs.base import arn, ec2_of, now

FAILED_TO_START, SCHEDULER, USER = "TaskFailedToStart", "ServiceSchedulerInitiated", "UserInitiated"


def begin(task: t.Any) -> None:
    """Give a placed task its interface; it runs, or fails to, once its delay has passed."""
    task.begun = True
    if task.network is not None:
        task.eni = _interface(task)
        network.look_anew(task.backend)
    if delays["ecs_task"] > 0:
        task.last_status = "PENDING"
    after(ec2_of(task.backend), "ecs_task", lambda: _started(task))


def _interface(task: t.Any) -> t.Any:
    """An interface in the emptiest of the task's subnets, as ECS spreads them."""
    from lab.embedded_aws.truth.ec2.kinds import find

    ec2 = ec2_of(task.backend)
    zone = task.instance.zone if task.instance is not None else None
    subnets = [find(ec2, one) for one in task.network["subnets"]]
    subnets = [one for one in subnets if zone in (None, one.availability_zone)]
    used = [one.eni.subnet.id for one in (task.service or task.cluster).tasks if one.eni is not None]
    subnet = min(subnets, key=lambda one: used.count(one.id))
    groups = task.network["securityGroups"] or [_default_group(ec2, subnet.vpc_id)]
    description = arn(task.backend, f"attachment/{task.attachment_id}")
    eni = interfaces.place(ec2, subnet, "interface", description, groups)
    if task.network["assignPublicIp"] == "ENABLED":
        eni.public_ip = next_public(ec2)
    return eni


def _default_group(ec2: t.Any, vpc_id: str) -> str:
    return next(one.id for groups in ec2.groups.values() for one in groups.values()
                if one.vpc_id == vpc_id and one.name == "default")  # fmt: skip


def _started(task: t.Any) -> None:
    if not task.wanted or not task.starting:
        return
    trouble = starting.trouble(task)
    if trouble is not None:
        task.container_reason = trouble if trouble.startswith("Cannot") else None
        if task.deployment is not None:
            task.deployment.failed += 1
        stop(task, FAILED_TO_START, trouble)
        return
    if task_containers.awaited(task):
        # It runs once its container does.
        task.last_status = "PENDING"
        return
    run(task)


def run(task: t.Any) -> None:
    """Its containers run by now; who balances its service's load learns of it."""
    if not task.wanted or not task.starting:
        return
    task.last_status, task.started_at = "RUNNING", now()
    if task.target_groups:
        targets.register(task)
        task.registered = True


def stop(task: t.Any, code: str, reason: str) -> None:
    """Begin to stop a task; its interface and its place go with it, in their time."""
    if not task.wanted:
        return
    ran = task.last_status == "RUNNING"
    task.wanted, task.stop_code, task.stopped_reason, task.stopping_at = False, code, reason, now()
    if task.registered:
        targets.deregister(task)
        task.registered = False
    task.last_status = "DEACTIVATING" if ran else "DEPROVISIONING"
    after(ec2_of(task.backend), "ecs_task_stop", lambda: _stopped(task, ran))


def _stopped(task: t.Any, ran: bool) -> None:
    task.last_status, task.stopped_at = "STOPPED", now()
    task.exit_code = 0 if ran else None
    if task.eni is not None:
        interfaces.remove(ec2_of(task.backend), task.eni.id)
        network.look_anew(task.backend)
    _forget_old(task)


def _forget_old(task: t.Any, most: int = 100) -> None:
    """AWS shows stopped tasks for an hour; a hundred of a cluster will do."""
    table = task.backend.tasks[task.cluster.name]
    stopped = [key for key, one in table.items() if one.last_status == "STOPPED"]
    for key in stopped[:-most]:
        del table[key]
