# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A managed node group: what is kept of it, and how it looks.

https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from lab.embedded_aws.truth.eks.base import Body, Tags, arn, ec2_of, new_uuid, now
from lab.embedded_aws.truth.eks.cluster import Cluster

CLOSED = ("NO_SCHEDULE", "NO_EXECUTE")


@dataclasses.dataclass(eq=False)
class Rolling:
    """A change of version on its way: the update, the machines that are to go, and what to go back to."""

    update: t.Any
    old: list[str]
    before: Body
    before_settings: Body
    due: bool = False


@dataclasses.dataclass(eq=False)
class Nodegroup:
    """A node group; `template` is the caller's launch template by id, name and version, `sizes` are as last asked."""

    cluster: Cluster
    name: str
    version: str
    release: str
    role: str
    subnets: list[str]
    kinds: list[str]
    ami_type: str
    sizes: dict[str, int]
    tags: Tags
    labels: dict[str, str]
    taints: list[Body]
    update_config: Body
    disk: int | None = None
    template: dict[str, str] | None = None
    capacity: str = "ON_DEMAND"
    repair: Body | None = None
    status: str = "CREATING"
    issues: list[Body] = dataclasses.field(default_factory=list)
    updates: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    rolling: Rolling | None = None
    # Machines that are nodes of the cluster by now.
    joined: set[str] = dataclasses.field(default_factory=set)
    due: bool = False
    uuid: str = dataclasses.field(default_factory=new_uuid)
    created: datetime.datetime = dataclasses.field(default_factory=now)
    modified: datetime.datetime = dataclasses.field(default_factory=now)
    gone: bool = False

    @property
    def arn(self) -> str:
        return arn(self.cluster.backend, f"nodegroup/{self.cluster.name}/{self.name}/{self.uuid}")

    @property
    def made_name(self) -> str:
        """The name of the launch template and the instance profile that EKS makes for it."""
        return f"eks-{self.uuid}"

    @property
    def scaling_name(self) -> str:
        return f"eks-{self.name}-{self.uuid}"

    @property
    def scaling(self) -> t.Any:
        """Its Auto Scaling group, None when somebody deleted it."""
        from moto.autoscaling.models import autoscaling_backends

        backend = self.cluster.backend
        groups = autoscaling_backends[backend.account_id][backend.region_name].autoscaling_groups
        return groups.get(self.scaling_name)

    @property
    def made_template(self) -> t.Any:
        """The launch template that EKS made for it, None when somebody deleted it."""
        ec2 = ec2_of(self.cluster.backend)
        return next((one for one in ec2.launch_templates.values() if one.name == self.made_name), None)

    @property
    def own_image(self) -> bool:
        """Whether the caller's launch template names the image."""
        return self.ami_type == "CUSTOM"

    @property
    def ready(self) -> list[str]:
        """Machines in service that are nodes."""
        group = self.scaling
        members = group.members if group is not None else []
        return [one.instance.id for one in members if one.instance.id in self.joined]

    @property
    def schedulable(self) -> bool:
        """Whether pods without tolerations may come."""
        return not any(one["effect"] in CLOSED for one in self.taints)

    @property
    def set(self) -> list[t.Any]:
        """What is set of it, for its fingerprint."""
        named = [self.version, self.release, self.role, self.subnets, self.kinds, self.sizes, self.labels, self.taints]
        return [*named, self.template, self.update_config]


def scaling_view(group: Nodegroup) -> dict[str, int]:
    """The sizes of its Auto Scaling group: others, such as an autoscaler, may have changed them."""
    found = group.scaling
    if found is None:
        return dict(group.sizes)
    return {"minSize": found.min_size, "maxSize": found.max_size, "desiredSize": found.desired_capacity}


def view(group: Nodegroup) -> Body:
    shown = {
        "nodegroupName": group.name, "nodegroupArn": group.arn, "clusterName": group.cluster.name,
        "version": group.version, "releaseVersion": group.release, "createdAt": group.created,
        "modifiedAt": group.modified, "status": group.status, "capacityType": group.capacity,
        "scalingConfig": scaling_view(group), "instanceTypes": group.kinds or None, "subnets": group.subnets,
        "amiType": group.ami_type, "nodeRole": group.role, "labels": group.labels or None,
        "taints": group.taints or None, "diskSize": group.disk, "health": {"issues": group.issues},
        "resources": {"autoScalingGroups": [{"name": group.scaling_name}]}, "updateConfig": group.update_config,
        "nodeRepairConfig": group.repair, "launchTemplate": group.template, "tags": dict(group.tags),
    }  # fmt: skip
    return {key: value for key, value in shown.items() if value is not None}
