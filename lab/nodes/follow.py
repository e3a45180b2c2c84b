# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings machines to instances: each that runs and has a role gets a container, which goes with it.

It looks from outside, as a person would: nothing in the embedded AWS waits for it.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import io
import tarfile
import typing as t
from collections.abc import Callable

from lab.embedded_aws import machine_images
from lab.embedded_aws.client import EmbeddedAws, NotRunningError
from lab.nodes import gpus, machine_image, node
from lab.nodes.docker import DockerError, docker, inspect
from lab.nodes.places import SERVER, Place, Places

ROLE = "cloister:role"
MOST = 24
# How many machines start at once.
HANDS = 3
Instance = dict[str, t.Any]


@dataclasses.dataclass
class Follower:
    """What one embedded AWS's instances have for machines; `server` marks the containers as its own."""

    aws: EmbeddedAws
    server: str
    places: Places
    most: int = MOST
    tell: Callable[[str], None] = print

    def __post_init__(self) -> None:
        # Instances that have a container, by what they were in when it was last looked at.
        self._has: dict[str, str] = {}
        self._refused: set[str] = set()

    def begin(self) -> None:
        """Let nothing take an instance with a role for ready before it has its machine."""
        self.aws.await_machines(ROLE)

    def end(self) -> None:
        """Await no machine any more."""
        with contextlib.suppress(NotRunningError):
            self.aws.await_machines(None)

    def look(self) -> None:
        """Let machines start, stop and go as the instances did since the last look."""
        found = {one["id"]: one for one in self.aws.instances() if ROLE in one["tags"]}
        for identifier in [one for one in self._has if one not in found]:
            self.aws.detach(identifier)
            node.down(name_of(identifier))
            del self._has[identifier]
            self.tell(f"{identifier} is over, its machine is gone")
        changed = [one for one in found.values() if self._wanted(one)]
        with concurrent.futures.ThreadPoolExecutor(HANDS) as hands:
            for one, failed in zip(changed, hands.map(self._bring, changed), strict=True):
                self._has[one["id"]] = one["state"]
                if failed:
                    self._refuse(one, failed)

    def _wanted(self, one: Instance) -> bool:
        """Whether something is to be done for an instance; says so once when nothing can be."""
        if one["state"] not in ("running", "stopped") or one["id"] in self._refused:
            return False
        had = self._has.get(one["id"])
        if had is None and (one["state"] == "stopped" or self._full(one)):
            return False
        return had != one["state"]

    def _full(self, one: Instance) -> bool:
        if len(self._has) < self.most:
            return False
        self._refuse(one, f"{self.most} run already")
        return True

    def _refuse(self, one: Instance, reason: str) -> None:
        """Nobody shall wait for it: whoever wants in is told that nothing is there."""
        self._refused.add(one["id"])
        self.aws.await_machines(ROLE, self._refused)
        self.tell(f"{one['id']} gets no machine: {reason}")

    def _bring(self, one: Instance) -> str | None:
        """Start or stop the machine of an instance; returns why that failed."""
        name = name_of(one["id"])
        try:
            if one["state"] == "stopped":
                self.aws.detach(one["id"])
                docker("stop", name)
            elif inspect("container", name) is not None:
                docker("start", name)
                node.await_boot(name)
                self.places.of(one).settle(name)
                self.aws.attach(one["id"], name)
            else:
                self._make(one, name)
        except (DockerError, ValueError) as refused:
            return str(refused)
        return None

    def _make(self, one: Instance, name: str) -> None:
        place = self.places.of(one)
        wanted = node.Wanted(
            name, network=place.network, address=one["address"] if place.own else "", inner_docker=True,
            labels=(f"{SERVER}={self.server}",), aliases=(f"ip-{one['address'].replace('.', '-')}",),
            image=_image_of(one), more=place.hosts,
        )  # fmt: skip
        node.up(wanted)
        place.settle(name)
        docker("cp", "-", f"{name}:/", stdin=self._trusted(place))
        if one["gpus"]:
            gpus.put(name, gpus.NOT_LOADED, one["gpus"])
        self.aws.attach(one["id"], name)
        role, where = one["tags"][ROLE], one["address"] if place.own else "an address of docker's"
        self.tell(f"{one['id']} ({role}) has a machine at {where}: container {name}")

    def _trusted(self, place: Place) -> bytes:
        """Whom its Docker believes when it pulls from ECR: https://docs.docker.com/engine/security/certificates/"""
        content, held = self.aws.authority().encode(), io.BytesIO()
        with tarfile.open(fileobj=held, mode="w") as archive:
            member = tarfile.TarInfo(f"etc/docker/certs.d/{place.ecr}/ca.crt")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        return held.getvalue()


def name_of(instance: str) -> str:
    """The container of an instance."""
    return f"cloister-{instance}"


def _image_of(one: Instance) -> str:
    """Of an instance that was started from an image of another one: what that one's machine had on its disk."""
    kept = machine_images.name_of(one["image"])
    return kept if inspect("image", kept) is not None else machine_image.IMAGE


def sweep(server: str) -> None:
    """Take away all machines, networks and images of machines of a server."""
    mine = f"--filter=label={SERVER}={server}"
    for name in docker("ps", "--all", "--quiet", mine).split():
        docker("rm", "--force", "--volumes", name)
    for name in docker("network", "ls", "--quiet", mine).split():
        docker("network", "rm", name)
    for name in docker("image", "ls", "--quiet", mine).split():
        docker("rmi", "--force", name)


def sweep_the_dead(alive: Callable[[str], bool]) -> None:
    """Take away what servers left behind that are not alive any more."""
    kinds = (("ps", "--all"), ("network", "ls"))
    said = [docker(*kind, f"--filter=label={SERVER}", f'--format={{{{.Label "{SERVER}"}}}}') for kind in kinds]
    for server in {one for text in said for one in text.split()}:
        if not alive(server):
            sweep(server)
