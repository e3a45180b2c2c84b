# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The argument specification of a database, which two modules take; `doc_fragments/databases.py` documents it."""

from __future__ import annotations

import typing as t

Option = dict[str, t.Any]

_STORAGE: dict[str, Option] = {
    "gib": {"type": "int", "required": True},
    "type": {"type": "str", "choices": ["gp3", "gp2", "io1", "io2"], "default": "gp3"},
    "max_gib": {"type": "int"},
    "iops": {"type": "int"},
    "throughput_mibps": {"type": "int"},
    "kms_key_arn": {"type": "str", "no_log": False},
}
_DATABASE: dict[str, Option] = {
    "name": {"type": "str", "required": True},
    "engine": {"type": "str", "required": True, "choices": ["mysql", "postgres"]},
    "engine_version": {"type": "str", "required": True},
    "instance_class": {"type": "str", "required": True},
    "storage": {"type": "dict", "required": True, "options": _STORAGE},
    "database": {"type": "str"},
    "username": {"type": "str", "required": True},
    "port": {"type": "int"},
    "subnets": {"type": "list", "elements": "str", "required": True},
    "security_groups": {"type": "list", "elements": "str", "required": True},
    "multi_az": {"type": "bool", "default": True},
    "parameters": {"type": "dict", "default": {}},
    "backup_retention_days": {"type": "int", "default": 7},
    "backup_window": {"type": "str"},
    "maintenance_window": {"type": "str"},
    "changes": {"type": "str", "choices": ["maintenance_window", "immediately"], "default": "maintenance_window"},
    "minor_upgrades": {"type": "bool", "default": True},
    "major_upgrade": {"type": "bool", "default": False},
    "logs": {"type": "list", "elements": "str", "default": []},
    "iam_authentication": {"type": "bool", "default": False},
    "deletion_protection": {"type": "bool", "default": True},
    "secret_kms_key_arn": {"type": "str", "no_log": False},
    "schedule": {"type": "str", "default": ""},
    "tags": {"type": "dict", "default": {}},
}
DATABASES: Option = {"type": "list", "elements": "dict", "required": True, "options": _DATABASE}
