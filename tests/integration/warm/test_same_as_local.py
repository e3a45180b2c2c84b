"""A task gives the same result, to the letter, with the warm and with the local connection."""

from __future__ import annotations

import json
import re
import tempfile
import typing as t
from pathlib import Path

import pytest

from tests.integration.warm.controller import Controller, Run

Task = dict[str, t.Any]

ENVIRONMENT = {"A": "two words, 'quoted' \"twice\" $HOME `id`\nand a line", "EMPTY": "", "Ü": "no name", "N": 5}
PROBES: dict[str, Task] = {
    "plain": {},
    "text": {"warm_probe": {"text": "ünïcode 日本語 \u2028 'quoted' \\ $HOME"}},
    "environment": {"environment": {name: value for name, value in ENVIRONMENT.items() if name.isascii()}},
    "bad name": {"environment": ENVIRONMENT},
    "time zone and tmp": {"environment": {"TZ": "Asia/Seoul", "TMPDIR": "/var/tmp"}},  # noqa: S108 - only asked for
    "check": {"check_mode": True},
    "diff": {"diff": True},
    "check and diff": {"check_mode": True, "diff": True},
    "secret": {"warm_probe": {"secret": "hushhush", "text": "says hushhush"}},
    "no log": {"no_log": True, "warm_probe": {"secret": "hushhush"}},
    "failure": {"warm_probe": {"rc": 42}},
    "deprecated": {"warm_probe": {"old": "yes"}},
    "unknown option": {"warm_probe": {"new": "yes"}},
    "loop": {"loop": ["a", "b"], "warm_probe": {"text": "{{ item }}"}},
    "interpreter reads it": {"environment": {"PYTHONWARNINGS": "error", "LC_ALL": "C"}},
}
MISBEHAVIOURS = ["raise", "exit_text", "exit_code", "os_exit", "segfault", "sigkill", "interrupt"]
MISBEHAVIOURS += ["no_json", "no_utf8", "fall_off", "daemon", "big"]
STOCK: dict[str, Task] = {
    "command": {"ansible.builtin.command": "env"},
    "shell": {"ansible.builtin.shell": "umask; pwd; echo $0; exit 3"},
    "raw": {"ansible.builtin.raw": "echo $0 raw; exit 4"},
    "stat": {"ansible.builtin.stat": {"path": "/etc/passwd"}},
    "copy": {"ansible.builtin.copy": {"dest": "/etc/passwd", "content": "new"}, "check_mode": True, "diff": True},
    "fetch": {"ansible.builtin.fetch": {"src": "inventory.yml", "dest": "fetched"}},
    "script": {"ansible.builtin.script": "script.sh one"},
    "async": {"ansible.builtin.command": "echo later", "async": 10, "poll": 1},
    "ping": {"ansible.builtin.ping": {"data": "crash"}},
}
# The module does not say anything in these.
UNANSWERED = ("unknown option", "no log", "bad name")
VARYING = ("boto3_is_there", "parent", "parent_pid", "start", "end", "delta", "ansible_job_id", "results_file", "dest")
CHANGING = re.compile(
    r"_payload_\w+|ansible-tmp-[\d.-]+|\d{4}-\d\d-\d\d[ T][\d:.]+|\d+:\d\d:[\d.]+|ansible-moduletmp-[\w.-]+|j\d+\.\d+"
)


def tasks() -> list[Task]:
    probes = [{"name": name, "warm_probe": {}, **task} for name, task in PROBES.items()]
    misbehaviours = [{"name": way, "warm_misbehave": {"way": way}} for way in MISBEHAVIOURS]
    stock = [{"name": name, **task} for name, task in STOCK.items()]
    return [{"ignore_errors": True, **task} for task in probes + misbehaviours + stock]


@pytest.fixture(scope="module")
def run() -> t.Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="w") as folder:
        controller = Controller(Path(folder))
        (controller.folder / "script.sh").write_text("#!/bin/sh\necho script $1\n")
        run = controller.run(tasks(), "-v")
        assert run.rc == 0, run.output
        yield run


def normal(result: t.Any) -> t.Any:
    """A result without what differs between two runs of anything, and without the names of the hosts."""
    text = CHANGING.sub("CHANGING", json.dumps(result))
    return json.loads(text)


@pytest.mark.parametrize("task", [*PROBES, *MISBEHAVIOURS, *STOCK])
def test_the_result_is_the_same(run: Run, task: str) -> None:
    warm, plain = (normal(run.results[task][host]) for host in ("warm", "plain"))
    for ours, theirs in zip(warm.get("results", [warm]), plain.get("results", [plain]), strict=True):
        # A module finds all that it finds in a plain run; what it would import later may be there already.
        assert set(theirs.pop("imported", [])) <= set(ours.pop("imported", []))
        for name in VARYING:
            ours.pop(name, None)
            theirs.pop(name, None)
    assert warm == plain


@pytest.mark.parametrize("task", [name for name in PROBES if name not in UNANSWERED])
def test_a_module_runs_warm_unless_only_a_new_interpreter_would_be_the_same(run: Run, task: str) -> None:
    results = run.results[task]["warm"]
    for result in results.get("results", [results]):
        assert result["boto3_is_there"] is (task != "interpreter reads it")


def test_nobody_is_warned(run: Run) -> None:
    assert "Modules run as with the local connection" not in run.output
    assert "hushhush" not in run.output
