# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tasks: one run of a task definition, from PROVISIONING to STOPPED.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from lab.embedded_aws.truth.ecs.base import Backend, Body, Tags, arn, new_id, new_uuid, now, tag_list

STARTING = ("PROVISIONING", "PENDING", "ACTIVATING")
STOPPING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING")


@dataclasses.dataclass(eq=False)
class Task:
    """A task; `wanted` ends when its stop begins, `eni` is moto's interface of an awsvpc task."""

    backend: Backend
    cluster: t.Any
    definition: t.Any
    launch_type: str
    group: str
    provider: str | None = None
    network: Body | None = None
    platform: str | None = None
    deployment: t.Any = None
    started_by: str | None = None
    overrides: Body = dataclasses.field(default_factory=dict)
    tags: Tags = dataclasses.field(default_factory=dict)
    id: str = dataclasses.field(default_factory=new_id)
    attachment_id: str = dataclasses.field(default_factory=new_uuid)
    instance: t.Any = None
    eni: t.Any = None
    bindings: dict[str, list[Body]] = dataclasses.field(default_factory=dict)
    gpus: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    last_status: str = "PROVISIONING"
    wanted: bool = True
    begun: bool = False
    registered: bool = False
    created_at: datetime.datetime = dataclasses.field(default_factory=now)
    started_at: datetime.datetime | None = None
    stopping_at: datetime.datetime | None = None
    stopped_at: datetime.datetime | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    container_reason: str | None = None
    exit_code: int | None = None

    def __post_init__(self) -> None:
        self.backend.tasks.setdefault(self.cluster.name, {})[self.arn] = self

    @property
    def arn(self) -> str:
        return arn(self.backend, f"task/{self.cluster.name}/{self.id}")

    @property
    def starting(self) -> bool:
        return self.last_status in STARTING

    @property
    def service(self) -> t.Any:
        return self.deployment.service if self.deployment is not None else None

    @property
    def target_groups(self) -> list[Body]:
        return self.deployment.settings["loadBalancers"] if self.deployment is not None else []

    @property
    def on_draining(self) -> bool:
        return self.instance is not None and self.instance.status == "DRAINING"

    @property
    def fargate(self) -> bool:
        return self.launch_type == "FARGATE"


def view(task: Task, tags: bool = True) -> Body:
    shown: Body = {
        "taskArn": task.arn, "clusterArn": task.cluster.arn, "taskDefinitionArn": task.definition.arn,
        "lastStatus": task.last_status, "desiredStatus": "RUNNING" if task.wanted else "STOPPED",
        "launchType": task.launch_type, "capacityProviderName": task.provider, "group": task.group,
        "startedBy": task.started_by, "overrides": _overrides(task), "attachments": _attachments(task),
        "attributes": [{"name": "ecs.cpu-architecture", "value": _architecture(task)}] if task.fargate else [],
        "containers": [_container(task, one) for one in task.definition.containers],
        "cpu": _sum(task, "cpu"), "memory": _sum(task, "memory"), "createdAt": task.created_at,
        "startedAt": task.started_at, "stoppingAt": task.stopping_at, "stoppedAt": task.stopped_at,
        "executionStoppedAt": task.stopped_at if task.started_at else None, "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason, "enableExecuteCommand": False, "healthStatus": _health(task),
        "version": 1 + (task.last_status == "RUNNING") + 2 * (task.last_status == "STOPPED"),
        "tags": tag_list(task.tags) if tags else [], "availabilityZone": _zone(task),
        "pullStartedAt": task.started_at, "pullStoppedAt": task.started_at,
    }  # fmt: skip
    if task.last_status == "RUNNING":
        shown.update(connectivity="CONNECTED", connectivityAt=task.started_at)
    if task.fargate:
        shown.update(platformVersion=task.platform or "1.4.0", platformFamily="Linux")
        shown["ephemeralStorage"] = task.definition.body.get("ephemeralStorage") or {"sizeInGiB": 20}
    if task.instance is not None:
        shown["containerInstanceArn"] = task.instance.arn
    return shown


