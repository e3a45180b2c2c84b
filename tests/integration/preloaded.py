"""ansible-playbook for tests that run it by the hundred: a process that has imported it forks for each run.

A run is a process of its own, with its own arguments, environment, output and temporary files; reading the same sources
again, a second of each run and half of a short one, is done once.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What Ansible loads in its own process; modules run in others.
KINDS = ("action", "callback", "connection", "filter", "inventory", "lookup", "shell", "strategy", "test")


@dataclass(frozen=True)
class Ended:
    """How a run ended; ``cpu_seconds`` is what the run itself took, so that a busy machine does not count."""

    rc: int
    output: str
    cpu_seconds: float


class Preloaded:
    """An ansible-playbook of the checkout that waits for arguments; one run at a time."""

    def __init__(self, **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        # Ansible reads its settings as it is imported: the checkout's, and these, ANSIBLE_...
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, env={**clean(), "ANSIBLE_NOCOLOR": "1", **settings},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def run(self, arguments: t.Sequence[str], environment: t.Mapping[str, str], seconds: float = 900) -> Ended:
        """Run it with these arguments in this environment; TimeoutError when it does not end, which ends all of it."""
        assert self._process.stdin
        assert self._process.stdout
        output = Path(self._folder.name, "output")
        wanted = {"arguments": arguments, "environment": dict(environment), "output": str(output)}
        print(json.dumps(wanted), file=self._process.stdin, flush=True)
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            end_all(self._process.pid)
            raise TimeoutError(f"no end after {seconds} s: {output.read_text(encoding='utf-8')}")
        line = self._process.stdout.readline()
        assert line, "ansible-playbook could not be loaded, as is told above"
        told = json.loads(line)
        return Ended(told["rc"], output.read_text(encoding="utf-8"), told["cpu_seconds"])

    def end(self) -> None:
        """Let it go."""
        self._process.communicate(timeout=30)
        self._folder.cleanup()


def clean() -> dict[str, str]:
    """The environment of the tests without what leads to an account, a run or other settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOISTER_", "ANSIBLE_"))}


def end_all(pid: int) -> None:
    """Kill a process with all that it has started: Ansible's workers leave its process group."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, signal.SIGSTOP)  # so that it starts no other meanwhile
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in file.read_text(encoding="ascii").split():
                end_all(int(child))
        os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Fork for each line of standard input: {arguments, environment, output}."""
    import importlib
    import warnings

    from ansible.cli import playbook
    from ansible.plugins import loader

    from tests.integration.nursery import Nursery

    # Each run sets this up once more, and Ansible warns of it.
    warnings.filterwarnings("ignore", message="AnsibleCollectionFinder has already been configured")
    loader.init_plugin_loader()
    importlib.import_module("ansible.executor.playbook_executor")
    for kind in KINDS:
        list(getattr(loader, f"{kind}_loader").all(class_only=True))
        for plugin in sorted(ROOT.glob(f"plugins/{kind}/[!_]*.py")):
            importlib.import_module(f"ansible_collections.cloister.aws.plugins.{kind}.{plugin.stem}")
    warm: t.Any = importlib.import_module("ansible_collections.cloister.aws.plugins.plugin_utils._warm_start")
    warm.subprocess = Nursery(warm._roots())
    gc.collect()
    gc.freeze()
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
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.argv = ["ansible-playbook", *wanted["arguments"]]
    # Its own, as the first run to end takes the one away that was made when Ansible was imported.
    from ansible import constants
    from ansible.utils.path import cleanup_tmp_file, makedirs_safe

    parent = os.path.dirname(constants.DEFAULT_LOCAL_TMP)
    makedirs_safe(parent, 0o700)
    constants.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(prefix=f"ansible-local-{os.getpid()}", dir=parent)
    atexit.register(cleanup_tmp_file, constants.DEFAULT_LOCAL_TMP)


if __name__ == "__main__":
    main()
