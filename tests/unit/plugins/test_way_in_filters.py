"""Which node a name means, and what a person is told when it means none or several."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.filter.way_in import node_named, ways_in


def host(number: int, **known: t.Any) -> dict[str, t.Any]:
    identifier = f"i-0123456789abcde{number:02}"
    node = {
        "id": identifier, "ping": "Online", "pool": "", "role": "", "computer_name": "", "private_ip": "",
        "private_dns": "", "tags": {}, **known,
    }  # fmt: skip
    return {"inventory_hostname": identifier, "node": node, "node_session": ["--target", identifier]}


FRONT = host(1, pool="proxies", role="proxy", tags={"Name": "us-front"}, private_ip="10.0.0.1")
BACK = host(2, pool="proxies", role="proxy", tags={"Name": "us-back"})
GPU = host(3, pool="gpu", role="vllm", computer_name="ip-10-0-0-3")
GONE = host(4, pool="gpu", role="vllm", ping="ConnectionLost", tags={"Name": "us-gone"})
ALL = [FRONT, BACK, GPU, GONE]


@pytest.mark.parametrize("name", ["i-0123456789abcde01", "us-front", "10.0.0.1"])
def test_a_node_has_many_names_of_its_own(name: str) -> None:
    assert node_named(ALL, name) is FRONT


@pytest.mark.parametrize("name", ["gpu", "vllm", "ip-10-0-0-3"])
def test_a_pool_or_role_means_the_only_one_that_is_online(name: str) -> None:
    assert node_named(ALL, name) is GPU


def test_a_name_that_means_several_is_told_which() -> None:
    with pytest.raises(AnsibleFilterError, match=r"'proxies' means 2 nodes\. .*abcde01 \(us-front\), .*02 \(us-back\)"):
        node_named(ALL, "proxies")


def test_a_name_that_means_none_is_told_all() -> None:
    with pytest.raises(AnsibleFilterError, match=r"'x' means no nodes\. .*us-front.*us-back.*gpu.*us-gone"):
        node_named(ALL, "x")
    with pytest.raises(AnsibleFilterError, match="one of: none"):
        node_named([], "x")


def test_a_node_that_is_not_online_says_why_nobody_gets_in() -> None:
    with pytest.raises(AnsibleFilterError, match=r"\(us-gone\) is not online, Systems Manager says ConnectionLost"):
        node_named(ALL, "us-gone")


def test_a_port_is_led_to_where_it_is_said() -> None:
    variables = {**FRONT, "ansible_ssh_common_args": "-o A=b", "ansible_user": "me", "ansible_host": "x"}
    ways = ways_in({**variables, "ansible_port": 22}, 3306, "db.internal", 13306)
    asked = ["--port", "3306", "--host", "db.internal", "--local-port", "13306"]
    assert ways["forward"][2:] == ["forward", *FRONT["node_session"], *asked]
    assert ways["shell"][2:] == ["shell", *FRONT["node_session"]]
    assert ways["ssh"] == ["ssh", "-o", "A=b", "-p22", "me@x"]
