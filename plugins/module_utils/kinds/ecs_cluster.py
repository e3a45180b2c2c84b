# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECS clusters, called ``<region_name>-<part>``, with the capacity that their services may ask for.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html: a provider is attached
or detached while the cluster lives, one change at a time; one that tasks use cannot be detached.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html: a cluster that is deleted stays
visible as INACTIVE for a while, and is no cluster to us.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience
from ansible_collections.cloister.aws.plugins.module_utils._ecs import (
    CLUSTER_BUSY,
    CLUSTER_GONE,
    FARGATE,
    aws_name,
    clusters,
    deregister_instances,
    listed,
    services,
    short,
    stop_tasks,
    tags_given,
    tags_told,
)
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, OwnershipError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

_EMPTYING = Patience(
    frozenset(
        {
            "ClusterContainsContainerInstancesException",
            "ClusterContainsServicesException",
            "ClusterContainsTasksException",
            "UpdateInProgressException",
        }
    ),
    seconds=900,
)
_STANDING = ("ACTIVE", "PROVISIONING")
_INCLUDE = ["TAGS", "SETTINGS", "ATTACHMENTS"]
_INSIGHTS = "containerInsights"


class EcsCluster(Kind):
    """A cluster; its id is its ARN.

    Fields: ``container_insights``, ``capacity_providers`` (names in AWS, sorted), ``default_capacity`` (a strategy;
    ours is empty, as every service says its own).
    """

    noun = "ECS cluster"
    made_by = "ecs"
    rank = 12

    def find(self) -> list[Found]:
        """Return ours that stand, by name and tags."""
        arns = clusters(self.aws, self.owner)
        return [item for item in self._read(arns) if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return its settings and what it may run on."""
        settings = {item["name"]: item["value"] for item in found.raw.get("settings", ())}
        return {
            "container_insights": settings.get(_INSIGHTS, "disabled"),
            "capacity_providers": sorted(found.raw.get("capacityProviders", ())),
            "default_capacity": found.raw.get("defaultCapacityProviderStrategy", []),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it with its capacity providers; ECS answers a second call of that name with the first one's cluster."""
        answer = self.aws.make(
            "ecs",
            "create_cluster",
            clusterName=aws_name(self.owner, want.part),
            tags=tags_given(tags),
            settings=[{"name": _INSIGHTS, "value": want.fields["container_insights"]}],
            capacityProviders=want.fields["capacity_providers"],
            defaultCapacityProviderStrategy=want.fields["default_capacity"],
        )
        return Found(answer["cluster"]["clusterArn"], tags, answer["cluster"])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Change settings, then capacity providers, which ECS attaches in its own time."""
        if "container_insights" in changed:
            value = want.fields["container_insights"]
            setting = [{"name": _INSIGHTS, "value": value}]
            self.aws.call("ecs", "update_cluster", cluster=found.id, settings=setting)
        if {"capacity_providers", "default_capacity"} & set(changed):
            self.attach(found, want.fields["capacity_providers"], want.fields["default_capacity"])
        return self._now(found) or found

    def attach(self, found: Found, providers: t.Sequence[str], strategy: t.Sequence[t.Any]) -> None:
        """Make these its capacity providers."""
        self.aws.call(
            "ecs",
            "put_cluster_capacity_providers",
            cluster=found.id,
            capacityProviders=list(providers),
            defaultCapacityProviderStrategy=list(strategy),
            patience=CLUSTER_BUSY,
        )

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("ecs", "tag_resource", resourceArn=found.id, tags=tags_given(tags))

    def settled(self, found: Found) -> bool:
        """Say whether it stands and its capacity providers are attached."""
        if found.raw.get("attachmentsStatus") == "UPDATE_FAILED":
            raise RegionError(f"{found.id} could not attach its capacity providers: {_attachments(found.raw)}")
        return found.raw["status"] == "ACTIVE" and found.raw.get("attachmentsStatus") in (None, "", "UPDATE_COMPLETE")

    def settle(self, found: Found) -> None:
        """Wait until its capacity providers are attached."""

        def ready() -> bool:
            now = self._now(found)
            return now is not None and self.settled(now)

        self.until(f"capacity providers of {found.id} to be attached", ready)

    def vet_removal(self, found: Found) -> None:
        """Refuse while services of others live in it: deleting it would need them gone."""
        names = listed(self.aws, "list_services", "serviceArns", found.id)
        theirs = [
            raw["serviceName"]
            for raw in services(self.aws, found.id, names)
            if raw["status"] == "ACTIVE" and not self.owner.owns(tags_told(raw.get("tags")))
        ]
        if theirs:
            raise OwnershipError(
                f"{found.id} holds services that are not this stack's: {', '.join(sorted(theirs))}; delete them or "
                "move them, then run again"
            )

    def delete(self, found: Found) -> None:
        """Stop leftover tasks, take its container instances out, delete it."""
        stop_tasks(self.aws, found.id, "The cluster is being deleted")
        deregister_instances(self.aws, found.id)
        try:
            self.aws.call("ecs", "delete_cluster", cluster=found.id, patience=_EMPTYING)
        except ApiError as exc:
            if exc.code != CLUSTER_GONE:
                raise
        self.until(f"{found.id} to be gone", lambda: self._now(found) is None)

    def foreign(self, want: Want) -> str | None:
        """Return a standing cluster of that name that is not ours."""
        found = self._read([aws_name(self.owner, want.part)])
        return found[0].id if found and not self.owner.owns(found[0].tags) else None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its name and its capacity."""
        return {"name": short(found.id), "capacity": ", ".join(sorted(found.raw.get("capacityProviders", ())))}

    def _now(self, found: Found) -> Found | None:
        return next(iter(self._read([found.id])), None)

    def _read(self, names: t.Sequence[str]) -> list[Found]:
        if not names:
            return []
        raws = self.aws.call("ecs", "describe_clusters", clusters=list(names), include=_INCLUDE)["clusters"]
        return [Found(raw["clusterArn"], tags_told(raw.get("tags")), raw) for raw in raws if raw["status"] in _STANDING]


def _attachments(raw: t.Mapping[str, t.Any]) -> str:
    told = [f"{item.get('type')} {item.get('id')} {item.get('status')}" for item in raw.get("attachments", ())]
    return "; ".join(told) or "AWS gives no reason"


def want(cluster: t.Mapping[str, t.Any], owner: Owner, attached: t.Collection[str] = ()) -> Want:
    """Return the wish for an entry {name, fargate, pools, container_insights}.

    ``attached`` is what stays attached beside: what services may still run on until they have moved.
    """
    providers = {*attached, *(aws_name(owner, pool) for pool in cluster["pools"])}
    providers |= set(FARGATE.values()) if cluster["fargate"] else set()
    fields = {
        "container_insights": cluster["container_insights"],
        "capacity_providers": sorted(providers),
        "default_capacity": [],
    }
    return Want(cluster["name"], fields)
