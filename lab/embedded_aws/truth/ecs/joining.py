# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines that join a cluster: their user data names it, and their agent reaches ECS.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bootstrap_container_instance.html
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import typing as t

from lab.embedded_aws.truth.ec2.base import own, tags_of
from lab.embedded_aws.truth.ecs import capacity_providers, grants, machines, network
from lab.embedded_aws.truth.ecs.base import Backend, ec2_of, new_uuid
from lab.embedded_aws.truth.ecs.container_instances import ContainerInstance, leave

CLUSTER = re.compile(r"\bECS_CLUSTER\s*[=:]\s*[\"']?([a-zA-Z0-9_-]+)")
SERVICES = ("ecs", "ecs-agent", "ecs-telemetry")
GROUP_TAG = "aws:autoscaling:groupName"


def look(backend: Backend) -> bool:
    """Let running machines join and those that have ended leave; whether one did."""
    present = {one.instance_id: one for table in backend.container_instances.values() for one in table.values()}
    alive = {one.id: one for one in _machines(backend)}
    left, changed = own(backend, "left"), False
    for identifier, instance in present.items():
        if identifier not in alive or alive[identifier]._state.name in ("shutting-down", "terminated"):
            leave(instance, f"Host EC2 (instance {identifier}) terminated.")
            changed = True
        else:
            instance.connected = alive[identifier]._state.name == "running"
    for identifier, machine in alive.items():
        if identifier not in present and identifier not in left and machine._state.name == "running":
            changed = _join(backend, machine) or changed
    return changed


def _machines(backend: Backend) -> list[t.Any]:
    return [one for reservation in ec2_of(backend).reservations.values() for one in reservation.instances]


def cluster_named(machine: t.Any) -> str | None:
    """The cluster that a machine's user data names."""
    data = machine.user_data or b""
    raw = data.encode() if isinstance(data, str) else bytes(data)
    with contextlib.suppress(binascii.Error, ValueError):  # it may be plain text
        raw = base64.b64decode(raw, validate=True)
    found = CLUSTER.search(raw.decode("utf-8", "replace"))
    return found[1] if found else None


def _join(backend: Backend, machine: t.Any) -> bool:
    name = cluster_named(machine)
    cluster = backend.clusters.get(name) if name else None
    if cluster is None or cluster.status == "INACTIVE" or not _may_join(backend, machine):
        return False
    size = machines.size_of(machine.instance_type)
    instance = ContainerInstance(
        backend, cluster, machine.id, machine.instance_type, machine.image_id, machine.nics[0].subnet.availability_zone,
        size["CPU"], size["MEMORY"], [f"GPU-{new_uuid()}" for _ in range(size["GPU"])], size["ENI"],
        _provider(backend, machine),
    )  # fmt: skip
    backend.container_instances.setdefault(cluster.name, {})[instance.id] = instance
    for service in cluster.services:
        service.steady = False
    return True


def _may_join(backend: Backend, machine: t.Any) -> bool:
    """The agent registers with the machine's role, and speaks to three services from the machine's interface."""
    roles = getattr(machine.profile, "roles", None) or []
    if not any(grants.allowed(backend, one.arn, "ecs:RegisterContainerInstance", "*") for one in roles):
        return False
    place = network.at(backend, machine.nics[0])
    return all(place.unreached(one) is None for one in SERVICES)


def _provider(backend: Backend, machine: t.Any) -> str | None:
    """The capacity provider of the Auto Scaling group that made the machine."""
    group = capacity_providers.group_of(backend, tags_of(ec2_of(backend), machine.id).get(GROUP_TAG, ""))
    if group is None:
        return None
    known = (one for one in backend.capacity_providers.values() if one.status != "INACTIVE")
    return next((one.name for one in known if one.group["autoScalingGroupArn"] == group.arn), None)
