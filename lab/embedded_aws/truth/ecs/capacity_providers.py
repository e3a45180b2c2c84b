# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Capacity providers: AWS's two, and one for each Auto Scaling group.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCapacityProvider.html
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from lab.embedded_aws.truth.ecs.base import (
    Backend,
    Body,
    Response,
    Tags,
    action,
    answer,
    arn,
    client_error,
    invalid,
    page,
    read_tags,
    short,
    tag_list,
)

NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
FARGATE = ("FARGATE", "FARGATE_SPOT")
MANAGED = "AmazonECSManaged"


@dataclasses.dataclass(eq=False)
class CapacityProvider:
    """A provider of an Auto Scaling group, or one of AWS's own, which has none."""

    backend: Backend
    name: str
    tags: Tags
    group: Body | None = None
    status: str = "ACTIVE"
    update_status: str | None = None
    reason: str | None = None

    @property
    def arn(self) -> str:
        return arn(self.backend, f"capacity-provider/{self.name}")

    @property
    def managed_scaling(self) -> bool:
        return bool(self.group) and t.cast("Body", self.group)["managedScaling"]["status"] == "ENABLED"

    @property
    def clusters(self) -> list[t.Any]:
        return [one for one in self.backend.clusters.values() if self.name in one.capacity_providers]

    def scaling_group(self) -> t.Any:
        """moto's Auto Scaling group of this provider, None when it is gone."""
        return group_of(self.backend, (self.group or {}).get("autoScalingGroupArn", ""))


def view(provider: CapacityProvider, tags: bool = True) -> Body:
    shown: Body = {
        "capacityProviderArn": provider.arn, "name": provider.name, "status": provider.status,
        "tags": tag_list(provider.tags) if tags else [],
        "type": "EC2_AUTOSCALING" if provider.group else provider.name,
    }  # fmt: skip
    if provider.group:
        shown["autoScalingGroupProvider"] = provider.group
    if provider.update_status:
        shown.update(updateStatus=provider.update_status, updateStatusReason=provider.reason)
    return shown


def find(backend: Backend, reference: str) -> CapacityProvider | None:
    """A provider by name or ARN, also one of AWS's."""
    name = short(reference)
    if name in FARGATE:
        return CapacityProvider(backend, name, {})
    return t.cast("CapacityProvider | None", backend.capacity_providers.get(name))


def required(backend: Backend, reference: str) -> CapacityProvider:
    """The same, refused when it is not there or has ended."""
    provider = find(backend, reference)
    if provider is None or provider.status == "INACTIVE":
        client_error("The specified capacity provider does not exist. Specify a valid name or ARN and try again.")
    return provider


def group_of(backend: Backend, reference: str) -> t.Any:
    """moto's Auto Scaling group by ARN or name."""
    from lab.embedded_aws import truth

    truth.apply("autoscaling")
    from moto.autoscaling.models import autoscaling_backends

    groups = autoscaling_backends[backend.account_id][backend.region_name].autoscaling_groups.values()
    return next((one for one in groups if reference in (one.arn, one.name)), None)


def _checked_group(backend: Backend, given: Body, name: str) -> Body:
    """The settings of a provider with AWS's defaults, refused when its group does not fit."""
    group = group_of(backend, given.get("autoScalingGroupArn", ""))
    if group is None:
        client_error(
            "The specified Auto Scaling group ARN is invalid. Specify a valid Auto Scaling group ARN and try again."
        )
    others = [one for one in backend.capacity_providers.values() if one.status != "INACTIVE" and one.name != name]
    if any(one.group["autoScalingGroupArn"] == group.arn for one in others):
        client_error(
            "The specified Auto Scaling group ARN is already being used by another capacity provider. Specify a "
            "unique Auto Scaling group ARN and try again."
        )
    protection = given.get("managedTerminationProtection") or "DISABLED"
    scaling = _scaling(given.get("managedScaling") or {})
    _check_protection(group, protection, scaling)
    return {
        "autoScalingGroupArn": group.arn, "managedScaling": scaling, "managedTerminationProtection": protection,
        "managedDraining": given.get("managedDraining") or "ENABLED",
    }  # fmt: skip


def _scaling(given: Body) -> Body:
    status = given.get("status") or "DISABLED"
    scaling = {
        "status": status, "targetCapacity": given.get("targetCapacity", 100 if status == "ENABLED" else 0),
        "minimumScalingStepSize": given.get("minimumScalingStepSize", 1),
        "maximumScalingStepSize": given.get("maximumScalingStepSize", 10000),
        "instanceWarmupPeriod": given.get("instanceWarmupPeriod", 300),
    }  # fmt: skip
    if status == "ENABLED" and given.get("targetCapacity") is not None and not 1 <= scaling["targetCapacity"] <= 100:
        client_error("The managed scaling targetCapacity is invalid. It must be between 1 and 100.")
    if not 1 <= scaling["minimumScalingStepSize"] <= scaling["maximumScalingStepSize"] <= 10000:
        client_error(
            "The managed scaling step sizes are invalid. The minimum scaling step size must not be above the maximum, "
            "and both must be between 1 and 10000."
        )
    return scaling


