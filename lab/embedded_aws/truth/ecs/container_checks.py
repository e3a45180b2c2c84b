# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Container definitions: what AWS fills in and what it refuses.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from __future__ import annotations

import re

from lab.embedded_aws.truth.ecs.base import Body, client_error, invalid

NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
IMAGE = re.compile(r"[a-zA-Z0-9][\w./:@+-]*")
PARAMETER = re.compile(r"/?[a-zA-Z0-9_.\-/]{1,2048}")
SECRET_SERVICES = ("ssm", "secretsmanager")
LOG_OPTIONS = ("awslogs-region", "awslogs-group")
HEALTH = {"interval": (30, 5, 300), "timeout": (5, 2, 120), "retries": (3, 1, 10)}


def fill(container: Body, network_mode: str) -> Body:
    """The container as AWS answers it: with what it takes for granted."""
    filled: Body = {
        "cpu": 0, "portMappings": [], "essential": True, "environment": [], "mountPoints": [], "volumesFrom": [],
        "systemControls": [], **{key: value for key, value in container.items() if value is not None},
    }  # fmt: skip
    filled["portMappings"] = [_port(one, network_mode) for one in filled["portMappings"]]
    if filled.get("healthCheck"):
        filled["healthCheck"] = {**{key: row[0] for key, row in HEALTH.items()}, **filled["healthCheck"]}
    if filled.get("logConfiguration"):
        filled["logConfiguration"] = {"options": {}, **filled["logConfiguration"]}
    return filled


def _port(mapping: Body, network_mode: str) -> Body:
    port = {"protocol": "tcp", **mapping}
    if "containerPortRange" not in port:
        port.setdefault("hostPort", 0 if network_mode == "bridge" else port.get("containerPort"))
    return port


def check_all(containers: list[Body], made: Body) -> None:
    """Refuse what no launch type takes; `made` is the task definition without its containers."""
    if not containers:
        client_error("Container list cannot be empty.")
    if made.get("cpu") and sum(one.get("cpu") or 0 for one in containers) > int(made["cpu"]):
        client_error("The sum of the container 'cpu' settings is greater than for the task.")
    names = [one.get("name") for one in containers]
    for container in containers:
        _check_names(container)
        if names.count(container["name"]) > 1:
            client_error(f"Duplicate container name '{container['name']}'. Container names must be unique.")
        _check_memory(container, made)
        _check_ports(container, made["networkMode"])
        _check_secrets(container, made)
        _check_logs(container)
        _check_health(container)
        _check_requirements(container)
        for name in [one["containerName"] for one in container.get("dependsOn") or []]:
            if name not in names:
                client_error(
                    f"The container '{name}' in dependsOn of '{container['name']}' is not in the task definition."
                )
        for mount in container.get("mountPoints") or []:
            if mount.get("sourceVolume") not in [one.get("name") for one in made["volumes"]]:
                client_error(f"Unknown volume '{mount.get('sourceVolume')}'.")
    if not any(one.get("essential", True) for one in containers):
        client_error("At least one container in a task definition must be essential.")


def _check_names(container: Body) -> None:
    for key, valid in (("name", NAME), ("image", IMAGE)):
        if not container.get(key):
            client_error(f"Container.{key} should not be null or empty.")
        if not valid.fullmatch(container[key]):
            client_error(f"Container.{key} contains invalid characters.")


def _check_memory(container: Body, made: Body) -> None:
    hard, soft, task = container.get("memory"), container.get("memoryReservation"), made.get("memory")
    name = container["name"]
    if not hard and not soft and not task:
        client_error(
            f"Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be "
            "specified."
        )
    if hard and soft and hard < soft:
        client_error(
            f"Invalid setting for container '{name}'. The hard limits should be higher than soft limits of the "
            "container"
        )
    if task and max(hard or 0, soft or 0) > int(task):
        client_error("The 'memory' setting for container is greater than for the task.")


def _check_ports(container: Body, network_mode: str) -> None:
    seen = set()
    for mapping in container.get("portMappings") or []:
        port, host = mapping.get("containerPort"), mapping.get("hostPort")
        if port is None and not mapping.get("containerPortRange"):
            client_error("Container port must be specified in a port mapping.")
        if port is not None and not 1 <= port <= 65535:
            client_error(f"Invalid container port {port}: it must be between 1 and 65535.")
        if network_mode in ("awsvpc", "host") and host not in (None, port):
            client_error(
                f"When networkMode={network_mode}, the host ports and container ports in port mappings must match."
            )
        key = (port, mapping.get("protocol", "tcp"))
        if port is not None and key in seen:
            client_error(f"Duplicate port mapping for container port {port} and protocol {key[1]}.")
        seen.add(key)


def _check_secrets(container: Body, made: Body) -> None:
    secrets = [
        *(container.get("secrets") or []),
        *((container.get("logConfiguration") or {}).get("secretOptions") or []),
    ]
    plain = {one["name"] for one in container.get("environment") or []}
    for secret in secrets:
        name, source = secret.get("name"), secret.get("valueFrom", "")
        if source.startswith("arn:"):
            if len(source.split(":")) < 6 or source.split(":")[2] not in SECRET_SERVICES:
                client_error(f"The ARN specified for secret {name} is invalid.")
        elif not PARAMETER.fullmatch(source):
            client_error(
                f"The Systems Manager parameter name specified for secret {name} is invalid. The parameter name can be "
                "up to 2048 characters and include the following letters and symbols: a-zA-Z0-9_.-,"
            )
        if name in plain:
            client_error(
                "The secret name must be unique and not shared with any new or existing environment variables set on "
                f"the container, such as '{name}'."
            )
    if secrets and not made.get("executionRoleArn"):
        client_error("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")


def _check_logs(container: Body) -> None:
    logs = container.get("logConfiguration") or {}
    missing = [one for one in LOG_OPTIONS if one not in (logs.get("options") or {})]
    if logs.get("logDriver") == "awslogs" and missing:
        client_error(f"Log driver awslogs requires options: {', '.join(missing)}")


def _check_health(container: Body) -> None:
    check = container.get("healthCheck") or {}
    if check and not check.get("command"):
        client_error("The health check command must not be empty.")
    for key, (_, least, most) in HEALTH.items():
        if key in check and not least <= check[key] <= most:
            client_error(f"The health check {key} must be between {least} and {most}.")


def _check_requirements(container: Body) -> None:
    for one in container.get("resourceRequirements") or []:
        if one.get("type") not in ("GPU", "InferenceAccelerator"):
            invalid(f"Invalid resource requirement type: {one.get('type')}")
        if one["type"] == "GPU" and (not str(one.get("value", "")).isdigit() or int(one["value"]) < 1):
            client_error("The value of a GPU resource requirement must be a positive integer.")
