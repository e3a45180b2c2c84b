# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tasks with an address of their own, of every account and region, for who brings containers to them."""

from __future__ import annotations

import json
import re
import sys
import time
import typing as t

from lab.embedded_aws import task_containers
from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.supplies import parameter_value, secret_value

Body = dict[str, t.Any]
# How often ECS looks at what is due when nobody calls it.
PAUSE_SECONDS = 5.0
# Where the role certificates keeps what clients of inner names trust.
AUTHORITY = re.compile(r"/cloister/[^/]+/ca/[^/]+/certificate")


def tasks() -> list[Body]:
    """Each task that runs, or waits for its containers alone, and has an interface.

    {id, account, region, service, vpc, vpc_cidr, address, containers, authorities}: a container is {name, image, ports,
    environment}, with the values of its secrets; `authorities` are the certificates, PEM, of the region's private CAs.
    """
    with BACKEND:
        return [_shown(task) for backend in _backends() for task in _running(backend)]


def _backends() -> t.Iterator[t.Any]:
    regions = getattr(sys.modules.get("moto.ecs.models"), "ecs_backends", {})
    for account in list(regions.values()):
        yield from list(account.values())


def _running(backend: t.Any) -> t.Iterator[t.Any]:
    """ECS looks at what is due when somebody calls it; here it does so by itself, if seldom, as that is much work."""
    if "lab.embedded_aws.truth.ecs" not in sys.modules or not getattr(backend, "tasks", None):
        return
    from lab.embedded_aws.truth.ecs.scheduler import advance

    if time.monotonic() >= backend.__dict__.get("cloister_due", 0):
        advance(backend)
        backend.__dict__["cloister_due"] = time.monotonic() + PAUSE_SECONDS
    for cluster in list(backend.tasks.values()):
        for task in list(cluster.values()):
            if task.eni is not None and (task.last_status == "RUNNING" or _waits(task)):
                yield task


def _waits(task: t.Any) -> bool:
    return bool(task.wanted and task.last_status == "PENDING" and task_containers.awaited(task))


def expect(wanted: bool) -> None:
    """Let tasks wait for their containers from now on; or no more, and let go those that do."""
    with BACKEND:
        waiting = [task for backend in _backends() for task in _running(backend) if _waits(task)]
        task_containers.expect(wanted)
        _go(waiting)


def bring(task_id: str) -> None:
    """Let a task run, as its containers do."""
    with BACKEND:
        waiting = [task for backend in _backends() for task in _running(backend) if task.id == task_id and _waits(task)]
        task_containers.bring(task_id)
        _go(waiting)


def _go(waiting: list[t.Any]) -> None:
    if waiting:
        from lab.embedded_aws.truth.ecs.running import run

        for task in waiting:
            if not task_containers.awaited(task):
                run(task)


def _shown(task: t.Any) -> Body:
    from lab.embedded_aws.truth.ecs.base import ec2_of

    backend, vpc = task.backend, ec2_of(task.backend).vpcs[task.eni.vpc_id]
    return {
        "id": task.id, "account": backend.account_id, "region": backend.region_name,
        "service": task.service.name if task.service is not None else "", "vpc": vpc.id, "vpc_cidr": vpc.cidr_block,
        "address": task.eni.private_ip_address,
        "containers": [_container(task, one) for one in task.definition.containers],
        "authorities": _authorities(backend.account_id, backend.region_name),
    }  # fmt: skip


def _container(task: t.Any, container: Body) -> Body:
    given = {one["name"]: one["value"] for one in container.get("environment") or []}
    for one in (task.overrides or {}).get("containerOverrides") or []:
        if one.get("name") == container["name"]:
            given.update({pair["name"]: pair["value"] for pair in one.get("environment") or []})
    hidden = {one["name"]: _secret(task.backend, one["valueFrom"]) for one in container.get("secrets") or []}
    return {
        "name": container["name"], "image": container["image"], "environment": {**given, **hidden},
        "ports": [one["containerPort"] for one in container.get("portMappings") or []],
    }  # fmt: skip


def _secret(backend: t.Any, source: str) -> str:
    """What ECS puts into the container: a parameter, a secret, or one key of a secret that is JSON.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    where = (backend.account_id, backend.region_name)
    if ":secretsmanager:" not in source:
        return parameter_value(*where, source) or ""
    # arn:...:secret:name:json-key:version-stage:version-id
    parts = source.split(":")
    value = secret_value(*where, ":".join(parts[:7])) or ""
    key = ([*parts, ""][7:] or [""])[0]
    if not key or not value:
        return value
    try:
        return str(json.loads(value)[key])
    except (ValueError, KeyError, TypeError):
        # The secret was changed since the task started: a new one does not start without it (truth/ecs/starting.py).
        return ""


def _authorities(account: str, region: str) -> list[str]:
    if "moto.ssm.models" not in sys.modules:
        return []
    from moto.ssm.models import ssm_backends

    names = [name for name in list(ssm_backends[account][region]._parameters) if AUTHORITY.fullmatch(name)]
    return [value for name in sorted(names) if (value := parameter_value(account, region, name))]
