"""Nodes are configured one first and the others in batches; when one goes wrong, those after it stay as they were.

Ansible alone goes on after a node was lost: https://github.com/ansible/ansible/issues/56265.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration.playbook import ANSIBLE_PLAYBOOK, ROOT

HERE = Path(__file__).parent
NODES = [f"i-{number}" for number in range(1, 7)]


class Fleet:
    """Six nodes of one role, on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.marks = folder, folder / "marks"
        shared = {
            "ansible_connection": "mortal",
            "ansible_python_interpreter": sys.executable,
            "ansible_become": False,
            "mortal_file": f"{folder}/{{{{ inventory_hostname }}}}.lost",
            "marks_file": str(self.marks),
            "nodes_connect_seconds": 2,
        }
        roles = {"role_marks": {"hosts": {node: {} for node in NODES}}}
        (folder / "hosts.yml").write_text(yaml.safe_dump({"nodes": {"vars": shared, "children": roles}}))

    def configure(self, **said: t.Any) -> subprocess.CompletedProcess[str]:
        """Configure all of them, and return how that ended."""
        self.marks.unlink(missing_ok=True)
        words = {"node_role": "marks", "node_roles": ["marks"], "configure_batches": "1,2", **said}
        environment = {
            **os.environ,
            "ANSIBLE_ROLES_PATH": str(HERE / "roles"),
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection"),
            "ANSIBLE_NOCOLOR": "1",
        }
        return subprocess.run(
            [
                ANSIBLE_PLAYBOOK,
                "playbooks/configure_role.yml",
                "-i",
                self.folder / "hosts.yml",
                "-e",
                json.dumps(words),
            ],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def touched(self) -> list[str]:
        """Return the nodes that the role was applied to."""
        return [line.split()[0] for line in self.marks.read_text().splitlines()] if self.marks.exists() else []

    def lose(self, node: str) -> None:
        (self.folder / f"{node}.lost").touch()

    def find_again(self, node: str) -> None:
        (self.folder / f"{node}.lost").unlink()


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_one_comes_first_and_the_others_in_batches(fleet: Fleet) -> None:
    run = fleet.configure()
    assert run.returncode == 0, run.stdout
    batches = {line.split()[1] for line in fleet.marks.read_text().splitlines()}
    assert batches == {"i-1", "i-2,i-3", "i-4,i-5", "i-6"}


def test_a_node_that_fails_is_the_last_that_is_touched(fleet: Fleet) -> None:
    run = fleet.configure(marks_fails="i-1")
    assert run.returncode != 0
    assert fleet.touched() == ["i-1"]


@pytest.mark.parametrize("batches", ["1", "2", "3"])
def test_after_a_node_that_is_lost_no_other_batch_begins(fleet: Fleet, batches: str) -> None:
    run = fleet.configure(marks_lost="i-2", configure_batches=batches)
    assert run.returncode != 0
    size = int(batches)
    assert sorted(fleet.touched()) == NODES[: -(-2 // size) * size]
    assert re.search(r"i-2\b.* began and did not get whole, so no other is touched", " ".join(run.stdout.split()))


def test_of_a_batch_with_a_node_that_does_not_answer_none_is_touched(fleet: Fleet) -> None:
    fleet.lose("i-3")
    run = fleet.configure()
    assert run.returncode != 0
    assert fleet.touched() == ["i-1"]


def test_when_it_is_well_the_same_run_goes_through(fleet: Fleet) -> None:
    fleet.configure(marks_lost="i-2")
    fleet.find_again("i-2")
    run = fleet.configure()
    assert run.returncode == 0, run.stdout
    assert sorted(fleet.touched()) == NODES
