"""ansible-playbook for tests that run it by the hundred: a process that has imported it forks for each run.

A run is a process of its own, with its own arguments, environment and output; what half of its time went into, reading
the same sources again, is done once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a run ended; ``cpu_seconds`` is what the run itself took, so that a busy machine does not count."""

    rc: int
    output: str
    cpu_seconds: float


class Preloaded:
    """An ansible-playbook of the checkout that waits for arguments; one run at a time."""

    def __init__(self, scratch: Path) -> None:
        self._output = scratch / "output"
        # Ansible reads its settings as it is imported, and those are the checkout's.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOISTER_", "ANSIBLE_"))}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=ROOT, env={**clean, "ANSIBLE_NOCOLOR": "1"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, arguments: t.Sequence[str], environment: t.Mapping[str, str]) -> Ended:
        """Run it with these arguments, and these variables beside those of the tests."""
        assert self._process.stdin
        assert self._process.stdout
        wanted = {"arguments": arguments, "environment": dict(environment), "output": str(self._output)}
        print(json.dumps(wanted), file=self._process.stdin, flush=True)
        told = json.loads(self._process.stdout.readline())
        return Ended(told["rc"], self._output.read_text(encoding="utf-8"), told["cpu_seconds"])

    def end(self) -> None:
        """Let it go."""
        self._process.communicate(timeout=30)


def main() -> None:
    """Fork for each line of standard input: {arguments, environment, output}."""
    import importlib
    import warnings

    from ansible.cli import playbook
    from ansible.plugins.loader import init_plugin_loader

    # Each run sets this up once more, and Ansible warns of it.
    warnings.filterwarnings("ignore", message="AnsibleCollectionFinder has already been configured")
    init_plugin_loader()
    for name in ("ansible.executor.playbook_executor", "ansible_collections.cloister.aws.plugins.action.region_spec"):
        importlib.import_module(name)
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(wanted)
            sys.exit(playbook.main())
        _pid, status, usage = os.wait4(child, 0)
        told = {"rc": os.waitstatus_to_exitcode(status), "cpu_seconds": usage.ru_utime + usage.ru_stime}
        print(json.dumps(told), flush=True)


def _become(wanted: dict[str, t.Any]) -> None:
    """Let this process be the run: its arguments, its variables, and its output in a file."""
    output = os.open(wanted["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.environ.update(wanted["environment"])
    sys.argv = ["ansible-playbook", *wanted["arguments"]]


if __name__ == "__main__":
    main()
