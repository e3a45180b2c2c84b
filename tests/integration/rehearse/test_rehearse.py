"""``playbooks/rehearse.yml`` as a newcomer types it, with whatever AWS settings the shell may hold.

The embedded AWS is started and stopped by the run. Its processes, and all others of the run, are known by the TMPDIR
that they inherit.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.integration.playbook import ANSIBLE_PLAYBOOK, ROOT

PLAYBOOK = "playbooks/rehearse.yml"
KEEP = ("-e", "rehearse_keep=true")
# What lives takes longer: test_alive.py.
PLAIN = ("-e", "rehearse_nodes=false")


@dataclass
class Shell:
    """A folder for temporary files, and what runs with it."""

    folder: Path
    endpoint: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    knocks: int = 0

    def __post_init__(self) -> None:
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _address = self.endpoint.accept()
            except OSError:
                return
            self.knocks += 1
            connection.close()

    @property
    def real(self) -> dict[str, str]:
        """Settings that lead to a real account; its endpoint counts who knocks."""
        url = f"http://127.0.0.1:{self.endpoint.getsockname()[1]}"
        config = self.folder / "config"
        config.write_text(
            f"[default]\nregion = eu-west-1\nendpoint_url = {url}\naws_access_key_id = AKIAFROMCONFIG000000\n"
        )
        names = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_ROUTE_53")
        return {
            **dict.fromkeys(names, url),
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
            "AWS_USE_FIPS_ENDPOINT": "true",
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": str(config),
            "AWS_ACCESS_KEY_ID": "AKIAFROMTHESHELL0000",
            "AWS_SECRET_ACCESS_KEY": "0123456789" * 4,
            "AWS_SESSION_TOKEN": "of the shell",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }

    def type(self, *arguments: str, inventory: Path = ROOT / "inventories/us", **environment: str) -> tuple[int, str]:
        """Run the rehearsal; return exit status and output."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOISTER_", "ANSIBLE_"))}
        done = subprocess.run(
            [str(ANSIBLE_PLAYBOOK), PLAYBOOK, "-i", str(inventory), *PLAIN, *arguments],
            cwd=ROOT,
            env={**clean, "TMPDIR": str(self.folder), "ANSIBLE_NOCOLOR": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        return done.returncode, done.stdout

    def processes(self) -> list[str]:
        """Return the commands of what still runs."""
        mark, found = f"TMPDIR={self.folder}".encode(), []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return [command for command in found if command]

    def quiet(self, seconds: float = 15) -> bool:
        """Wait until nothing runs any more; whether that came within seconds."""
        end = time.monotonic() + seconds
        while self.processes() and time.monotonic() < end:
            time.sleep(0.1)
        return not self.processes()


@pytest.fixture
def shell(tmp_path: Path) -> t.Iterator[Shell]:
    made = Shell(tmp_path)
    yield made
    made.endpoint.close()


def test_a_region_is_built_told_and_gone_whatever_the_shell_says_of_aws(shell: Shell) -> None:
    rc, output = shell.type(**shell.real)
    assert rc == 0, output
    assert shell.knocks == 0
    assert "region us (us-west-2)" in output
    assert "calls leave the region from" in output
    assert "NOT REHEARSED: what happens on machines, as instances had none: rehearse_nodes is false" in output
    assert shell.quiet(), shell.processes()


def test_a_profile_of_the_shell_is_refused_and_nothing_is_started(shell: Shell) -> None:
    rc, output = shell.type(AWS_PROFILE="production")
    assert rc != 0
    assert "AWS_PROFILE" in output
    assert shell.quiet(), shell.processes()


def test_what_is_kept_can_be_looked_at_run_again_and_stopped(shell: Shell) -> None:
    rc, output = shell.type(*KEEP)
    assert rc == 0, output
    said = dict(re.findall(r"export (\w+)=(\S*)", output))
    lab = EmbeddedAws(said)
    stands = {thing["tags"].get("cloister:part") for thing in lab.holdings()}
    assert {"main", "public-alb", "logs", "node"} <= stands

    # As the last words say it, so that the inventory is not locked to images that are made up.
    lock = re.search(r"-e (pools_lock_file=\S+)", output)
    assert lock, output
    environment = {**os.environ, **said, "TMPDIR": str(shell.folder)}
    again = subprocess.run(
        [str(ANSIBLE_PLAYBOOK), "site.yml", "-i", "inventories/us", "-e", lock[1], "-e", "configure_nodes=false"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert again.returncode == 0, again.stdout
    assert not re.search(r"changed=[1-9]", again.stdout)
    subprocess.run([sys.executable, "-m", "lab.embedded_aws", "stop"], cwd=ROOT, env=environment, check=True)
    assert shell.quiet(), shell.processes()


def test_a_plan_is_rehearsed_too(shell: Shell) -> None:
    rc, output = shell.type("--check")
    assert rc == 0, output
    assert "plan for region us" in output
    assert shell.quiet(), shell.processes()


def test_machines_that_are_wanted_and_cannot_be_had_are_no_success(shell: Shell) -> None:
    rc, output = shell.type("-e", "rehearse_nodes=true", DOCKER_HOST=f"unix://{shell.folder}/none")
    assert rc != 0
    assert re.search(r"rehearse_nodes is true, and there can be no machines: (docker is not|no docker daemon)", output)
    assert shell.quiet(), shell.processes()


def test_without_docker_a_region_is_rehearsed_and_what_was_left_out_is_said(shell: Shell) -> None:
    rc, output = shell.type("--check", "-e", "rehearse_nodes=auto", DOCKER_HOST=f"unix://{shell.folder}/none")
    assert rc == 0, output
    assert re.search(
        r"NOT REHEARSED: what happens on machines, as instances had none:\s+(docker is not|no\s+docker)", output
    )
    assert shell.quiet(), shell.processes()


def test_a_region_that_cannot_be_built_is_no_success_and_nothing_stays_up(shell: Shell) -> None:
    broken = Path(shutil.copytree(ROOT / "inventories/us", shell.folder / "us"))
    file = broken / "host_vars/identity.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("AmazonSSMManagedInstanceCore", "AmazonNoSuchPolicy"))
    rc, output = shell.type(inventory=broken)
    assert rc != 0
    assert "AmazonNoSuchPolicy" in output
    assert shell.quiet(), shell.processes()
