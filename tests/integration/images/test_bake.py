# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A golden image from end to end, on machines: baked, tested, promoted, taken back; and what becomes of a bad one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from lab.nodes.docker import docker
from tests.integration.playbook import ROOT, Region, Run, cut
from tests.integration.rehearsal.neighbours import session
from tests.with_docker import need_docker

PATH = "/cloister/kr/plain-ami"
# What is promised is kept by the second machine alone, on which no role ran.
IMAGE: dict[str, t.Any] = {
    "name": "plain",
    "source": {"parameter": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"},
    "roles": ["node_base"],
    "instance_types": ["t3.medium"],
    "subnets": ["private-a"],
    "security_groups": ["ai-node"],
    "instance_profile": "ai-node",
}


class World:
    """A region with a place to bake in, and what its account has."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.client = session(region)

    def play(self, verb: str, *more: str) -> Run:
        return self.region.play(f"playbooks/{verb}.yml", *more)

    def say(self, **said: t.Any) -> None:
        """Change what the inventory says of the image."""
        file = self.region.inventory / "host_vars/images.yml"
        file.write_text(yaml.safe_dump({"images_golden": [{**IMAGE, **said}]}))

    def stages(self) -> dict[str, str]:
        found = self.client("ssm").get_parameters_by_path(Path=PATH)["Parameters"]
        return {one["Name"].rpartition("/")[2]: one["Value"] for one in found}

    def verdicts(self) -> list[str]:
        images = self.client("ec2").describe_images(Owners=["self"])["Images"]
        tags = [{tag["Key"]: tag["Value"] for tag in one["Tags"]} for one in images]
        return sorted(one.get("cloister:verdict", "") for one in tags)

    def break_the_tested_machine(self, over: threading.Event) -> str:
        """Let the machine that an image is tested on lose its clock, as soon as it is there."""
        while not over.wait(0.25):
            for one in self.region.lab.instances():
                if one["tags"].get("cloister:role") == "smoke" and one["container"]:
                    docker("exec", one["container"], "systemctl", "mask", "--now", "chrony")
                    return "masked"
        return "there was none"

    def machines(self) -> list[str]:
        return [one["id"] for one in self.region.lab.instances() if one["state"] == "running"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    need_docker("golden images")
    scratch = tmp_path_factory.mktemp("bake")
    inventory = scratch / "inventory"
    shutil.copytree(ROOT / "inventories/kr", inventory)
    cut(inventory, "network", "identity", "security_groups", "endpoints", "images")
    region = Region.raised(inventory, scratch)
    world = World(region)
    world.say()
    log = (scratch / "nodes.log").open("w")
    follower = subprocess.Popen(
        [sys.executable, "-m", "lab.nodes", "follow"],
        cwd=ROOT,
        env={**os.environ, **region.lab.environment},
        stdout=log,
        stderr=log,
    )
    built = region.play("site.yml")
    assert built.rc == 0, built.output
    yield world
    follower.send_signal(signal.SIGTERM)
    follower.wait(60)
    region.lab.stop()


def own_writes(run: Run) -> list[dict[str, t.Any]]:
    """What a run wrote itself: SSH of the run before it may still look for the machine that is gone, by its session."""
    return [write for write in run.region_writes if write["run_id"] == run.report["run_id"]]


def test_a_plan_says_that_it_would_be_baked_and_writes_nothing(world: World) -> None:
    run = world.play("bake", "--check")
    assert run.rc == 0, run.output
    assert "Golden image plain would be made from ami-" in run.output
    assert run.region_writes == []
    assert world.machines() == []


def test_an_image_is_baked_tested_and_the_candidate(world: World) -> None:
    run = world.play("bake")
    assert run.rc == 0, run.output
    assert "is the candidate of golden image plain" in run.output
    assert world.verdicts() == ["passed"]
    assert set(world.stages()) == {"candidate"}
    assert world.machines() == []
    again = world.play("bake")
    assert (again.rc, own_writes(again)) == (0, []), again.output


def test_it_is_promoted_and_a_second_time_changes_nothing(world: World) -> None:
    run = world.play("promote")
    assert run.rc == 0, run.output
    assert world.stages()["current"] == world.stages()["candidate"]
    again = world.play("promote")
    assert (again.rc, own_writes(again)) == (0, []), again.output


def test_one_that_does_not_keep_its_promise_is_rejected_and_nothing_else_changes(world: World) -> None:
    before = world.stages()
    world.say(root_volume_gib=20)
    over = threading.Event()
    with ThreadPoolExecutor() as hands:
        broken = hands.submit(world.break_the_tested_machine, over)
        try:
            run = world.play("bake")
        finally:
            over.set()
    assert broken.result() == "masked", run.output
    assert run.rc != 0
    assert "was rejected. What is current stays current." in " ".join(run.output.split())
    assert world.verdicts() == ["passed", "rejected"]
    assert world.stages() == before
    assert world.machines() == []
    again = world.play("bake")
    assert "was made from just this, and was rejected" in " ".join(again.output.split())
    assert world.machines() == []


def test_a_builder_that_cannot_be_configured_leaves_nothing(world: World) -> None:
    before = world.stages(), world.verdicts()
    world.say(roles=["docker"], like="vllm")
    (world.region.inventory / "group_vars/role_vllm.yml").write_text("docker_log_max_size: much\n")
    run = world.play("bake")
    assert run.rc != 0
    assert "Golden image plain was not made" in " ".join(run.output.split())
    assert (world.stages(), world.verdicts()) == before
    assert world.machines() == []
    again = world.play("bake")
    assert "Golden image plain was not made" in " ".join(again.output.split()), "the lock was not given back"


def test_without_a_version_before_it_nothing_is_taken_back(world: World) -> None:
    run = world.play("rollback")
    assert run.rc != 0
    assert "has no previous version to go back to" in " ".join(run.output.split())
