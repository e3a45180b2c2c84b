"""People who run playbooks at the same time, each with folders of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.integration.playbook import ROOT, Region

# One thread listens to each run, so that its end is noted when it comes.
POOL = ThreadPoolExecutor(max_workers=8)
LIGHT = "tests/integration/lock/light.yml"
LOCK = "/cloister/us/lock"


@dataclass
class Ended:
    """A run that ended: exit status, what it said, and how long it took."""

    rc: int
    output: str
    seconds: float


class Operator:
    """One run of a playbook. All its processes are found by their TMPDIR."""

    def __init__(self, region: Region, name: str, playbook: str, *arguments: str, prefix: t.Sequence[str] = ()) -> None:
        self.folder = region.scratch / name
        self.folder.mkdir(exist_ok=True)
        began = time.monotonic()
        environment = {"TMPDIR": str(self.folder), "CLOISTER_REPORT_FILE": str(self.folder / "report.json")}
        self.process = subprocess.Popen(
            [*prefix, *region.command(playbook, *arguments)],
            cwd=ROOT,
            env=region.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._ended = POOL.submit(self._listen, began)

    def _listen(self, began: float) -> Ended:
        output, _ = self.process.communicate()
        return Ended(self.process.returncode, output, time.monotonic() - began)

    def end(self) -> Ended:
        """Wait for it."""
        return self._ended.result(timeout=200)

    def ended(self) -> bool:
        """Return whether it has ended."""
        return self._ended.done()

    def kill(self) -> None:
        """End its first process at once, without a word to the others."""
        self.process.send_signal(signal.SIGKILL)
        until(lambda: self.process.poll() is not None, "end of the run")

    def processes(self) -> dict[int, str]:
        """Return the commands of its processes that still run, by id."""
        mark = f"TMPDIR={self.folder}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")[:200]
            except OSError:
                continue
        return found

    def keeper(self) -> int:
        """Return the process id of its keeper, once it has one."""
        folder = self.folder / f"cloister-keepers-{os.geteuid()}"
        until(lambda: folder.is_dir() and any(file.read_text() for file in folder.iterdir()), "a keeper")
        return int(next(folder.iterdir()).read_text())


def until(ready: t.Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait for it, or fail."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"no {what} within {seconds} s"
        time.sleep(0.05)


def vpcs(region: Region) -> list[str]:
    """Return the ids of our VPCs called main."""
    return [thing["id"] for thing in region.owned() if thing["tags"]["cloister:part"] == "main"]


def lock_writes(region: Region, since: int = 0) -> list[str]:
    """Return what was done with the lock, in order, refusals left out."""
    return [
        write["action"]
        for write in region.lab.writes(since)
        if any(LOCK in str(name) for name in write["named"]) and not write["error"]
    ]
