# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Container instances: machines whose agent has joined a cluster.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from lab.embedded_aws.truth.ec2.base import own
from lab.embedded_aws.truth.ecs import running
from lab.embedded_aws.truth.ecs.base import (
    Backend,
    Body,
    Response,
    Tags,
    action,
    answer,
    arn,
    client_error,
    cluster_of,
    ec2_of,
    invalid,
    new_id,
    now,
    page,
    short,
    tag_list,
)

RESERVED_PORTS = {22, 2375, 2376, 51678, 51679}
STATES = ("ACTIVE", "DRAINING")


@dataclasses.dataclass(eq=False)
class ContainerInstance:
    """A machine in a cluster; `cpu` in units, `memory` in MiB, `gpus` by their ids, `interfaces` for tasks."""

    backend: Backend
    cluster: t.Any
    instance_id: str
    instance_type: str
    image_id: str
    zone: str
    cpu: int
    memory: int
    gpus: list[str]
    interfaces: int
    provider: str | None = None
    tags: Tags = dataclasses.field(default_factory=dict)
    id: str = dataclasses.field(default_factory=new_id)
    status: str = "ACTIVE"
    connected: bool = True
    registered_at: datetime.datetime = dataclasses.field(default_factory=now)

    @property
    def arn(self) -> str:
        return arn(self.backend, f"container-instance/{self.cluster.name}/{self.id}")

    @property
    def tasks(self) -> list[t.Any]:
        return [one for one in self.cluster.tasks if one.instance is self]

    def interface(self) -> t.Any:
        """moto's first interface of the machine, through which its agent asks."""
        return ec2_of(self.backend).get_instance_by_id(self.instance_id).nics[0]

    def free(self) -> dict[str, int]:
        """What its tasks leave."""
        from lab.embedded_aws.truth.ecs.placement import needs

        left = {"CPU": self.cpu, "MEMORY": self.memory, "GPU": len(self.gpus), "ENI": self.interfaces}
        for task in self.tasks:
            for name, amount in needs(task.definition).items():
                left[name] -= amount
        return left

    def ports(self) -> set[int]:
        bound = {row["hostPort"] for task in self.tasks for rows in task.bindings.values() for row in rows}
        return RESERVED_PORTS | bound

    def gpus_used(self) -> set[str]:
        return {one for task in self.tasks for ids in task.gpus.values() for one in ids}


def view(instance: ContainerInstance, tags: bool = True) -> Body:
    free = instance.free()
    attributes = {
        "ecs.ami-id": instance.image_id, "ecs.availability-zone": instance.zone, "ecs.os-type": "linux",
        "ecs.instance-type": instance.instance_type, "ecs.cpu-architecture": "x86_64", "ecs.os-family": "LINUX",
    }  # fmt: skip
    everything = {"CPU": instance.cpu, "MEMORY": instance.memory}
    left_gpus = [one for one in instance.gpus if one not in instance.gpus_used()]
    return {
        "containerInstanceArn": instance.arn, "ec2InstanceId": instance.instance_id, "status": instance.status,
        "capacityProviderName": instance.provider, "agentConnected": instance.connected, "version": 1,
        "versionInfo": {"agentVersion": "1.107.0", "agentHash": "5b5b5b5b", "dockerVersion": "DockerVersion: 25.0.16"},
        "registeredResources": _resources(everything, RESERVED_PORTS, instance.gpus or None),
        "remainingResources": _resources(free, instance.ports(), left_gpus if instance.gpus else None),
        "runningTasksCount": sum(1 for one in instance.tasks if one.last_status == "RUNNING"),
        "pendingTasksCount": sum(1 for one in instance.tasks if one.starting),
        "attributes": [{"name": key, "value": value} for key, value in attributes.items()],
        "registeredAt": instance.registered_at, "attachments": [], "tags": tag_list(instance.tags) if tags else [],
    }  # fmt: skip


def _resources(amounts: dict[str, int], ports: set[int], gpus: list[str] | None) -> list[Body]:
    rows: list[Body] = [
        {"name": name, "type": "INTEGER", "integerValue": amounts[name], "doubleValue": 0.0, "longValue": 0}
        for name in ("CPU", "MEMORY")
    ]
    sets = {"PORTS": [str(one) for one in sorted(ports)], "PORTS_UDP": [], **({} if gpus is None else {"GPU": gpus})}
    for name, values in sets.items():
        row = {"name": name, "type": "STRINGSET", "stringSetValue": values}
        rows.append({**row, "integerValue": 0, "doubleValue": 0.0, "longValue": 0})
    return rows


def _find(response: Response, cluster: t.Any, reference: str) -> ContainerInstance | None:
    table = response.ecs_backend.container_instances.get(cluster.name, {})
    return t.cast("ContainerInstance | None", table.get(short(reference)))


def leave(instance: ContainerInstance, reason: str) -> None:
    """Take a machine out of its cluster; its tasks end with it."""
    for task in instance.tasks:
        running.stop(task, running.SCHEDULER, reason)
        if task.service is not None:
            task.service.steady = False
    instance.backend.container_instances[instance.cluster.name].pop(instance.id, None)
    # Its agent would have to be started anew to join again.
    own(instance.backend, "left")[instance.instance_id] = reason


@action
def list_container_instances(response: Response) -> t.Any:
    if response._get_param("filter"):
        raise NotImplementedError("the cluster query language")
    cluster = cluster_of(response.ecs_backend, response._get_param("cluster"))
    status = response._get_param("status")
    items, more = page(response, [one.arn for one in cluster.instances if status in (None, one.status)])
    return answer(containerInstanceArns=items, nextToken=more)


@action
def describe_container_instances(response: Response) -> t.Any:
    cluster = cluster_of(response.ecs_backend, response._get_param("cluster"))
    references = response._get_param("containerInstances") or []
    if not references:
        client_error("Container Instances cannot be empty.")
    tags = "TAGS" in (response._get_param("include") or [])
    found, failures = _sorted_out(response, cluster, references)
    return answer(containerInstances=[view(one, tags) for one in found], failures=failures)


def _sorted_out(
    response: Response, cluster: t.Any, references: list[str]
) -> tuple[list[ContainerInstance], list[Body]]:
    found, failures = [], []
    for reference in references:
        instance = _find(response, cluster, reference)
        if instance is None:
            missing = arn(response.ecs_backend, f"container-instance/{cluster.name}/{short(reference)}")
            failures.append({"arn": missing, "reason": "MISSING"})
        else:
            found.append(instance)
    return found, failures


@action
def update_container_instances_state(response: Response) -> t.Any:
    cluster = cluster_of(response.ecs_backend, response._get_param("cluster"))
    status = response._get_param("status")
    if status not in STATES:
        invalid("Container instance status should be one of [ACTIVE, DRAINING]")
    found, failures = _sorted_out(response, cluster, response._get_param("containerInstances") or [])
    for instance in found:
        instance.status = status
    for service in cluster.services:
        service.steady = False
    return answer(containerInstances=[view(one) for one in found], failures=failures)


@action
def deregister_container_instance(response: Response) -> t.Any:
    cluster = cluster_of(response.ecs_backend, response._get_param("cluster"))
    instance = _find(response, cluster, response._get_param("containerInstance") or "")
    if instance is None:
        invalid("Referenced container instance not found.")
    if instance.tasks and not response._get_param("force"):
        invalid("Found running tasks on the instance.")
    leave(instance, "Container instance deregistration forced by user")
    instance.status = "INACTIVE"
    return answer(containerInstance=view(instance))
