"""Run playbooks as a person does, against an embedded AWS, and keep what they said and did."""

from __future__ import annotations

import json
import re
import sys
import typing as t
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from lab.embedded_aws import needs
from lab.embedded_aws.client import EmbeddedAws
from tests.integration.preloaded import Preloaded, clean

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
Action = tuple[str, str, str, str]
Shape = Counter[tuple[str, str]]
_idle: dict[frozenset[tuple[str, str]], list[Preloaded]] = {}


@dataclass
class Run:
    """One ended ansible-playbook: exit status, what it printed, its report, and the writes that AWS saw meanwhile."""

    rc: int
    output: str
    report: dict[str, t.Any]
    writes: list[dict[str, t.Any]] = field(default_factory=list)

    @property
    def actions(self) -> set[Action]:
        """(stack, kind, part, action) of everything that was, or would be, created, changed or removed."""
        return {
            (member["stack"], member["kind"], member["part"], member["action"])
            for stack in self.report.get("stacks", {}).values()
            for member in stack["members"]
            if member["action"] != "keep"
        }

    @property
    def region_writes(self) -> list[dict[str, t.Any]]:
        """The writes without the lock's own, which every run that may change something makes."""
        return [write for write in self.writes if "/lock" not in json.dumps(write["named"])]


@dataclass
class Region:
    """An inventory and the embedded AWS that stands for its account."""

    inventory: Path
    lab: EmbeddedAws
    scratch: Path

    @classmethod
    def raised(cls, inventory: Path, scratch: Path, *options: str) -> Region:
        """Start an embedded AWS with the first account that the inventory allows."""
        region = yaml.safe_load((inventory / "group_vars/all/region.yml").read_text())
        lab = EmbeddedAws.start("--account", region["region_allowed_account_ids"][0], *options)
        raised = cls(inventory, lab, scratch)
        raised.supply()
        return raised

    def supply(self) -> None:
        """Bring what a pipeline and a person bring: images and secrets of the inventory's services."""
        stacks = [yaml.safe_load(file.read_text()) or {} for file in (self.inventory / "host_vars").glob("*.yml")]
        services = [service for stack in stacks for service in stack.get("ecs_services", ())]
        needed = needs.of(services, self.settings["region_name"])
        secrets, parameters = (dict.fromkeys(names, "") for names in needed[1:])
        self.lab.publish(self.settings["region_aws_region"], needed.images, secrets, parameters)

    def reset(self) -> None:
        """Empty the account but for what a pipeline and a person brought."""
        self.lab.reset()
        self.supply()

    @property
    def settings(self) -> dict[str, t.Any]:
        """The inventory's own account of itself."""
        return t.cast("dict[str, t.Any]", yaml.safe_load((self.inventory / "group_vars/all/region.yml").read_text()))

    def command(self, playbook: str, *arguments: str) -> list[str]:
        """Return the command line a person would type; instances have no machines here that could be configured."""
        images, nodes = f"pools_lock_file={self.scratch / 'images.lock.yml'}", "configure_nodes=false"
        return [str(ANSIBLE_PLAYBOOK), playbook, "-i", str(self.inventory), "-e", images, "-e", nodes, *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """Return an environment that leads to this embedded AWS and to nothing else."""
        report = str(self.scratch / "report.json")
        return {**clean(), **self.lab.environment, "CLOISTER_REPORT_FILE": report, "ANSIBLE_NOCOLOR": "1", **more}

    def play(self, playbook: str, *arguments: str, **environment: str) -> Run:
        """Run a playbook to its end."""
        report = self.scratch / "report.json"
        report.unlink(missing_ok=True)
        before = max((write["sequence"] for write in self.lab.writes()), default=0)
        settings = {name: value for name, value in environment.items() if name.startswith("ANSIBLE_")}
        with _an_ansible_playbook(settings) as ansible_playbook:
            words = self.command(playbook, *arguments)[1:]
            ended = ansible_playbook.run(words, self.environment(**environment))
        told = json.loads(report.read_text()) if report.exists() else {}
        return Run(ended.rc, ended.output, told, self.lab.writes(before))

    def owned(self) -> list[dict[str, t.Any]]:
        """Return all that stands in the account and carries this region's ownership tag."""
        name = self.settings["region_name"]
        return [thing for thing in self.lab.holdings() if thing["tags"].get("cloister:region") == name]

    def shape(self) -> Shape:
        """Count all that stands, ours and not, by kind and logical name: what is no AWS default."""
        return Counter(
            (thing["kind"], thing["tags"].get("cloister:part", ""))
            for thing in self.lab.holdings()
            if not thing["default"]
        )

    def unlock(self) -> None:
        """Do what the refusal of the next run says, as the run before died with the lock."""
        refused = self.play("site.yml")
        assert refused.rc != 0
        found = re.search(r"unlock_run_id=(\w+)", refused.output)
        assert found, refused.output
        # What the killed run had on the wire may still arrive now; the refused one wrote nothing.
        assert [write for write in refused.region_writes if write["run_id"] == refused.report["run_id"]] == []
        opened = self.play("playbooks/unlock.yml", "-e", f"unlock_run_id={found[1]}")
        assert opened.rc == 0, opened.output


@contextmanager
def _an_ansible_playbook(settings: t.Mapping[str, str]) -> t.Iterator[Preloaded]:
    """One with these settings that is idle, or another; one that was given up is not used again."""
    idle = _idle.setdefault(frozenset(settings.items()), [])
    found = idle.pop() if idle else Preloaded(**settings)
    yield found
    idle.append(found)


def cut(inventory: Path, *stacks: str) -> None:
    """Take all stacks but these out of a copy of an inventory."""
    file = inventory / "stacks.yml"
    listed = yaml.safe_load(file.read_text(encoding="utf-8"))
    for layer in listed["stacks"]["children"].values():
        layer["hosts"] = {name: said for name, said in layer["hosts"].items() if name in stacks}
    file.write_text(yaml.safe_dump(listed), encoding="utf-8")
    for said in (inventory / "host_vars").iterdir():
        if said.stem not in stacks:
            said.unlink()
