# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The argument specification of IAM roles, which several modules take."""

from __future__ import annotations

import typing as t

Option = dict[str, t.Any]

_EFFECT: Option = {"type": "str", "choices": ["Allow", "Deny"], "default": "Allow"}
_STRINGS: Option = {"type": "list", "elements": "str", "default": []}
_ACTIONS: Option = {"type": "list", "elements": "str", "required": True}
_CONDITIONS: Option = {"type": "dict", "default": {}}
_STATEMENT: Option = {
    "sid": {"type": "str"},
    "effect": _EFFECT,
    "actions": _ACTIONS,
    "resources": {"type": "list", "elements": "str", "required": True},
    "conditions": _CONDITIONS,
}
_TRUST_STATEMENT: Option = {
    "sid": {"type": "str"},
    "effect": _EFFECT,
    "principals": {"type": "dict", "required": True},
    "actions": _ACTIONS,
    "conditions": _CONDITIONS,
}
POLICY: Option = {
    "name": {"type": "str", "required": True},
    "statements": {"type": "list", "elements": "dict", "required": True, "options": _STATEMENT},
}
"""An inline policy."""
_ROLE: Option = {
    "name": {"type": "str", "required": True},
    "reason": {"type": "str", "required": True},
    "trusted_services": _STRINGS,
    "trusted_arns": _STRINGS,
    "trust_conditions": _CONDITIONS,
    "trust_statements": {"type": "list", "elements": "dict", "default": [], "options": _TRUST_STATEMENT},
    "policies": {"type": "list", "elements": "dict", "default": [], "options": POLICY},
    "managed_policies": _STRINGS,
    "permissions_boundary": {"type": "str", "default": ""},
    "session_seconds": {"type": "int", "default": 3600},
    "instance_profile": {"type": "bool", "default": False},
}

ROLES: Option = {"type": "list", "elements": "dict", "required": True, "options": _ROLE}
"""``roles``: each with all that it may do."""
