# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clusters.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html (and _DeleteCluster, ...)
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from lab.embedded_aws.limits import current as limits
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
    page,
    read_tags,
    refuse,
    short,
    tag_list,
)

NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
INSIGHTS = ("enabled", "disabled", "enhanced")
BUSY = (
    "The specified cluster is in a busy state. Cluster attachments must be in UPDATE_COMPLETE or UPDATE_FAILED state "
    "before they can be updated. Wait and try again."
)


@dataclasses.dataclass(eq=False)
class Cluster:
    """A cluster; `attachments` are what ECS keeps for each Auto Scaling group provider."""

    backend: Backend
    name: str
    tags: Tags
    settings: list[dict[str, str]]
    configuration: Body | None = None
    capacity_providers: list[str] = dataclasses.field(default_factory=list)
    strategy: list[Body] = dataclasses.field(default_factory=list)
    service_connect: Body | None = None
    status: str = "ACTIVE"
    attachments: list[Body] = dataclasses.field(default_factory=list)
    attachments_status: str | None = None

    @property
    def arn(self) -> str:
        return arn(self.backend, f"cluster/{self.name}")

    @property
    def services(self) -> list[t.Any]:
        return [one for one in self.backend.services.values() if one.cluster is self and one.status != "INACTIVE"]

    @property
    def tasks(self) -> list[t.Any]:
        return [one for one in self.backend.tasks.get(self.name, {}).values() if one.last_status != "STOPPED"]

    @property
    def instances(self) -> list[t.Any]:
        return list(self.backend.container_instances.get(self.name, {}).values())


def view(cluster: Cluster, include: t.Iterable[str] = ("TAGS", "SETTINGS", "CONFIGURATIONS", "ATTACHMENTS")) -> Body:
    """DescribeClusters leaves out what `include` does not name."""
    running = sum(1 for one in cluster.tasks if one.last_status == "RUNNING")
    shown: Body = {
        "clusterArn": cluster.arn, "clusterName": cluster.name, "status": cluster.status,
        "registeredContainerInstancesCount": len(cluster.instances), "runningTasksCount": running,
        "pendingTasksCount": sum(1 for one in cluster.tasks if one.starting), "statistics": [],
        "activeServicesCount": sum(1 for one in cluster.services if one.status == "ACTIVE"),
        "capacityProviders": list(cluster.capacity_providers),
        "defaultCapacityProviderStrategy": list(cluster.strategy),
        "tags": tag_list(cluster.tags) if "TAGS" in include else [],
        "settings": list(cluster.settings) if "SETTINGS" in include else [],
    }  # fmt: skip
    if cluster.service_connect:
        shown["serviceConnectDefaults"] = cluster.service_connect
    if cluster.configuration and "CONFIGURATIONS" in include:
        shown["configuration"] = cluster.configuration
    if cluster.attachments_status and "ATTACHMENTS" in include:
        shown.update(attachments=list(cluster.attachments), attachmentsStatus=cluster.attachments_status)
    return shown


def read_settings(given: list[dict[str, str]] | None) -> list[dict[str, str]]:
    """Container Insights is off unless it is asked for."""
    for one in given or []:
        if one.get("name") != "containerInsights":
            invalid(f"Invalid cluster setting name: {one.get('name')}")
        if one.get("value") not in INSIGHTS:
            invalid(f"Invalid cluster setting value: {one.get('value')}")
    return given or [{"name": "containerInsights", "value": "disabled"}]


@action
def create_cluster(response: Response) -> t.Any:
    from lab.embedded_aws.truth.ecs import cluster_providers

    backend = response.ecs_backend
    name = response._get_param("clusterName") or "default"
    if not NAME.fullmatch(name):
        invalid(
            "Cluster names must be 1 to 255 characters: letters (uppercase and lowercase), numbers, underscores, "
            "and hyphens."
        )
    tags, settings = read_tags(response), read_settings(response._get_param("settings"))
    known = backend.clusters.get(name)
    if known is not None and known.status != "INACTIVE":
        return answer(cluster=_same(known, response, tags))
    active = sum(1 for one in backend.clusters.values() if one.status != "INACTIVE")
    limits.check("ecs_clusters", active, "ClientException", "The maximum number of clusters has been exceeded.", "ecs")
    cluster = Cluster(backend, name, tags, settings, response._get_param("configuration"))
    providers, strategy = cluster_providers.read(backend, response)
    backend.clusters[name] = cluster
    cluster.service_connect = namespaces.of_defaults(backend, response._get_param("serviceConnectDefaults"))
    cluster_providers.attach(cluster, providers, strategy)
    return answer(cluster=view(cluster))


def _same(known: Cluster, response: Response, tags: Tags) -> Body:
    """CreateCluster of a cluster that is there answers it, when it asks for the same."""
    asked = {
        "tags": (response._get_param("tags") and tags, known.tags),
        "settings": (response._get_param("settings"), known.settings),
        "configuration": (response._get_param("configuration"), known.configuration),
        "capacityProviders": (response._get_param("capacityProviders"), known.capacity_providers),
    }
    if any(wanted and wanted != present for wanted, present in asked.values()):
        invalid("Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
    return view(known)


@action
def describe_clusters(response: Response) -> t.Any:
    backend = response.ecs_backend
    found, failures = [], []
    for reference in response._get_param("clusters") or ["default"]:
        cluster = backend.clusters.get(short(reference))
        if cluster is None:
            failures.append({"arn": arn(backend, f"cluster/{short(reference)}"), "reason": "MISSING"})
        else:
            found.append(view(cluster, response._get_param("include") or []))
    return answer(clusters=found, failures=failures)


@action
def list_clusters(response: Response) -> t.Any:
    alive = [one.arn for one in response.ecs_backend.clusters.values() if one.status != "INACTIVE"]
    items, more = page(response, alive)
    return answer(clusterArns=items, nextToken=more)


@action
def update_cluster(response: Response) -> t.Any:
    backend = response.ecs_backend
    cluster = cluster_of(backend, response._get_param("cluster"), active=True)
    if response._get_param("settings"):
        cluster.settings = read_settings(response._get_param("settings"))
    if response._get_param("configuration") is not None:
        cluster.configuration = response._get_param("configuration")
    if response._get_param("serviceConnectDefaults") is not None:
        cluster.service_connect = namespaces.of_defaults(backend, response._get_param("serviceConnectDefaults"))
    return answer(cluster=view(cluster))


@action
def update_cluster_settings(response: Response) -> t.Any:
    cluster = cluster_of(response.ecs_backend, response._get_param("cluster"), active=True)
    cluster.settings = read_settings(response._get_param("settings"))
    return answer(cluster=view(cluster))


@action
def delete_cluster(response: Response) -> t.Any:
    cluster = cluster_of(response.ecs_backend, response._get_param("cluster"))
    if cluster.attachments_status == "UPDATE_IN_PROGRESS":
        refuse("UpdateInProgressException", BUSY)
    if cluster.services:
        refuse("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    if cluster.instances:
        refuse(
            "ClusterContainsContainerInstancesException",
            "The Cluster cannot be deleted while Container Instances are active or draining.",
        )
    if cluster.tasks:
        refuse("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    cluster.status, cluster.attachments, cluster.attachments_status = "INACTIVE", [], None
    cluster.capacity_providers, cluster.strategy = [], []
    return answer(cluster=view(cluster))
