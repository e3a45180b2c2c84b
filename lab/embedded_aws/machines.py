# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which container stands behind an instance, and the way into it: what an agent of Systems Manager is on a machine.

An instance has none until somebody attaches one. Whoever serves sessions and commands asks `behind(instance_id)` and
answers as AWS does for a machine without an agent when that is None; nothing is ever said to have run that did not.
"""

from __future__ import annotations

import dataclasses
import json
import re
import socket
import subprocess
import time
import typing as t

from lab.embedded_aws import namespaces

INSTANCE = re.compile(r"m?i-[0-9a-f]{8,17}")
# What docker itself says, as against what a command in the container says.
DOCKER_SAYS = ("Error response from daemon:", "Error: No such container", "Cannot connect to the Docker daemon")
# How long beyond a command's own time docker may take.
GRACE_SECONDS = 10
TIMED_OUT = 124
CONNECTED = b"+"
# Runs in the machine: a byte once it is connected, then both ways until both have ended.
RELAY = """
import os, socket, sys, threading
try:
    far = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10)
except OSError as refused:
    sys.exit(str(refused))
far.settimeout(None)
os.write(1, b"+")
def up():
    while data := os.read(0, 65536):
        far.sendall(data)
    far.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := far.recv(65536):
    while data:
        data = data[os.write(1, data):]
"""


class MachineGoneError(ConnectionError):
    """The container behind an instance does not run any more."""


@dataclasses.dataclass(frozen=True)
class Ran:
    """How a command ended: its exit status and output; `timed_out` when its time was up."""

    rc: int
    out: bytes
    err: bytes
    timed_out: bool = False


@dataclasses.dataclass(frozen=True)
class Machine:
    """A running container behind an instance; `address` is its IPv4 address on its first network."""

    instance_id: str
    container: str
    address: str

    def entering(self, argv: list[str], user: str = "root", terminal: bool = False) -> list[str]:
        """The command that runs `argv` in the machine; with `terminal`, one that wants a terminal itself."""
        return ["docker", "exec", "-it" if terminal else "-i", "-u", user, self.container, *argv]

    def run(self, argv: list[str], stdin: bytes = b"", user: str = "root", timeout: float = 60) -> Ran:
        """Run `argv` in the machine for at most `timeout` seconds; then all that it started there is ended.

        MachineGoneError when the container does not run.
        """
        # Within the machine: ending docker's own process would leave the command running there.
        ending = ["timeout", "--kill-after=5", str(timeout)]
        began = time.monotonic()
        try:
            done = subprocess.run(
                self.entering([*ending, *argv], user), input=stdin, capture_output=True, timeout=timeout + GRACE_SECONDS
            )
        except subprocess.TimeoutExpired as late:
            return Ran(TIMED_OUT, late.stdout or b"", late.stderr or b"", timed_out=True)
        self._still_there(done.returncode, done.stderr)
        up = time.monotonic() - began >= timeout and done.returncode in (TIMED_OUT, 137)
        return Ran(done.returncode, done.stdout, done.stderr, up)

    def connect(self, port: int, host: str = "localhost") -> socket.socket:
        """A connection to `host`:`port` made from within the machine, as its agent makes it.

        ConnectionRefusedError when nothing answers there, MachineGoneError when the container does not run.
        """
        direct = namespaces.connect(self.container, port) if host == "localhost" else None
        return direct or self._relayed(port, host)

    def _relayed(self, port: int, host: str) -> socket.socket:
        """Through a process in the machine, which finds names as the machine does."""
        near, far = socket.socketpair()
        command = self.entering(["python3", "-c", RELAY, host, str(port)])
        with far:
            relay = subprocess.Popen(command, stdin=far.fileno(), stdout=far.fileno(), stderr=subprocess.PIPE)
        near.settimeout(GRACE_SECONDS + 10)
        try:
            first = near.recv(1)
        except OSError:
            relay.kill()
            first = b""
        if first == CONNECTED:
            near.settimeout(None)
            return near
        near.close()
        said = relay.communicate()[1]
        self._still_there(relay.returncode, said)
        reason = said.decode(errors="replace").strip()
        raise ConnectionRefusedError(f"{self.instance_id} reaches nothing at {host}:{port}: {reason}")

    def _still_there(self, rc: int, said: bytes) -> None:
        text = said.decode(errors="replace").strip()
        if rc != 0 and text.startswith(DOCKER_SAYS):
            raise MachineGoneError(f"container {self.container} of {self.instance_id} does not run: {text}")


class Awaited:
    """Which instances get a machine from somebody: those with a tag. Until they have it, no agent answers on them."""

    def __init__(self) -> None:
        self.tag: str | None = None
        self.but: frozenset[str] = frozenset()

    def set(self, tag: str | None, but: t.Iterable[str] = ()) -> None:
        """Await machines of instances with this tag, but of these; None: of none."""
        self.tag, self.but = tag, frozenset(but)

    def missing(self, instance_id: str, tags: t.Mapping[str, str]) -> bool:
        """Whether an instance's machine is still to come."""
        if self.tag is None or self.tag not in tags:
            return False
        return instance_id not in _machines and instance_id not in self.but


awaited = Awaited()
_machines: dict[str, Machine] = {}


def attach(instance_id: str, container: str) -> Machine:
    """Let `container`, which runs, be the machine of an instance (`i-`) or of a hybrid node (`mi-`)."""
    if not INSTANCE.fullmatch(instance_id):
        raise ValueError(f"expected an instance id such as i-0123456789abcdef0 or mi-..., not {instance_id!r}")
    machine = _machines[instance_id] = Machine(instance_id, container, _address(container))
    return machine


def detach(instance_id: str) -> None:
    """Leave the instance without a machine; one that has none stays so."""
    _machines.pop(instance_id, None)


def behind(instance_id: str) -> Machine | None:
    """The machine of an instance; None when nobody attached one."""
    return _machines.get(instance_id)


def attached() -> list[Machine]:
    """All machines, by instance id."""
    return [_machines[instance_id] for instance_id in sorted(_machines)]


def clear() -> None:
    """Leave every instance without a machine, and await none; the containers stay."""
    _machines.clear()
    awaited.set(None)


def _address(container: str) -> str:
    found = subprocess.run(["docker", "inspect", "--type", "container", container], capture_output=True)
    if found.returncode != 0:
        said = found.stderr.decode(errors="replace").strip()
        raise ValueError(f"expected a running container, docker finds no {container!r}: {said}")
    (seen,) = json.loads(found.stdout)
    if not seen["State"]["Running"]:
        raise ValueError(f"expected a running container, {container!r} is {seen['State']['Status']}")
    networks = seen["NetworkSettings"]["Networks"].values()
    return next((one["IPAddress"] for one in networks if one["IPAddress"]), "")
