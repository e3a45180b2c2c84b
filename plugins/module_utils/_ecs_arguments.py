# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The argument specifications that the modules of ECS share; the doc fragments of ECS document them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import RETENTION_DAYS

Options = dict[str, t.Any]


def _text(**more: t.Any) -> Options:
    return {"type": "str", **more}


def _number(**more: t.Any) -> Options:
    return {"type": "int", **more}


def _switch(default: bool) -> Options:
    return {"type": "bool", "default": default}


def _texts(**more: t.Any) -> Options:
    return {"type": "list", "elements": "str", "default": [], **more}


def _dicts(options: Options, **more: t.Any) -> Options:
    return {"type": "list", "elements": "dict", "default": [], "options": options, **more}


def _dict(options: Options, **more: t.Any) -> Options:
    return {"type": "dict", "options": options, **more}


_NAME = _text(required=True)
# The name of a variable is no secret, and what lies behind it is never given here.
_NAMED = {"type": "dict", "default": {}, "no_log": False}

IMAGE = {"repository": _text(), "tag": _text(), "newest": _text(), "digest": _text(), "uri": _text()}
HEALTH = {
    "command": {"type": "list", "elements": "str", "required": True},
    "interval_seconds": _number(default=30),
    "timeout_seconds": _number(default=5),
    "retries": _number(default=3),
    "start_seconds": _number(default=0),
}
CONTAINER = {
    "name": _NAME,
    "image": _dict(IMAGE, required=True),
    "essential": _switch(True),
    "command": _texts(),
    "entrypoint": _texts(),
    "working_directory": _text(),
    "user": _text(),
    "cpu": _number(),
    "memory_mib": _number(),
    "memory_reservation_mib": _number(),
    "gpus": _number(default=0),
    "ports": {"type": "list", "elements": "int", "default": []},
    "port_protocols": {"type": "dict", "default": {}},
    "environment": {"type": "dict", "default": {}},
    "secrets": _NAMED,
    "health_check": _dict(HEALTH),
    "depends_on": _dicts(
        {
            "container": _NAME,
            "condition": _text(choices=["start", "complete", "success", "healthy"], default="healthy"),
        }
    ),
    "mounts": _dicts({"volume": _NAME, "path": _NAME, "read_only": _switch(False)}),
    "read_only_root": _switch(False),
    "init_process": _switch(True),
    "shared_memory_mib": _number(),
    "drop_capabilities": _texts(),
    "ulimits": {"type": "dict", "default": {}},
    "stop_seconds": _number(),
}
EFS = {"file_system": _NAME, "root": _text(default="/"), "access_point": _text(), "iam": _switch(True)}
VOLUME = {"name": _NAME, "efs": _dict(EFS), "host_path": _text()}
CAPACITY = {"provider": _NAME, "weight": _number(default=1), "base": _number(default=0)}
TARGET_GROUP = {"name": _NAME, "container": _NAME, "port": _number(required=True)}
CONNECT_PORT = {
    "container": _NAME,
    "port": _number(required=True),
    "name": _NAME,
    "client_port": _number(),
    "client_name": _text(),
}
SCALING = {
    "min": _number(required=True),
    "max": _number(required=True),
    "targets": _dicts(
        {
            "metric": _text(choices=["cpu", "memory", "requests"], required=True),
            "percent": _number(),
            "count": _number(),
            "target_group": _text(),
            "scale_out_seconds": _number(default=60),
            "scale_in_seconds": _number(default=300),
        }
    ),
    "schedules": _dicts(
        {
            "name": _NAME,
            "schedule": _NAME,
            "timezone": _text(default="UTC"),
            "min": _number(required=True),
            "max": _number(required=True),
        }
    ),
}
DEPLOYMENT = {
    "minimum_percent": _number(default=100),
    "maximum_percent": _number(default=200),
    "circuit_breaker": _switch(True),
    "rollback": _switch(True),
}
SERVICE = {
    "name": _NAME,
    "capacity": _dicts(CAPACITY, default=[{"provider": "fargate"}]),
    "cpu": _number(),
    "memory_mib": _number(),
    "architecture": _text(choices=["x86_64", "arm64"], default="x86_64"),
    "ephemeral_storage_gib": _number(),
    "desired": _number(default=1),
    "subnets": {"type": "list", "elements": "str", "required": True},
    "security_groups": {"type": "list", "elements": "str", "required": True},
    "assign_public_ip": _switch(False),
    "execution_role": _NAME,
    "task_role": _text(),
    "containers": {"type": "list", "elements": "dict", "required": True, "options": CONTAINER},
    "volumes": _dicts(VOLUME),
    "target_groups": _dicts(TARGET_GROUP),
    "health_check_grace_seconds": _number(default=0),
    "deployment": _dict(DEPLOYMENT, default={}),
    "zone_rebalancing": _switch(True),
    "execute_command": _switch(False),
    "service_connect": _dict({"ports": _dicts(CONNECT_PORT)}),
    "scaling": _dict(SCALING),
    "callback_url": _text(),
    "log_retention_days": _number(choices=list(RETENTION_DAYS)),
    "replace": _switch(False),
}
MANAGED_SCALING = {
    "enabled": _switch(True),
    "target_percent": _number(default=100),
    "warmup_seconds": _number(default=300),
    "termination_protection": _switch(False),
    "draining": _switch(True),
}
CLUSTER = {
    "name": _NAME,
    "fargate": _switch(True),
    "pools": _texts(),
    "managed_scaling": _dict(MANAGED_SCALING, default={}),
    "container_insights": _text(choices=["disabled", "enabled", "enhanced"], default="disabled"),
    "namespace": _text(),
}
SERVICES = {"type": "list", "elements": "dict", "required": True, "options": SERVICE}
CLUSTERS = {"type": "list", "elements": "dict", "required": True, "options": CLUSTER}
