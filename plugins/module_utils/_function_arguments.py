# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The argument specification of functions and of what invokes them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._iam_arguments import POLICY

Option = dict[str, t.Any]

_TEXT: Option = {"type": "str", "required": True}
_INVOKES: Option = {"name": _TEXT, "reason": _TEXT, "function": _TEXT, "enabled": {"type": "bool", "default": True}}
FUNCTIONS: Option = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "name": _TEXT,
        "reason": _TEXT,
        "code": {"type": "str", "choices": ["endpoint_targets", "resting"], "required": True},
        "environment": {"type": "dict", "default": {}},
        "statements": {**POLICY["statements"], "required": False, "default": []},
        "memory_mib": {"type": "int", "default": 256},
        "timeout_seconds": {"type": "int", "default": 60},
        "log_retention_days": {"type": "int", "default": 30},
    },
}
RULES: Option = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        **_INVOKES,
        "pattern": {"type": "dict", "default": {}},
        "every_minutes": {"type": "int"},
        "input": {"type": "dict"},
    },
}
SCHEDULES: Option = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        **_INVOKES,
        "expression": _TEXT,
        "time_zone": {"type": "str", "default": "UTC"},
        "input": {"type": "dict", "default": {}},
    },
}
