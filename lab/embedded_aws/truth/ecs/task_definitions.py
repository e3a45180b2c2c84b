# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Task definitions: families of revisions.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from lab.embedded_aws.truth.ecs import container_checks, fargate
from lab.embedded_aws.truth.ecs.base import (
    Backend,
    Body,
    Response,
    Tags,
    action,
    answer,
    arn,
    client_error,
    invalid,
    now,
    page,
    read_tags,
    short,
    tag_list,
)

FAMILY = re.compile(r"[a-zA-Z0-9_-]{1,255}")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
MISSING = "Unable to describe task definition."
# Kept as they were given.
PLAIN = (
    "taskRoleArn", "executionRoleArn", "runtimePlatform", "pidMode", "ipcMode", "proxyConfiguration",
    "inferenceAccelerators", "ephemeralStorage", "enableFaultInjection",
)  # fmt: skip


@dataclasses.dataclass(eq=False)
class TaskDefinition:
    """One revision; `body` is what AWS answers of what was registered."""

    backend: Backend
    family: str
    revision: int
    body: Body
    tags: Tags
    status: str = "ACTIVE"
    registered_at: datetime.datetime = dataclasses.field(default_factory=now)
    deregistered_at: datetime.datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.family}:{self.revision}"

    @property
    def arn(self) -> str:
        return arn(self.backend, f"task-definition/{self.name}")

    @property
    def containers(self) -> list[Body]:
        return t.cast("list[Body]", self.body["containerDefinitions"])

    @property
    def awsvpc(self) -> bool:
        return bool(self.body["networkMode"] == "awsvpc")


def view(definition: TaskDefinition) -> Body:
    return {
        **definition.body, "taskDefinitionArn": definition.arn, "family": definition.family,
        "revision": definition.revision, "status": definition.status, "registeredAt": definition.registered_at,
        "registeredBy": f"arn:{definition.backend.partition}:iam::{definition.backend.account_id}:user/rehearsal",
        "deregisteredAt": definition.deregistered_at,
    }  # fmt: skip


def find(backend: Backend, reference: str, running: bool = False) -> TaskDefinition:
    """family, family:revision or ARN; `running` refuses a revision that no new task may use."""
    family, _, revision = short(reference).partition(":")
    revisions = backend.task_definitions.get(family, {})
    active = [number for number, one in revisions.items() if one.status == "ACTIVE"]
    number = int(revision) if revision.isdigit() else max(active, default=0)
    definition: TaskDefinition | None = revisions.get(number)
    if running and definition is None:
        client_error("TaskDefinition not found.")
    if definition is None:
        client_error(MISSING)
    if running and definition.status != "ACTIVE":
        client_error("TaskDefinition is inactive")
    return definition


def units(text: t.Any, what: str, unit: str) -> str | None:
    """CPU units or MiB as AWS keeps them: 1 vCPU is 1024, 2 GB is 2048."""
    if text in (None, ""):
        return None
    found = re.fullmatch(rf"(\d*\.?\d+)\s*({unit})?", str(text), re.IGNORECASE)
    if not found or (not found[2] and "." in found[1]):
        client_error(f"Invalid '{what}' setting for task.")
    return str(int(float(found[1]) * 1024)) if found[2] else found[1]


@action
def register_task_definition(response: Response) -> t.Any:
    backend, given = response.ecs_backend, response._get_params()
    family = given.get("family") or ""
    if not FAMILY.fullmatch(family):
        client_error("Family contains invalid characters." if family else "Family should not be null or empty.")
    tags = read_tags(response)
    body = _normalised(given)
    revisions = backend.task_definitions.setdefault(family, {})
    revision = backend.__dict__.setdefault("cloister_revisions", {}).get(family, 0) + 1
    backend.cloister_revisions[family] = revision
    definition = TaskDefinition(backend, family, revision, body, tags)
    revisions[revision] = definition
    return answer(taskDefinition=view(definition), tags=tag_list(tags) or None)


def _normalised(given: Body) -> Body:
    """What AWS keeps of a request; refuses what it does not take."""
    wanted = list(given.get("requiresCompatibilities") or [])
    unknown = [one for one in wanted if one not in ("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES")]
    if unknown:
        invalid(f"Unknown compatibility: {unknown[0]}")
    containers = given.get("containerDefinitions") or []
    made: Body = {
        "networkMode": given.get("networkMode") or "bridge", "volumes": _volumes(given.get("volumes") or []),
        "placementConstraints": given.get("placementConstraints") or [],
        "cpu": units(given.get("cpu"), "cpu", "vcpus?"), "memory": units(given.get("memory"), "memory", "gb"),
        **{key: given[key] for key in PLAIN if given.get(key) is not None},
    }  # fmt: skip
    for key in ("taskRoleArn", "executionRoleArn"):
        if made.get(key) and not ROLE.fullmatch(made[key]):
            client_error("Role is not valid")
    container_checks.check_all(containers, made)
    made["containerDefinitions"] = [container_checks.fill(one, made["networkMode"]) for one in containers]
    reason = fargate.why_not(made)
    if "FARGATE" in wanted and reason:
        client_error(reason)
    made["compatibilities"] = ["EC2", *([] if reason else ["FARGATE"])]
    if wanted:
        made["requiresCompatibilities"] = wanted
    made["requiresAttributes"] = _attributes(made)
    return made


