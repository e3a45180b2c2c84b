# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The follower as a process: beside a rehearsal, for as long as its embedded AWS is there."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from lab.embedded_aws.client import ROOT, EmbeddedAws
from lab.nodes import image
from lab.nodes.follow import Follower, sweep_the_dead


def start(arguments: list[str], log: Path) -> None:
    """Start `python -m lab.nodes arguments...` with this process's environment; it outlives this process."""
    with log.open("ab") as said:
        subprocess.Popen(
            [sys.executable, "-m", "lab.nodes", *arguments],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip


def follow(most: int) -> None:
    """Bring machines until the embedded AWS that the environment leads to is gone, or this process is asked to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    aws = EmbeddedAws.from_environment()
    server = _mark(int(aws.status()["pid"]))
    sweep_the_dead(_alive)
    follower = Follower(aws, server, most, _tell)
    # Before the image is made, so that nothing takes an instance for ready meanwhile.
    follower.begin()
    image.ensure(tell=_tell)
    follower.follow(time.sleep)


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _mark(pid: int) -> str:
    """A process by its id and its start: ids come again."""
    try:
        return f"{pid}.{Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"
    except OSError:
        return f"{pid}.gone"


def _alive(server: str) -> bool:
    return _mark(int(server.partition(".")[0])) == server
