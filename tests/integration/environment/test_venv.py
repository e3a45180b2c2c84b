"""tools/venv.sh finds a Python that really starts, and trusts an environment only when it is whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "tools" / "venv.sh"
PYTHON = Path(sys.base_prefix) / "bin" / "python3"
COMMANDS = ("basename", "bash", "cat", "cksum", "dirname", "flock", "ls", "rm")


class Checkout:
    """A folder with the script, an empty lock, and a PATH that holds only what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        for path in (self.bin, folder / "tools"):
            path.mkdir()
        shutil.copy(SCRIPT, folder / "tools")
        self.lock("# nothing")
        for command in COMMANDS:
            if found := shutil.which(command):
                (self.bin / command).symlink_to(found)

    @property
    def python(self) -> Path:
        return self.folder / ".venv" / "bin" / "python"

    def lock(self, text: str) -> None:
        (self.folder / "requirements.txt").write_text(text + "\n", encoding="utf-8")

    def put(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def prepare(self, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {"PATH": str(self.bin), "HOME": str(self.folder)} | environment
        command = ["tools/venv.sh"]
        return subprocess.run(command, cwd=self.folder, env=known, text=True, capture_output=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_shim_that_does_not_start_and_an_old_python_are_passed_over(checkout: Checkout) -> None:
    checkout.put("python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    checkout.put("python3.12", "exit 1")
    checkout.put("python3", f'exec {PYTHON} "$@"')
    done = checkout.prepare()
    assert done.returncode == 0, done.stderr
    assert subprocess.run([checkout.python, "-c", "import pip"], check=False).returncode == 0


def test_a_python_that_pyenv_keeps_out_of_the_path_is_found(checkout: Checkout) -> None:
    kept = checkout.folder / ".pyenv" / "versions" / "3.13.0" / "bin"
    kept.mkdir(parents=True)
    checkout.put("python3", f'exec {PYTHON} "$@"')
    (checkout.bin / "python3").rename(kept / "python3")
    done = checkout.prepare()
    assert done.returncode == 0, done.stderr


def test_without_a_python_one_sentence_says_what_to_install(checkout: Checkout) -> None:
    checkout.put("python3", "exit 1")
    done = checkout.prepare()
    assert done.returncode != 0
    assert "no Python 3.12 or newer was found. Install one" in done.stderr


def test_a_python_that_was_named_is_not_replaced_by_another(checkout: Checkout) -> None:
    checkout.put("python3", f'exec {PYTHON} "$@"')
    done = checkout.prepare(PYTHON="/nowhere/python3")
    assert done.returncode != 0
    assert "no Python 3.12 or newer was found at PYTHON=/nowhere/python3" in done.stderr


def test_a_python_without_ensurepip_names_the_missing_package(checkout: Checkout) -> None:
    checkout.put("python3", 'case "$2" in *ensurepip*) exit 1 ;; *) exit 0 ;; esac')
    done = checkout.prepare()
    assert done.returncode != 0
    assert "apt-get install python3-venv" in done.stderr


def test_a_whole_environment_costs_nothing_and_any_other_is_made_anew(checkout: Checkout) -> None:
    checkout.put("python3", f'exec {PYTHON} "$@"')
    assert "preparing .venv" in checkout.prepare().stderr
    assert checkout.prepare().stderr == ""

    left = checkout.folder / ".venv" / "left-behind"
    left.touch()
    (checkout.folder / ".venv" / ".installed").unlink()  # as a kill during the install leaves it
    assert "preparing .venv" in checkout.prepare().stderr
    assert not left.exists()

    left.touch()
    checkout.lock("# something else")
    assert "preparing .venv" in checkout.prepare().stderr
    assert not left.exists()
