"""Reads inventories as Ansible does, with collections, in a process of its own: one line of JSON asks, one answers.

What AWS would tell is in the question. {"path", "nodes", "failures", "refused", "failing", "refresh", "environment"} is
asked; {"error", "groups", "variables", "places", "wanted", "looks"} is answered.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import typing as t
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, inventory_loader
from ansible.template import Templar
from ansible.vars.manager import VariableManager

Asked = dict[str, t.Any]
EVERYWHERE = ("all", "ungrouped", "stacks", "ground")


class Reader:
    """Answers questions; AWS is asked `looks` times in each."""

    def __init__(self) -> None:
        init_plugin_loader([str(Path(__file__).resolve().parents[4] / "collections")])
        self._plugin = sys.modules[type(inventory_loader.get("cloister.aws.ssm_nodes")).__module__]
        self._plugin.look = self._look  # type: ignore[attr-defined]
        self._asked: Asked = {}
        self._told: Asked = {}

    def answer(self, asked: Asked) -> Asked:
        """Read the inventory at `path`."""
        constants.INVENTORY_ANY_UNPARSED_IS_FAILED = asked["failing"]
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(asked["environment"])
        self._asked, self._told = asked, {"looks": 0, "error": ""}
        try:
            manager = InventoryManager(DataLoader(), [asked["path"]])
            if asked["refresh"]:
                manager.refresh_inventory()
        except AnsibleError as exc:
            return {**self._told, "error": str(exc)}
        ours = {name: group for name, group in manager.groups.items() if name not in EVERYWHERE}
        groups = {name: [host.name for host in group.get_hosts()] for name, group in ours.items()}
        hosts = [host for host in manager.hosts.values() if "node" in host.vars]
        return {**self._told, "groups": groups, "variables": {host.name: _variables(host, manager) for host in hosts}}

    def _look(self, places: t.Any, wanted: t.Any) -> t.Any:
        self._told["looks"] += 1
        self._told.update(places=[place._asdict() for place in places], wanted=dataclasses.asdict(wanted))
        if self._asked["refused"]:
            raise self._plugin.RegionError(self._asked["refused"])  # type: ignore[attr-defined]
        found = sys.modules["ansible_collections.cloister.aws.plugins.plugin_utils.nodes.look"].Found  # type: ignore[attr-defined]
        return found(self._asked["nodes"], self._asked["failures"])


def _variables(host: t.Any, manager: InventoryManager) -> Asked:
    """What a task would have of a host, filled in as a task's arguments are."""
    said = VariableManager(DataLoader(), manager).get_vars(host=host)
    templar = Templar(loader=DataLoader(), variables=said)
    own = (*host.vars, *said.get("shown", ()))
    return {name: templar.template(said[name]) for name in own}


if __name__ == "__main__":
    reader = Reader()
    for line in sys.stdin:
        print(json.dumps(reader.answer(json.loads(line)), default=str), flush=True)
