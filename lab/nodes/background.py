# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The follower as a process: machines, tasks and the plane beside a rehearsal, as long as its embedded AWS is there."""

from __future__ import annotations

import contextlib
import functools
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

from lab.embedded_aws.client import ROOT, EmbeddedAws, NotRunningError
from lab.nodes import image, machine_image, service
from lab.nodes.follow import Follower, sweep, sweep_the_dead
from lab.nodes.places import Places
from lab.nodes.tasks import Tasks
from lab.plane import Plane

# How often each looks.
LOOK_SECONDS = 0.5
# How long one may take to come to an end when all do.
END_SECONDS = 60


class Looks(t.Protocol):
    """What brings things to where the embedded AWS says they are."""

    def look(self) -> None:
        """Do what has become due."""


def start(arguments: list[str], log: Path) -> None:
    """Start `python -m lab.nodes arguments...` with this process's environment; it outlives this process."""
    with log.open("ab") as said:
        subprocess.Popen(
            [sys.executable, "-m", "lab.nodes", *arguments],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip


def follow(most: int, hurry: float = 1.0) -> None:
    """Bring machines until the embedded AWS that the environment leads to is gone, or this process is asked to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    aws = EmbeddedAws.from_environment()
    server = server_of(aws)
    sweep_the_dead(_alive)
    places = Places(aws, server)
    machines, tasks = Follower(aws, server, places, most, _tell), Tasks(aws, server, places, _tell)
    plane = Plane(aws, server, hurry, _tell)
    # Before the images are made, so that nothing takes an instance or a task for ready meanwhile.
    machines.begin()
    tasks.begin()
    with contextlib.ExitStack() as last:
        # From the last one to the first, each whatever becomes of the others.
        for undo in (functools.partial(sweep, server), plane.end, tasks.end, machines.end):
            last.callback(undo)
        make_images(_tell)
        together(machines, tasks, plane)


def make_images(tell: t.Callable[[str], None]) -> None:
    """Make what containers of a rehearsal start from, once."""
    machine_image.ensure(tell)
    image.ensure(tell=tell)
    service.base()


def together(*parts: Looks) -> None:
    """Let each look on its own, so that none waits for another, until the embedded AWS is gone.

    What breaks is told of once, and tried again.
    """
    over = threading.Event()
    threads = [threading.Thread(target=_look_on, args=(one, over), name=type(one).__name__) for one in parts]
    for one in threads:
        one.start()
    try:
        while not over.is_set():
            _rest(LOOK_SECONDS)
    finally:
        over.set()
        for one in threads:
            one.join(END_SECONDS)


_rest = time.sleep


def _look_on(part: Looks, over: threading.Event) -> None:
    told: set[str] = set()
    while not over.is_set():
        try:
            part.look()
        except NotRunningError:
            if not over.is_set():
                over.set()
                _tell("the embedded AWS is gone, and so is all that stood for it")
        except Exception as broken:  # noqa: BLE001 - told of, and tried again
            said = f"{type(part).__name__}: {type(broken).__name__} {broken}"
            if said not in told:
                told.add(said)
                _tell(said)
        over.wait(LOOK_SECONDS)


def server_of(aws: EmbeddedAws) -> str:
    """What marks everything of a server's."""
    return _mark(int(aws.status()["pid"]))


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _mark(pid: int) -> str:
    """A process by its id and its start: ids come again."""
    try:
        return f"{pid}.{Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"
    except OSError:
        return f"{pid}.gone"


def _alive(server: str) -> bool:
    """Whether a server still runs; one that is no process's mark is somebody's whom we do not know."""
    pid = server.partition(".")[0]
    return not pid.isdigit() or _mark(int(pid)) == server