def _architecture(task: Task) -> str:
    platform = task.definition.body.get("runtimePlatform") or {}
    return "arm64" if platform.get("cpuArchitecture") == "ARM64" else "x86_64"


def _overrides(task: Task) -> Body:
    given = task.overrides or {}
    names = [{"name": one["name"]} for one in task.definition.containers]
    return {
        "inferenceAcceleratorOverrides": [],
        **given,
        "containerOverrides": given.get("containerOverrides") or names,
    }


def _sum(task: Task, key: str) -> str:
    body = task.definition.body
    total = sum(one.get(key) or one.get(f"{key}Reservation") or 0 for one in task.definition.containers)
    return str(body.get(key) or total)


def _health(task: Task) -> str:
    checked = [one for one in task.definition.containers if one.get("healthCheck")]
    return "HEALTHY" if checked and task.last_status == "RUNNING" else "UNKNOWN"


def _zone(task: Task) -> str | None:
    if task.eni is not None:
        return str(task.eni.subnet.availability_zone)
    return task.instance.zone if task.instance is not None else None


def _attachments(task: Task) -> list[Body]:
    if task.network is None or (task.eni is None and task.last_status != "STOPPED"):
        return []
    status = {"RUNNING": "ATTACHED", "STOPPED": "DELETED", "DEPROVISIONING": "DETACHING"}
    details = [{"name": "subnetId", "value": task.network["subnets"][0]}]
    if task.eni is not None:
        details = [
            {"name": "subnetId", "value": task.eni.subnet.id},
            {"name": "networkInterfaceId", "value": task.eni.id},
            {"name": "macAddress", "value": task.eni.mac_address},
            {"name": "privateDnsName", "value": _private_name(task)},
            {"name": "privateIPv4Address", "value": task.eni.private_ip_address},
        ]
    kind = "ElasticNetworkInterface"
    state = status.get(task.last_status, "ATTACHING" if task.starting else "ATTACHED")
    return [{"id": task.attachment_id, "type": kind, "status": state, "details": details}]


def _private_name(task: Task) -> str:
    region = task.backend.region_name
    return f"ip-{task.eni.private_ip_address.replace('.', '-')}.{region}.compute.internal"


def _container(task: Task, container: Body) -> Body:
    """A container's part of the answer; it has a runtime id once it ran."""
    status = {"RUNNING": "RUNNING", "STOPPED": "STOPPED"}.get(task.last_status, "PENDING")
    if task.last_status in STOPPING:
        status = "STOPPED" if task.started_at is None else "RUNNING"
    name = container["name"]
    shown: Body = {
        "containerArn": arn(task.backend, f"container/{task.cluster.name}/{task.id}/{name}"), "taskArn": task.arn,
        "name": name, "image": container["image"], "lastStatus": status, "cpu": str(container["cpu"]),
        "healthStatus": _health(task) if container.get("healthCheck") else "UNKNOWN",
        "networkInterfaces": [], "networkBindings": task.bindings.get(name, []),
    }  # fmt: skip
    for key in ("memory", "memoryReservation"):
        if container.get(key):
            shown[key] = str(container[key])
    if task.started_at is not None:
        shown["runtimeId"] = f"{task.id}-{sum(name.encode()):010d}"
        shown["imageDigest"] = _digest(task, container["image"])
    if task.eni is not None:
        address = {"attachmentId": task.attachment_id, "privateIpv4Address": task.eni.private_ip_address}
        shown["networkInterfaces"] = [address]
    if task.gpus.get(name):
        shown["gpuIds"] = task.gpus[name]
    if status == "STOPPED":
        shown.update(reason=task.container_reason, exitCode=task.exit_code)
    return shown


def _digest(task: Task, image: str) -> str:
    import hashlib

    return "sha256:" + (image.rpartition("@sha256:")[2] if "@" in image else hashlib.sha256(image.encode()).hexdigest())
