"""With Docker, a rehearsed region lives: its tasks are containers, its load balancer forwards, and it is asked."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest

from lab.nodes import background, network
from lab.nodes.docker import docker
from lab.nodes.places import SERVER
from tests.integration.playbook import ROOT
from tests.integration.rehearse.test_rehearse import Shell
from tests.with_docker import need_docker

SMALL = "examples/fargate-private"


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A small region whose addresses nobody else has on this machine, which has the images."""
    need_docker("a rehearsal that lives")
    background.make_images(print)
    copied = Path(shutil.copytree(ROOT / "inventories" / SMALL, tmp_path / "small"))
    free = next(n for n in range(150, 200) if not network.taken(f"10.{n}.0.0/16"))
    file = copied / "host_vars/network.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("10.0.", f"10.{free}."), encoding="utf-8")
    return copied


def test_a_public_name_is_answered_by_a_task_and_nothing_is_left(inventory: Path, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    rc, output = shell.type("-e", "rehearse_nodes=true", inventory=inventory)
    assert rc == 0, output
    assert "https://app.example.com, asked for its health from 203.0.113.70" in output
    assert re.search(r"-> application load balancer fargate-public at 198\.1[89]\.", output), output
    assert '-> answer: {"status": "ok"}' in output
    assert "NOT REHEARSED" not in output
    assert shell.quiet(seconds=60), shell.processes()
    end = time.monotonic() + 60
    while left() and time.monotonic() < end:
        time.sleep(0.5)
    assert left() == []


def left() -> list[str]:
    """Servers that are gone, and of which a container or a network is not."""
    kinds = (("ps", "--all"), ("network", "ls"))
    said = [docker(*kind, f"--filter=label={SERVER}", f'--format={{{{.Label "{SERVER}"}}}}') for kind in kinds]
    return [one for text in said for one in text.split() if not background._alive(one)]
