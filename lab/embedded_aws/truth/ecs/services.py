# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Services and their deployments; scheduler.py keeps their tasks, service_changes.py creates and changes them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from lab.embedded_aws.truth.ecs import namespaces
from lab.embedded_aws.truth.ecs.base import (
    Backend,
    Body,
    Response,
    Tags,
    action,
    answer,
    arn,
    cluster_of,
    invalid,
    new_deployment_id,
    new_uuid,
    now,
    page,
    refuse,
    short,
    tag_list,
)

MOST_EVENTS = 100


@dataclasses.dataclass(eq=False)
class Deployment:
    """What a service's tasks are made from; `settings` are the parts of it that a service answers too."""

    service: Service
    definition: t.Any
    settings: Body
    id: str = dataclasses.field(default_factory=new_deployment_id)
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    reason: str = ""
    failed: int = 0
    created_at: datetime.datetime = dataclasses.field(default_factory=now)
    updated_at: datetime.datetime = dataclasses.field(default_factory=now)
    completed: bool = False
    impaired: bool = False
    discovered: list[Body] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.reason = self.reason or f"ECS deployment {self.id} in progress."

    @property
    def tasks(self) -> list[t.Any]:
        """Those that live or are about to."""
        return [one for one in self.service.cluster.tasks if one.deployment is self and one.wanted]

    @property
    def fargate(self) -> bool:
        strategy = self.settings["capacityProviderStrategy"]
        first = strategy[0]["capacityProvider"] if strategy else self.settings["launchType"]
        return bool(first.startswith("FARGATE"))


@dataclasses.dataclass(eq=False)
class Service:
    """A service; `options` are what CreateService and UpdateService set that no deployment has."""

    backend: Backend
    cluster: t.Any
    name: str
    desired: int
    options: Body
    tags: Tags
    status: str = "ACTIVE"
    deployments: list[Deployment] = dataclasses.field(default_factory=list)
    events: list[Body] = dataclasses.field(default_factory=list)
    steady: bool = False
    tries_end: int = 0
    last_completed: Deployment | None = None
    created_at: datetime.datetime = dataclasses.field(default_factory=now)
    created_with: Body = dataclasses.field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn(self.backend, f"service/{self.cluster.name}/{self.name}")

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def tasks(self) -> list[t.Any]:
        """Every task that has not stopped yet."""
        return [one for one in self.cluster.tasks if one.deployment is not None and one.deployment.service is self]

    @property
    def providers(self) -> set[str]:
        used = (one.settings["capacityProviderStrategy"] for one in self.deployments)
        return {row["capacityProvider"] for strategy in used for row in strategy}

    @property
    def daemon(self) -> bool:
        return bool(self.options["schedulingStrategy"] == "DAEMON")

    def tell(self, words: str) -> None:
        """Add an event, in AWS's words after the service's name."""
        self.events.insert(0, {"id": new_uuid(), "createdAt": now(), "message": f"(service {self.name}) {words}"})
        del self.events[MOST_EVENTS:]

    def deploy(self, definition: t.Any, settings: Body) -> Deployment:
        """Begin a deployment; the one before it stays until its tasks have gone."""
        for one in self.deployments:
            one.status = "ACTIVE"
        self.deployments.insert(0, Deployment(self, definition, settings))
        connect = settings["serviceConnectConfiguration"]
        if connect and connect.get("enabled"):
            self.primary.discovered = namespaces.discoverable(self, connect)
        self.steady = False
        return self.primary


def _counts(tasks: list[t.Any]) -> Body:
    return {
        "runningCount": sum(1 for one in tasks if one.last_status == "RUNNING"),
        "pendingCount": sum(1 for one in tasks if one.starting),
    }


def _where(settings: Body, fargate: bool) -> Body:
    """Launch type or strategy, and the platform that goes with them."""
    shown: Body = {"networkConfiguration": settings["networkConfiguration"]}
    if settings["capacityProviderStrategy"]:
        shown["capacityProviderStrategy"] = settings["capacityProviderStrategy"]
    else:
        shown["launchType"] = settings["launchType"]
    if fargate:
        shown.update(platformVersion=settings["platformVersion"], platformFamily="Linux")
    return shown


def view_deployment(deployment: Deployment) -> Body:
    shown = {
        "id": deployment.id, "status": deployment.status, "taskDefinition": deployment.definition.arn,
        "desiredCount": _desired(deployment), **_counts(deployment.tasks), "failedTasks": deployment.failed,
        "createdAt": deployment.created_at, "updatedAt": deployment.updated_at,
        "rolloutState": deployment.rollout_state, "rolloutStateReason": deployment.reason,
        **_where(deployment.settings, deployment.fargate),
    }  # fmt: skip
    connect = deployment.settings["serviceConnectConfiguration"]
    if connect and connect.get("enabled"):
        shown["serviceConnectConfiguration"] = connect
        shown["serviceConnectResources"] = deployment.discovered
    if deployment.settings["volumeConfigurations"]:
        shown["volumeConfigurations"] = deployment.settings["volumeConfigurations"]
    return shown


