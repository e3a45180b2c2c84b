# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starting a server in the background and finding it again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from lab.embedded_aws.client import EmbeddedAws, NotRunningError

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
STOP_SECONDS = 5


def start(
    account: str,
    state: Path | None,
    keep_state: bool,
    owner_pid: int | None,
    log: Path | None,
    delays: Path | None,
    hurry: float = 1.0,
) -> dict[str, t.Any]:
    """Start a server, or with `keep_state` find the one `state` tells of; returns its status.

    Without `keep_state` a server that `state` still tells of is stopped first: a start is always empty.
    """
    running = read_state(state)
    if running and keep_state:
        return {**running, "reused": True}
    if running:
        stop(running)
    folder = log or Path(tempfile.mkdtemp(prefix="cloister-embedded-aws-"))
    folder.mkdir(parents=True, exist_ok=True)
    command = _serve_command(account, owner_pid, folder, temporary=log is None)
    if delays:
        command += ["--delays", str(delays.resolve()), "--hurry", str(hurry)]
    status = _spawn(command, folder)
    if state:
        _write_state(state, status)
    return status


def _serve_command(account: str, owner: int | None, log: Path, temporary: bool) -> list[str]:
    command = [sys.executable, "-m", "lab.embedded_aws", "serve", "--account", account, "--log", str(log.resolve())]
    if temporary:
        command.append("--remove-log")
    if owner:
        command += ["--owner-pid", str(owner)]
    return command


def _spawn(command: list[str], log: Path) -> dict[str, t.Any]:
    with open(log / "server.log", "ab") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise NotRunningError(f"the embedded AWS did not start; its log is {log / 'server.log'}")
    return t.cast("dict[str, t.Any]", json.loads(line))


def read_state(state: Path | None) -> dict[str, t.Any] | None:
    """The status of the server `state` tells of when it still answers, else None."""
    if state is None or not state.exists():
        return None
    try:
        status = json.loads(state.read_text())
        return EmbeddedAws.from_status(status).status()
    except (NotRunningError, ValueError, KeyError):
        return None


def _write_state(state: Path, status: dict[str, t.Any]) -> None:
    state.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(state, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(status, file)


def stop(status: dict[str, t.Any]) -> None:
    """Stop the server `status` describes and wait until its process is gone."""
    pid = int(status["pid"])
    try:
        EmbeddedAws.from_status(status).stop()
    except NotRunningError:
        return
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if _ended(pid):
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)


def _ended(pid: int) -> bool:
    """Whether the process is no more, or only waits for its parent to notice."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except ProcessLookupError:
        return True
    except OSError:
        return False


def remove_folder(folder: Path) -> None:
    """Remove a log folder that was ours alone."""
    shutil.rmtree(folder, ignore_errors=True)
