# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The argument specifications of what lies in a cluster; the modules and the doc fragments of EKS document them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._iam_arguments import POLICY
from ansible_collections.cloister.aws.plugins.module_utils._policy_sets import POLICY_SETS
from ansible_collections.cloister.aws.plugins.module_utils._security_rules import PROTOCOLS
from ansible_collections.cloister.aws.plugins.module_utils._service_accounts import IRSA, POD_IDENTITY
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_access_entry import STANDARD, TYPES

Option = dict[str, t.Any]

CLUSTER: Option = {"type": "str", "required": True}
"""``cluster``: its logical name."""


def _text(required: bool = False, **more: t.Any) -> Option:
    return {"type": "str", **({"required": True} if required else {}), **more}


def _texts() -> Option:
    return {"type": "list", "elements": "str", "default": []}


def _entries(options: dict[str, Option]) -> Option:
    return {"type": "list", "elements": "dict", "default": [], "options": options}


RULE: dict[str, Option] = {
    "reason": _text(required=True),
    "protocol": _text(choices=list(PROTOCOLS), default="tcp"),
    "ports": _texts(),
    "group": _text(),
    "vpc": _text(),
    "cidrs": _texts(),
    "prefix_list": _text(),
}
ENTRY: dict[str, Option] = {
    "name": _text(required=True),
    "principal": _text(),
    "role": _text(),
    "type": _text(choices=list(TYPES), default=STANDARD),
    "groups": _texts(),
    "username": _text(default=""),
    "policies": _entries({"policy": _text(required=True), "namespaces": _texts()}),
}
ACCOUNT: dict[str, Option] = {
    "name": _text(required=True),
    "namespace": _text(required=True),
    "service_account": _text(required=True),
    "identity": _text(choices=[IRSA, POD_IDENTITY], default=IRSA),
    "reason": _text(required=True),
    "policy_set": _text(choices=sorted(POLICY_SETS)),
    "managed_policies": _texts(),
    "policies": _entries(POLICY),
    "session_seconds": {"type": "int", "default": 3600},
}
ADDON: dict[str, Option] = {
    "name": _text(required=True),
    "version": _text(default=""),
    "configuration": {"type": "dict", "default": {}},
    "service_account_role": _text(default=""),
    "resolve_conflicts": _text(choices=["overwrite", "preserve", "none"], default="overwrite"),
}

INGRESS: Option = _entries(RULE)
"""``ingress``: who may come to a cluster's interfaces and nodes."""
ACCESS_ENTRIES: Option = {
    **_entries(ENTRY),
    "mutually_exclusive": [["principal", "role"]],
    "required_one_of": [["principal", "role"]],
}
"""``access_entries``: the entries of ``eks_access_entries``."""
SERVICE_ACCOUNTS: Option = _entries(ACCOUNT)
"""``service_accounts``: the entries of ``eks_service_accounts``."""
ADDONS: Option = _entries(ADDON)
"""``addons``: the entries of ``eks_addons``."""
