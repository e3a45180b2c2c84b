# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""playbooks/connect.yml as a person uses it: what it prints is run, a shell is typed into, a port is used."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import typing as t
import urllib.request
import uuid
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws
from lab.nodes import node as machines
from lab.nodes.docker import docker
from tests.clients import Clients
from tests.integration.playbook import ANSIBLE_PLAYBOOK, ROOT
from tests.unit.lab.sessions import world
from tests.with_docker import need_docker

REGION = "us-west-2"
SECONDS = 120


class Person:
    """Somebody with an inventory of one node, a terminal, and the embedded AWS."""

    def __init__(self, folder: Path, lab: EmbeddedAws, instance: str, container: str) -> None:
        self.inventory, self.instance, self.container, self.lab = folder / "inventory", instance, container, lab
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        self.environment = {**ours, **lab.environment, "XDG_STATE_HOME": str(folder), "TERM": "dumb"}
        variables = self.inventory / "group_vars" / "all"
        variables.mkdir(parents=True)
        (variables / "region.yml").write_text(json.dumps({"region_name": "", "region_aws_region": REGION}))
        source = {"plugin": "cloister.aws.ssm_nodes", "way_in": {"key": "run_command"}}
        (self.inventory / "nodes.ssm_nodes.yml").write_text(json.dumps(source))

    def command(self, *said: str) -> list[str]:
        extra = [word for one in said for word in ("-e", one)]
        return [str(ANSIBLE_PLAYBOOK), "playbooks/connect.yml", "-i", str(self.inventory), *extra]

    def run(self, *said: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*said), cwd=ROOT, env=self.environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=SECONDS,
        )  # fmt: skip

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", line], env=self.environment, capture_output=True, text=True, input="", timeout=SECONDS
        )


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Person]:
    need_docker("playbooks/connect.yml")
    name = f"connect-{uuid.uuid4().hex[:8]}"
    lab = EmbeddedAws.start()
    try:
        machines.up(machines.Wanted(name))
        client = Clients(lab.environment, REGION)
        instance = world.online_node(client, lab, name)
        client("ec2").create_tags(Resources=[instance], Tags=[{"Key": "Name", "Value": "front"}])
        yield Person(tmp_path_factory.mktemp("person"), lab, instance, name)
    finally:
        machines.down(name)
        lab.stop()


def printed(person: Person, *said: str) -> dict[str, str]:
    """The commands that the playbook prints, by what they lead to."""
    ran = person.run("to=front", *said)
    assert ran.returncode == 0, ran.stdout
    lines = [line.strip() for line in ran.stdout.splitlines()]
    kinds = {"a shell": "shell", "SSH": "ssh"}
    return {kinds.get(before, "port"): line for before, line in itertools.pairwise(lines) if before in kinds}


def test_what_it_prints_leads_in(person: Person) -> None:
    ways = printed(person)
    assert f"--target {person.instance}" in ways["shell"]
    ran = person.shell(f"{ways['ssh']} hostname")
    assert (ran.returncode, ran.stdout.strip()) == (0, person.container), ran.stderr


def test_a_node_is_found_by_its_id_and_a_stranger_is_told_who_there_is(person: Person) -> None:
    assert person.run(f"to={person.instance}").returncode == 0
    ran = person.run("to=nobody")
    assert ran.returncode == 2
    assert f"means no nodes. Right would be the id or name of one of: {person.instance} (front)" in plain(ran.stdout)


def test_a_key_that_run_command_puts_has_an_end(person: Person) -> None:
    ways = printed(person)
    assert person.shell(f"{ways['ssh']} true").returncode == 0
    lines = docker("exec", person.container, "cat", "/home/ec2-user/.ssh/authorized_keys").splitlines()
    assert lines
    assert all(line.startswith("expiry-time=") for line in lines)


def test_a_machine_that_is_not_that_of_last_time_is_refused(person: Person) -> None:
    ways = printed(person)
    assert person.shell(f"{ways['ssh']} true").returncode == 0
    script = "rm /etc/ssh/ssh_host_*; ssh-keygen -A; systemctl restart ssh"
    docker("exec", person.container, "sh", "-c", script)
    ran = person.shell(f"{ways['ssh']} true")
    assert ran.returncode == 255
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in ran.stderr


def test_a_port_is_led_here_until_its_process_is_ended(person: Person) -> None:
    server = ["python3", "-m", "http.server", "8000", "--bind", "127.0.0.1", "--directory", "/etc"]
    docker("exec", "--detach", person.container, *server)
    ran = person.run("to=front", "open=port", "port=8000")
    assert ran.returncode == 0, ran.stdout
    told = re.search(r"(127\.0\.0\.1:\d+) leads to port 8000 of .* kill (\d+)", plain(ran.stdout))
    assert told, ran.stdout
    try:
        with urllib.request.urlopen(f"http://{told[1]}/hostname", timeout=30) as answer:
            assert answer.read().decode().strip() == person.container
    finally:
        os.kill(int(told[2]), signal.SIGTERM)
    end = time.monotonic() + 20
    while any(one["status"] != "Terminated" for one in person.lab.sessions()) and time.monotonic() < end:
        time.sleep(0.1)
    assert {one["status"] for one in person.lab.sessions()} == {"Terminated"}


def test_a_shell_opens_in_the_terminal_that_it_was_asked_from(person: Person) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        command = person.command("to=front", "open=shell")
        os.execve(command[0], command, person.environment)  # noqa: S606 - as a terminal would
    shown = b""
    try:
        shown = seen(terminal, rb"\$ $")
        os.write(terminal, b"sleep 99\r")
        until(person, "pgrep -x sleep")
        began = time.monotonic()
        os.write(terminal, b"\x03")
        shown += seen(terminal, rb"\^C.*\$ $")
        assert time.monotonic() - began < 60
        os.write(terminal, b"hostname; exit\r")
        shown += seen(terminal, b"PLAY RECAP.*failed=0")
    finally:
        with contextlib.suppress(ChildProcessError):
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
        os.close(terminal)
    assert person.container.encode() in shown


def test_without_a_terminal_it_says_what_would_open_one(person: Person) -> None:
    ran = person.run("to=front", "open=shell")
    assert ran.returncode == 2
    assert "There is no terminal here" in plain(ran.stdout)


def seen(terminal: int, what: bytes) -> bytes:
    """Read until something is shown."""
    shown, end = b"", time.monotonic() + SECONDS
    while time.monotonic() < end and not re.search(what, shown, re.DOTALL):
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 4096)
    assert re.search(what, shown, re.DOTALL), shown.decode(errors="replace")
    return shown


def until(person: Person, command: str) -> None:
    """Wait until a command is true on the node."""
    end = time.monotonic() + SECONDS
    while docker("exec", person.container, "sh", "-c", f"{command} > /dev/null && echo yes || true") != "yes":
        assert time.monotonic() < end, command
        time.sleep(0.2)


def plain(output: str) -> str:
    """What Ansible printed, as one line."""
    return " ".join(output.split())
