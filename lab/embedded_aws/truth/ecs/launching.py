# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starting a service's tasks: where each goes, and what the service says when one cannot."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ecs import placement, running, starting
from lab.embedded_aws.truth.ecs.base import Backend, Body
from lab.embedded_aws.truth.ecs.tasks import Task

GUIDE = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


def launch(service: t.Any, count: int) -> bool:
    """Start up to `count` tasks of the primary deployment; whether one was."""
    role = starting.unusable_role(service.backend, service.primary.definition)
    if role is not None:
        service.primary.failed += 1
        _say(
            service,
            f"failed to launch a task with (error ECS was unable to assume the role '{role}' that was provided for "
            "this task. Please verify that the role being passed has the proper trust relationship and permissions "
            "and that your IAM user has permissions to pass this role.).",
        )
        return True
    started, missing = [], None
    for _ in range(count):
        task = _task(service)
        if task.fargate and not placement.fargate_has_room(task):
            del service.backend.tasks[service.cluster.name][task.arn]
            _say(service, f"was unable to place a task. Reason: {placement.NO_MORE_VCPUS}.")
            break
        missing = None if task.fargate else placement.place(task)
        if missing is not None and not placement.may_wait(task):
            del service.backend.tasks[service.cluster.name][task.arn]
            break
        started.append(task)
    if started:
        names = " ".join(f"(task {one.id})" for one in started)
        service.tell(f"has started {len(started)} tasks: {names}.")
    for task in started:
        if task.fargate or task.instance is not None:
            running.begin(task)
    if missing is not None and not placement.may_wait(task):
        _say(
            service,
            "was unable to place a task because no container instance met all of its requirements. Reason: "
            f"{missing.words} {GUIDE}",
        )
    return bool(started)


def _say(service: t.Any, words: str) -> None:
    """Tell an event once, however often the scheduler tries."""
    if not service.events or not service.events[0]["message"].endswith(words):
        service.tell(words)


def _task(service: t.Any) -> Task:
    deployment = service.primary
    settings = deployment.settings
    provider = _provider(deployment)
    fargate = (provider or settings["launchType"]).startswith("FARGATE")
    tags = {"SERVICE": service.tags, "TASK_DEFINITION": deployment.definition.tags}.get(
        service.options["propagateTags"], {}
    )
    managed = {"aws:ecs:clusterName": service.cluster.name, "aws:ecs:serviceName": service.name}
    return Task(
        service.backend, service.cluster, deployment.definition, "FARGATE" if fargate else "EC2",
        f"service:{service.name}", provider, (settings["networkConfiguration"] or {}).get("awsvpcConfiguration"),
        deployment=deployment, started_by=deployment.id,
        tags={**tags, **(managed if service.options["enableECSManagedTags"] else {})},
    )  # fmt: skip


def _provider(deployment: t.Any) -> str | None:
    """The next task's provider: bases first, then by weight."""
    strategy: list[Body] = deployment.settings["capacityProviderStrategy"]
    if not strategy:
        return None
    used = [one.provider for one in deployment.tasks]
    for row in strategy:
        if used.count(row["capacityProvider"]) < row["base"]:
            return str(row["capacityProvider"])
    weighed = [row for row in strategy if row["weight"]]
    chosen = min(weighed, key=lambda row: (used.count(row["capacityProvider"]) - row["base"]) / row["weight"])
    return str(chosen["capacityProvider"])


def place_waiting(backend: Backend) -> bool:
    """Place tasks that waited for a machine; whether one was."""
    placed = False
    for cluster in backend.clusters.values():
        for task in waiting(cluster):
            if placement.place(task) is None:
                running.begin(task)
                placed = True
    return placed


def waiting(cluster: t.Any) -> list[Task]:
    """Tasks that have no machine yet."""
    return [one for one in cluster.tasks if one.wanted and not one.fargate and one.instance is None]
