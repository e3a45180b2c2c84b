# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a task can start: in AWS's order it asks for its secrets, its images and its log groups.

On Fargate the task's own interface asks, on a container instance the machine's.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
"""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Callable

from lab.embedded_aws.truth.ecs import grants, reasons
from lab.embedded_aws.truth.ecs.base import Backend, Body
from lab.embedded_aws.truth.ecs.network import Place, place_of

Trouble = t.Optional[str]  # noqa: UP045 - the words of AWS, None when nothing is wrong
ECR = re.compile(r"(\d{12})\.dkr[.-]ecr[.-]")


def unusable_role(backend: Backend, definition: t.Any) -> str | None:
    """A role of the task definition that ECS cannot assume, None when it can."""
    given = [definition.body.get(key) for key in ("taskRoleArn", "executionRoleArn")]
    return next((arn for arn in given if arn and not grants.assumable(backend, arn)), None)


def trouble(task: t.Any) -> Trouble:
    """The stopped reason of a task that cannot start, None when it can."""
    place = place_of(task)
    for check in CHECKS:
        reason = check(task, place)
        if reason:
            return reason
    return None


def _role(task: t.Any) -> str:
    return str(task.definition.body.get("executionRoleArn") or "")


def _secrets(task: t.Any, place: Place) -> Trouble:
    for container in task.definition.containers:
        logs = container.get("logConfiguration") or {}
        for one in [*(container.get("secrets") or []), *(logs.get("secretOptions") or [])]:
            service = "secretsmanager" if ":secretsmanager:" in one["valueFrom"] else "ssm"
            reason = _secret(task, place, service, one["valueFrom"])
            if reason:
                return reason
    return None


def _secret(task: t.Any, place: Place, service: str, source: str) -> Trouble:
    region = task.backend.region_name
    lost = place.unreached(service)
    if lost:
        return reasons.secret_unreached(service, source, region, lost.post, task.fargate)
    # arn:...:secret:name:json-key:version-stage:version-id
    identifier = ":".join(source.split(":")[:7]) if service == "secretsmanager" else source
    name = identifier if identifier.startswith("arn:") else _parameter_arn(task.backend, identifier)
    action = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameters"}[service]
    if not grants.allowed(task.backend, _role(task), action, name):
        error = reasons.denied(_role(task), action, name)
    else:
        error = _missing_secret(task, source, identifier) if service == "secretsmanager" else _missing(task, source)
    return reasons.secret_refused(service, source, region, error, task.fargate) if error else None


def _parameter_arn(backend: Backend, name: str) -> str:
    where = f"arn:{backend.partition}:ssm:{backend.region_name}:{backend.account_id}"
    return f"{where}:parameter/{name.removeprefix('/')}"


def _missing_secret(task: t.Any, source: str, identifier: str) -> str:
    from lab.embedded_aws.supplies import secret_value

    value = secret_value(task.backend.account_id, task.backend.region_name, identifier)
    if value is None:
        return reasons.NO_SUCH_SECRET
    key = ([*source.split(":"), ""][7:] or [""])[0]
    if key and key not in _keys(value):
        return f"retrieved secret from Secrets Manager did not contain json key {key}"
    return ""


def _keys(value: str) -> t.Collection[str]:
    try:
        return t.cast("dict[str, t.Any]", json.loads(value))
    except ValueError:
        return ()


def _missing(task: t.Any, source: str) -> str:
    from lab.embedded_aws.supplies import parameter_value

    value = parameter_value(task.backend.account_id, task.backend.region_name, source)
    return f"invalid ssm parameters: {source}" if value is None else ""


def _images(task: t.Any, place: Place) -> Trouble:
    images = list(dict.fromkeys(one["image"] for one in task.definition.containers))
    ours = [one for one in images if ECR.match(one)]
    if ours:
        lost = place.unreached("ecr.api")
        if lost:
            return reasons.registry_auth_unreached(lost.post, task.fargate)
        denied = _denied_pull(task)
        if denied:
            return reasons.registry_auth_refused(denied, task.fargate)
    for image in images:
        reason = _pull(task, place, image)
        if reason:
            return reason
    return None


def _denied_pull(task: t.Any) -> str:
    """Fargate signs in with the execution role; a machine may do it with its own."""
    action = "ecr:GetAuthorizationToken"
    if not _role(task) or grants.allowed(task.backend, _role(task), action, "*"):
        return ""
    return reasons.denied(_role(task), action, "*")


def _pull(task: t.Any, place: Place, image: str) -> Trouble:
    from lab.embedded_aws.truth.ecr.images import image as find_image

    ours = bool(ECR.match(image))
    lost = place.unreached("ecr.dkr" if ours else f"registry:{registry_of(image)}")
    if lost:
        host = image.partition("/")[0] if ours else lost.host
        return reasons.manifest_unreached(image, host, lost.dial, task.fargate)
    if not ours:
        return None
    if find_image(image) is None:
        return reasons.manifest_missing(image, task.fargate)
    repository = re.split(r"[:@]", image.partition("/")[2])[0]
    backend = task.backend
    arn = f"arn:{backend.partition}:ecr:{backend.region_name}:{ECR.match(image)[1]}:repository/{repository}"  # type: ignore[index]
    if _role(task) and not grants.allowed(backend, _role(task), "ecr:BatchGetImage", arn):
        return reasons.manifest_refused(image, task.fargate)
    lost = place.unreached("s3")
    return reasons.layers_unreached(lost.host, lost.dial, task.fargate) if lost else None


def registry_of(image: str) -> str:
    """The host of an image's registry, Docker Hub's when it names none."""
    first, slash, _ = image.partition("/")
    return first.partition(":")[0] if slash and ("." in first or ":" in first) else "registry-1.docker.io"


def _logs(task: t.Any, place: Place) -> Trouble:
    for container in task.definition.containers:
        logs: Body = container.get("logConfiguration") or {}
        if logs.get("logDriver") != "awslogs":
            continue
        lost = place.unreached("logs")
        if lost:
            return reasons.logs_unreached(lost.post, task.fargate)
        options = logs["options"]
        if options.get("awslogs-create-group") != "true" and not _group_exists(task, options):
            return reasons.logs_refused(reasons.NO_SUCH_GROUP, task.fargate)
    return None


def _group_exists(task: t.Any, options: Body) -> bool:
    from moto.logs.models import logs_backends

    return options["awslogs-group"] in logs_backends[task.backend.account_id][options["awslogs-region"]].groups


CHECKS: tuple[Callable[[t.Any, Place], Trouble], ...] = (_secrets, _images, _logs)
