# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which capacity providers a cluster has, and the strategy of those that name none.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2.base import after
from lab.embedded_aws.truth.ecs import capacity_providers, clusters
from lab.embedded_aws.truth.ecs.base import (
    Backend,
    Body,
    Response,
    action,
    answer,
    cluster_of,
    ec2_of,
    invalid,
    new_uuid,
    refuse,
    short,
)

MOST = 20
NOT_ASSOCIATED = (
    "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the "
    "cluster. Associate the capacity provider with the cluster and try again."
)


def read(backend: Backend, response: Response) -> tuple[list[str], list[Body]]:
    """(providers, default strategy) of a request, refused when one is not there or in no list."""
    names = [short(one) for one in response._get_param("capacityProviders") or []]
    if len(names) > MOST:
        invalid("The maximum number of capacity providers per cluster has been exceeded.")
    for name in names:
        capacity_providers.required(backend, name)
    strategy = read_strategy(response._get_param("defaultCapacityProviderStrategy") or [])
    for one in strategy:
        if one["capacityProvider"] not in names:
            invalid(NOT_ASSOCIATED)
    return list(dict.fromkeys(names)), strategy


def read_strategy(given: list[Body]) -> list[Body]:
    """A strategy with AWS's defaults: weight 0 (1 when it is alone) and base 0."""
    strategy = [
        {"capacityProvider": short(one["capacityProvider"]), "weight": one.get("weight", 0), "base": one.get("base", 0)}
        for one in given
    ]
    if sum(1 for one in strategy if one["base"]) > 1:
        invalid("The specified capacity provider strategy cannot contain more than one capacity provider with a base.")
    if len(given) == 1 and given[0].get("weight") is None:
        strategy[0]["weight"] = 1
    if strategy and not any(one["weight"] for one in strategy):
        invalid(
            "The specified capacity provider strategy must contain at least one capacity provider with a weight "
            "greater than 0."
        )
    kinds = {one["capacityProvider"] in capacity_providers.FARGATE for one in strategy}
    if len(kinds) > 1:
        invalid(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and "
            "Fargate providers. Specify one or the other and try again."
        )
    return strategy


def attach(cluster: clusters.Cluster, names: list[str], strategy: list[Body]) -> None:
    """Give a cluster its providers; what ECS keeps for Auto Scaling groups is made in its time."""
    backend = cluster.backend
    before = set(cluster.capacity_providers)
    cluster.capacity_providers, cluster.strategy = names, strategy
    groups = [one for one in names if one not in capacity_providers.FARGATE]
    changed = before ^ set(names)
    if not groups and cluster.attachments_status is None:
        return
    cluster.attachments = [one for name in groups for one in _attachments(backend, name)]
    if not any(one not in capacity_providers.FARGATE for one in changed):
        return
    cluster.attachments_status = "UPDATE_IN_PROGRESS"

    def done() -> None:
        if cluster.status != "INACTIVE":
            cluster.attachments_status = "UPDATE_COMPLETE"

    after(ec2_of(backend), "ecs_attachment", done)


def _attachments(backend: Backend, name: str) -> list[Body]:
    provider = capacity_providers.required(backend, name)
    named = {"name": "capacityProviderName", "value": name}
    made: list[Body] = []
    if provider.managed_scaling:
        policy = {"name": "scalingPolicyName", "value": f"ECSManagedAutoScalingPolicy-{new_uuid()}"}
        made.append({"id": new_uuid(), "type": "as_policy", "status": "CREATED", "details": [named, policy]})
    if t.cast("Body", provider.group)["managedDraining"] == "ENABLED":
        hook = {"name": "autoScalingLifecycleHookName", "value": "ecs-managed-draining-termination-hook"}
        made.append({"id": new_uuid(), "type": "managed_draining", "status": "CREATED", "details": [named, hook]})
    return made


@action
def put_cluster_capacity_providers(response: Response) -> t.Any:
    backend = response.ecs_backend
    cluster = cluster_of(backend, response._get_param("cluster"), active=True)
    if cluster.attachments_status == "UPDATE_IN_PROGRESS":
        refuse("UpdateInProgressException", clusters.BUSY)
    names, strategy = read(backend, response)
    for gone in set(cluster.capacity_providers) - set(names):
        if any(gone in service.providers for service in cluster.services) or any(
            task.provider == gone for task in cluster.tasks
        ):
            refuse("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.")
    attach(cluster, names, strategy)
    return answer(cluster=clusters.view(cluster))
