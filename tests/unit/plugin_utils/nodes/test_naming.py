# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What nodes are called."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.naming import names

from tests.unit.plugin_utils.nodes.world import a_node

ONE, TWO, THREE = "i-0000000000000001", "i-0000000000000002", "mi-00000000000000003"
TAG = ["tag:Name"]


def test_without_a_wish_a_node_has_its_id() -> None:
    assert names([a_node(ONE), a_node(TWO)], [], ()) == {ONE: ONE, TWO: TWO}


def test_the_first_wish_that_gives_a_name_counts() -> None:
    nodes = [a_node(ONE, tags={"Name": "web"}, private_ip="10.0.0.1"), a_node(TWO, private_ip="10.0.0.2")]
    assert names(nodes, ["tag:Name", "private_ip"], ()) == {ONE: "web", TWO: "10.0.0.2"}


def test_a_name_that_two_nodes_have_is_nobodys() -> None:
    nodes = [a_node(one, tags={"Name": name}) for one, name in ((ONE, "web"), (TWO, "web"), (THREE, "db"))]
    assert names(nodes, TAG, ()) == {ONE: ONE, TWO: TWO, THREE: "db"}


def test_a_name_that_somebody_else_has_is_not_given() -> None:
    """Else the plays of a stack would run on whatever machine is called like it."""
    assert names([a_node(ONE, tags={"Name": "network"})], TAG, {"network"}) == {ONE: ONE}


def test_nobody_gets_another_nodes_id_for_a_name() -> None:
    assert names([a_node(ONE, tags={"Name": TWO}), a_node(TWO)], TAG, ()) == {ONE: ONE, TWO: TWO}


def test_of_two_wishes_a_later_one_takes_no_name_that_was_given() -> None:
    nodes = [a_node(ONE, tags={"Name": "web"}), a_node(TWO, computer_name="web")]
    assert names(nodes, ["tag:Name", "computer_name"], ()) == {ONE: "web", TWO: TWO}


STRANGE = ["all:!web", "web,db", "../etc", "-i", "a b", "{{ lookup('pipe', 'id') }}", "web[0:9]", "~.*", "w" * 254, ""]


@pytest.mark.parametrize("name", STRANGE)
def test_what_a_pattern_a_path_or_a_shell_would_misread_is_no_name(name: str) -> None:
    assert names([a_node(ONE, tags={"Name": name})], TAG, ()) == {ONE: ONE}


@pytest.mark.parametrize("wish", ["tag:", "ip", "tags", "{{ node.id }}"])
def test_a_wish_that_means_nothing_is_refused(wish: str) -> None:
    with pytest.raises(InputError, match="Right would be: id, computer_name"):
        names([], ["id", wish], ())
