# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The argument specifications of clusters and what runs in them; the doc fragments of EKS document them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._eks_cluster_calls import LOGS
from ansible_collections.cloister.aws.plugins.module_utils._node_data import AMI_TYPES
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import RETENTION_DAYS

Option = dict[str, t.Any]


def _text(**more: t.Any) -> Option:
    return {"type": "str", **more}


def _switch(default: bool) -> Option:
    return {"type": "bool", "default": default}


def _texts(required: bool = False, **more: t.Any) -> Option:
    return {"type": "list", "elements": "str", **({"required": True} if required else {"default": []}), **more}


def _group(**options: Option) -> Option:
    return {"type": "dict", "apply_defaults": True, "options": options}


_NAME = _text(required=True)
_DICT: Option = {"type": "dict", "default": {}}
_SIZE: Option = {
    "type": "dict",
    "required": True,
    "options": {
        "min": {"type": "int", "required": True},
        "max": {"type": "int", "required": True},
        "desired": {"type": "int"},
    },
}
_UPDATE: Option = {
    **_group(max_unavailable={"type": "int"}, max_unavailable_percent={"type": "int"}, force=_switch(False)),
    "mutually_exclusive": [["max_unavailable", "max_unavailable_percent"]],
}
_ROOT_VOLUME = _group(
    gib={"type": "int", "default": 20},
    type=_text(choices=["gp3", "gp2", "io1", "io2"], default="gp3"),
    iops={"type": "int"},
    throughput_mibps={"type": "int"},
    kms_key_arn=_text(no_log=False),
)
_TAINT = {
    # The key of a taint is no secret.
    "key": _text(required=True, no_log=False),
    "value": _text(default=""),
    "effect": _text(required=True, choices=["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"]),
}
_CLUSTER: dict[str, Option] = {
    "name": _NAME,
    "version": _NAME,
    "role": _NAME,
    "subnets": _texts(required=True),
    "security_groups": _texts(),
    "endpoint": _group(private=_switch(True), public=_switch(False), public_cidrs=_texts(), open_to_all=_switch(False)),
    "logs": _texts(choices=list(LOGS)),
    "log_retention_days": {"type": "int", "choices": list(RETENTION_DAYS), "default": 30},
    "secrets_key_arn": _text(default="", no_log=False),
    "upgrade_policy": _text(choices=["standard", "extended"], default="standard"),
    "deletion_protection": _switch(True),
    "zonal_shift": _switch(False),
    "service_cidr": _text(default=""),
    "tags": _DICT,
}
_NODE_GROUP: dict[str, Option] = {
    "name": _NAME,
    "role": _NAME,
    "subnets": _texts(required=True),
    "ami_type": _text(choices=sorted(AMI_TYPES), default="AL2023_x86_64_STANDARD"),
    "release_version": _text(default=""),
    "instance_types": _texts(required=True),
    "capacity": _text(choices=["on_demand", "spot"], default="on_demand"),
    "size": _SIZE,
    "root_volume": _ROOT_VOLUME,
    "security_groups": _texts(),
    "metadata_hop_limit": {"type": "int", "default": 2},
    "detailed_monitoring": _switch(False),
    "labels": _DICT,
    "taints": {"type": "list", "elements": "dict", "default": [], "options": _TAINT},
    "update": _UPDATE,
    "repair": _switch(False),
    "schedule": _text(default=""),
    "tags": _DICT,
}
_SELECTOR = {"namespace": _text(required=True), "labels": _DICT}
_FARGATE_PROFILE: dict[str, Option] = {
    "name": _NAME,
    "role": _NAME,
    "subnets": _texts(required=True),
    "selectors": {"type": "list", "elements": "dict", "required": True, "options": _SELECTOR},
    "tags": _DICT,
}

CLUSTERS: Option = {"type": "list", "elements": "dict", "required": True, "options": _CLUSTER}
"""``clusters``: ``eks_cluster`` of the role, with the defaults of what it leaves out."""
NODE_GROUPS: Option = {"type": "list", "elements": "dict", "default": [], "options": _NODE_GROUP}
"""``node_groups``: the entries of ``eks_node_groups``."""
FARGATE_PROFILES: Option = {"type": "list", "elements": "dict", "default": [], "options": _FARGATE_PROFILE}
"""``fargate_profiles``: the entries of ``eks_fargate_profiles``."""
