# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a group launches next: its template or policy as a list of choices, on demand or spot, and where.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html
"""

from __future__ import annotations

import dataclasses
import math
import typing as t

from moto.core.exceptions import ServiceException

from lab.embedded_aws.truth.autoscaling.base import Params
from lab.embedded_aws.truth.autoscaling.group import Group
from lab.embedded_aws.truth.ec2 import launch_templates

DISTRIBUTION: Params = {
    "OnDemandAllocationStrategy": "prioritized", "OnDemandBaseCapacity": 0,
    "OnDemandPercentageAboveBaseCapacity": 100, "SpotAllocationStrategy": "lowest-price",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Choice:
    """One way to launch: a template's version, perhaps with another type or image, and what it counts for."""

    template: t.Any
    kind: str
    image: str | None
    weight: int

    @property
    def named(self) -> Params:
        """The template as a machine of the group shows it."""
        home = self.template.template
        return {
            "LaunchTemplateId": home.id, "LaunchTemplateName": home.name, "Version": str(self.template.number),
        }  # fmt: skip


def configuration(group: Group) -> Params:
    """The launch template or policy in force: a refresh's desired one while it runs."""
    for refresh in group.refreshes:
        if refresh.active and refresh.desired:
            return t.cast("Params", refresh.desired)
    return group.settings


def choices(group: Group, settings: Params | None = None) -> list[Choice]:
    """The choices of a group, in the order of their priority."""
    given = settings or configuration(group)
    policy = given.get("MixedInstancesPolicy")
    if not policy:
        return [_choice(group, given["LaunchTemplate"], {})]
    part = policy["LaunchTemplate"]
    spec = part["LaunchTemplateSpecification"]
    return [_choice(group, spec, override) for override in part.get("Overrides") or [{}]]


def _choice(group: Group, spec: Params, override: Params) -> Choice:
    named = override.get("LaunchTemplateSpecification") or spec
    home = launch_templates.find(group.ec2, _by_id(named))
    version = home.get_version(named.get("Version") or "$Default")
    kind = override.get("InstanceType") or version.data.get("InstanceType") or "m1.small"
    return Choice(version, kind, override.get("ImageId"), int(override.get("WeightedCapacity") or 1))


def _by_id(spec: Params) -> Params:
    """A specification with one name: groups keep both, EC2 takes one."""
    key = "LaunchTemplateId" if spec.get("LaunchTemplateId") else "LaunchTemplateName"
    return {key: spec.get(key)}


def next_is_spot(group: Group) -> bool:
    """Whether the next machine is a spot one: on demand comes first, up to its share of what is desired."""
    policy = configuration(group).get("MixedInstancesPolicy")
    if not policy:
        return False
    shares = {**DISTRIBUTION, **(policy.get("InstancesDistribution") or {})}
    base = min(int(shares["OnDemandBaseCapacity"]), group.desired_capacity)
    above = (group.desired_capacity - base) * int(shares["OnDemandPercentageAboveBaseCapacity"]) / 100
    present = sum(one.weight for one in group.members if one.instance.lifecycle != "spot")
    return present >= base + math.ceil(above)


def zones_in_turn(group: Group) -> list[tuple[str, str]]:
    """(zone, subnet), those with the fewest machines first."""
    count = {zone: sum(1 for one in group.members if one.instance.availability_zone == zone) for zone in group.zones}
    return sorted(group.zones.items(), key=lambda place: count[place[0]])


def request(group: Group, choice: Choice, subnet: str, spot: bool) -> Params:
    """RunInstances' parameters for one machine of a group."""
    tags = [{"Key": one["Key"], "Value": one.get("Value", "")} for one in group.tags if one.get("PropagateAtLaunch")]
    tags.append({"Key": "aws:autoscaling:groupName", "Value": group.name})
    home = choice.template.template
    given: Params = {
        "LaunchTemplate": {"LaunchTemplateId": home.id, "Version": str(choice.template.number)},
        "InstanceType": choice.kind, "ImageId": choice.image,
        "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}],
    }  # fmt: skip
    if choice.template.data.get("NetworkInterfaces"):
        given["NetworkInterfaces"] = [{"DeviceIndex": 0, "SubnetId": subnet}]
    else:
        given["SubnetId"] = subnet
    if spot:
        given["InstanceMarketOptions"] = {"MarketType": "spot"}
    return given


def matches(group: Group, member: t.Any) -> bool:
    """Whether a machine is what the group would launch now."""
    try:
        options = choices(group)
    except ServiceException:
        return False
    return any(
        member.template == choice.named
        and member.instance.instance_type == choice.kind
        and choice.image in (None, member.instance.image_id)
        for choice in options
    )
