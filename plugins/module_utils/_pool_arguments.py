# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The argument specification of a pool, which several modules take; `doc_fragments/pools.py` documents it."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._owner import ROLE

Option = dict[str, t.Any]


def _texts(required: bool = False) -> Option:
    return {"type": "list", "elements": "str", **({"required": True} if required else {"default": []})}


def _group(**options: Option) -> Option:
    return {"type": "dict", "apply_defaults": True, "options": options}


_VOLUME_TYPES = ["gp3", "gp2", "io1", "io2", "st1", "sc1"]
_PERFORMANCE: dict[str, Option] = {
    "iops": {"type": "int"},
    "throughput_mibps": {"type": "int"},
    "kms_key_arn": {"type": "str", "no_log": False},
}
_VOLUME: dict[str, Option] = {
    "device": {"type": "str", "required": True},
    "gib": {"type": "int"},
    "type": {"type": "str", "choices": _VOLUME_TYPES, "default": "gp3"},
    "snapshot": {"type": "str"},
    **_PERFORMANCE,
}
_IMAGE: Option = {
    "type": "dict",
    "required": True,
    "options": {"parameter": {"type": "str"}, "id": {"type": "str"}, "until_promoted": {"type": "str"}},
    "required_one_of": [["parameter", "id"]],
    "mutually_exclusive": [["parameter", "id"]],
}
_SIZE: Option = {
    "type": "dict",
    "required": True,
    "options": {
        "min": {"type": "int", "required": True},
        "max": {"type": "int", "required": True},
        "desired": {"type": "int"},
    },
}
_SPOT = _group(
    on_demand_base={"type": "int", "default": 0},
    on_demand_percent={"type": "int", "default": 100},
    on_demand_strategy={"type": "str", "choices": ["prioritized", "lowest-price"], "default": "prioritized"},
    strategy={
        "type": "str",
        "choices": ["price-capacity-optimized", "capacity-optimized", "capacity-optimized-prioritized"],
        "default": "price-capacity-optimized",
    },
    max_price={"type": "str", "default": ""},
    rebalance={"type": "bool", "default": False},
)
_RESERVATION: Option = {
    "type": "dict",
    "options": {
        "preference": {"type": "str", "choices": ["open", "none", "capacity-reservations-only"]},
        "id": {"type": "str"},
        "resource_group_arn": {"type": "str"},
    },
    "mutually_exclusive": [["preference", "id", "resource_group_arn"]],
    "required_one_of": [["preference", "id", "resource_group_arn"]],
}
_MACHINES: dict[str, Option] = {
    "purpose": {"type": "str", "choices": ["ecs", "plain"], "default": "ecs"},
    "cluster": {"type": "str"},
    "agent_settings": {"type": "dict", "default": {}},
    "user_data": {"type": "str", "default": ""},
    "image": _IMAGE,
    "instance_types": _texts(required=True),
    "instance_profile": {"type": "str", "default": ""},
    "security_groups": _texts(required=True),
    "exposure": {"type": "str", "choices": ["internal", "public"], "default": "internal"},
    "metadata_hop_limit": {"type": "int"},
    "detailed_monitoring": {"type": "bool", "default": False},
    "root_volume": _group(
        gib={"type": "int"}, type={"type": "str", "choices": _VOLUME_TYPES, "default": "gp3"}, **_PERFORMANCE
    ),
    "volumes": {"type": "list", "elements": "dict", "options": _VOLUME, "default": []},
    "placement_group": {"type": "str", "default": ""},
    "capacity_reservation": _RESERVATION,
    "role": {"type": "str", "default": ""},
    "tags": {"type": "dict", "default": {}},
}
_GROUP: dict[str, Option] = {
    "size": _SIZE,
    "subnets": _texts(required=True),
    "spot": _SPOT,
    "target_groups": _texts(),
    "health_check": _group(
        type={"type": "str", "choices": ["ec2", "elb"], "default": "ec2"},
        grace_seconds={"type": "int", "default": 300},
    ),
    "scale_in_protection": {"type": "bool"},
    "max_lifetime_seconds": {"type": "int", "default": 0},
    "warmup_seconds": {"type": "int"},
    "metrics": {"type": "bool", "default": True},
    "schedule": {"type": "str", "default": ""},
    "refresh": _group(
        enabled={"type": "bool", "default": True},
        healthy_percent={"type": "int", "default": 90},
        max_healthy_percent={"type": "int"},
        warmup_seconds={"type": "int"},
    ),
}
POOLS: Option = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {"name": {"type": "str", "required": True}, **_MACHINES, **_GROUP},
    "required_if": [["purpose", "ecs", ["cluster"]]],
}
"""``pools``: the entries of ``pools_defined``, with the defaults of what they leave out."""


def completed(pool: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a pool with the default that depends on its purpose: ECS itself protects machines that have tasks.

    Its role is a tag like others from here on.
    """
    protected = pool["scale_in_protection"]
    tags = {**pool["tags"], **({ROLE: pool["role"]} if pool["role"] else {})}
    return {**pool, "scale_in_protection": pool["purpose"] == "ecs" if protected is None else protected, "tags": tags}
