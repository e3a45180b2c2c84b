"""Somebody copies an inventory, gives it another AWS region and leaves its name: the first region loses nothing.

What AWS keeps for a whole account (roles, instance profiles, zones) would be the same things to both.
"""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration.playbook import ROOT, Region, cut


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Region]:
    region = Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("first"))
    assert region.play("site.yml").rc == 0
    yield region
    region.lab.stop()


@pytest.fixture
def copied(first: Region, tmp_path: Path) -> Region:
    """The copy, in us-east-1."""
    inventory = Path(shutil.copytree(ROOT / "inventories/us", tmp_path / "us"))
    for file in inventory.rglob("*.yml"):
        file.write_text(file.read_text(encoding="utf-8").replace("us-west-2", "us-east-1"), encoding="utf-8")
    return Region(inventory, first.lab, tmp_path)


def standing(first: Region) -> dict[str, str]:
    """What stands of the first region, and how: of the copy nothing is among it."""
    return {thing["id"]: thing["fingerprint"] for thing in first.owned() if thing["region"] != "us-east-1"}


def test_the_copy_is_told_and_can_be_taken_down_again(first: Region, copied: Region) -> None:
    before = standing(first)
    run = copied.play("site.yml")
    assert run.rc != 0
    assert "of region us in us-west-2 (a second region needs another region_name)" in " ".join(run.output.split())
    assert standing(first) == before

    words = ("teardown_confirm=us", "teardown_release_static_ips=true", "teardown_release_images=true")
    torn_down = copied.play("playbooks/teardown.yml", *(part for word in words for part in ("-e", word)))
    assert torn_down.rc == 0, torn_down.output
    assert standing(first) == before
    assert [thing for thing in first.owned() if thing["region"] == "us-east-1"] == []
    assert first.play("site.yml", "--check").actions == set()


def test_a_private_zone_of_the_same_name_is_another_one(first: Region, copied: Region) -> None:
    before = standing(first)
    cut(copied.inventory, "network", "dns")
    zones = [{"name": "prod.infer.example.internal", "private": True, "vpcs": ["main"]}]
    (copied.inventory / "host_vars/dns.yml").write_text(yaml.safe_dump({"dns_zones": zones}), encoding="utf-8")
    run = copied.play("site.yml")
    assert run.rc == 0, run.output
    assert ("dns", "hosted zone", "prod.infer.example.internal", "create") in run.actions
    assert {key: value for key, value in standing(first).items() if key in before} == before
