"""The program as it is started: by its folder, with an interpreter that knows no collections."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils._way_in import program

NODE = "i-0123456789abcdef0"
WHERE = ["--target", NODE, "--region", "us-west-2"]
KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}


def run(*words: str, path: str = "/nowhere") -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": path, "AWS_MAX_ATTEMPTS": "1", **KEYS}
    command = [*program(), *words]
    return subprocess.run(command, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, cwd="/")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """AWS's programs, of which the CLI says what it was told."""
    for name in ("aws", "session-manager-plugin"):
        file = tmp_path / name
        file.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        file.chmod(0o755)
    return tmp_path


def test_it_starts_anywhere_and_says_what_it_can() -> None:
    ran = run("--help")
    assert ran.returncode == 0
    assert b"{proxy,shell,forward}" in ran.stdout


@pytest.mark.parametrize("wrong", [["--key", "password"], ["--client", "nc"]])
def test_a_way_that_is_none_is_refused(wrong: list[str]) -> None:
    ran = run("proxy", *WHERE, "--user", "me", *wrong)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert f"invalid choice: '{wrong[1]}'".encode() in ran.stderr


def test_the_official_client_is_told_the_same(programs: Path) -> None:
    path = f"{programs}{os.pathsep}/bin"
    ran = run("proxy", *WHERE, "--user", "me", "--port", "22", "--client", "official", "--profile", "p", path=path)
    words = ran.stdout.decode().splitlines()
    assert words[:6] == ["ssm", "start-session", "--region", "us-west-2", "--target", NODE]
    assert words[6:10] == ["--profile", "p", "--document-name", "AWS-StartSSHSession"]
    assert json.loads(words[11]) == {"portNumber": ["22"]}


def test_the_official_client_leads_ports_too(programs: Path) -> None:
    path = f"{programs}{os.pathsep}/bin"
    more = ["--port", "3306", "--host", "db.internal", "--local-port", "13306", "--client", "official"]
    words = run("forward", *WHERE, *more, path=path).stdout.decode().splitlines()
    assert words[7] == "AWS-StartPortForwardingSessionToRemoteHost"
    told = {"portNumber": ["3306"], "localPortNumber": ["13306"], "host": ["db.internal"]}
    assert json.loads(words[9]) == told


def test_an_official_client_that_is_not_here_is_an_error_that_names_ours() -> None:
    ran = run("shell", *WHERE, "--client", "official")
    assert ran.returncode == 1
    assert b"needs the program aws, which is not here. Right would be: client: own" in ran.stderr


def test_ssh_is_told_by_its_own_protocol_why_there_is_no_way() -> None:
    ran = run("proxy", *WHERE, "--user", "me", "--timeout", "3")
    assert ran.returncode == 1
    assert ran.stdout.startswith(b"SSH-2.0-cloister\r\n")
    assert b"127.0.0.1:1" in ran.stdout or b"within 3 s, found none" in ran.stdout
    assert ran.stderr.startswith(b"cloister: ")


def test_what_fails_in_the_background_is_told_before() -> None:
    ran = run("forward", *WHERE, "--port", "80", "--background", "--timeout", "3")
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.startswith(b"cloister: ")
