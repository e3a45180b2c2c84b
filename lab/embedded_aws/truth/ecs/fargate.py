# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task definition needs to run on Fargate.

Sizes: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
The rest: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

from __future__ import annotations

import re

from lab.embedded_aws.truth.ecs.base import Body

GIB = 1024
# CPU units -> MiB of memory that go with them.
SIZES: dict[int, range | tuple[int, ...]] = {
    256: (512, 1 * GIB, 2 * GIB),
    512: range(1 * GIB, 4 * GIB + 1, GIB),
    1024: range(2 * GIB, 8 * GIB + 1, GIB),
    2048: range(4 * GIB, 16 * GIB + 1, GIB),
    4096: range(8 * GIB, 30 * GIB + 1, GIB),
    8192: range(16 * GIB, 60 * GIB + 1, 4 * GIB),
    16384: range(32 * GIB, 120 * GIB + 1, 8 * GIB),
}
LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
ECR = re.compile(r"\d{12}\.dkr[.-]ecr[.-]")
UNSUPPORTED = ("links", "privileged", "extraHosts", "dnsServers", "dnsSearchDomains", "dockerSecurityOptions")


def why_not(made: Body) -> str | None:
    """Why AWS refuses this (normalised) task definition for Fargate; None when it can run there."""
    if made["networkMode"] != "awsvpc":
        return "Fargate only supports network mode \u2018awsvpc\u2019."
    for key in ("cpu", "memory"):
        if not made.get(key):
            return f"Fargate requires that '{key}' be defined at the task level."
    cpu, memory = int(made["cpu"]), int(made["memory"])
    if memory not in SIZES.get(cpu, ()):
        return (
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS "
            "documentation for the valid values."
        )
    return _of_task(made) or next(
        (why for one in made["containerDefinitions"] if (why := _of_container(made, one))), None
    )


def _of_task(made: Body) -> str | None:
    if made.get("placementConstraints"):
        return "Fargate compatible task definitions do not support placement constraints"
    if made.get("pidMode") not in (None, "task"):
        return (
            f"Tasks using the Fargate launch type do not support pidMode '{made['pidMode']}'. The supported value for "
            "pidMode is 'task'."
        )
    if made.get("ipcMode"):
        return "Fargate compatible task definitions do not support ipcMode"
    if any((volume.get("host") or {}).get("sourcePath") for volume in made["volumes"]):
        return "Fargate compatible task definitions do not support sourcePath"
    size = (made.get("ephemeralStorage") or {}).get("sizeInGiB")
    if size is not None and not 21 <= size <= 200:
        return "Ephemeral storage size must be between 21 GiB and 200 GiB."
    return None


def _of_container(made: Body, container: Body) -> str | None:
    if any(one["type"] == "GPU" for one in container.get("resourceRequirements") or []):
        return "Tasks using the Fargate launch type do not support GPU resource requirements."
    for key in UNSUPPORTED:
        if container.get(key):
            return f"Fargate compatible task definitions do not support {key}"
    for key in ("devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness"):
        if (container.get("linuxParameters") or {}).get(key):
            return f"Fargate compatible task definitions do not support {key}"
    driver = (container.get("logConfiguration") or {}).get("logDriver")
    if driver and driver not in LOG_DRIVERS:
        return f"Fargate compatible task definitions do not support the log driver {driver}"
    if made.get("executionRoleArn"):
        return None
    if ECR.match(container["image"]):
        return "Fargate requires task definition to have execution role ARN to support ECR images."
    if driver == "awslogs":
        return "Fargate requires task definition to have execution role ARN to support log driver awslogs."
    return None
