# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""fleet_apply: the pack that nodes get is one that Ansible can run, and Systems Manager says how far they are."""

from __future__ import annotations

import json
import shutil
import typing as t
from pathlib import Path

World = t.Any

PLAYBOOK = "playbooks/fleet_apply.yml"
# Ansible's own judgement of what came to the node: every role is found and its tasks can be read.
ANSIBLE = """#!/bin/sh
for last; do :; done
[ -e "$CONTAINER/broken" ] && echo "fatal: it is broken" >&2 && exit 2
echo "[defaults]" > "$CONTAINER/ansible.cfg"
ANSIBLE_CONFIG=$CONTAINER/ansible.cfg HOME=$CONTAINER {ansible} --syntax-check -i localhost, "$last"
"""


def put(world: World) -> None:
    """Put programs where nodes find them, and let the region's machines have the role of these nodes."""
    ansible = shutil.which("ansible-playbook")
    assert ansible
    world.nodes.put("ansible-playbook", ANSIBLE.format(ansible=ansible))
    world.nodes.put("unzip", '#!/bin/sh\nexec python3 -m zipfile -e "$2" .\n')
    arn = world.nodes.iam.get_role(RoleName="node")["Role"]["Arn"]
    said = {"fleet_readers": [arn], "fleet_roles": "operator"}
    (world.region.scratch / "fleet.json").write_text(json.dumps(said))


def play(world: World, *more: str) -> t.Any:
    return world.region.play(PLAYBOOK, "-e", f"@{world.region.scratch}/fleet.json", *more)


def test_a_fleet_is_configured_planned_left_and_taken_down(world: World) -> None:
    put(world)
    nodes = [world.nodes.node(role="operator") for _ in range(2)]
    world.nodes.node(role="proxy")
    planned = play(world, "--check")
    assert planned.rc == 0, planned.output
    assert planned.region_writes == []
    done = play(world)
    assert done.rc == 0, done.output
    assert done.actions == planned.actions != set()
    assert "role operator: 2 of 2 nodes compliant" in done.output
    for node in nodes:
        (downloads,) = world.nodes.folder(node).glob("var/lib/amazon/ssm/*/document/orchestration/*/downloads")
        assert (downloads / "role_operator.yml").exists()
        assert (downloads / "collections/ansible_collections/cloister/aws/roles/node_base/tasks/main.yml").exists()
    again = play(world)
    assert again.rc == 0, again.output
    assert again.actions == set()
    assert again.region_writes == []
    gone = play(world, "-e", "fleet_state=absent")
    assert gone.rc == 0, gone.output
    assert [one for one in world.region.owned() if one["tags"].get("cloister:stack") == "fleet"] == []


def test_a_node_that_it_fails_on_is_named_with_its_last_words(world: World) -> None:
    put(world)
    node = world.nodes.node(role="operator")
    (world.nodes.folder(node) / "broken").touch()
    done = play(world)
    assert done.rc != 0
    assert "role operator: 0 of 1 nodes compliant, 1 failed" in done.output
    assert "fatal: it is broken" in done.output


def test_a_role_that_no_node_has_is_refused_before_anything(world: World) -> None:
    refused = world.region.play(PLAYBOOK, "-e", "fleet_roles=operetor")
    assert refused.rc != 0
    assert "fleet_roles is operetor" in refused.output
    assert refused.writes == []


def test_a_secret_that_only_the_controller_reads_is_refused(world: World, tmp_path: Path) -> None:
    put(world)
    inventory = tmp_path / "inventory"
    shutil.copytree(world.region.inventory, inventory)
    file = inventory / "group_vars/role_operator.yml"
    file.write_text("operator_tools_token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n")
    region = type(world.region)(inventory, world.region.lab, world.region.scratch)
    refused = region.play(PLAYBOOK, "-e", f"@{world.region.scratch}/fleet.json")
    assert refused.rc != 0
    assert "encrypted by Ansible Vault" in refused.output
    assert refused.region_writes == []
