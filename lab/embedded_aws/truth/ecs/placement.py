# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which container instance takes a task, and what it must have free.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement.html
"""

from __future__ import annotations

import dataclasses
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ecs import capacity_providers
from lab.embedded_aws.truth.ecs.base import Body, ec2_of

FIRST_DYNAMIC_PORT = 32768
# As service events say it:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
NO_MORE_VCPUS = "You've reached the limit on the number of vCPUs you can run concurrently"
WORDS = {
    "RESOURCE:CPU": "has insufficient CPU units available",
    "RESOURCE:MEMORY": "has insufficient memory available",
    "RESOURCE:GPU": "has insufficient GPU resource available",
    "RESOURCE:PORTS": "is already using a port required by your task",
    "RESOURCE:ENI": 'encountered error "RESOURCE:ENI"',
    "AGENT": 'encountered error "AGENT"',
    "ATTRIBUTE": "is missing an attribute required by your task",
}


@dataclasses.dataclass
class Missing:
    """Why no container instance took a task: RESOURCE:CPU, ... of the closest one."""

    arn: str
    resource: str

    @property
    def words(self) -> str:
        """As the service event says it."""
        if not self.arn:
            return "No Container Instances were found in your cluster."
        what = WORDS[self.resource]
        return f"The closest matching (container-instance {self.arn.rpartition('/')[2]}) {what}."


def needs(definition: t.Any) -> dict[str, int]:
    """CPU units, MiB, GPUs and interfaces that a task takes from its machine."""
    body, containers = definition.body, definition.containers
    memory = sum(one.get("memoryReservation") or one.get("memory") or 0 for one in containers)
    return {
        "CPU": int(body.get("cpu") or sum(one["cpu"] for one in containers)),
        "MEMORY": int(body.get("memory") or memory),
        "GPU": sum(gpus_of(one) for one in containers),
        "ENI": int(definition.awsvpc),
    }


def gpus_of(container: Body) -> int:
    return sum(int(one["value"]) for one in container.get("resourceRequirements") or [] if one["type"] == "GPU")


def place(task: t.Any) -> Missing | None:
    """Take the first fitting container instance, the fullest zone last; why not, when none fits."""
    candidates = [one for one in task.cluster.instances if one.status == "ACTIVE" and one not in _taken(task)]
    if task.provider is not None:
        candidates = [one for one in candidates if one.provider == task.provider]
    reason = Missing("", "RESOURCE:CPU")
    for instance in sorted(candidates, key=lambda one: len(one.tasks)):
        lacking = _lacking(task, instance)
        if lacking is None:
            _occupy(task, instance)
            return None
        reason = Missing(instance.arn, lacking)
    return reason


def _taken(task: t.Any) -> list[t.Any]:
    """Machines that may hold no second task of the same deployment: of daemons, and by distinctInstance."""
    service = task.service
    if service is None:
        return []
    distinct = any(one.get("type") == "distinctInstance" for one in service.options["placementConstraints"])
    others = [one for one in task.deployment.tasks if one is not task]
    return [one.instance for one in others] if service.daemon or distinct else []


def _lacking(task: t.Any, instance: t.Any) -> str | None:
    from lab.embedded_aws.truth.ec2.kinds import find

    if not instance.connected:
        return "AGENT"
    if task.network is not None:
        zones = {find(ec2_of(task.backend), one).availability_zone for one in task.network["subnets"]}
        if instance.zone not in zones:
            return "ATTRIBUTE"
    free = instance.free()
    short = next((name for name, amount in needs(task.definition).items() if amount > free[name]), None)
    if short is not None:
        return f"RESOURCE:{short}"
    wanted = {one["hostPort"] for one in _host_ports(task) if one["hostPort"]}
    return "RESOURCE:PORTS" if wanted & instance.ports() else None


def _host_ports(task: t.Any) -> list[Body]:
    """Port mappings that take a port of the machine: none of an awsvpc task."""
    if task.definition.awsvpc:
        return []
    return [port for one in task.definition.containers for port in one["portMappings"] if "hostPort" in port]


def _occupy(task: t.Any, instance: t.Any) -> None:
    task.instance = instance
    free_gpus = [one for one in instance.gpus if one not in instance.gpus_used()]
    taken = instance.ports()
    for container in task.definition.containers:
        count = gpus_of(container)
        task.gpus[container["name"]], free_gpus = free_gpus[:count], free_gpus[count:]
        if task.definition.awsvpc:
            continue
        for port in container["portMappings"]:
            host = port.get("hostPort") or next(one for one in range(FIRST_DYNAMIC_PORT, 61000) if one not in taken)
            taken.add(host)
            row = {"bindIP": "0.0.0.0", "containerPort": port["containerPort"], "hostPort": host}  # noqa: S104
            task.bindings.setdefault(container["name"], []).append({**row, "protocol": port["protocol"]})


def may_wait(task: t.Any) -> bool:
    """Whether a task waits for a machine, because its provider's managed scaling brings one."""
    provider = capacity_providers.find(task.backend, task.provider) if task.provider else None
    return provider is not None and provider.managed_scaling


def fargate_has_room(task: t.Any) -> bool:
    """Whether the account's quota of Fargate vCPUs, when one is set, has room for this task beside the others."""
    most = limits.most.get("fargate_vcpus")
    running = (one for cluster in task.backend.clusters.values() for one in cluster.tasks if one.fargate)
    return most is None or sum(needs(one.definition)["CPU"] for one in running) <= most * 1024
