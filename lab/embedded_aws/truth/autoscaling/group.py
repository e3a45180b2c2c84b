# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A group and its machines: what is kept of them, and how they look."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
import uuid

from lab.embedded_aws.truth.autoscaling.base import Backend, Params
from lab.embedded_aws.truth.ec2.base import now

# Settings shown as they were given; the rest have defaults or a shape of their own.
SHOWN = (
    "HealthCheckType", "HealthCheckGracePeriod", "DefaultCooldown", "PlacementGroup", "TerminationPolicies",
    "NewInstancesProtectedFromScaleIn", "MaxInstanceLifetime", "CapacityRebalance", "Context", "DesiredCapacityType",
    "DefaultInstanceWarmup", "InstanceMaintenancePolicy", "AvailabilityZoneDistribution", "DeletionProtection",
    "AvailabilityZoneImpairmentPolicy", "CapacityReservationSpecification", "VPCZoneIdentifier", "LaunchTemplate",
    "MixedInstancesPolicy", "ServiceLinkedRoleARN", "MinSize", "MaxSize", "DesiredCapacity",
)  # fmt: skip
DEFAULTS: Params = {
    "DefaultCooldown": 300, "HealthCheckType": "EC2", "HealthCheckGracePeriod": 0, "TerminationPolicies": ["Default"],
    "NewInstancesProtectedFromScaleIn": False, "CapacityRebalance": False, "DeletionProtection": "none",
    "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-best-effort"},
}  # fmt: skip


@dataclasses.dataclass(eq=False)
class Member:
    """One machine of a group. The names are moto's, so that other services find what they look for."""

    instance: t.Any
    template: Params
    weight: int
    protected_from_scale_in: bool
    lifecycle_state: str = "Pending"
    health_status: str = "Healthy"
    judged_by: str = "a user"
    """Whose health check says so, when it is unhealthy."""
    in_service_at: float | None = None
    """When it came into service, on this machine's monotonic clock."""

    @property
    def alive(self) -> bool:
        return self.lifecycle_state in ("Pending", "InService")

    def view(self) -> Params:
        one = self.instance
        return {
            "InstanceId": one.id, "InstanceType": one.instance_type, "AvailabilityZone": one.availability_zone,
            "LifecycleState": self.lifecycle_state, "HealthStatus": self.health_status, "LaunchTemplate": self.template,
            "ImageId": one.image_id, "ProtectedFromScaleIn": self.protected_from_scale_in,
            "WeightedCapacity": str(self.weight) if self.weight != 1 else None,
        }  # fmt: skip


@dataclasses.dataclass(eq=False)
class Group:
    """An Auto Scaling group; `settings` are CreateAutoScalingGroup's parameters with their defaults."""

    backend: Backend
    name: str
    settings: Params
    tags: list[Params]
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    created: datetime.datetime = dataclasses.field(default_factory=now)
    instance_states: list[Member] = dataclasses.field(default_factory=list)
    target_group_arns: list[str] = dataclasses.field(default_factory=list)
    suspended: set[str] = dataclasses.field(default_factory=set)
    metrics: list[str] = dataclasses.field(default_factory=list)
    activities: list[t.Any] = dataclasses.field(default_factory=list)
    refreshes: list[t.Any] = dataclasses.field(default_factory=list)
    deleting: bool = False
    # Machines over the desired number while a refresh launches before it terminates.
    extra: int = 0
    busy: bool = False

    @property
    def arn(self) -> str:
        where = f"arn:{self.backend.partition}:autoscaling:{self.backend.region_name}:{self.backend.account_id}"
        return f"{where}:autoScalingGroup:{self.id}:autoScalingGroupName/{self.name}"

    @property
    def ec2(self) -> t.Any:
        return self.backend.ec2_backend

    @property
    def min_size(self) -> int:
        return int(self.settings["MinSize"])

    @property
    def max_size(self) -> int:
        return int(self.settings["MaxSize"])

    @property
    def desired_capacity(self) -> int:
        return int(self.settings["DesiredCapacity"])

    @property
    def new_instances_protected_from_scale_in(self) -> bool:
        return bool(self.settings["NewInstancesProtectedFromScaleIn"])

    @property
    def mixed_instances_policy(self) -> Params | None:
        return t.cast("Params | None", self.settings.get("MixedInstancesPolicy"))

    @property
    def instance_type(self) -> str:
        """The type it launches first."""
        from lab.embedded_aws.truth.autoscaling.choosing import choices

        return choices(self)[0].kind

    @property
    def members(self) -> list[Member]:
        """The machines that count: those on their way out do not."""
        return [one for one in self.instance_states if one.alive]

    @property
    def capacity(self) -> int:
        return sum(one.weight for one in self.members)

    @property
    def subnets(self) -> list[str]:
        return [one for one in str(self.settings.get("VPCZoneIdentifier") or "").split(",") if one]

    @property
    def vpc(self) -> str | None:
        """The VPC of its subnets."""
        places = {one.id: one.vpc_id for zone in self.ec2.subnets.values() for one in zone.values()}
        return next((places[one] for one in self.subnets if one in places), None)

    @property
    def zones(self) -> dict[str, str]:
        """Zone -> its subnet, in the order they were given; a zone of several subnets uses the first."""
        found: dict[str, str] = {}
        places = {one.id: one.availability_zone for zone in self.ec2.subnets.values() for one in zone.values()}
        for subnet in self.subnets:
            if subnet in places:
                found.setdefault(places[subnet], subnet)
        return found

    def member(self, instance_id: str) -> Member | None:
        return next((one for one in self.instance_states if one.instance.id == instance_id), None)


def view(group: Group, instances: bool = True) -> Params:
    """A group as DescribeAutoScalingGroups shows it."""
    settings = group.settings
    return {
        "AutoScalingGroupName": group.name, "AutoScalingGroupARN": group.arn, "CreatedTime": group.created,
        **{key: settings[key] for key in SHOWN if settings.get(key) not in (None, "")},
        "AvailabilityZones": list(group.zones), "LoadBalancerNames": [], "TargetGroupARNs": group.target_group_arns,
        "Instances": [one.view() for one in group.instance_states] if instances else [],
        "SuspendedProcesses": [
            {"ProcessName": one, "SuspensionReason": f"User suspended at {group.created:%Y-%m-%dT%H:%M:%SZ}"}
            for one in sorted(group.suspended)
        ],
        "EnabledMetrics": [{"Metric": one, "Granularity": "1Minute"} for one in group.metrics],
        "Tags": [
            {"ResourceId": group.name, "ResourceType": "auto-scaling-group", **one} for one in group.tags
        ],
        "TrafficSources": [{"Identifier": one, "Type": "elbv2"} for one in group.target_group_arns],
        "Status": "Delete in progress" if group.deleting else None,
        "ServiceLinkedRoleARN": settings.get("ServiceLinkedRoleARN") or _linked_role(group),
    }  # fmt: skip


def _linked_role(group: Group) -> str:
    role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    return f"arn:{group.backend.partition}:iam::{group.backend.account_id}:{role}"
