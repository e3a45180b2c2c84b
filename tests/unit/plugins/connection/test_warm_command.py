"""Only the command of a pipelined Python module is read, and it is read as a shell would read it."""

from __future__ import annotations

import os
import shlex
import sys

import pytest
from ansible.plugins.loader import shell_loader
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_command import parse_module_command, shell_environment
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_protocol import RefusedError
from hypothesis import given
from hypothesis import strategies as st

PYTHON = "/opt/venv/bin/python3.13"
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def ansibles_command(environment: dict[str, str], interpreter: str = PYTHON, sh: str = "/bin/sh") -> str:
    """The command that Ansible's own shell plugin and action base build for a pipelined module."""
    plugin = shell_loader.get("sh")
    inner = plugin.build_module_command(plugin.env_prefix(**environment), f"#!{interpreter}", "").strip()
    return f"{sh} -c {shlex.quote(inner)}"


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_whatever_values_a_task_sets_the_interpreter_and_the_assignments_are_found(environment: dict[str, str]) -> None:
    command = parse_module_command(ansibles_command(environment))
    assert command is not None
    assert command.interpreter == PYTHON
    assert command.shell == "/bin/sh"
    assert [word.partition("=")[::2] for word in shlex.split(command.assignments)] == list(environment.items())


@pytest.mark.parametrize(
    "command",
    [
        "",
        PYTHON,
        f"/bin/sh -c {PYTHON} and more",
        f"/bin/sh -e {PYTHON}",
        "/bin/sh -c 'unbalanced",
        "/bin/sh -c ''",
        f"/bin/sh -c '{PYTHON} -s'",
        f"/bin/sh -c '{PYTHON} /tmp/AnsiballZ_ping.py'",
        f"/bin/sh -c '{PYTHON}; rm -rf /'",
        f"/bin/sh -c '{PYTHON} && sleep 0'",
        f"/bin/sh -c 'A=$HOME {PYTHON}'",
        f"/bin/sh -c 'A=`id` {PYTHON}'",
        f"/bin/sh -c 'A=* {PYTHON}'",
        f"/bin/sh -c 'A=1  {PYTHON}'",
        f"/bin/sh -c ' {PYTHON}'",
        f"/bin/sh -c '1A=1 {PYTHON}'",
        f"/bin/sh -c 'A-B=1 {PYTHON}'",
        f"/bin/sh -c 'A=1 A {PYTHON}'",
        f"/bin/sh -c '{PYTHON}\n'",
        f"/bin/sh -c 'sudo -H -S -n -u root {PYTHON}'",
        "/bin/sh -c python3",
        "/bin/sh -c '~/python3'",
        f"/bin/sh -c {PYTHON} # so it is",
        f"'/bin/odd shell' -c {PYTHON}",
        "/bin/sh -c 'echo ~ && sleep 0'",
    ],
)
def test_anything_else_is_left_to_the_shell(command: str) -> None:
    assert parse_module_command(command) is None


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_the_module_gets_the_environment_that_the_shell_gives_its_children(
    shell: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("OUTER", "kept")
    monkeypatch.delenv("PWD", raising=False)
    text = ansibles_command({"A": "one\ntwo 'quoted' $HOME", "EMPTY": "", "PATH": "/nowhere"}, sys.executable, shell)
    command = parse_module_command(text)
    assert command is not None
    environ = shell_environment(command, shell, str(tmp_path))
    assert environ["A"] == "one\ntwo 'quoted' $HOME"
    assert environ["EMPTY"] == ""
    assert environ["PATH"] == "/nowhere"
    assert environ["OUTER"] == "kept"
    assert environ["PWD"] == str(tmp_path)
    assert environ.get("_", sys.executable) in (sys.executable, os.environ.get("_"))


def test_bytes_that_are_no_text_pass_through_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYTES", os.fsdecode(b"\xff\xfe"))
    command = parse_module_command(ansibles_command({}))
    assert command is not None
    assert os.fsencode(shell_environment(command, "/bin/sh", None)["BYTES"]) == b"\xff\xfe"


def test_a_shell_that_refuses_an_assignment_is_left_to_refuse_it_in_a_plain_run() -> None:
    command = parse_module_command(ansibles_command({"UID": "5"}, sh="/bin/bash"))
    assert command is not None
    with pytest.raises(RefusedError, match="readonly"):
        shell_environment(command, "/bin/bash", None)
