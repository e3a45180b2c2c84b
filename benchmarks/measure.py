"""What a command costs, everything it starts included: wall and CPU seconds, and memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import subprocess
import threading
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Cost:
    """Seconds and MiB. ``memory`` is the peak of all processes together, shared pages counted once (PSS)."""

    wall: float
    cpu: float
    memory: float


@contextlib.contextmanager
def _adopting() -> t.Iterator[None]:
    """Become the parent of what the command leaves behind, so that its CPU is counted too (prctl(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0)


def measure(command: t.Sequence[str], cwd: Path, env: t.Mapping[str, str]) -> Cost:
    """Run a command to its end; raise CalledProcessError, with its output, when it fails."""
    with _adopting():
        before, began, peak, done = _cpu(), time.monotonic(), [0.0], threading.Event()
        sampler = threading.Thread(target=_sample, args=(peak, done))
        sampler.start()
        ended = subprocess.run(
            command, cwd=cwd, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        wall = time.monotonic() - began
        done.set()
        sampler.join()
        _reap(seconds=10)
        cost = Cost(wall, _cpu() - before, peak[0])
    if ended.returncode:
        raise subprocess.CalledProcessError(ended.returncode, command, ended.stdout)
    return cost


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _reap(seconds: float) -> None:
    """Wait for what the command left behind; it ends by itself soon after."""
    end = time.monotonic() + seconds
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.05)


def _sample(peak: list[float], done: threading.Event) -> None:
    while not done.wait(SAMPLE_SECONDS):
        peak[0] = max(peak[0], sum(_pss(pid) for pid in _descendants()))


def _descendants() -> list[int]:
    parents: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int(Path(entry.path, "stat").read_text().rpartition(")")[2].split()[1])
    family = {os.getpid()}
    for _generation in range(8):
        family |= {pid for pid, parent in parents.items() if parent in family}
    return sorted(family - {os.getpid()})


def _pss(pid: int) -> float:
    """MiB of a process, pages it shares divided among those that share them (proc_pid_smaps(5))."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
