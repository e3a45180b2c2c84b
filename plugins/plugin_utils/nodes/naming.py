# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node is called in the inventory: the first wish that gives it a name of its own, else its id."""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Node

PLAIN = ("id", "computer_name", "private_dns", "private_ip")
TAG = "tag:"
# What a pattern of hosts, a path or a shell would take for something else is no name.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")


def names(nodes: t.Sequence[Node], wishes: t.Sequence[str], taken: t.Container[str]) -> dict[str, str]:
    """Return each node's name by its id.

    A name that several nodes would have is nobody's, nor is one that something else in the inventory has (``taken``)
    or that is another node's id: the next wish counts. An id is each node's own. Raise `InputError` for a wish that
    means nothing.
    """
    strange = [wish for wish in wishes if wish not in PLAIN and not (wish.startswith(TAG) and wish != TAG)]
    if strange:
        right = ", ".join((*PLAIN, "tag:KEY"))
        raise InputError(f"hostnames: {', '.join(strange)} names nothing. Right would be: {right}")
    given: dict[str, str] = {}
    used = {node["id"] for node in nodes}
    for wish in wishes:
        left = {node["id"]: _wished(node, wish) for node in nodes if node["id"] not in given}
        often = Counter(left.values())
        for identifier, name in left.items():
            if name == identifier or (name and often[name] == 1 and name not in used and name not in taken):
                given[identifier] = name
                used.add(name)
    return {node["id"]: given.get(node["id"], node["id"]) for node in nodes}


def _wished(node: Node, wish: str) -> str:
    said: t.Mapping[str, t.Any] = node
    found = str(node["tags"].get(wish.removeprefix(TAG), "") if wish.startswith(TAG) else said[wish])
    return found if _NAME.fullmatch(found) else ""
