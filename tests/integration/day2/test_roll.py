# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""roll.yml from its checks to its end, with what tests/integration/roll has for a proxy."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

from tests.integration.playbook import ROOT

World = t.Any
ROLL = ROOT / "tests/integration/roll"


def roll(world: World, folder: Path, *more: str) -> t.Any:
    said = {
        "configure_nodes": True,
        "region_node_roles": ["proxy"],
        "node_roles": ["double"],
        "ansible_connection": "cloister.aws.warm",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
        "double_configuration": "new",
        "double_folder": str(folder),
        "double_step": f"{sys.executable} {ROLL}/step.py {folder} {folder.parent}/log",
    }
    return world.region.play("playbooks/roll.yml", "-e", json.dumps(said), *more, ANSIBLE_ROLES_PATH=f"{ROLL}/roles")


def test_a_proxy_that_no_load_balancer_counts_on_is_changed_where_it_is(world: World, tmp_path: Path) -> None:
    node, folder = world.nodes.node(role="proxy"), tmp_path / "proxy"
    world.nodes.node(role="vllm")
    folder.mkdir()
    (folder / "configuration").write_text("old\n")
    planned = roll(world, folder, "--check")
    assert planned.rc == 0, planned.output
    assert f"batch 1: {node}: changed where it is" in planned.output
    assert planned.writes == []
    done = roll(world, folder)
    assert done.rc == 0, done.output
    assert [line.split()[1] for line in (tmp_path / "log").read_text().splitlines()] == ["change", "verify", "serve"]
    assert (folder / "configuration").read_text() == "new\n"
    assert done.region_writes == []


def test_nothing_is_done_where_there_is_no_proxy_or_where_the_run_leaves_out_all_stacks(
    world: World, tmp_path: Path
) -> None:
    world.nodes.node(role="vllm")
    none = roll(world, tmp_path)
    assert none.rc != 0
    assert "No node of role proxy is there" in none.output
    assert none.writes == []
    node = world.nodes.node(role="proxy")
    alone = roll(world, tmp_path, "--limit", node)
    assert alone.rc != 0
    assert "has to leave its stacks in" in alone.output
    assert alone.writes == []
