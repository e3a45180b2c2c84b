"""Keys: one for a process, put on a node for a minute, and what Run Command puts is taken away again."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager import keys
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.errors import SessionError

NODE = "i-0123456789abcdef0"
KEY = "ssh-ed25519 AAAAC3Nza cloister-abc"


class Asked:
    """AWS, which answers from a list and remembers what it was asked."""

    def __init__(self, *answers: dict[str, t.Any]) -> None:
        self.answers, self.calls = list(answers), list[tuple[str, dict[str, t.Any]]]()

    def call(self, _service: str, action: str, **asked: t.Any) -> dict[str, t.Any]:
        self.calls.append((action, asked))
        return self.answers.pop(0) if self.answers else {}


def put(aws: Asked, way: str, timeout: float = 5) -> None:
    keys.put(t.cast(t.Any, aws), way, NODE, "ec2-user", KEY, timeout)


def test_many_that_want_the_key_at_once_get_one(tmp_path: Path) -> None:
    path, found = str(tmp_path / "keys" / "abc"), list[str]()
    threads = [threading.Thread(target=lambda: found.append(keys.public_key(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert found[0].split()[0::2] == ["ssh-ed25519", "cloister-abc"]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "keys").st_mode) == 0o700


def test_keys_of_processes_long_gone_are_removed(tmp_path: Path) -> None:
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    keys.public_key(old)
    for name in ("old", "old.pub"):
        os.utime(tmp_path / name, (time.time() - 2 * 24 * 3600,) * 2)
    keys.public_key(new)
    assert sorted(os.listdir(tmp_path)) == [".lock", "new", "new.pub"]


def test_instance_connect_is_given_the_key_and_its_user() -> None:
    aws = Asked()
    put(aws, "ec2_instance_connect")
    wanted = {"InstanceId": NODE, "InstanceOSUser": "ec2-user", "SSHPublicKey": KEY}
    assert aws.calls == [("send_ssh_public_key", wanted)]


def test_run_command_is_waited_for() -> None:
    rows = [{"CommandInvocations": row} for row in ([], [{"Status": "InProgress"}], [{"Status": "Success"}])]
    aws = Asked({"Command": {"CommandId": "a-command"}}, *rows)
    put(aws, "run_command")
    assert [action for action, _asked in aws.calls] == ["send_command", *["list_command_invocations"] * 3]


def test_a_command_that_failed_says_why() -> None:
    failed = {"Status": "Failed", "StandardErrorContent": "runuser: user ec2-user does not exist\n"}
    aws = Asked({"Command": {"CommandId": "a-command"}}, {"CommandInvocations": [{"Status": "Failed"}]}, failed)
    with pytest.raises(SessionError, match="by Run Command, found Failed: runuser: user ec2-user does"):
        put(aws, "run_command")


def test_a_command_that_does_not_end_is_not_waited_for_for_ever() -> None:
    aws = Asked({"Command": {"CommandId": "a-command"}}, *[{"CommandInvocations": []}] * 9)
    with pytest.raises(SessionError, match="within 1 s, found the command unfinished"):
        put(aws, "run_command", 1)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which the script runs as whoever runs the test."""
    program = tmp_path / "bin" / "runuser"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nshift 3\nexec "$@"\n')
    program.chmod(0o755)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "home"


def test_the_script_puts_a_key_that_expires_and_takes_only_that_away(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / ".ssh" / "authorized_keys"
    file.parent.mkdir()
    other = "ssh-ed25519 BBBB somebody\n"
    file.write_text(other)
    monkeypatch.setattr(keys, "SECONDS", 2)
    script = keys.script("ec2-user", KEY)
    ran = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")
    lines = file.read_text().splitlines(keepends=True)
    assert lines[0] == other
    assert lines[1].startswith('expiry-time="2')
    assert lines[1].endswith(f'" {KEY}\n')
    end = time.monotonic() + 20
    while len(file.read_text()) > len(other) and time.monotonic() < end:
        time.sleep(0.05)
    assert file.read_text() == other


def test_a_shell_reads_nothing_in_a_key(home: Path) -> None:
    key = "ssh-ed25519 $(touch$IFS/nowhere) cloister-`id`"
    subprocess.run(["sh", "-c", keys.script("ec2-user", key)], timeout=30, check=True)
    assert key in (home / ".ssh" / "authorized_keys").read_text()
