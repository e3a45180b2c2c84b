# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A scenario is a test: `pytest molecule`, or `pytest molecule/docker` for one.

Each is one of its own file, so that workers share them out. Without Docker they are skipped, and fail where CI is set:
there, nothing may be left out unseen. A scenario that wants more than Docker has a `needs.py`, which prints why it
cannot run here; that is a skip everywhere.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.with_docker import need_docker

ROOT = Path(__file__).parents[1]
LONGEST_SECONDS = 1500
SHOWN_LINES = 150


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What a scenario's verification runs with pytest is no test without the scenario's machines."""
    if not collection_path.is_dir() or collection_path.parents[1] != ROOT / "molecule":
        return None
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(collection_path) for path in named) else True


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A molecule.yml is a file with one test."""
    return ScenarioFile.from_parent(parent, path=file_path) if file_path.name == "molecule.yml" else None


class ScenarioFile(pytest.File):
    """The folder of a scenario."""

    def collect(self) -> t.Iterator[pytest.Item]:
        yield Scenario.from_parent(self, name=self.path.parent.name)


class ScenarioError(Exception):
    """A scenario did not go through; its last words."""


class Scenario(pytest.Item):
    """`molecule test` of one scenario must go through: converge, idempotence, check mode, verify."""

    def setup(self) -> None:
        needs = self.path.parent / "needs.py"
        if needs.exists():
            reason = subprocess.run([sys.executable, str(needs)], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
            if reason.strip():
                pytest.skip(f"NOT TESTED: scenario {self.name}: {reason.decode().strip()}")
        need_docker(f"scenario {self.name}")

    def runtest(self) -> None:
        rc, said = _molecule("test", "--scenario-name", self.name)
        if rc is None:
            _molecule("destroy", "--scenario-name", self.name)
            raise ScenarioError(f"no end after {LONGEST_SECONDS} s:\n{said}")
        if rc != 0:
            raise ScenarioError(f"`molecule test -s {self.name}` ended with {rc}:\n{said}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: t.Any = None) -> t.Any:
        if isinstance(excinfo.value, ScenarioError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"scenario {self.name}"


def _molecule(*arguments: str) -> tuple[int | None, str]:
    """(exit status, the end of what it said) of molecule in the checkout; None when it took too long."""
    # Molecule writes an ansible.cfg of its own, from .config/molecule/config.yml.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment["NO_COLOR"] = "1"
    command = [sys.executable, "-m", "molecule", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as run:
        try:
            said, _ = run.communicate(timeout=LONGEST_SECONDS)
            rc: int | None = run.returncode
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            rc, (said, _) = None, run.communicate()
    return rc, "\n".join(said.decode(errors="replace").splitlines()[-SHOWN_LINES:])
