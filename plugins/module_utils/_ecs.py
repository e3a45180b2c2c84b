# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kinds of ECS share: names, tags in ECS's own spelling, and reading in batches."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

FARGATE = {"fargate": "FARGATE", "fargate_spot": "FARGATE_SPOT"}
"""Capacity that AWS runs itself, by the name that an inventory gives it."""

CLUSTER_BUSY = Patience(frozenset({"UpdateInProgressException", "ResourceInUseException"}), seconds=600)
CLUSTER_GONE = "ClusterNotFoundException"
SERVICES_AT_ONCE, TASKS_AT_ONCE = 10, 100


def aws_name(owner: Owner, part: str) -> str:
    """Return what ECS calls a cluster, a capacity provider, a family or a service of ours."""
    return f"{owner.region}-{part}"


def short(arn: str) -> str:
    """Return the last part of an ARN: the name of a cluster or a service, the id of a task."""
    return arn.rpartition("/")[2]


def tags_told(tags: t.Iterable[t.Mapping[str, str]] | None) -> dict[str, str]:
    """Turn ECS's ``[{key, value}]`` into a dict."""
    return {tag["key"]: tag.get("value", "") for tag in tags or ()}


def tags_given(tags: t.Mapping[str, str]) -> list[dict[str, str]]:
    """Turn a dict into ECS's ``[{key, value}]``, sorted by key."""
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]


def clusters(aws: Aws, owner: Owner) -> list[str]:
    """Return the ARNs of the clusters that have a name of ours; whose they are their tags say."""
    arns = aws.pages("ecs", "list_clusters", "clusterArns")
    return [arn for arn in arns if short(arn).startswith(f"{owner.region}-")]


def listed(aws: Aws, action: str, result: str, cluster: str, **params: t.Any) -> list[t.Any]:
    """Call a listing of what a cluster holds; of a cluster that has gone it holds nothing."""
    try:
        return aws.pages("ecs", action, result, cluster=cluster, **params)
    except ApiError as exc:
        if exc.code != CLUSTER_GONE:
            raise
        return []


def services(aws: Aws, cluster: str, names: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """Return ECS's descriptions of services with their tags; it takes ten at a time."""

    def read(some: t.Sequence[str]) -> list[dict[str, t.Any]]:
        answer = aws.call("ecs", "describe_services", cluster=cluster, services=list(some), include=["TAGS"])
        return t.cast("list[dict[str, t.Any]]", answer["services"])

    batches = [names[start : start + SERVICES_AT_ONCE] for start in range(0, len(names), SERVICES_AT_ONCE)]
    try:
        return [service for batch in each(read, batches) for service in batch]
    except ApiError as exc:
        if exc.code != CLUSTER_GONE:
            raise
        return []


def capacity_providers(aws: Aws) -> list[dict[str, t.Any]]:
    """Return the account's capacity providers with their tags; botocore has no pages for this listing."""
    found: list[dict[str, t.Any]] = []
    more: dict[str, t.Any] = {}
    while True:
        answer = aws.call("ecs", "describe_capacity_providers", include=["TAGS"], **more)
        found += answer["capacityProviders"]
        if not answer.get("nextToken"):
            return found
        more = {"nextToken": answer["nextToken"]}


def deregister_instances(aws: Aws, cluster: str, provider: str | None = None) -> None:
    """Take container instances out of a cluster, all of them or one capacity provider's; they run on as machines."""
    arns = listed(aws, "list_container_instances", "containerInstanceArns", cluster)
    batches = [arns[start : start + TASKS_AT_ONCE] for start in range(0, len(arns), TASKS_AT_ONCE)]
    for batch in batches:
        answer = aws.call("ecs", "describe_container_instances", cluster=cluster, containerInstances=batch)
        each(
            lambda instance: _deregister(aws, cluster, instance["containerInstanceArn"]),
            [item for item in answer["containerInstances"] if provider in (None, item.get("capacityProviderName"))],
        )


def _deregister(aws: Aws, cluster: str, instance: str) -> None:
    try:
        aws.call("ecs", "deregister_container_instance", cluster=cluster, containerInstance=instance, force=True)
    except ApiError as exc:
        # Its pool was quicker: the machine has gone, and its registration with it.
        if exc.code not in ("InvalidParameterException", "ClientException", CLUSTER_GONE):
            raise


def stop_tasks(aws: Aws, cluster: str, reason: str) -> None:
    """Stop what still runs in a cluster that belongs to no service."""
    for arn in listed(aws, "list_tasks", "taskArns", cluster):
        aws.call("ecs", "stop_task", cluster=cluster, task=arn, reason=reason)
