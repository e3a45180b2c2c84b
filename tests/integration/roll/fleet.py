# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proxies of an embedded AWS whose machines are folders here, and a health check that looks into these."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import yaml
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._balanced_fleet import read

from lab.embedded_aws.client import EmbeddedAws
from tests.integration.playbook import ANSIBLE_PLAYBOOK, ROOT
from tests.integration.preloaded import clean, end_all
from tests.unit.module_utils.kinds.edge_world import Edge

HERE = Path(__file__).parent
LOOK_SECONDS = 0.3


class Ended(t.NamedTuple):
    """How a roll ended, and what it said in one line."""

    rc: int
    output: str


class Fleet(Edge):
    """Proxies, configured and in service, and rolls of them."""

    def __init__(self, aws: Aws, lab: EmbeddedAws, scratch: Path, machines: int = 2) -> None:
        super().__init__(aws, lab, scratch, machines)
        crosses = [{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]
        aws.call("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=self.balancer, Attributes=crosses)
        self.scratch, self.nodes = scratch, self.ids
        self._await_service()
        self.checked, self.least = True, len(self.nodes)
        self.plugins: dict[str, str] = {}
        self.broken: BaseException | None = None
        for node in self.nodes:
            self.folder(node).mkdir()
            self.configure(node, "old")
        self._write_inventory()
        lab.clear_journal()
        self._over = threading.Event()
        self._checks = threading.Thread(target=self._check)
        self._checks.start()

    def _await_service(self) -> None:
        end = time.monotonic() + 60
        while not all(map((now := read(self.aws, "us", self.nodes)).serves, now.machines.values())):
            assert time.monotonic() < end, now
            time.sleep(LOOK_SECONDS)

    def folder(self, node: str) -> Path:
        return self.scratch / node

    def configure(self, node: str, said: str) -> None:
        file = self.folder(node) / "configuration"
        file.write_text(f"{said}\n")
        file.chmod(0o600)

    def end(self) -> None:
        self._over.set()
        self._checks.join()
        assert self.broken is None, self.broken

    def configurations(self) -> list[str]:
        return [(self.folder(node) / "configuration").read_text().strip() for node in self.nodes]

    def steps(self) -> list[tuple[str, str, float]]:
        """(node, step, time) in the order in which nodes took them, with the writes of AWS about nodes among them."""
        log = self.scratch / "log"
        lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        rows = [(node, step, float(at)) for node, step, at in lines]
        for write in self.lab.writes():
            if write["action"] in ("RegisterTargets", "DeregisterTargets"):
                node = next(one for one in self.nodes if one in json.dumps(write["named"]))
                rows.append((node, write["action"], write["time"]))
        return sorted(rows, key=lambda row: row[2])

    def went(self, node: str) -> list[str]:
        """What happened to a node, each once."""
        return list(dict.fromkeys(step for one, step, _ in self.steps() if one == node))

    def touched(self) -> list[str]:
        return list(dict.fromkeys(node for node, _, _ in self.steps()))

    def forget(self) -> None:
        (self.scratch / "log").unlink(missing_ok=True)
        self.lab.clear_journal()
        self.least = len(self.nodes)

    def falter(self, node: str, how: str) -> None:
        """Let a node falter from now on: ``fails``, ``loses`` or ``hangs`` at a step."""
        self._write_inventory(**{node: how})

    def start(self, *arguments: str, **said: t.Any) -> subprocess.Popen[str]:
        words = {"double_configuration": "new", "roll_settle_seconds": 0, "roll_healthy_seconds": 20, **said}
        environment = {
            **clean(),
            **self.lab.environment,
            "ANSIBLE_ROLES_PATH": str(HERE / "roles"),
            "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "tests/integration/configure/connection"),
            "ANSIBLE_NOCOLOR": "1",
            **self.plugins,
        }
        command = [ANSIBLE_PLAYBOOK, HERE / "roll.yml", "-i", self.scratch / "hosts.yml", "-e", json.dumps(words)]
        return subprocess.Popen(
            [*map(str, command), *arguments], cwd=ROOT, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def roll(self, *arguments: str, **said: t.Any) -> Ended:
        """Roll, and return how that ended."""
        run = self.start(*arguments, **said)
        try:
            output, _ = run.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            end_all(run.pid)
            raise
        return Ended(run.returncode, output)

    def killed(self, node: str, step: str) -> None:
        """Start a roll and kill all of it amid a step of a node."""
        self.falter(node, f"hangs {step}")
        run = self.start()
        end = time.monotonic() + 180
        while (node, step) not in [row[:2] for row in self.steps()]:
            assert run.poll() is None, run.communicate()[0]
            assert time.monotonic() < end
            time.sleep(LOOK_SECONDS)
        end_all(run.pid)
        run.communicate()
        self._write_inventory()
        # What a person does with playbooks/unlock.yml.
        self.aws.call("ssm", "delete_parameter", Name="/cloister/us/lock")

    def processes(self) -> list[str]:
        """What is suspended of the group."""
        return [one["ProcessName"] for one in self.scaling("proxy").raw["SuspendedProcesses"]]

    def _write_inventory(self, **falters: str) -> None:
        here = {"ansible_python_interpreter": sys.executable, "ansible_become": False, "region_name": "us"}
        region = {"region_aws_region": "us-west-2", "region_environment": {}, "nodes_connect_seconds": 2}
        nodes = {
            node: {
                "node": {"id": node},
                "ansible_connection": "mortal",
                "mortal_file": f"{self.scratch}/{node}.lost",
                "double_folder": str(self.folder(node)),
                "double_falters": falters.get(node, "none"),
                "double_step": f"{sys.executable} {HERE}/step.py {self.folder(node)} {self.scratch}/log",
            }
            for node in self.nodes
        }
        groups = {
            "stacks": {"hosts": {"edge": {"ansible_connection": "cloister.aws.warm"}}},
            "nodes": {"children": {"role_proxy": {"hosts": nodes}}},
        }
        (self.scratch / "hosts.yml").write_text(
            yaml.safe_dump({"all": {"vars": {**here, **region}, "children": groups}})
        )

    def _check(self) -> None:
        """Check health as a load balancer does, and keep count of those that are in service."""
        try:
            told: dict[str, bool] = {}
            while not self._over.wait(LOOK_SECONDS):
                self._look(told)
        except BaseException as broken:
            self.broken = broken
            raise

    def _look(self, told: dict[str, bool]) -> None:
        well = {node: not (self.folder(node) / "failing").exists() for node in self.nodes}
        for node in [one for one in self.nodes if self.checked and told.get(one, True) != well[one]]:
            self.lab.target_health(node, healthy=None if well[node] else False)
            told[node] = well[node]
        now = read(self.aws, "us", self.nodes[:1])
        serving = sum(now.serves(one) for one in now.machines.values())
        self.least = min(self.least, serving)
