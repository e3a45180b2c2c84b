# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an Auto Scaling group is told to be: from a pool to fields, from fields to AWS's parameters and back.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
"""

from __future__ import annotations

import typing as t

Fields = t.Mapping[str, t.Any]

_POLICY = frozenset(
    (
        *("template", "template_version", "instance_types", "on_demand_base", "on_demand_percent"),
        *("on_demand_strategy", "spot_strategy", "spot_max_price"),
    )
)
# Fields that UpdateAutoScalingGroup sets one by one, with what AWS calls them.
_PLAIN = {
    "min": "MinSize",
    "max": "MaxSize",
    "desired": "DesiredCapacity",
    "spot_rebalance": "CapacityRebalance",
    "grace_seconds": "HealthCheckGracePeriod",
    "scale_in_protection": "NewInstancesProtectedFromScaleIn",
    "max_lifetime_seconds": "MaxInstanceLifetime",
}


class Placed(t.TypedDict):
    """What the names of a pool stand for: ids, and ARNs of target groups."""

    template: str
    template_version: str
    subnets: list[str]
    target_groups: list[str]


def wanted(pool: t.Mapping[str, t.Any], placed: Placed) -> dict[str, t.Any]:
    """Return the fields for an entry of ``pools_defined``.

    Read are ``size`` {min, max, desired}, ``spot`` {on_demand_base, on_demand_percent, on_demand_strategy, strategy,
    max_price, rebalance}, ``health_check`` {type, grace_seconds}, ``instance_types``, ``scale_in_protection``,
    ``max_lifetime_seconds``, ``warmup_seconds``, ``metrics`` and ``schedule``. Without ``desired`` the size is whatever
    scaling makes it.
    """
    size, spot, health = pool["size"], pool["spot"], pool["health_check"]
    desired = {"desired": size["desired"]} if size.get("desired") is not None else {}
    return {
        **desired,
        "min": size["min"],
        "max": size["max"],
        "subnets": sorted(placed["subnets"]),
        "template": placed["template"],
        "template_version": placed["template_version"],
        "instance_types": list(pool["instance_types"]),
        "on_demand_base": spot["on_demand_base"],
        "on_demand_percent": spot["on_demand_percent"],
        "on_demand_strategy": spot["on_demand_strategy"],
        "spot_strategy": spot["strategy"],
        "spot_max_price": spot["max_price"],
        "spot_rebalance": spot["rebalance"],
        "health_check": health["type"],
        "grace_seconds": health["grace_seconds"],
        "target_groups": sorted(placed["target_groups"]),
        "scale_in_protection": pool["scale_in_protection"],
        "max_lifetime_seconds": pool["max_lifetime_seconds"],
        "warmup_seconds": pool["warmup_seconds"],
        "metrics": pool["metrics"],
        "schedule": pool["schedule"],
    }


def fields(raw: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the fields of AWS's own description of a group."""
    policy = raw.get("MixedInstancesPolicy") or {}
    spread, inside = policy.get("InstancesDistribution") or {}, policy.get("LaunchTemplate") or {}
    spec = inside.get("LaunchTemplateSpecification") or raw.get("LaunchTemplate") or {}
    return {
        "min": raw["MinSize"],
        "max": raw["MaxSize"],
        "desired": raw["DesiredCapacity"],
        "subnets": sorted(filter(None, raw.get("VPCZoneIdentifier", "").split(","))),
        "template": spec.get("LaunchTemplateId"),
        "template_version": spec.get("Version"),
        "instance_types": [one.get("InstanceType") for one in inside.get("Overrides") or ()],
        "on_demand_base": spread.get("OnDemandBaseCapacity"),
        "on_demand_percent": spread.get("OnDemandPercentageAboveBaseCapacity"),
        "on_demand_strategy": spread.get("OnDemandAllocationStrategy"),
        "spot_strategy": spread.get("SpotAllocationStrategy"),
        "spot_max_price": spread.get("SpotMaxPrice") or "",
        "spot_rebalance": raw.get("CapacityRebalance", False),
        "health_check": "elb" if "ELB" in raw["HealthCheckType"].split(",") else "ec2",
        "grace_seconds": raw.get("HealthCheckGracePeriod"),
        "target_groups": sorted(raw.get("TargetGroupARNs") or ()),
        "scale_in_protection": raw.get("NewInstancesProtectedFromScaleIn", False),
        "max_lifetime_seconds": raw.get("MaxInstanceLifetime") or 0,
        "warmup_seconds": raw.get("DefaultInstanceWarmup"),
        "metrics": bool(raw.get("EnabledMetrics")),
    }


def new_settings(said: Fields) -> dict[str, t.Any]:
    """Return the parameters of a new group, without those that only take something back."""
    given = settings(said, said)
    if said["warmup_seconds"] is None:
        given.pop("DefaultInstanceWarmup")
    if said["target_groups"]:
        given["TargetGroupARNs"] = said["target_groups"]
    return given


def settings(said: Fields, changed: t.Collection[str]) -> dict[str, t.Any]:
    """Return the parameters for the changed fields; those that belong to the policy travel together."""
    given = {theirs: said[ours] for ours, theirs in _PLAIN.items() if ours in changed}
    if "subnets" in changed:
        given["VPCZoneIdentifier"] = ",".join(said["subnets"])
    if "health_check" in changed:
        given["HealthCheckType"] = said["health_check"].upper()
    if "warmup_seconds" in changed:
        given["DefaultInstanceWarmup"] = -1 if said["warmup_seconds"] is None else said["warmup_seconds"]
    if _POLICY & set(changed):
        given["MixedInstancesPolicy"] = _policy(said)
    return given


def _policy(said: Fields) -> dict[str, t.Any]:
    spec = {"LaunchTemplateId": said["template"], "Version": said["template_version"]}
    return {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": spec,
            "Overrides": [{"InstanceType": name} for name in said["instance_types"]],
        },
        "InstancesDistribution": {
            "OnDemandAllocationStrategy": said["on_demand_strategy"],
            "OnDemandBaseCapacity": said["on_demand_base"],
            "OnDemandPercentageAboveBaseCapacity": said["on_demand_percent"],
            "SpotAllocationStrategy": said["spot_strategy"],
            # An empty price is how AWS is told to forget one: the on-demand price is the most that is paid then.
            "SpotMaxPrice": said["spot_max_price"],
        },
    }
