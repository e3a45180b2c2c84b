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


def judges(folder: Path) -> list[t.Any]:
    """What a scenario's verification demands."""
    files = [folder / "verify.yml", *sorted((folder / "verify").glob("*.yml"))]
    read = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    return [value for content in read for key, value in parts(content) if key in JUDGES]


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda path: path.name)
def test_a_scenario_applies_and_asks(folder: Path) -> None:
    assert (folder / "converge.yml").exists()
    found = judges(folder)
    assert found
    assert [one for one in found if one is True or (isinstance(one, dict) and one.get("that") in (True, "true"))] == []


def test_every_role_for_machines_has_a_scenario() -> None:
    named = re.findall(r"node_roles: \[([^\]]*)\]", CONFIGURED.read_text(encoding="utf-8"))
    roles = {role.strip().rpartition(".")[2] for one in named for role in one.split(",")}
    assert {"node_base", "docker", "vllm", "proxy"} <= roles
    assert roles - {folder.name for folder in SCENARIOS} == set()
