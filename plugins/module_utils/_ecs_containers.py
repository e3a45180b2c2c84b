# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Task definitions: from entries of an inventory to what ECS registers, and both in one readable form.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html. ECS fills in what was not said
(``cpu: 0``, ``essential: true``, a health check's ``interval``), so the two are compared without such values. Secrets
are told by ARN only; ECS never answers what they hold.
"""

from __future__ import annotations

import typing as t

Entry = t.Mapping[str, t.Any]
Body = dict[str, t.Any]

# What ECS fills in, as ECS spells it.
_FILLED: dict[str, Body] = {
    "healthCheck": {"interval": 30, "timeout": 5, "retries": 3},
    "portMappings": {"protocol": "tcp"},
    "efsVolumeConfiguration": {"rootDirectory": "/"},
}
# Facts about a registered revision that are nobody's wish.
_FACTS = frozenset(
    (
        *("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt"),
        *("registeredBy", "deregisteredAt", "deleteRequestedAt", "family", "containerDefinitions", "tags"),
    )
)
_TOLD = {
    "requiresCompatibilities": "capacity",
    "networkMode": "network_mode",
    "cpu": "cpu",
    "memory": "memory_mib",
    "executionRoleArn": "execution_role",
    "taskRoleArn": "task_role",
    "runtimePlatform": "platform",
    "ephemeralStorage": "ephemeral_storage",
    "volumes": "volumes",
}
_CONTAINER_TOLD = {
    "image": "image",
    "command": "command",
    "entryPoint": "entrypoint",
    "environment": "environment",
    "secrets": "secrets",
    "portMappings": "ports",
    "healthCheck": "health_check",
    "logConfiguration": "logs",
    "mountPoints": "mounts",
    "dependsOn": "depends_on",
    "cpu": "cpu",
    "memory": "memory_mib",
    "memoryReservation": "memory_reservation_mib",
    "resourceRequirements": "gpus",
    "linuxParameters": "linux",
    "ulimits": "ulimits",
    "user": "user",
    "workingDirectory": "working_directory",
    "stopTimeout": "stop_seconds",
    "readonlyRootFilesystem": "read_only_root",
    "essential": "essential",
}
_PAIRS = {"environment": "value", "secrets": "valueFrom"}


def port_name(container: str, port: int) -> str:
    """Return the name of a port, by which Service Connect takes it."""
    return f"{container}-{port}"


def container(entry: Entry, image: str, secrets: t.Mapping[str, str], environment: Entry, logs: Entry) -> Body:
    """Return the container definition for an entry of ``containers``.

    ``image`` is where the image lies, ``secrets`` ARNs by the name of a variable, ``environment`` what is added to the
    entry's own, ``logs`` the options of the driver awslogs.
    """
    plain = {**entry["environment"], **environment}
    said: Body = {
        "name": entry["name"],
        "image": image,
        "essential": entry["essential"],
        "environment": [{"name": name, "value": str(plain[name])} for name in sorted(plain)],
        "secrets": [{"name": name, "valueFrom": secrets[name]} for name in sorted(secrets)],
        "portMappings": [_port(entry["name"], port, entry["port_protocols"]) for port in entry["ports"]],
        "logConfiguration": {"logDriver": "awslogs", "options": {**logs, "awslogs-stream-prefix": entry["name"]}},
        "mountPoints": [
            {"sourceVolume": mount["volume"], "containerPath": mount["path"], "readOnly": mount["read_only"]}
            for mount in entry["mounts"]
        ],
        "dependsOn": [
            {"containerName": other["container"], "condition": other["condition"].upper()}
            for other in entry["depends_on"]
        ],
        "ulimits": [
            {"name": name, "softLimit": limit, "hardLimit": limit} for name, limit in sorted(entry["ulimits"].items())
        ],
        "linuxParameters": _linux(entry),
        "healthCheck": _health(entry["health_check"]),
        "command": entry["command"],
        "entryPoint": entry["entrypoint"],
        "cpu": entry["cpu"],
        "memory": entry["memory_mib"],
        "memoryReservation": entry["memory_reservation_mib"],
        "user": entry["user"],
        "workingDirectory": entry["working_directory"],
        "stopTimeout": entry["stop_seconds"],
        "readonlyRootFilesystem": entry["read_only_root"] or None,
        "resourceRequirements": [{"type": "GPU", "value": str(entry["gpus"])}] if entry["gpus"] else [],
    }
    return {key: value for key, value in said.items() if value not in (None, [], {}, "")}


def _port(name: str, port: int, protocols: t.Mapping[str, str]) -> Body:
    said = {"containerPort": port, "hostPort": port, "protocol": "tcp", "name": port_name(name, port)}
    protocol = protocols.get(str(port))
    return {**said, "appProtocol": protocol} if protocol else said


def _linux(entry: Entry) -> Body:
    said: Body = {}
    if entry["init_process"]:
        said["initProcessEnabled"] = True
    if entry["shared_memory_mib"]:
        said["sharedMemorySize"] = entry["shared_memory_mib"]
    if entry["drop_capabilities"]:
        said["capabilities"] = {"drop": sorted(entry["drop_capabilities"])}
    return said


def _health(check: Entry | None) -> Body:
    if not check:
        return {}
    command = check["command"]
    said = {
        "command": command if command[0] in ("CMD", "CMD-SHELL") else ["CMD", *command],
        "interval": check["interval_seconds"],
        "timeout": check["timeout_seconds"],
        "retries": check["retries"],
        "startPeriod": check["start_seconds"],
    }
    return {key: value for key, value in said.items() if value}


def volume(entry: Entry) -> Body:
    """Return a volume: of EFS, of the machine, or one that lives as long as its task."""
    said: Body = {"name": entry["name"]}
    if entry["efs"]:
        efs = entry["efs"]
        said["efsVolumeConfiguration"] = {
            "fileSystemId": efs["file_system"],
            "rootDirectory": efs["root"],
            "transitEncryption": "ENABLED",
        }
        if efs["access_point"]:
            access = {"accessPointId": efs["access_point"], "iam": "ENABLED" if efs["iam"] else "DISABLED"}
            said["efsVolumeConfiguration"]["authorizationConfig"] = access
    elif entry["host_path"]:
        said["host"] = {"sourcePath": entry["host_path"]}
    return said


def readable(definition: t.Mapping[str, t.Any]) -> Body:
    """Return a task definition field by field, those of a container under its name, without what ECS fills in."""
    told: Body = {name: _plain(key, definition.get(key)) for key, name in _TOLD.items()}
    told["other"] = _rest(definition, {*_TOLD, *_FACTS})
    containers = definition.get("containerDefinitions", [])
    told["containers"] = [one["name"] for one in containers]
    for one in containers:
        for key, name in _CONTAINER_TOLD.items():
            told[f"{one['name']}: {name}"] = _told(key, one)
        told[f"{one['name']}: other"] = _rest(one, {*_CONTAINER_TOLD, "name"})
    return told


def _told(key: str, one: Entry) -> t.Any:
    value = one.get(key)
    if key in _PAIRS:
        return {pair["name"]: pair[_PAIRS[key]] for pair in value or ()}
    if key == "resourceRequirements":
        return sum(int(need["value"]) for need in value or () if need["type"] == "GPU")
    if key == "essential":
        return value is not False
    return _plain(key, value)


def _rest(one: Entry, known: t.Collection[str]) -> Body:
    left = {key: _plain(key, value) for key, value in one.items() if key not in known}
    return {key: value for key, value in left.items() if value is not None}


def _plain(key: str, value: t.Any) -> t.Any:
    """Return a value without what is empty, off, or filled in by ECS; None where nothing is left of it."""
    if isinstance(value, t.Mapping):
        filled = _FILLED.get(key, {})
        left = {name: _plain(name, item) for name, item in value.items() if filled.get(name) != item}
        return {name: item for name, item in left.items() if item is not None} or None
    if isinstance(value, (list, tuple)):
        return [_plain(key, item) for item in value] or None
    return None if value in (None, "", 0, False) else value
