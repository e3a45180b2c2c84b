"""From hosts to a region: roles, templates, and variables that nobody reads."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.inventory import Reading, Role, orphans, read
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import (
    Problem,
    locate,
    message,
    search,
    spell,
)

ROLES = {
    "region": Role(
        {"region_name": {"type": "str", "required": True}, "region_zone": {"type": "str", "default": "a"}},
        lambda: {"region_zone": "a"},
    ),
    "network": Role(
        {
            "network_vpcs": {"type": "list", "elements": "dict", "options": {"name": {"type": "str"}}, "default": []},
            "network_mode": {"type": "str", "choices": ["open", "shut"], "default": "shut"},
        },
        lambda: {"network_vpcs": []},
    ),
    "dns": Role({"dns_zones": {"type": "list", "elements": "str", "default": []}}),
}


class Inventory:
    """Files written by a test and read by Ansible's own loader, so that values know where they come from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hosts: dict[str, dict[str, t.Any]] = {}
        self.loader = DataLoader()

    def write(self, host: str, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        loaded = self.loader.load_from_file(str(path), trusted_as_template=True)
        self.hosts.setdefault(host, {}).update(loaded if isinstance(loaded, dict) else {})

    def read(self) -> Reading:
        def templates(variables: t.Mapping[str, t.Any]) -> t.Callable[[t.Any], t.Any]:
            return t.cast("t.Callable[[t.Any], t.Any]", Templar(self.loader, dict(variables)).template)

        return read(self.hosts, ROLES, templates, lambda place: place.startswith(str(self.folder)))

    def told(self) -> list[str]:
        reading = self.read()
        return [
            f"{spell(problem.path)} {Path(locate(reading.written[problem.stack], problem.path)).name} {problem.found} "
            f"{problem.right}"
            for problem in reading.problems
        ]


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    made = Inventory(tmp_path)
    made.write("network", "group_vars/all/region.yml", "region_name: us\n")
    return made


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("host_vars/network.yml", "network_vpc: []\n", "network_vpc network.yml:1 The role network has no variable"),
        ("host_vars/network.yml", "a: 1\n", "a network.yml:1 a is a variable of no role"),
        ("host_vars/network.yml", "dns_zones: []\n", "dns_zones network.yml:1 dns_zones is a variable of the role dns"),
        ("host_vars/network.yml", "region_nmae: us\n", "did you mean region_name?"),
        ("group_vars/all/more.yml", "region_nmae: us\n", "region_nmae more.yml:1 The role region has no variable"),
        ("group_vars/all/more.yml", "networkvpcs: []\n", "did you mean network_vpcs?"),
        ("host_vars/network.yml", "stack_role: netwrok\n", "stack_role network.yml:1 Stack network wants the role"),
        ("host_vars/network.yml", "stack_role: [network]\n", "which does not exist"),
        ("host_vars/network.yml", "stack_role: region\n", "which does not exist"),
        (
            "host_vars/network.yml",
            "network_vpcs:\n  - {name: a}\n  - {nmae: b}\n",
            "network_vpcs[1].nmae network.yml:3",
        ),
        ("host_vars/network.yml", "network_mode: '{{ nobody }}'\n", "network_mode network.yml:1 The template cannot"),
        ("host_vars/network.yml", "network_vpcs: [{name: '{{ x }}'}]\n", "network_vpcs[0].name network.yml:1"),
        ("host_vars/network.yml", "network_vpcs:\n", "network_vpcs network.yml:1 network_vpcs is empty"),
    ],
)
def test_what_is_wrong_is_told_with_variable_and_file(
    inventory: Inventory, file: str, text: str, expected: str
) -> None:
    inventory.write("network", file, text)
    assert [line for line in inventory.told() if expected in line], inventory.told()


def test_helpers_of_an_inventory_may_live_in_group_vars(inventory: Inventory) -> None:
    inventory.write("network", "group_vars/all/more.yml", "organisation: example\nansible_connection: local\n")
    inventory.write("network", "host_vars/network.yml", "network_vpcs: [{name: '{{ organisation }}'}]\n")
    assert inventory.told() == []
    assert next(iter(inventory.read().region.items("network_vpcs"))).name == "example"


def test_shared_defaults_can_be_used_in_templates(inventory: Inventory) -> None:
    inventory.write("network", "host_vars/network.yml", "network_vpcs: [{name: 'x-{{ region_zone }}'}]\n")
    assert next(iter(inventory.read().region.items("network_vpcs"))).name == "x-a"


def test_several_stacks_of_one_role_are_one_region(inventory: Inventory) -> None:
    inventory.write("network", "host_vars/network.yml", "network_vpcs: [{name: a}]\n")
    inventory.write("second", "group_vars/all/region.yml", "region_name: us\n")
    inventory.write("second", "host_vars/second.yml", "stack_role: network\nnetwork_vpcs: [{name: b}]\n")
    assert sorted(inventory.read().region.named("network_vpcs")) == ["a", "b"]
    assert inventory.told() == []


def test_a_file_that_belongs_to_no_stack_is_told(tmp_path: Path) -> None:
    for file in ("host_vars/netwrok.yml", "host_vars/dns.yml", "host_vars/i-0abc.yml", "group_vars/al.yml"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("a: 1\n", encoding="utf-8")
    found = orphans([str(tmp_path)], ["network"], ["all"], ["network", "dns"])
    assert [Path(problem.where).name for problem in found] == ["dns.yml", "netwrok.yml", "al.yml"]


def test_a_variable_is_searched_in_files_when_nothing_says_where_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "network.yml").write_text("# head\nnetwork_mode: open\n", encoding="utf-8")
    (tmp_path / "host_vars" / "dns.yml").write_text("network_mode: open\n", encoding="utf-8")
    assert search([str(tmp_path)], "network", "network_mode") == str(tmp_path / "host_vars" / "network.yml") + ":2"
    assert search([str(tmp_path)], "network", "network_vpcs") == ""


def test_a_message_tells_everything_once_in_the_order_of_the_files() -> None:
    twice = [Problem(stack, ("region_name",), "Bad.", "Good.") for stack in ("network", "dns")]
    later = Problem("network", ("network_vpcs", 10), "Bad.", "Good.")
    text = message([later, *twice], lambda problem: "b.yml:10" if problem is later else "b.yml:9")
    assert text.startswith("2 things are wrong with this inventory. Nothing was asked of AWS.")
    assert text.index("region_name in b.yml:9") < text.index("network_vpcs[10] in b.yml:10")
    assert text.count("region_name") == 1
    assert text.count("Right would be: Good.") == 2