def _desired(deployment: Deployment) -> int:
    if deployment.rollout_state == "FAILED":
        return 0
    return wanted_count(deployment.service) if deployment.status == "PRIMARY" else len(deployment.tasks)


def wanted_count(service: Service) -> int:
    """How many tasks: a daemon has one on each active container instance."""
    if service.status != "ACTIVE":
        return 0
    if service.daemon:
        return sum(1 for one in service.cluster.instances if one.status == "ACTIVE" and one.connected)
    return service.desired


def view(service: Service, tags: bool = True) -> Body:
    primary = service.deployments[0] if service.deployments else None
    shown: Body = {
        "serviceArn": service.arn, "serviceName": service.name, "clusterArn": service.cluster.arn,
        "status": service.status, "desiredCount": wanted_count(service), **_counts(service.tasks),
        "deployments": [] if service.status == "INACTIVE" else [view_deployment(one) for one in service.deployments],
        "events": list(service.events),
        "createdAt": service.created_at, "createdBy": _user(service.backend),
        **{key: value for key, value in service.options.items() if value is not None},
    }  # fmt: skip
    if primary is not None:
        settings = primary.settings
        shown.update(_where(settings, primary.fargate), taskDefinition=primary.definition.arn)
        shown.update(loadBalancers=settings["loadBalancers"], serviceRegistries=settings["serviceRegistries"])
    if shown.get("loadBalancers") or (shown.get("networkConfiguration")):
        shown["roleArn"] = (
            f"arn:{service.backend.partition}:iam::{service.backend.account_id}:role/aws-service-role/"
            "ecs.amazonaws.com/AWSServiceRoleForECS"
        )
    if tags:
        shown["tags"] = tag_list(service.tags)
    return shown


def _user(backend: Backend) -> str:
    return f"arn:{backend.partition}:iam::{backend.account_id}:user/rehearsal"


def find(backend: Backend, cluster: t.Any, reference: str) -> Service:
    """A service of a cluster by name or ARN, refused when it is not there."""
    service: Service | None = backend.services.get(f"{cluster.name}:{short(reference)}")
    if service is None:
        refuse("ServiceNotFoundException", "Service not found.")
    return service


@action
def describe_services(response: Response) -> t.Any:
    backend = response.ecs_backend
    cluster = cluster_of(backend, response._get_param("cluster"))
    references = response._get_param("services") or []
    if not references:
        invalid("Services cannot be empty.")
    if len(references) > 10:
        invalid("Services cannot be more than 10.")
    found, failures = [], []
    for reference in references:
        service = backend.services.get(f"{cluster.name}:{short(reference)}")
        if service is None:
            missing = arn(backend, f"service/{cluster.name}/{short(reference)}")
            failures.append({"arn": missing, "reason": "MISSING"})
        else:
            found.append(view(service, "TAGS" in (response._get_param("include") or [])))
    return answer(services=found, failures=failures)


@action
def list_services(response: Response) -> t.Any:
    cluster = cluster_of(response.ecs_backend, response._get_param("cluster"))
    launch, strategy = response._get_param("launchType"), response._get_param("schedulingStrategy")
    found = []
    for service in cluster.services:
        kind = "FARGATE" if service.primary.fargate else "EC2"
        if launch in (None, kind) and strategy in (None, service.options["schedulingStrategy"]):
            found.append(service.arn)
    items, more = page(response, sorted(found)) if response._get_param("maxResults") else _tens(response, sorted(found))
    return answer(serviceArns=items, nextToken=more)


def _tens(response: Response, items: list[str]) -> tuple[list[str], str | None]:
    """ListServices gives ten at a time unless it is asked for more."""
    start = int(response._get_param("nextToken") or 0)
    return items[start : start + 10], str(start + 10) if len(items) > start + 10 else None


@action
def delete_service(response: Response) -> t.Any:
    """The service drains until its tasks have stopped; then it is INACTIVE."""
    backend = response.ecs_backend
    service = find(backend, cluster_of(backend, response._get_param("cluster")), response._get_param("service"))
    if service.status == "ACTIVE":
        if service.desired > 0 and not service.daemon and not response._get_param("force"):
            invalid("The service cannot be stopped while the primary deployment is scaled above 0.")
        service.status, service.desired, service.steady = "DRAINING", 0, False
    return answer(service=view(service))
