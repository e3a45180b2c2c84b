"""Scenarios of molecule: each asks the machine something that can fail, and no role for machines is without one."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
SCENARIOS = sorted(path.parent for path in (ROOT / "molecule").glob("*/molecule.yml"))
# What can say no to the state of a machine.
JUDGES = (
    "ansible.builtin.assert",
    "ansible.builtin.fail",
    "failed_when",
    "until",
    "status_code",
    "ansible.builtin.wait_for",
)
INCLUDES = ("ansible.builtin.import_tasks", "ansible.builtin.include_tasks")
CONFIGURED = ROOT / "playbooks/configure_nodes.yml"


def parts(content: t.Any) -> t.Iterator[tuple[str, t.Any]]:
    """Every key and value in a YAML file, at any depth."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield str(key), value
            yield from parts(value)
    elif isinstance(content, list):
        for value in content:
            yield from parts(value)


def included(file: Path) -> list[Path]:
    """A file of tasks and all that it includes or imports."""
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    names = [value for key, value in parts(content) if key in INCLUDES]
    return [file, *(deeper for name in names for deeper in included(file.parent / name))]


def judges(folder: Path) -> list[t.Any]:
    """What a scenario's verification demands, as far as it is run."""
    read = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in included(folder / "verify.yml")]
    return [value for content in read for key, value in parts(content) if key in JUDGES]


def cannot_say_no(judge: t.Any) -> bool:
    """Whether a demand is met whatever is found, or is none, as `failed_when: false`."""
    if isinstance(judge, dict) and "that" not in judge:
        return False
    said = judge["that"] if isinstance(judge, dict) else judge
    return all(isinstance(one, bool) or one in ("true", "false", "", None) for one in _listed(said))


def _listed(said: t.Any) -> list[t.Any]:
    return said if isinstance(said, list) else [said]


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda path: path.name)
def test_a_scenario_applies_and_asks(folder: Path) -> None:
    assert (folder / "converge.yml").exists()
    found = judges(folder)
    assert found
    assert [one for one in found if cannot_say_no(one)] == []


@pytest.mark.parametrize(
    ("judge", "idle"),
    [
        (False, True),
        ("true", True),
        ({"that": True}, True),
        ({"that": []}, True),
        ({"that": ["true", "a == b"]}, False),
        ("asked is failed", False),
        (200, False),
        ({"msg": "it was taken"}, False),
    ],
)
def test_a_demand_that_everything_meets_is_found(judge: t.Any, idle: bool) -> None:
    assert cannot_say_no(judge) is idle


def test_every_file_of_a_verification_is_run() -> None:
    for folder in SCENARIOS:
        run = {file.resolve() for file in included(folder / "verify.yml")}
        assert {file.name for file in (folder / "verify").glob("*.yml") if file.resolve() not in run} == set()


def test_every_role_for_machines_has_a_scenario() -> None:
    named = re.findall(r"node_roles: \[([^\]]*)\]", CONFIGURED.read_text(encoding="utf-8"))
    roles = {role.strip().rpartition(".")[2] for one in named for role in one.split(",")}
    assert {"node_base", "docker", "vllm", "proxy"} <= roles
    assert roles - {folder.name for folder in SCENARIOS} == set()
