# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plays on a real machine, over sessions of the embedded AWS: with keys of Instance Connect, and when the way fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import typing as t
import uuid
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils._way_in import connection_variables

from lab.embedded_aws.client import EmbeddedAws
from lab.nodes import node as machines
from tests.clients import Clients
from tests.unit.lab.sessions import world
from tests.with_docker import need_docker

REGION = "us-west-2"
TIMEOUT_SECONDS = 5
# Beyond that, the node may take so long to be given up; Ansible's own start and end come on top.
GRACE_SECONDS, ANSIBLE_SECONDS = 10, 10
PLAY = [
    {
        "hosts": "all",
        "tasks": [
            {"ansible.builtin.copy": {"dest": "~/said", "content": "hello", "mode": "0644"}},
            *[{"ansible.builtin.file": {"path": f"~/{n}", "state": "directory", "mode": "0755"}} for n in range(3)],
            {"ansible.builtin.command": {"argv": ["id"]}, "become": True},
        ],
    }
]


@pytest.fixture(scope="module")
def container() -> t.Iterator[str]:
    """A machine with sshd and what asks for keys of Instance Connect."""
    need_docker("plays over sessions")
    name = f"sessions-{uuid.uuid4().hex[:8]}"
    machines.up(machines.Wanted(name))
    yield name
    machines.down(name)


@pytest.fixture(scope="module")
def real_lab() -> t.Iterator[EmbeddedAws]:
    server = EmbeddedAws.start()
    yield server
    server.stop()


class Ran(t.NamedTuple):
    """How a play ended, and how long it took."""

    rc: int
    output: str
    seconds: float


Play = t.Callable[..., Ran]


@pytest.fixture
def lab(real_lab: EmbeddedAws) -> EmbeddedAws:
    real_lab.reset()
    return real_lab


@pytest.fixture
def play(lab: EmbeddedAws, container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Play]:
    """play(timeout=30): a small play on the machine, as ssh gets into nodes."""
    # Keys and known hosts are of one test.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    instance = world.online_node(Clients(lab.environment, REGION), lab, container)
    # The path of a socket may be a hundred bytes long.
    with tempfile.TemporaryDirectory(prefix="ssh-") as sockets:
        yield _player(lab, instance, tmp_path, sockets)


def _player(lab: EmbeddedAws, instance: str, folder: Path, sockets: str) -> Play:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    environment = {
        **ours, **lab.environment, "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets,
    }  # fmt: skip
    # Ours alone, not what lies in a home folder.
    (folder / "ansible.cfg").touch()
    (folder / "play.json").write_text(json.dumps(PLAY))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.json", "play.json"]

    def run(timeout: int = 30) -> Ran:
        options: t.Any = {"timeout_seconds": timeout, "persist_seconds": 3}
        hosts = {instance: connection_variables(instance, REGION, "ec2-user", options)}
        (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
        began = time.monotonic()
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
        return Ran(done.returncode, done.stdout + done.stderr, time.monotonic() - began)

    return run


def test_a_whole_play_takes_one_session_and_one_key(lab: EmbeddedAws, play: Play) -> None:
    ran = play()
    assert ran.rc == 0, ran.output
    actions = [one["action"] for one in lab.writes()]
    assert actions.count("StartSession") == 1
    assert actions.count("SendSSHPublicKey") == 1


def test_a_play_goes_on_where_the_way_is_cut_and_bad(lab: EmbeddedAws, play: Play) -> None:
    lab.channel_fault(cut_after=60, drop_every=50, duplicate_every=15)
    ran = play()
    assert ran.rc == 0, ran.output
    (session,) = lab.sessions()
    assert session["connections"] == 2
    assert session["counts"]["lost"] > 0


@pytest.mark.parametrize("after", [0, 10, 80], ids=["from the start", "in SSH's own handshake", "within a task"])
def test_a_dead_agent_costs_its_play_the_timeout_and_ten_seconds(lab: EmbeddedAws, play: Play, after: int) -> None:
    lab.channel_fault(silent_after=after)
    ran = play(TIMEOUT_SECONDS)
    assert ran.rc == 4, ran.output
    assert "UNREACHABLE" in ran.output
    assert ran.seconds < TIMEOUT_SECONDS + GRACE_SECONDS + ANSIBLE_SECONDS


def test_a_key_whose_minute_is_over_lets_nobody_in(lab: EmbeddedAws, play: Play) -> None:
    lab.key_seconds(-5)
    ran = play()
    assert ran.rc == 4, ran.output
    assert "Permission denied" in ran.output
