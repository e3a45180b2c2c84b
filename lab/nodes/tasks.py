# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings containers to tasks of ECS that have an address of their own, and lets them go with their tasks.

Their images are names here, so a service of the lab stands for each, by the repository's last name: `us/guard:...` is
`lab/services/guard`. A container that has none stays a name, and its task is as well as ECS says.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import io
import re
import socket
import tarfile
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

from lab.embedded_aws.client import EmbeddedAws, NotRunningError
from lab.nodes import service
from lab.nodes.docker import DockerError, docker
from lab.nodes.node import LABEL
from lab.nodes.places import SERVER, Place, Places
from lab.plane.places import name_server

SERVICES = Path(service.__file__).parents[1] / "services"
AUTHORITIES = "/etc/lab-authorities.pem"
HANDS = 3
# A service listens soon after it is started; on a machine that is busy, some time after.
LISTEN_SECONDS = 15
Task = dict[str, t.Any]


@dataclasses.dataclass
class Tasks:
    """The containers of one embedded AWS's tasks; `server` marks them as its own."""

    aws: EmbeddedAws
    server: str
    places: Places
    tell: Callable[[str], None] = print

    def __post_init__(self) -> None:
        # Containers of each task, none when nothing stands for it.
        self._has: dict[str, list[str]] = {}
        self._told: set[str] = set()

    def begin(self) -> None:
        """Let no task run before it has its containers."""
        self.aws.await_tasks(True)

    def end(self) -> None:
        """Await no containers any more."""
        with contextlib.suppress(NotRunningError):
            self.aws.await_tasks(False)

    def look(self) -> None:
        """Let containers come and go as the tasks did since the last look."""
        found = {one["id"]: one for one in self.aws.tasks()}
        for identifier in [one for one in self._has if one not in found]:
            for name in reversed(self._has.pop(identifier)):
                docker("rm", "--force", "--volumes", name)
                self.tell(f"task {identifier} has stopped, container {name} is gone")
        new = [one for one in found.values() if one["id"] not in self._has]
        with concurrent.futures.ThreadPoolExecutor(HANDS) as hands:
            for one, made in zip(new, hands.map(self._bring, new), strict=True):
                self._has[one["id"]] = made
                self.aws.bring_task(one["id"])

    def _bring(self, task: Task) -> list[str]:
        """Start what stands for a task's containers, the first with its address and the others beside it."""
        made: list[str] = []
        try:
            for container in task["containers"]:
                folder = stand_in(container["image"])
                if folder is None:
                    self._tell_once(f"nothing stands for {container['image']}: {container['name']} of a task is a name")
                    continue
                made.append(self._run(task, container, folder, made))
        except (DockerError, ValueError) as refused:
            self._tell_once(f"task {task['id']} ({task['service']}) gets no container: {refused}")
            for name in reversed(made):
                docker("rm", "--force", "--volumes", name)
            return []
        if made and (ports := [port for one in task["containers"] for port in one["ports"]]):
            _await_listener(_address(made[0]), ports[0])
        return made

    def _run(self, task: Task, container: dict[str, t.Any], folder: Path, beside: list[str]) -> str:
        image = service.build(folder, f"cloister-service/{folder.name}")
        name = f"cloister-task-{task['id']}-{container['name']}"
        place = self.places.of(task)
        given = dict(container["environment"])
        given |= {"PORT": str(container["ports"][0])} if container["ports"] and "PORT" not in given else {}
        trusted = "".join([*task["authorities"], self.aws.authority()])
        given |= {"SSL_CERT_FILE": AUTHORITIES}
        arguments = [f"--network=container:{beside[0]}"] if beside else _where(task, place)
        arguments += [f"--label={one}" for one in (LABEL, f"{SERVER}={self.server}")]
        # Values are no business of who looks at processes.
        arguments += [f"--env={key}" for key in given]
        docker("create", f"--name={name}", *arguments, image, environment=given)
        docker("cp", "-", f"{name}:/", stdin=_archive(AUTHORITIES, trusted.encode()))
        docker("start", name)
        at = task["address"] if place.own else "an address of docker's"
        self.tell(f"task {task['id']} ({task['service']}) runs {folder.name} of the lab at {at}: container {name}")
        return name

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.tell(text)


def _address(container: str) -> str:
    return docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)


def _await_listener(address: str, port: int) -> None:
    """Wait until somebody listens; who never does is for health checks to find."""
    end = time.monotonic() + LISTEN_SECONDS
    while time.monotonic() < end:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)


def stand_in(image: str) -> Path | None:
    """The folder of the service that stands for an image; None when there is none."""
    last = re.split(r"[:@]", image.rpartition("/")[2])[0].replace("-", "_")
    folder = SERVICES / last
    return folder if last and (folder / "Dockerfile").exists() else None


def _where(task: Task, place: Place) -> list[str]:
    own = [f"--ip={task['address']}", f"--dns={name_server(place.cidr)}"] if place.own else []
    return [f"--network={place.network}", *own]


def _archive(path: str, content: bytes) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        member = tarfile.TarInfo(path.lstrip("/"))
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return held.getvalue()
