# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What group_vars say of nodes, judged before there are any."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.inventory import Role
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.nodes import Nodes, kits, plain
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import BROKEN, spell
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Region, Stack

PLAYBOOK: list[dict[str, t.Any]] = [
    {"name": "Find the nodes", "hosts": "stacks"},
    {
        "import_playbook": "x.yml",
        "vars": {"node_role": "vllm", "node_roles": ["cloister.aws.base", "cloister.aws.vllm"]},
    },
    {"import_playbook": "x.yml", "vars": {"node_role": "proxy", "node_roles": ["base", "proxy"]}},
    {"import_playbook": "x.yml", "vars": {"node_role": "operator", "node_roles": ["base"]}},
]
ROLES = {
    "region": Role({"region_name": {"type": "str"}}),
    "base": Role({"base_users": {"type": "list", "elements": "dict", "options": {"name": {"type": "str"}}}}),
    "vllm": Role({"vllm_model": {"type": "str", "required": True}, "vllm_port": {"type": "int"}}),
    "proxy": Role({"proxy_sites": {"type": "list", "required": True}}),
    "dns": Role({"dns_zones": {"type": "list"}}),
}
SOUND = {"role_vllm": {"vllm_model": "llama"}}
Said = dict[str, dict[str, t.Any]]


def judged(
    said: Said, role: str = "vllm", shared: dict[str, t.Any] | None = None, operator: bool = False
) -> list[tuple[str, str, str, str]]:
    """(file, variable, what was found, what would be right) of an inventory with a pool of this role."""
    stacks = [Stack("pools", "pools", {"pools_defined": [{"name": "big-gpu", "role": role}, {"name": "rest"}]})]
    if operator:
        stacks.append(Stack("operator", "operator", {"operator_host": {"name": "bastion"}}))
    nodes = Nodes(kits(PLAYBOOK), ROLES, lambda group: said.get(group, {}), shared or {}, "group_vars", sorted(said))
    return [(one.where, spell(one.path), one.found, one.right) for one in nodes.judge(Region(stacks))]


def test_kits_are_what_the_playbook_says() -> None:
    assert kits(PLAYBOOK) == {"vllm": ["base", "vllm"], "proxy": ["base", "proxy"], "operator": ["base"]}


def test_what_our_playbook_says_is_there_to_be_judged() -> None:
    root = Path(__file__).resolve().parents[3]
    given = kits(yaml.safe_load((root / "playbooks/configure_nodes.yml").read_text(encoding="utf-8")))
    assert {"operator", "vllm", "app", "proxy"} <= set(given)
    for role in {role for kit in given.values() for role in kit}:
        assert (root / "roles" / role / "meta/argument_specs.yml").exists()


def test_only_roles_with_a_kit_are_configured() -> None:
    said = [{"name": name, "role": name} for name in ("vllm", "ecs")]
    stacks = [Stack("pools", "pools", {"pools_defined": [*said, {"name": "rest"}]})]
    nodes = Nodes(kits(PLAYBOOK), ROLES, lambda _group: {}, {}, "group_vars", [])
    assert nodes.configured(Region(stacks)) == ["vllm"]


def test_sound_variables_have_no_problem() -> None:
    said = {**SOUND, "nodes": {"base_users": [{"name": "ann"}]}, "pool_big_gpu": {"vllm_port": 8002}}
    assert judged(said) == []


def test_what_a_kit_needs_may_be_said_for_all_hosts_for_nodes_for_the_role_or_for_the_pool() -> None:
    for group in ("nodes", "role_vllm", "pool_big_gpu"):
        assert judged({group: {"vllm_model": "llama"}}) == []
    assert judged({}, shared={"vllm_model": "llama"}) == []


def test_what_is_missing_is_told_with_the_file_that_should_say_it() -> None:
    ((where, path, found, _right),) = judged({})
    assert (where, path, found) == ("group_vars/role_vllm.yml", "vllm_model", "vllm_model is missing.")


@pytest.mark.parametrize(
    ("group", "said", "path", "words"),
    [
        ("role_vllm", {"vllm_port": "eighty"}, "vllm_port", "does not fit"),
        ("pool_big_gpu", {"vllm_port": [80]}, "vllm_port", "a list is not a whole number"),
        ("nodes", {"base_users": [{"nmae": "ann"}]}, "base_users[0].nmae", "not known here"),
        ("role_vllm", {"vllm_modle": "llama"}, "vllm_modle", "The role vllm has no variable"),
        ("nodes", {"base_user": []}, "base_user", "The role base has no variable"),
        ("role_vllm", {"proxy_sites": []}, "proxy_sites", "which these nodes do not get"),
    ],
)
def test_what_is_wrong_is_told_once(group: str, said: dict[str, t.Any], path: str, words: str) -> None:
    problems = judged({**SOUND, group: {**SOUND.get(group, {}), **said}})
    assert [problem[1] for problem in problems] == [path]
    assert words in problems[0][2]


def test_the_narrower_group_is_believed() -> None:
    assert judged({"nodes": {"vllm_port": "eighty"}, **SOUND, "pool_big_gpu": {"vllm_port": 80}}) == []


def test_a_helper_of_ones_own_is_nobodys_business() -> None:
    assert (
        judged({**SOUND, "nodes": {"mirror": "m.example.internal", "ansible_user": "admin", "region_name": "x"}}) == []
    )


def test_what_only_the_node_knows_is_left_to_it() -> None:
    said = {"role_vllm": {"vllm_model": "{{ lookup('amazon.aws.secretsmanager_secret', 'x') }}", "vllm_port": object()}}
    assert judged(said) == []


def test_plain_values_are_kept_and_the_rest_is_not_judged() -> None:
    assert plain({"a": [1, "b", "{{ c }}", None, True]}) == {"a": [1, "b", BROKEN, None, True]}


def test_nodes_of_a_role_of_ones_own_are_not_judged() -> None:
    assert judged({"role_kiosk": {"kiosk_screen": 1, "vllm_port": "eighty"}}, role="kiosk") == []


def test_the_operator_host_is_a_node_too() -> None:
    ((where, path, _found, right),) = judged({**SOUND, "role_operator": {"base_user": []}}, operator=True)
    assert (where, path, right) == ("group_vars/role_operator.yml", "base_user", "did you mean base_users?")


@pytest.mark.parametrize(("role", "right"), [("vlm", "did you mean vllm?"), ("proxi", "did you mean proxy?")])
def test_a_slip_of_a_role_is_told_before_its_nodes_get_nothing(role: str, right: str) -> None:
    problems = judged({}, role=role)
    assert [(path, better) for _where, path, _found, better in problems] == [("pools_defined[0].role", right)]


@pytest.mark.parametrize("role", ["proxy2", "app", "ecs"])
def test_another_role_is_no_slip(role: str) -> None:
    assert judged({}, role=role) == []


@pytest.mark.parametrize("group", ["role_vlm", "pool_big_gp"])
def test_a_file_that_nobody_reads_is_told_where_its_name_is_near(group: str) -> None:
    ((where, path, found, right),) = judged({**SOUND, group: {}})
    assert (where, path) == (f"group_vars/{group}.yml", "")
    assert "nothing reads this file" in found
    assert right.startswith("did you mean ")


@pytest.mark.parametrize("group", ["role_kiosk", "pool_desks", "role_proxy", "office"])
def test_a_file_for_nodes_from_elsewhere_is_not(group: str) -> None:
    assert judged({**SOUND, group: {}}) == []
