# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS checks of a group's settings, whether it is made or changed.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
"""

from __future__ import annotations

import typing as t

from moto.core.exceptions import ServiceException

from lab.embedded_aws.truth.autoscaling import choosing
from lab.embedded_aws.truth.autoscaling.base import Params, invalid, not_modelled, refuse
from lab.embedded_aws.truth.autoscaling.group import Group
from lab.embedded_aws.truth.ec2 import launch_templates, launching

HEALTH_CHECKS = ("EC2", "EBS", "ELB", "VPC_LATTICE")
TERMINATION_POLICIES = (
    "Default", "OldestInstance", "NewestInstance", "OldestLaunchConfiguration", "OldestLaunchTemplate",
    "ClosestToNextInstanceHour", "AllocationStrategy",
)  # fmt: skip
LIFETIMES = (86400, 31536000)
# Given by AWS's API and kept by nothing here.
NOT_MODELLED = ("InstanceId", "LoadBalancerNames", "InstanceLifecyclePolicy", "AvailabilityZoneIds", "PlacementGroup")


def check(group: Group) -> None:
    """Refuse settings that do not fit each other or name what is not there."""
    settings = group.settings
    for name in NOT_MODELLED:
        if settings.get(name):
            not_modelled(f"Auto Scaling groups with {name}")
    check_sizes(settings)
    _check_places(group)
    _check_health(settings)
    lifetime = settings.get("MaxInstanceLifetime")
    if lifetime and not LIFETIMES[0] <= int(lifetime) <= LIFETIMES[1]:
        invalid("Max instance lifetime must be 0, or from 86400 to 31536000 seconds.")
    for policy in settings.get("TerminationPolicies") or []:
        if policy not in TERMINATION_POLICIES and not str(policy).startswith("arn:"):
            invalid(f"Termination policy {policy} is not valid.")


def check_sizes(settings: Params) -> None:
    """Refuse bounds that contradict each other."""
    least, most, wanted = (int(settings[name]) for name in ("MinSize", "MaxSize", "DesiredCapacity"))
    if min(least, most, wanted) < 0:
        invalid("Minimum size, maximum size and desired capacity must not be negative.")
    if least > most:
        invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if not least <= wanted <= most:
        invalid(
            f"Desired capacity:{wanted} must be between the specified min size:{least} and max size:{most}",
        )


def _check_places(group: Group) -> None:
    wanted = group.settings.get("AvailabilityZones") or []
    if not group.subnets:
        if wanted:
            not_modelled("Auto Scaling groups in the default VPC")
        invalid("At least one Availability Zone or VPC Subnet is required.")
    known = {one.id: one for zone in group.ec2.subnets.values() for one in zone.values()}
    missing = [one for one in group.subnets if one not in known]
    if missing:
        invalid(f"The subnet ID '{missing[0]}' does not exist")
    if len({known[one].vpc_id for one in group.subnets}) > 1:
        invalid("The subnets of an Auto Scaling group must be in the same VPC.")
    if wanted and set(wanted) != set(group.zones):
        invalid("The availability zones of the specified subnets and the Auto Scaling group do not match")


def _check_health(settings: Params) -> None:
    for kind in str(settings.get("HealthCheckType") or "EC2").split(","):
        if kind not in HEALTH_CHECKS:
            invalid(f"Invalid HealthCheckType: {kind}. Valid types are: {', '.join(HEALTH_CHECKS)}")
    if int(settings.get("HealthCheckGracePeriod") or 0) < 0:
        invalid("HealthCheckGracePeriod must not be negative.")


def one_source(given: Params) -> None:
    """Refuse a group that is made of nothing, or of two things."""
    sources = [
        one
        for one in ("LaunchTemplate", "LaunchConfigurationName", "InstanceId", "MixedInstancesPolicy")
        if given.get(one)
    ]
    if len(sources) != 1:
        invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
            "MixedInstancesPolicy parameter."
        )
    if sources[0] == "LaunchConfigurationName":
        invalid("Launch configuration name not found - A launch configuration with the name: "
                f"{given['LaunchConfigurationName']} does not exist")  # fmt: skip


def completed(group: Group, settings: Params) -> Params:
    """A launch template or policy as AWS keeps it: with id and name, and the defaults of a distribution."""
    template, policy = settings.get("LaunchTemplate"), settings.get("MixedInstancesPolicy")
    if template:
        return {"LaunchTemplate": _spec(group, template)}
    if not policy:
        return {}
    part = dict(policy.get("LaunchTemplate") or {})
    if not part.get("LaunchTemplateSpecification"):
        invalid("LaunchTemplateSpecification must be specified in a MixedInstancesPolicy.")
    part["LaunchTemplateSpecification"] = _spec(group, part["LaunchTemplateSpecification"])
    part["Overrides"] = [_override(group, one) for one in part.get("Overrides") or []]
    shares = {**choosing.DISTRIBUTION, **(policy.get("InstancesDistribution") or {})}
    if shares["SpotAllocationStrategy"] == "lowest-price":
        shares.setdefault("SpotInstancePools", 2)
    _check_shares(shares)
    return {"MixedInstancesPolicy": {"LaunchTemplate": part, "InstancesDistribution": shares}}


def _override(group: Group, given: Params) -> Params:
    if given.get("InstanceRequirements"):
        not_modelled("overrides with InstanceRequirements")
    kept = {key: value for key, value in given.items() if value not in (None, "")}
    if kept.get("LaunchTemplateSpecification"):
        kept["LaunchTemplateSpecification"] = _spec(group, kept["LaunchTemplateSpecification"])
    return kept


def _check_shares(shares: Params) -> None:
    if not 0 <= int(shares["OnDemandPercentageAboveBaseCapacity"]) <= 100:
        invalid("OnDemandPercentageAboveBaseCapacity must be from 0 to 100.")
    if int(shares["OnDemandBaseCapacity"]) < 0:
        invalid("OnDemandBaseCapacity must not be negative.")
    known = {
        "OnDemandAllocationStrategy": ("prioritized", "lowest-price"),
        "SpotAllocationStrategy": (
            "lowest-price", "capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized",
        ),
    }  # fmt: skip
    for name, values in known.items():
        if shares[name] not in values:
            invalid(f"{name} {shares[name]} is not valid; valid values are {', '.join(values)}.")


def _spec(group: Group, given: Params) -> Params:
    if bool(given.get("LaunchTemplateId")) == bool(given.get("LaunchTemplateName")):
        invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")
    home = _well_formed(lambda: launch_templates.find(group.ec2, given))
    kept = {"LaunchTemplateId": home.id, "LaunchTemplateName": home.name}
    if given.get("Version"):
        _well_formed(lambda: home.get_version(given["Version"]))
        kept["Version"] = str(given["Version"])
    return kept


def launchable(group: Group, settings: Params) -> None:
    """Refuse what EC2 would refuse to launch at once, as AWS's trial launch finds it."""
    _, subnet = next(iter(group.zones.items()))
    for choice in choosing.choices(group, settings):
        data = choice.template.data
        if data.get("NetworkInterfaces") and (data.get("SecurityGroupIds") or data.get("SecurityGroups")):
            refuse(
                "InvalidQueryParameter",
                "Invalid launch template: When a network interface is provided, the security groups must be a part of "
                "it.",
            )
        _well_formed(lambda choice=choice: launching.settle(  # type: ignore[misc]
            group.ec2, choosing.request(group, choice, subnet, spot=False)))  # fmt: skip


def _well_formed(look: t.Callable[[], t.Any]) -> t.Any:
    try:
        return look()
    except ServiceException as refused:
        invalid(f"You must use a valid fully-formed launch template. {refused.message}")
