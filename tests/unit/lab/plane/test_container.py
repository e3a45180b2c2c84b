"""Resolvers of the plane begin and end, each after the other; dnsmasq is a double that is slow to leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path
from subprocess import PIPE

import pytest

from lab.plane import container

# A daemon as dnsmasq is: its file goes first, and a while later what only one can have.
DNSMASQ = """#!{python}
import os, pathlib, signal, sys, time
conf = pathlib.Path(sys.argv[1].partition("=")[2])
file, held = conf.with_suffix(".pid"), conf.with_suffix(".held")
try:
    held.mkdir()
except FileExistsError:
    sys.exit("dnsmasq: failed to create listening socket: Address already in use")
(conf.parent.parent / "begun").open("a").write(conf.read_text())
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
if daemon := os.fork():
    file.write_text(str(daemon))
    os._exit(0)
for stream in range(3):
    os.close(stream)
signal.sigtimedwait([signal.SIGTERM], 60)
file.unlink()
time.sleep(0.2)
held.rmdir()
"""
# Whoever runs the shell is to daemons what a container's init is: it waits for those that ended.
INIT = """
import ctypes, os, subprocess, sys
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
shell = subprocess.Popen(["sh", "-eu", "-s"])
while True:
    pid, status = os.wait()
    if pid == shell.pid:
        sys.exit(os.waitstatus_to_exitcode(status))
"""
KEY = "vpc-1"


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[container.Container]:
    """The plane's container without Docker: what it is asked to run, one shell of this machine runs in its folder."""
    program = tmp_path / "bin" / "dnsmasq"
    program.parent.mkdir()
    program.write_text(DNSMASQ.format(python=sys.executable))
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    with subprocess.Popen([sys.executable, "-c", INIT], stdin=PIPE, stdout=PIPE, env={"PATH": path}) as shell:

        def docker(*_arguments: str, stdin: bytes) -> str:
            assert shell.stdin
            assert shell.stdout
            shell.stdin.write(stdin.replace(container.FOLDER.encode(), bytes(tmp_path)) + b"\necho done\n")
            shell.stdin.flush()
            assert shell.stdout.readline() == b"done\n", "the script failed"
            return ""

        monkeypatch.setattr(container, "docker", docker)
        yield container.Container("plane", tmp_path, "")


@pytest.mark.parametrize(
    "between",
    [
        pytest.param([], id="its configuration changed"),
        pytest.param([{}], id="it was off meanwhile"),
    ],
)
def test_a_resolver_begins_once_the_one_before_has_left_its_address(
    box: container.Container, between: list[t.Mapping[str, tuple[str, str]]]
) -> None:
    for wanted in [{KEY: ("first\n", "")}, *between, {KEY: ("second\n", "")}]:
        box.resolve(wanted)
    assert (box.folder / "begun").read_text() == "first\nsecond\n"
    box.resolve({})
    assert not list((box.folder / "names").iterdir()), "the last one left nothing behind"


def test_a_resolver_that_has_ended_begins_again(box: container.Container) -> None:
    wanted = {KEY: ("first\n", "")}
    box.resolve(wanted)
    names = box.folder / "names"
    os.kill(int((names / f"{KEY}.pid").read_text()), signal.SIGTERM)
    end = time.monotonic() + 30
    while (names / f"{KEY}.held").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    box.resolve(wanted)
    assert (box.folder / "begun").read_text() == "first\nfirst\n"
    box.resolve({})