def _volumes(given: list[Body]) -> list[Body]:
    for volume in given:
        efs = volume.get("efsVolumeConfiguration")
        if efs:
            efs.setdefault("rootDirectory", "/")
    return [volume if len(volume) > 1 else {**volume, "host": {}} for volume in given]


def _attributes(made: Body) -> list[Body]:
    """What a container instance must offer; ECS finds it out itself."""
    names = set()
    for container in made["containerDefinitions"]:
        driver = (container.get("logConfiguration") or {}).get("logDriver")
        if driver:
            names.add(f"com.amazonaws.ecs.capability.logging-driver.{driver}")
        if fargate.ECR.match(container["image"]):
            names.add("com.amazonaws.ecs.capability.ecr-auth")
    if made["networkMode"] == "awsvpc":
        names.add("ecs.capability.task-eni")
    if made.get("taskRoleArn"):
        names.add("com.amazonaws.ecs.capability.task-iam-role")
    return [{"name": one} for one in sorted(names)]


@action
def describe_task_definition(response: Response) -> t.Any:
    definition = find(response.ecs_backend, response._get_param("taskDefinition") or "")
    tags = tag_list(definition.tags) if "TAGS" in (response._get_param("include") or []) else None
    return answer(taskDefinition=view(definition), tags=tags)


@action
def list_task_definitions(response: Response) -> t.Any:
    prefix, status = response._get_param("familyPrefix"), response._get_param("status") or "ACTIVE"
    found = [
        one.arn
        for family, revisions in sorted(response.ecs_backend.task_definitions.items())
        for _, one in sorted(revisions.items())
        if one.status == status and prefix in (None, family)
    ]
    if response._get_param("sort") == "DESC":
        found.reverse()
    items, more = page(response, found)
    return answer(taskDefinitionArns=items, nextToken=more)


@action
def list_task_definition_families(response: Response) -> t.Any:
    prefix, status = response._get_param("familyPrefix") or "", response._get_param("status") or "ACTIVE"
    found = []
    for family, revisions in sorted(response.ecs_backend.task_definitions.items()):
        active = any(one.status == "ACTIVE" for one in revisions.values())
        if family.startswith(prefix) and revisions and (status == "ALL" or active == (status == "ACTIVE")):
            found.append(family)
    items, more = page(response, found)
    return answer(families=items, nextToken=more)


@action
def deregister_task_definition(response: Response) -> t.Any:
    reference = response._get_param("taskDefinition") or ""
    if ":" not in short(reference):
        client_error("Revision is missing.")
    definition = find(response.ecs_backend, reference)
    if definition.status == "DELETE_IN_PROGRESS":
        client_error("The specified task definition is in DELETE_IN_PROGRESS status.")
    if definition.status == "ACTIVE":
        definition.status, definition.deregistered_at = "INACTIVE", now()
    return answer(taskDefinition=view(definition))


@action
def delete_task_definitions(response: Response) -> t.Any:
    """Up to ten; they go once no task and no service uses them."""
    references = response._get_param("taskDefinitions") or []
    if not 1 <= len(references) <= 10:
        invalid("Size of TaskDefinition references list must be between 1 and 10")
    backend, deleted, failures = response.ecs_backend, [], []
    for reference in references:
        family, _, revision = short(reference).partition(":")
        known = backend.task_definitions.get(family, {})
        definition = known.get(int(revision)) if revision.isdigit() else None
        if definition is None:
            words = (
                "The specified task definition does not exist. Specify a valid account, family, revision and try again."
            )
            failures.append({"arn": reference, "reason": words})
        elif definition.status == "ACTIVE":
            words = (
                "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
            )
            failures.append({"arn": reference, "reason": words})
        else:
            definition.status = "DELETE_IN_PROGRESS"
            deleted.append(view(definition))
            if not _used(backend, definition):
                del known[definition.revision]
    return answer(taskDefinitions=deleted, failures=failures)


def _used(backend: Backend, definition: TaskDefinition) -> bool:
    tasks = (one for cluster in backend.clusters.values() for one in cluster.tasks)
    services = (one for one in backend.services.values() if one.status != "INACTIVE")
    return any(one.definition is definition for one in tasks) or any(
        deployment.definition is definition for service in services for deployment in service.deployments
    )
