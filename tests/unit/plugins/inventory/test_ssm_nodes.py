# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory plugin as Ansible drives it; what AWS would answer is given."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Node

from tests.unit.plugin_utils.nodes.world import a_node

ROOT = Path(__file__).resolve().parents[4]
ONE, TWO, DESK = "i-00000000000000001", "i-00000000000000002", "mi-00000000000000003"
REGION = {"region_name": "us", "region_aws_region": "us-west-2", "region_allowed_account_ids": ["111122223333"]}
STACKS = {"stacks": {"children": {"ground": {"hosts": {"network": None}}}}}
Told = dict[str, t.Any]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[subprocess.Popen[str]]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOISTER_", "ANSIBLE_"))}
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("reader.py"))],
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={**clean, "PYTHONPATH": str(ROOT)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


class World:
    """An inventory folder, and what is found in AWS."""

    def __init__(self, folder: Path, reader: subprocess.Popen[str]) -> None:
        self.folder, self._reader = folder, reader
        self.asks: Told = {"nodes": [], "failures": [], "refused": "", "failing": False, "refresh": False}
        self.asks["environment"] = {}
        self.write("group_vars/all/region.yml", REGION)
        self.write("stacks.yml", STACKS)

    def write(self, name: str, said: t.Any) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(said))

    def has(self, *nodes: Node, failures: t.Sequence[str] = ()) -> None:
        self.asks.update(nodes=list(nodes), failures=list(failures))

    def read(self, source: str = "", **options: t.Any) -> Told:
        """Read the folder with these options of the plugin's, or one file of it alone."""
        if not source:
            self.write("nodes.ssm_nodes.yml", {"plugin": "cloister.aws.ssm_nodes", **options})
        assert self._reader.stdin
        assert self._reader.stdout
        print(json.dumps({**self.asks, "path": str(self.folder / source)}), file=self._reader.stdin, flush=True)
        return t.cast("Told", json.loads(self._reader.stdout.readline()))

    def groups(self, **options: t.Any) -> dict[str, list[str]]:
        """The hosts of each group that is about nodes."""
        told = self.read(**options)
        assert told["error"] == ""
        return t.cast("dict[str, list[str]]", told["groups"])

    def variables(self, host: str, **options: t.Any) -> Told:
        return t.cast("Told", self.read(**options)["variables"][host])


@pytest.fixture
def world(tmp_path: Path, reader: subprocess.Popen[str]) -> World:
    return World(tmp_path / "inventory", reader)


def test_nodes_are_grouped_by_role_and_pool(world: World) -> None:
    desk = a_node(DESK, resource_type="ManagedInstance")
    world.has(a_node(ONE, role="vllm", pool="gpu-large"), a_node(TWO, role="app"), desk)
    assert world.groups() == {
        "nodes": [ONE, TWO, DESK], "role_vllm": [ONE], "role_app": [TWO], "pool_gpu_large": [ONE],
    }  # fmt: skip


def test_our_playbooks_find_the_group_of_every_role_that_they_name() -> None:
    """Else Ansible would warn of a group that it cannot find, wherever there is no such node."""
    told = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "playbooks").glob("*.yml"))
    kits = re.findall(r"^    node_role: (\w+)$", told, re.M)
    hosts = re.findall(r"\brole_([a-z]+)\b", "\n".join(re.findall(r"^  hosts: (.*)$", told, re.M)))
    assert {"vllm", "proxy"} <= set(kits)
    assert set(kits) | set(hosts) == set(roles_of_the_plugin())


def roles_of_the_plugin() -> t.Any:
    """`ROLES` of the plugin, which only Ansible's loader can import as a whole."""
    source = (ROOT / "plugins/inventory/ssm_nodes.py").read_text(encoding="utf-8")
    return ast.literal_eval(re.findall(r"^ROLES = (.*)$", source, re.M)[0])


def test_the_region_beside_the_source_says_whose_and_where(world: World) -> None:
    told = world.read()
    assert [place["aws_region"] for place in told["places"]] == ["us-west-2"]
    assert told["places"][0]["allowed_account_ids"] == ["111122223333"]
    assert told["wanted"]["region_name"] == "us"


def test_a_region_that_is_said_by_a_template_is_filled_in(world: World) -> None:
    world.write("group_vars/all/region.yml", {**REGION, "region_aws_region": "{{ where }}", "where": "eu-west-1"})
    assert world.read()["places"][0]["aws_region"] == "eu-west-1"