def _check_protection(group: t.Any, protection: str, scaling: Body) -> None:
    if protection != "ENABLED":
        return
    if scaling["status"] != "ENABLED":
        client_error(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed "
            "termination protection for a capacity provider, managed scaling must be enabled."
        )
    if not group.new_instances_protected_from_scale_in:
        client_error(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed "
            "termination protection for a capacity provider, the Auto Scaling group must have instance protection "
            "from scale in enabled."
        )


def _mark(group: t.Any) -> None:
    """ECS tags a group as its own, and never takes the tag away.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/asg-capacity-providers.html
    """
    if all(one["Key"] != MANAGED for one in group.tags):
        group.tags.append({"Key": MANAGED, "Value": "", "PropagateAtLaunch": True})


@action
def create_capacity_provider(response: Response) -> t.Any:
    backend, name = response.ecs_backend, response._get_param("name") or ""
    if not NAME.fullmatch(name) or name.lower().startswith(("aws", "ecs", "fargate")):
        client_error(
            "The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters "
            '(upper and lowercase), numbers, underscores, and hyphens. The name cannot be prefixed with "aws", '
            '"ecs", or "fargate". Specify a valid name and try again.'
        )
    known = backend.capacity_providers.get(name)
    if known is not None and known.status != "INACTIVE":
        client_error(
            "The specified capacity provider already exists. To change the configuration of an existing capacity "
            "provider, update the capacity provider."
        )
    given = response._get_param("autoScalingGroupProvider")
    if not given:
        raise NotImplementedError("a capacity provider without autoScalingGroupProvider")
    tags = read_tags(response)
    provider = CapacityProvider(backend, name, tags, _checked_group(backend, given, name))
    _mark(provider.scaling_group())
    backend.capacity_providers[name] = provider
    return answer(capacityProvider=view(provider))


@action
def update_capacity_provider(response: Response) -> t.Any:
    backend = response.ecs_backend
    provider = required(backend, response._get_param("name") or "")
    if not provider.group:
        invalid("The specified capacity provider cannot be updated.")
    given = response._get_param("autoScalingGroupProvider") or {}
    scaling = {**provider.group["managedScaling"], **(given.get("managedScaling") or {})}
    merged = {**provider.group, **given, "managedScaling": scaling}
    provider.group = _checked_group(backend, merged, provider.name)
    provider.update_status, provider.reason = "UPDATE_COMPLETE", None
    return answer(capacityProvider=view(provider))


@action
def delete_capacity_provider(response: Response) -> t.Any:
    """A provider still associated with a cluster is answered with DELETE_FAILED and stays."""
    provider = required(response.ecs_backend, response._get_param("capacityProvider") or "")
    if not provider.group:
        client_error("The specified capacity provider is reserved by Amazon ECS and cannot be deleted.")
    if provider.clusters:
        names = ", ".join(one.name for one in provider.clusters)
        provider.update_status = "DELETE_FAILED"
        provider.reason = (
            f"The capacity provider cannot be deleted because it is associated with cluster: {names}. Remove the "
            "capacity provider from the cluster and try again."
        )
        return answer(capacityProvider=view(provider))
    provider.update_status, provider.reason = "DELETE_IN_PROGRESS", None
    shown = view(provider)
    provider.status, provider.update_status = "INACTIVE", "DELETE_COMPLETE"
    return answer(capacityProvider=shown)


@action
def describe_capacity_providers(response: Response) -> t.Any:
    backend, tags = response.ecs_backend, "TAGS" in (response._get_param("include") or [])
    names = response._get_param("capacityProviders")
    failures: list[Body] = []
    if not names:
        own = [one for one in backend.capacity_providers.values() if one.status != "INACTIVE"]
        items, more = page(response, [*(find(backend, one) for one in FARGATE), *own], 10)
        return answer(capacityProviders=[view(one, tags) for one in items], failures=failures, nextToken=more)
    found = []
    for reference in names:
        provider = find(backend, reference)
        if provider is None:
            failures.append({"arn": arn(backend, f"capacity-provider/{short(reference)}"), "reason": "MISSING"})
        else:
            found.append(view(provider, tags))
    return answer(capacityProviders=found, failures=failures)
