"""Run playbooks with a host `warm` and a host `plain`, and find the processes that came from them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
import typing as t
import uuid
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DEADLINE_SECONDS = 180


@dataclasses.dataclass
class Run:
    """An ended playbook: exit status, what it printed, and results[task][host]."""

    rc: int
    output: str
    results: dict[str, dict[str, t.Any]]


class Controller:
    """One place for playbooks; its processes are known by a mark in their environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"CLOISTER_WARM_TEST={uuid.uuid4().hex}"
        self.tmp = folder / "t"
        self.tmp.mkdir()
        variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        warm, plain = (
            {"ansible_connection": "cloister.aws.warm"},
            {"ansible_connection": "local", "ansible_pipelining": True},
        )
        inventory = {"all": {"hosts": {"warm": warm, "plain": plain}, "vars": variables}}
        (folder / "inventory.yml").write_text(json.dumps(inventory))
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "XDG_"))},
            **dict([self.mark.split("=")]),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_LIBRARY": str(HERE / "library"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "warm_results",
            "ANSIBLE_LOCAL_TEMP": str(folder / "l"),
            "TMPDIR": str(self.tmp),
        }

    def start(
        self, tasks: list[dict[str, t.Any]], *arguments: str, play: dict[str, t.Any] | None = None, **environ: str
    ) -> Started:
        """Start a playbook of one play with these tasks, on both hosts unless the play says otherwise."""
        name = uuid.uuid4().hex[:8]
        path = self.folder / f"{name}.yml"
        path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks, **(play or {})}]))
        results = self.folder / f"{name}.results"
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            "inventory.yml",
            path.name,
            *arguments,
        ]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environ, "WARM_RESULTS_PATH": str(results), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Started(process, results)

    def run(self, tasks: list[dict[str, t.Any]], *arguments: str, **options: t.Any) -> Run:
        """Run a playbook to its end."""
        return self.start(tasks, *arguments, **options).wait()

    def processes(self) -> dict[int, str]:
        """The living processes that came from this controller: pid -> command line."""
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and self.mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if "State:\tZ" not in (entry / "status").read_text():
                        found[int(entry.name)] = command
            except OSError:
                continue
        return found

    def stop(self) -> None:
        """Kill whatever is left."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def servers(self) -> list[int]:
        """The warm servers among them, without the forks that run modules."""
        warm = {pid for pid, command in self.processes().items() if "_warm_boot" in command}
        return [pid for pid in warm if _parent(pid) not in warm]

    def directories(self) -> list[Path]:
        """The directories of warm servers."""
        return list(self.tmp.glob("cloister-warm-*"))


@dataclasses.dataclass
class Started:
    """A playbook that runs."""

    process: subprocess.Popen[str]
    results: Path

    def said(self) -> str:
        """The results so far, as text."""
        return self.results.read_text() if self.results.exists() else ""

    def wait(self) -> Run:
        """Wait for the end."""
        output, _none = self.process.communicate(timeout=DEADLINE_SECONDS)
        found: dict[str, dict[str, t.Any]] = {}
        for line in self.said().splitlines():
            entry = json.loads(line)
            found.setdefault(entry["task"], {})[entry["host"]] = entry["result"]
        return Run(self.process.returncode, output, found)


def eventually(wanted: Callable[[], t.Any], seconds: float = 10) -> t.Any:
    """Wait for something to become true; give it, or what it was at last."""
    deadline = time.monotonic() + seconds
    while not (found := wanted()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