def test_options_choose_what_is_asked_for(world: World) -> None:
    tags = {"team": "a", "floor": [1, 2]}
    told = world.read(region_name="", tags=tags, platforms=["Linux"], aws_regions=["eu-west-1"])
    assert told["places"][0]["aws_region"] == "eu-west-1"
    wanted = told["wanted"]
    assert (wanted["region_name"], wanted["platforms"]) == ("", ["Linux"])
    assert wanted["tags"] == {"team": ["a"], "floor": ["1", "2"]}


def test_a_node_has_what_is_known_of_it_and_the_way_in(world: World) -> None:
    world.has(a_node(ONE, role="vllm", tags={"Name": "a"}, profile="production"))
    said = world.variables(ONE)
    assert said["node"]["tags"] == {"Name": "a"}
    assert (said["ansible_host"], said["ansible_user"]) == (ONE, "ec2-user")
    assert "--profile production" in said["ansible_ssh_common_args"]
    assert "--key ec2_instance_connect" in said["ansible_ssh_common_args"]


def test_a_hybrid_node_gets_its_key_by_a_command_unless_something_else_is_said(world: World) -> None:
    world.has(a_node(DESK, resource_type="ManagedInstance"))
    assert "--key run_command" in world.variables(DESK)["ansible_ssh_common_args"]
    assert "--key agent" in world.variables(DESK, way_in={"key": "agent"})["ansible_ssh_common_args"]


def test_variables_of_a_pool_go_before_those_of_its_role_and_those_before_those_of_all(world: World) -> None:
    world.has(a_node(ONE, role="vllm", pool="gpu"))
    for group in ("nodes", "role_vllm", "pool_gpu"):
        role = {} if group == "pool_gpu" else {"next": group}
        world.write(f"group_vars/{group}.yml", {"narrowest": group, "shown": ["narrowest", "next"], **role})
    said = world.variables(ONE)
    assert (said["narrowest"], said["next"]) == ("pool_gpu", "role_vllm")


AWAY = [a_node(ONE, role="app"), a_node(TWO, role="app", ping="ConnectionLost")]


def test_a_node_that_is_not_online_is_in_a_group_of_its_own_and_no_other(world: World) -> None:
    world.has(*AWAY)
    groups = world.groups(keyed_groups=[{"key": "node.role", "prefix": "mine"}])
    assert groups == {"nodes": [ONE], "role_app": [ONE], "offline_nodes": [TWO], "mine_app": [ONE]}


def test_it_can_be_dropped(world: World) -> None:
    world.has(*AWAY)
    assert world.groups(offline="drop") == {"nodes": [ONE], "role_app": [ONE]}


def test_one_that_was_not_heard_for_long_is_not_online(world: World) -> None:
    world.has(a_node(ONE, last_ping="2026-01-01T00:00:00+00:00"))
    assert world.groups() == {"nodes": [ONE]}
    assert world.groups(stale_minutes=60) == {"nodes": [], "offline_nodes": [ONE]}


@pytest.mark.parametrize(
    ("nodes", "failures", "refused", "options"),
    [
        (AWAY, [], "", {"offline": "error"}),
        (AWAY, ["ap-northeast-2: AccessDenied"], "", {}),
        ([], [], "us-west-2: AccessDenied", {"on_failure": "warn"}),
        ([], [], "", {"hostnames": ["name"]}),
        ([], [], "", {"accounts": [{"regions": []}]}),
        ([], [], "", {"platforms": ["Plan9"]}),
        (AWAY, [], "", {"user": "Root!"}),
    ],
    ids=["offline", "a place is missing", "nobody answers", "hostnames", "accounts", "platforms", "user"],
)
def test_what_cannot_be_is_no_inventory_whatever_ansible_is_told_to_bear(
    world: World, nodes: list[Node], failures: list[str], refused: str, options: Told
) -> None:
    """The configuration of these tests lets Ansible go on without what it cannot read."""
    world.has(*nodes, failures=failures)
    world.asks["refused"] = refused
    assert "Completely failed to parse" in world.read(**options)["error"]


def test_a_place_that_is_missing_may_be_a_warning(world: World) -> None:
    world.has(a_node(ONE), failures=["ap-northeast-2: AccessDenied"])
    assert world.groups(on_failure="warn") == {"nodes": [ONE]}


