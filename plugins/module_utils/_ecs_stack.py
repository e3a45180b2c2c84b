# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stack's clusters with all that belongs to them, brought about in order and let go of in the order ECS allows.

What is new comes first: providers, then the cluster that attaches them. What goes, goes last: a provider that services
still run on cannot be detached, and a cluster goes only when it is empty.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, leave, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import Doomed, remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils.kinds import (
    capacity_provider,
    ecs_cluster,
    service_namespace,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds.capacity_provider import CapacityProvider
from ansible_collections.cloister.aws.plugins.module_utils.kinds.ecs_cluster import EcsCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.service_namespace import ServiceNamespace

Clusters = t.Sequence[t.Mapping[str, t.Any]]
CLUSTER_KINDS: tuple[type[Kind], ...] = (CapacityProvider, EcsCluster, ServiceNamespace)


class Standing:
    """Kinds of one owner, each with what stands of it, all read side by side beside ``others``."""

    def __init__(self, kinds: t.Sequence[Kind], *others: t.Callable[[], t.Any]) -> None:
        reads = [*(kind.find for kind in kinds), *others]
        answers: list[t.Any] = each(lambda read: read(), reads)
        self._kinds = {kind.noun: kind for kind in kinds}
        self._found = {kind.noun: answer for kind, answer in zip(kinds, answers, strict=False)}
        self.answers = answers[len(kinds) :]
        """What ``others`` returned."""

    def kind(self, kind: type[Kind]) -> Kind:
        """Return the kind."""
        return self._kinds[kind.noun]

    def found(self, kind: type[Kind]) -> list[Found]:
        """Return what stood of it when it was read."""
        return t.cast("list[Found]", self._found[kind.noun])

    def doomed(self, kind: type[Kind], listed: t.Collection[str]) -> list[Doomed]:
        """Return what is to go of a kind: what is no longer listed and not kept."""
        made = self.kind(kind)
        members = [leave(made, found) for found in self.found(kind) if found.part not in listed]
        return [(made, member) for member in members if member.action == "remove"]


def make_clusters(
    clusters: Clusters, standing: Standing, names: Names, check: bool, wait: bool = True
) -> t.Iterator[Outcome]:
    """Make namespaces, capacity providers and clusters; what is attached to a cluster stays attached."""
    spaces = [service_namespace.want(cluster["namespace"]) for cluster in clusters if cluster["namespace"]]
    yield reconcile(standing.kind(ServiceNamespace), spaces, check, purge=False, found=standing.found(ServiceNamespace))
    providers = [
        capacity_provider.want(pool, cluster["managed_scaling"], names)
        for cluster in clusters
        for pool in cluster["pools"]
    ]
    yield reconcile(
        standing.kind(CapacityProvider), providers, check, purge=False, found=standing.found(CapacityProvider)
    )
    have = {found.part: found.raw.get("capacityProviders", ()) for found in standing.found(EcsCluster)}
    kind = standing.kind(EcsCluster)
    wants = [ecs_cluster.want(cluster, kind.owner, have.get(cluster["name"], ())) for cluster in clusters]
    yield reconcile(kind, wants, check, wait, purge=False, found=standing.found(EcsCluster))


def clear_clusters(clusters: Clusters, standing: Standing, check: bool) -> t.Iterator[Outcome]:
    """Detach what is no longer attached, then remove providers, clusters and namespaces that are no longer listed."""
    kind = standing.kind(EcsCluster)
    there = {found.part for found in standing.found(EcsCluster)}
    wants = [ecs_cluster.want(cluster, kind.owner) for cluster in clusters if cluster["name"] in there]
    yield reconcile(kind, wants, check, purge=False, found=standing.found(EcsCluster))
    listed: dict[type[Kind], list[str]] = {
        CapacityProvider: [pool for cluster in clusters for pool in cluster["pools"]],
        EcsCluster: [cluster["name"] for cluster in clusters],
        ServiceNamespace: [cluster["namespace"] for cluster in clusters],
    }
    doomed = [pair for one, parts in listed.items() for pair in standing.doomed(one, parts)]
    yield remove_by_rank(doomed, check)


def gathered(outcomes: t.Iterable[Outcome]) -> Outcome:
    """Return several outcomes as one; the first that went wrong is the last."""
    whole = Outcome([])
    try:
        for outcome in outcomes:
            whole.members += outcome.members
            whole.errors += outcome.errors
            if whole.errors:
                break
    except RegionError as exc:
        whole.errors.append(exc)
    return whole
