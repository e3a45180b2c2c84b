# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which managed nodes are meant: by id, or by tags, all of which they have to carry.

https://docs.aws.amazon.com/systems-manager/latest/userguide/send-commands-multiple.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.managed_nodes import nodes
from lab.embedded_aws.truth.patching import refuser

refuse = refuser("ssm")
MOST_KEYS, MOST_VALUES = 5, 50
Target = dict[str, t.Any]
Node = dict[str, t.Any]


def known(account: str, region: str) -> dict[str, Node]:
    """Every node that Systems Manager knows, by id."""
    return {node["InstanceId"]: node for node in nodes(account, region)}


def by_ids(account: str, region: str, ids: t.Sequence[str]) -> list[str]:
    """Nodes by id; one that Systems Manager does not know is refused."""
    if len(set(ids)) != len(ids):
        refuse("DuplicateInstanceId", "You can't specify a managed node ID in more than one place.")
    there = known(account, region)
    strangers = [one for one in ids if one not in there]
    if strangers:
        refuse("InvalidInstanceId", f"Instances [[{', '.join(strangers)}]] not in a valid state for account {account}")
    return list(ids)


def chosen(account: str, region: str, targets: t.Sequence[Target], code: str = "ValidationException") -> list[str]:
    """Nodes that meet every target, in order."""
    check(targets, code)
    there = known(account, region)
    return sorted(one for one, node in there.items() if all(_meets(node, target) for target in targets))


def check(targets: t.Sequence[Target], code: str = "ValidationException") -> None:
    """Refuse what is no target."""
    if len(targets) > MOST_KEYS or any(len(one.get("Values") or []) > MOST_VALUES for one in targets):
        refuse(code, f"At most {MOST_KEYS} targets with {MOST_VALUES} values each.")
    for target in targets:
        key = target.get("Key", "")
        if key.startswith("resource-groups:"):
            raise NotImplementedError("targets by resource group")
        if key.lower() != "instanceids" and not key.startswith("tag:") and key != "tag-key":
            refuse(code, f"Target key {key} is not valid.")
    if len(targets) > 1 and any(one["Key"].lower() == "instanceids" for one in targets):
        refuse(code, "Targets by InstanceIds and by tags cannot be combined.")


def _meets(node: Node, target: Target) -> bool:
    key, values = target["Key"], target.get("Values") or []
    if key.lower() == "instanceids":
        return node["InstanceId"] in values or "*" in values
    if key == "tag-key":
        return any(one in node["tags"] for one in values)
    return node["tags"].get(key.removeprefix("tag:")) in values