def test_names_come_from_tags_and_never_from_a_stack(world: World) -> None:
    world.has(a_node(ONE, tags={"Name": "web"}), a_node(TWO, tags={"Name": "network"}))
    assert world.groups(hostnames=["tag:Name"])["nodes"] == ["web", TWO]


def test_variables_and_groups_of_ones_own(world: World) -> None:
    amazon = a_node(TWO, os="Amazon Linux", instance_type="t3.micro")
    world.has(a_node(ONE, os="Ubuntu", instance_type="g5.xlarge"), amazon)
    told = world.read(
        compose={"ansible_user": "'ubuntu' if node.os == 'Ubuntu' else 'ec2-user'"},
        groups={"gpus": "node.instance_type.startswith('g')"},
        keyed_groups=[{"key": "node.instance_type", "prefix": "type"}],
    )
    assert [told["variables"][one]["ansible_user"] for one in (ONE, TWO)] == ["ubuntu", "ec2-user"]
    groups = {name: told["groups"][name] for name in ("gpus", "type_g5_xlarge", "type_t3_micro")}
    assert groups == {"gpus": [ONE], "type_g5_xlarge": [ONE], "type_t3_micro": [TWO]}


def test_a_broken_expression_is_told_where_strict(world: World) -> None:
    world.has(a_node(ONE))
    broken = {"x": "node.nothing.at.all"}
    assert world.groups(groups=broken) == {"nodes": [ONE]}
    assert "Completely failed to parse" in world.read(groups=broken, strict=True)["error"]


def test_text_from_aws_is_never_a_template(world: World, tmp_path: Path) -> None:
    evil = f"{{{{ lookup('pipe', 'touch {tmp_path}/owned') }}}}"
    world.has(a_node(ONE, tags={"Name": evil, "cloister:role": evil}, computer_name=evil, os=evil))
    said = world.variables(ONE, keyed_groups=[{"key": "node.os", "prefix": "os"}], compose={"mine": "node.os"})
    assert (said["node"]["computer_name"], said["node"]["tags"]["Name"], said["mine"]) == (evil, evil, evil)
    assert not (tmp_path / "owned").exists()


def kept(world: World) -> Told:
    return {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": f"{world.folder.parent}/kept",
    }


def test_the_cache_is_asked_before_aws(world: World) -> None:
    options = kept(world)
    world.has(a_node(ONE, role="app"))
    first = world.read(**options)
    world.has()
    second = world.read(**options)
    assert (first["looks"], second["looks"]) == (1, 0)
    assert second["groups"] == first["groups"] == {"nodes": [ONE], "role_app": [ONE]}
    world.asks["refresh"] = True
    assert world.read(**options)["looks"] == 1, "whoever refreshes wants to know"
    world.asks["refresh"] = False
    assert world.groups(**options) == {"nodes": []}


def test_what_is_kept_belongs_to_what_was_asked(world: World) -> None:
    options = kept(world)
    world.has(a_node(ONE))
    world.read(**options)
    assert world.read(**options, tags={"team": "a"})["looks"] == 1


def test_a_rehearsals_nodes_are_never_taken_for_real_ones(world: World) -> None:
    options = kept(world)
    world.asks["environment"] = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    world.has(a_node(ONE))
    assert world.groups(**options) == {"nodes": [ONE]}
    world.asks["environment"] = {}
    world.has(a_node(TWO))
    assert world.groups(**options) == {"nodes": [TWO]}


def test_half_a_list_is_not_kept(world: World) -> None:
    options = {**kept(world), "on_failure": "warn"}
    world.has(a_node(ONE), failures=["ap-northeast-2: Throttling"])
    assert world.groups(**options) == {"nodes": [ONE]}
    world.has(a_node(ONE), a_node(TWO))
    assert world.groups(**options) == {"nodes": [ONE, TWO]}


@pytest.mark.parametrize("name", ["ssm_nodes.yml", "my.ssm_nodes.yaml"])
def test_a_source_is_known_by_its_name(world: World, name: str) -> None:
    world.write(name, {"plugin": "cloister.aws.ssm_nodes"})
    assert world.read(name)["looks"] == 1


def test_a_file_of_another_name_is_none(world: World) -> None:
    world.write("nodes.yml", {"plugin": "cloister.aws.ssm_nodes"})
    world.asks["failing"] = True
    told = world.read("nodes.yml")
    assert (told["looks"], "Completely failed to parse" in told["error"]) == (0, True)
