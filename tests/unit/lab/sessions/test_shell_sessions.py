# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shells on a terminal of the node."""

from __future__ import annotations

import json
import subprocess
import time
import typing as t
from pathlib import Path

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.sessions.peer import OUTPUT, SIZE, TERMINATE

Session = t.Any
SHELL = "SSM-SessionManagerRunShell"


def test_a_shell_has_a_terminal_of_the_size_that_the_client_says(session: Session) -> None:
    peer = session(SHELL)
    asked = peer.shake_hands()["RequestedClientActions"][0]["ActionParameters"]
    assert asked == {"SessionType": "Standard_Stream", "Properties": None}
    for rows, columns in ((30, 100), (50, 160)):
        peer.send(SIZE, json.dumps({"cols": columns, "rows": rows}).encode())
        peer.send(OUTPUT, b"echo $(stty size) is it\n")
        peer.until(b"%d %d is it" % (rows, columns))


def test_a_shell_that_exits_ends_its_session(session: Session, aws: EmbeddedAws) -> None:
    peer = session(SHELL)
    peer.shake_hands()
    peer.send(OUTPUT, b"echo $TERM; exit\n")
    peer.until(b"xterm-256color")
    assert peer.end()["Output"] == ""
    assert aws.sessions()[0]["status"] == "Terminated"


def test_keys_that_interrupt_reach_what_runs(session: Session) -> None:
    peer = session(SHELL)
    peer.shake_hands()
    peer.send(OUTPUT, b"echo begins; sleep 60\n")
    peer.until(b"begins\r\n")
    time.sleep(0.2)
    peer.send(OUTPUT, b"\x03")
    peer.send(OUTPUT, b"echo $((6 * 7)) goes on\n")
    peer.until(b"42 goes on")


def test_what_a_shell_started_ends_with_the_session(session: Session, tmp_path: Path) -> None:
    peer = session(SHELL)
    peer.shake_hands()
    peer.send(OUTPUT, f"sleep 4321 & echo $! >{tmp_path}/pid; echo $((6 * 7)) done\n".encode())
    peer.until(b"42 done")
    pid = int((tmp_path / "pid").read_text())
    assert _runs(pid)
    peer.flag(TERMINATE)
    peer.end()
    end = time.monotonic() + 5
    while _runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _runs(pid)


def test_a_node_where_no_user_can_be_made_says_so(session: Session, programs: Path) -> None:
    (programs / "id").rename(programs / "id.aside")
    (programs / "id").write_text("#!/bin/sh\nexit 1\n")
    (programs / "id").chmod(0o755)
    (programs / "useradd").write_text("#!/bin/sh\necho useradd: no room >&2\nexit 1\n")
    (programs / "useradd").chmod(0o755)
    try:
        peer = session(SHELL)
        peer.shake_hands()
        assert peer.end()["Output"] == "Unable to start shell: useradd: no room"
    finally:
        (programs / "useradd").unlink()
        (programs / "id.aside").rename(programs / "id")


def _runs(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return done.stdout.strip() != "" and not done.stdout.startswith("Z")
