# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running, stopping and listing tasks.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html (and _StopTask, _DescribeTasks, _ListTasks)
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ecs import placement, running, service_checks, services, task_definitions
from lab.embedded_aws.truth.ecs.base import (
    Body,
    Response,
    action,
    answer,
    arn,
    cluster_of,
    invalid,
    page,
    read_tags,
    short,
)
from lab.embedded_aws.truth.ecs.tasks import Task, view

STOPPED_BY_USER = "Task stopped by user"


@action
def run_task(response: Response) -> t.Any:
    backend, given = response.ecs_backend, response._get_params()
    cluster = cluster_of(backend, given.get("cluster"), active=True)
    definition = task_definitions.find(backend, given.get("taskDefinition") or "", running=True)
    count = given.get("count") or 1
    if not 1 <= count <= 10:
        invalid("Count must be between 1 and 10.")
    where = service_checks.launch(backend, cluster, given)
    provider = where["capacityProviderStrategy"][0]["capacityProvider"] if where["capacityProviderStrategy"] else None
    fargate = str(provider or where["launchType"]).startswith("FARGATE")
    service_checks.compatible(definition, fargate, given.get("platformVersion"), where["launchType"])
    network = service_checks.network(backend, definition, given.get("networkConfiguration"), fargate)
    tags = read_tags(response)
    made, failures = [], []
    for _ in range(count):
        task = Task(
            backend, cluster, definition, "FARGATE" if fargate else "EC2",
            given.get("group") or f"family:{definition.family}", provider, (network or {}).get("awsvpcConfiguration"),
            started_by=given.get("startedBy"), overrides=given.get("overrides") or {}, tags=dict(tags),
        )  # fmt: skip
        if fargate and not placement.fargate_has_room(task):
            del backend.tasks[cluster.name][task.arn]
            failures.append({"reason": placement.NO_MORE_VCPUS})
            continue
        missing = None if fargate else placement.place(task)
        if missing is not None and not placement.may_wait(task):
            del backend.tasks[cluster.name][task.arn]
            failures.append({"arn": missing.arn, "reason": missing.resource})
            continue
        made.append(task)
    shown = [view(one) for one in made]
    for task in made:
        if fargate or task.instance is not None:
            running.begin(task)
    return answer(tasks=shown, failures=failures)


@action
def stop_task(response: Response) -> t.Any:
    cluster = cluster_of(response.ecs_backend, response._get_param("cluster"))
    task = _find(response, cluster, response._get_param("task") or "")
    if task is None:
        invalid("The referenced task was not found.")
    running.stop(task, running.USER, response._get_param("reason") or STOPPED_BY_USER)
    if task.service is not None:
        task.service.steady = False
    return answer(task=view(task))


def _find(response: Response, cluster: t.Any, reference: str) -> Task | None:
    table = response.ecs_backend.tasks.get(cluster.name, {})
    return next((one for one in table.values() if one.id == short(reference)), None)


@action
def describe_tasks(response: Response) -> t.Any:
    cluster = cluster_of(response.ecs_backend, response._get_param("cluster"))
    references = response._get_param("tasks") or []
    if not references:
        invalid("Tasks cannot be empty.")
    if len(references) > 100:
        invalid("Tasks cannot be more than 100.")
    found, failures = [], []
    for reference in references:
        task = _find(response, cluster, reference)
        if task is None:
            missing = arn(response.ecs_backend, f"task/{cluster.name}/{short(reference)}")
            failures.append({"arn": missing, "reason": "MISSING"})
        else:
            found.append(view(task, "TAGS" in (response._get_param("include") or [])))
    return answer(tasks=found, failures=failures)


@action
def list_tasks(response: Response) -> t.Any:
    """RUNNING are those that shall run, whatever their state; STOPPED those that shall not."""
    backend, given = response.ecs_backend, response._get_params()
    cluster = cluster_of(backend, given.get("cluster"))
    service = services.find(backend, cluster, given["serviceName"]) if given.get("serviceName") else None
    wanted = (given.get("desiredStatus") or "RUNNING") != "STOPPED"
    found = [
        one.arn
        for one in backend.tasks.get(cluster.name, {}).values()
        if one.wanted == wanted and service in (None, one.service) and _accepted(one, given)
    ]
    items, more = page(response, found)
    return answer(taskArns=items, nextToken=more)


def _accepted(task: Task, given: Body) -> bool:
    instance = given.get("containerInstance")
    return (
        given.get("family") in (None, task.definition.family)
        and given.get("startedBy") in (None, task.started_by)
        and given.get("launchType") in (None, task.launch_type)
        and (instance is None or (task.instance is not None and task.instance.id == short(instance)))
    )
