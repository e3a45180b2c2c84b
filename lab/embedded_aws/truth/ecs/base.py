# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the ECS truths share: registering actions, refusing, ARNs, tags, clusters by name."""

from __future__ import annotations

import datetime
import secrets
import typing as t
import uuid
from collections.abc import Callable

from moto.core.responses import ActionResult

from lab.embedded_aws.truth.patching import refuser

Response = t.Any  # moto's EC2ContainerServiceResponse: _get_param, ecs_backend
Backend = t.Any  # moto's ECS backend of one account and region; its dicts hold our objects
Body = dict[str, t.Any]
Tags = dict[str, str]

ACTIONS: dict[str, Callable[[Response], t.Any]] = {}

refuse = refuser("ecs")


def action(answer: Callable[[Response], t.Any]) -> Callable[[Response], t.Any]:
    """Register `answer` as the ECS action its name spells."""
    ACTIONS[answer.__name__] = answer
    return answer


def answer(**members: t.Any) -> ActionResult:
    """The answer of an action, by its output's members."""
    return ActionResult(members)


def invalid(message: str) -> t.NoReturn:
    refuse("InvalidParameterException", message)


def client_error(message: str) -> t.NoReturn:
    refuse("ClientException", message)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def new_id() -> str:
    """An id as tasks and container instances have."""
    return secrets.token_hex(16)


def new_uuid() -> str:
    return str(uuid.uuid4())


def new_deployment_id() -> str:
    return f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"


def arn(backend: Backend, path: str) -> str:
    """The ARN of cluster/main, task-definition/web:1, ..."""
    return f"arn:{backend.partition}:ecs:{backend.region_name}:{backend.account_id}:{path}"


def ec2_of(backend: Backend) -> t.Any:
    """The EC2 backend beside this one; its clock is ours too, so that a task's interface goes in time."""
    from moto.ec2.models import ec2_backends

    return ec2_backends[backend.account_id][backend.region_name]


def read_tags(response: Response) -> Tags:
    """The tags of a create call, refused as AWS refuses them."""
    given = response._get_param("tags") or []
    for one in given:
        if one["key"].lower().startswith("aws:"):
            invalid("Caller is not allowed to manipulate system tags. System tag keys start with 'aws:'")
    if len(given) > 50:
        invalid("The number of tags exceeds the maximum of 50.")
    if len({one["key"] for one in given}) < len(given):
        invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    return {one["key"]: one.get("value", "") for one in given}


def tag_list(tags: Tags) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def short(reference: str) -> str:
    """The name at the end of an ARN, or the name itself."""
    return reference.rpartition("/")[2]


def cluster_of(backend: Backend, reference: str | None, active: bool = False) -> t.Any:
    """A cluster by name or ARN, "default" when none is given."""
    cluster = backend.clusters.get(short(reference or "default"))
    if cluster is None:
        refuse("ClusterNotFoundException", "Cluster not found.")
    if active and cluster.status == "INACTIVE":
        refuse("ClusterNotFoundException", "The referenced cluster was inactive.")
    return cluster


def page(response: Response, items: list[t.Any], most: int = 100) -> tuple[list[t.Any], str | None]:
    """One page of a list, and the token of the next."""
    size = min(int(response._get_param("maxResults") or most), most)
    start = int(response._get_param("nextToken") or 0)
    more = str(start + size) if len(items) > start + size else None
    return items[start : start + size], more
