# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Capacity providers: how ECS asks a pool for machines, called ``<region_name>-<pool>``.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html: the name may not begin with
aws, ecs or fargate, and the Auto Scaling group behind one cannot be changed.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCapacityProvider.html: one goes only after every
cluster has let go of it.
"""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._ecs import (
    CLUSTER_BUSY,
    aws_name,
    capacity_providers,
    clusters,
    deregister_instances,
    tags_given,
    tags_told,
)
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup

RESERVED = ("aws", "ecs", "fargate")
_STANDING = ("ACTIVE", "PROVISIONING")
# A cluster takes one change of its providers at a time, and several are detached side by side.
_DETACHING = threading.Lock()


class CapacityProvider(Kind):
    """A capacity provider of an Auto Scaling group; its id is its name in AWS, by which strategies take it.

    Fields: ``auto_scaling_group`` (ARN), ``managed_scaling``, ``target_percent``, ``warmup_seconds``,
    ``termination_protection``, ``draining``.
    """

    noun = "capacity provider"
    made_by = "ecs"
    rank = 10
    immutable: t.ClassVar = {
        "auto_scaling_group": "take its pool off the cluster and its services, run, and list it again"
    }

    def find(self) -> list[Found]:
        """Return ours that stand, by tags."""
        raws = [raw for raw in capacity_providers(self.aws) if raw.get("status") in _STANDING]
        found = [Found(raw["name"], tags_told(raw.get("tags")), raw) for raw in raws]
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it scales, and how."""
        group = found.raw.get("autoScalingGroupProvider", {})
        scaling = group.get("managedScaling", {})
        return {
            "auto_scaling_group": group.get("autoScalingGroupArn", ""),
            "managed_scaling": scaling.get("status") == "ENABLED",
            "target_percent": scaling.get("targetCapacity", 100),
            "warmup_seconds": scaling.get("instanceWarmupPeriod", 300),
            "termination_protection": group.get("managedTerminationProtection") == "ENABLED",
            "draining": group.get("managedDraining", "ENABLED") == "ENABLED",
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, attached to no cluster yet."""
        answer = self.aws.make(
            "ecs",
            "create_capacity_provider",
            name=aws_name(self.owner, want.part),
            autoScalingGroupProvider={"autoScalingGroupArn": want.fields["auto_scaling_group"], **_settings(want)},
            tags=tags_given(tags),
        )
        raw = answer["capacityProvider"]
        return Found(raw["name"], tags, raw)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Change how it scales."""
        self.aws.call(
            "ecs",
            "update_capacity_provider",
            name=found.id,
            autoScalingGroupProvider=_settings(want),
            patience=CLUSTER_BUSY,
        )

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("ecs", "tag_resource", resourceArn=found.raw["capacityProviderArn"], tags=tags_given(tags))

    def settled(self, found: Found) -> bool:
        """Say whether a cluster can attach it."""
        return bool(found.raw["status"] == "ACTIVE")

    def settle(self, found: Found) -> None:
        """Wait until a cluster can attach it."""
        self.until(f"capacity provider {found.id}", lambda: self._now(found.id).get("status") == "ACTIVE")

    def delete(self, found: Found) -> None:
        """Let clusters go of it, take its machines out of them, delete it."""
        for arn in clusters(self.aws, self.owner):
            self._detach(arn, found.id)
            deregister_instances(self.aws, arn, found.id)
        if self._now(found.id).get("status") in _STANDING:
            self.aws.call("ecs", "delete_capacity_provider", capacityProvider=found.id, patience=CLUSTER_BUSY)
        self.until(f"capacity provider {found.id} to be gone", lambda: self._gone(found.id))

    def foreign(self, want: Want) -> str | None:
        """Return a capacity provider of that name that is not ours."""
        name = aws_name(self.owner, want.part)
        raws = [raw for raw in capacity_providers(self.aws) if raw["name"] == name and raw.get("status") in _STANDING]
        theirs = [raw for raw in raws if not self.owner.owns(tags_told(raw.get("tags")))]
        return str(theirs[0]["capacityProviderArn"]) if theirs else None

    def _detach(self, cluster: str, name: str) -> None:
        with _DETACHING:
            raws = self.aws.call("ecs", "describe_clusters", clusters=[cluster])["clusters"]
            have = raws[0].get("capacityProviders", []) if raws and raws[0]["status"] == "ACTIVE" else []
            if name not in have:
                return
            strategy = [item for item in raws[0]["defaultCapacityProviderStrategy"] if item["capacityProvider"] != name]
            self.aws.call(
                "ecs",
                "put_cluster_capacity_providers",
                cluster=cluster,
                capacityProviders=[other for other in have if other != name],
                defaultCapacityProviderStrategy=strategy,
                patience=CLUSTER_BUSY,
            )

    def _now(self, name: str) -> t.Mapping[str, t.Any]:
        answer = self.aws.call("ecs", "describe_capacity_providers", capacityProviders=[name])
        return next(iter(answer["capacityProviders"]), {})

    def _gone(self, name: str) -> bool:
        raw = self._now(name)
        if raw.get("updateStatus") == "DELETE_FAILED":
            reason = raw.get("updateStatusReason") or "AWS gives no reason"
            raise RegionError(f"capacity provider {name} could not be deleted: {reason}")
        return raw.get("status") not in (*_STANDING, "DEPROVISIONING")


def _settings(want: Want) -> dict[str, t.Any]:
    """Return what a create and an update take alike."""
    fields = want.fields
    scaling: dict[str, t.Any] = {"status": _switch(fields["managed_scaling"])}
    if fields["managed_scaling"]:
        scaling |= {"targetCapacity": fields["target_percent"], "instanceWarmupPeriod": fields["warmup_seconds"]}
    return {
        "managedScaling": scaling,
        "managedTerminationProtection": _switch(fields["termination_protection"]),
        "managedDraining": _switch(fields["draining"]),
    }


def _switch(on: bool) -> str:
    return "ENABLED" if on else "DISABLED"


def want(pool: str, scaling: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for a pool.

    ``scaling`` is {enabled, target_percent, warmup_seconds, termination_protection, draining}.
    """
    fields: dict[str, t.Any] = {
        "auto_scaling_group": names.id(AutoScalingGroup, pool),
        "managed_scaling": scaling["enabled"],
        "termination_protection": scaling["termination_protection"],
        "draining": scaling["draining"],
    }
    if scaling["enabled"]:
        fields |= {"target_percent": scaling["target_percent"], "warmup_seconds": scaling["warmup_seconds"]}
    return Want(pool, fields)
