"""ansible-inventory on regions as they were built, as a person types it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration.playbook import ROOT, Region, cut

ANSIBLE_INVENTORY = Path(sys.executable).with_name("ansible-inventory")
GROUND = ("network", "identity", "security_groups", "endpoints", "pools")


class Asked(t.NamedTuple):
    """How ansible-inventory ended, what it printed, and what AWS was asked meanwhile."""

    rc: int
    output: str
    reads: dict[str, int]


def behind_nobody(inventory: Path) -> None:
    """Take out the pools that stand behind load balancers, and the flows that name them."""
    file = inventory / "host_vars/pools.yml"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    said["pools_defined"] = [pool for pool in said["pools_defined"] if "target_groups" not in pool]
    file.write_text(yaml.safe_dump(said), encoding="utf-8")
    (inventory / "group_vars/all/flows.yml").unlink()


def built(name: str, folder: Path, *stacks: str) -> Region:
    """Build what machines stand on, and the machines, of a shipped inventory."""
    inventory = Path(shutil.copytree(ROOT / "inventories" / name, folder / name))
    cut(inventory, *GROUND, *stacks)
    behind_nobody(inventory)
    region = Region.raised(inventory, folder)
    run = region.play("playbooks/provision.yml")
    assert run.rc == 0, run.output
    return region


@pytest.fixture(scope="module")
def us(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Region]:
    region = built("us", tmp_path_factory.mktemp("us"))
    yield region
    region.lab.stop()


@pytest.fixture(scope="module")
def kr(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Region]:
    region = built("kr", tmp_path_factory.mktemp("kr"), "operator", "schedule")
    yield region
    region.lab.stop()


def ask(region: Region, *arguments: str, **environment: str) -> Asked:
    """Run ansible-inventory on a region's inventory."""
    region.lab.clear_journal()
    done = subprocess.run(
        [str(ANSIBLE_INVENTORY), "-i", str(region.inventory), *arguments],
        cwd=ROOT,
        env=region.environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return Asked(done.returncode, done.stdout, region.lab.reads()["actions"])


def members(region: Region, group: str) -> list[str]:
    """The nodes of a group, as the graph shows them."""
    asked = ask(region, "--graph", group)
    assert asked.rc == 0, asked.output
    return sorted(set(re.findall(r"--(i-[0-9a-f]{17})$", asked.output, re.MULTILINE)))


def machines(region: Region, part: str) -> list[str]:
    """The machines of a pool, as AWS has them."""
    return sorted(
        thing["id"]
        for thing in region.owned()
        if thing["kind"] == "ec2:instance" and thing["tags"].get("cloister:part") == part
    )


def test_nodes_of_us_are_grouped_by_role_and_pool(us: Region) -> None:
    gpu = machines(us, "gpu")
    assert len(gpu) == 1
    assert members(us, "nodes") == members(us, "role_ecs") == members(us, "pool_gpu") == gpu


def test_1_05_the_operator_host_is_a_node_beside_those_that_serve(kr: Region) -> None:
    roles = {"role_operator": "operator", "role_vllm": "vllm", "role_app": "fastapi"}
    for role, part in roles.items():
        assert members(kr, role) == machines(kr, part) != []
    assert members(kr, "nodes") == sorted(one for part in roles.values() for one in machines(kr, part))


def test_a_node_has_the_way_in_and_what_is_known_of_it(us: Region) -> None:
    (gpu,) = machines(us, "gpu")
    said = json.loads(ask(us, "--host", gpu).output)
    assert (said["ansible_connection"], said["ansible_host"]) == ("ansible.builtin.ssh", gpu)
    assert "--region us-west-2" in said["ansible_ssh_common_args"]
    node = said["node"]
    assert (node["ping"], node["pool"], node["role"], node["account"]) == ("Online", "gpu", "ecs", "111122223333")


def test_few_reads_tell_it_all_and_nothing_is_written(us: Region) -> None:
    asked = ask(us, "--graph")
    assert asked.reads == {
        "sts:GetCallerIdentity": 1, "ec2:DescribeInstances": 1, "ssm:DescribeInstanceInformation": 1,
    }  # fmt: skip
    assert us.lab.writes() == []


def test_a_node_that_is_lost_is_offline(us: Region) -> None:
    (gpu,) = machines(us, "gpu")
    us.lab.ping(gpu)
    try:
        assert (members(us, "nodes"), members(us, "offline_nodes")) == ([], [gpu])
    finally:
        us.lab.ping(gpu, None)


LENIENT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "false", "ANSIBLE_INVENTORY_UNPARSED_FAILED": "false"}


@pytest.mark.parametrize("lenient", [{}, LENIENT], ids=["as shipped", "where Ansible may go on"])
def test_what_aws_refuses_is_an_error_and_no_empty_inventory(us: Region, lenient: dict[str, str]) -> None:
    us.lab.fail("DescribeInstanceInformation", "AccessDeniedException", times=9)
    try:
        asked = ask(us, "--graph", **lenient)
    finally:
        us.lab.clear_faults()
    assert asked.rc != 0
    assert "AccessDeniedException" in asked.output


def test_a_wrong_account_is_refused_and_nothing_is_listed(us: Region) -> None:
    asked = ask(us, "--graph", **us.lab.account_keys("999988887777"))
    assert asked.rc != 0
    assert "999988887777" in asked.output
    assert asked.reads == {"sts:GetCallerIdentity": 1}


def test_throttling_is_borne(us: Region) -> None:
    us.lab.fail("DescribeInstances", "RequestLimitExceeded", times=2)
    us.lab.fail("DescribeInstanceInformation", "ThrottlingException", times=2)
    assert members(us, "nodes") == machines(us, "gpu")


def test_with_a_cache_a_second_look_asks_aws_nothing(us: Region, tmp_path: Path) -> None:
    cache = {
        "ANSIBLE_INVENTORY_CACHE": "true",
        "ANSIBLE_INVENTORY_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_INVENTORY_CACHE_CONNECTION": str(tmp_path),
    }
    first, second = (ask(us, "--graph", **cache) for _ in range(2))
    assert first.reads != {}
    assert second.reads == {}
    assert second.output == first.output
    again = ask(us, "--graph", "--flush-cache", **cache)
    assert again.reads == first.reads


def test_our_playbooks_ask_for_nodes_when_they_come_to_them(us: Region) -> None:
    """Whoever only wants a region judged needs no account."""
    us.lab.clear_journal()
    run = us.play("playbooks/preflight.yml", "--list-hosts")
    assert run.rc == 0, run.output
    assert us.lab.reads()["actions"] == {}
