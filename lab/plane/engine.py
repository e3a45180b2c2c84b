# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HAProxy as it runs: asked by its socket, changed without a reload where it can be, and reloaded without a gap.

https://docs.haproxy.org/3.0/management.html#9.3 has the commands.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import socket
import time
import typing as t

from lab.nodes.docker import DockerError, docker
from lab.plane.container import FOLDER, Container

CONFIG, STATE, ADMIN, MASTER = "haproxy.cfg", "servers.state", "admin.sock", "master.sock"
START_SECONDS = 20
ASK_SECONDS = 10
# How long connections that were shut take to be gone; what is not gone by then is asked for the next time.
END_SECONDS = 0.3
Servers = dict[str, dict[str, str]]
"""Of each backend its servers by name: their address and options, as a configuration has them."""


class Engine:
    """The HAProxy of a plane."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._frame = ""
        self._servers: Servers = {}

    def apply(self, frame: str, servers: Servers) -> list[str]:
        """Let it be so configured; returns backend/name of servers that it did not have.

        `frame` is the configuration with a line `# servers` in each backend, where they would be.
        """
        same = all(servers.get(backend, {}).get(name, what) == what for backend, name, what in self._listed())
        if frame == self._frame and same:
            return self._change(servers)
        had = {f"{backend}/{name}" for backend, name, _ in self._listed()}
        if self._frame:
            (self._container.folder / STATE).write_text(self.ask("show servers state"))
        (self._container.folder / CONFIG).write_text(whole(frame, servers))
        if self._frame:
            self._reload()
        else:
            self._start()
        self._frame, self._servers = frame, {backend: dict(listed) for backend, listed in servers.items()}
        return [f"{backend}/{name}" for backend, name, _ in self._listed() if f"{backend}/{name}" not in had]

    def _listed(self) -> list[tuple[str, str, str]]:
        return [(backend, name, what) for backend, listed in self._servers.items() for name, what in listed.items()]

    def _change(self, servers: Servers) -> list[str]:
        """Add and take away servers while everything flows."""
        gone = [(backend, name) for backend, name, _ in self._listed() if name not in servers.get(backend, {})]
        for backend, name in gone:
            self.ask(f"set server {backend}/{name} state maint; shutdown sessions server {backend}/{name}")
            if self._delete(backend, name):
                del self._servers[backend][name]
        had = {(backend, name) for backend, name, _ in self._listed()}
        new = [(backend, name) for backend, listed in servers.items() for name in listed if (backend, name) not in had]
        for backend, name in new:
            self._add(backend, name, servers[backend][name])
        if gone or new:
            # What a start anew would begin with.
            (self._container.folder / CONFIG).write_text(whole(self._frame, self._servers))
        return [f"{backend}/{name}" for backend, name in new]

    def _add(self, backend: str, name: str, what: str) -> None:
        said = self.ask(f"add server {backend}/{name} {what}")
        if "New server registered" not in said:
            raise DockerError(f"haproxy takes no server {backend}/{name} {what}: {said}")
        checks = f"enable health {backend}/{name}; " if " check " in f" {what} " else ""
        self.ask(f"{checks}enable server {backend}/{name}")
        self._servers.setdefault(backend, {})[name] = what

    def _delete(self, backend: str, name: str) -> bool:
        """Whether a server in maintenance is gone; it is not while a connection of its ends."""
        end = time.monotonic() + END_SECONDS
        while "Server deleted" not in (said := self.ask(f"del server {backend}/{name}")):
            if "No such server" in said:
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def states(self) -> dict[str, dict[str, str]]:
        """What `show stat` says of each server, by backend/name."""
        rows = csv.DictReader(io.StringIO(self.ask("show stat -1 4 -1").removeprefix("# ")))
        return {f"{row['pxname']}/{row['svname']}": row for row in rows}

    def ask(self, command: str) -> str:
        """What it answers to a command, or to several with semicolons between."""
        return self._talk(ADMIN, command)

    def _talk(self, name: str, command: str) -> str:
        # By the folder's descriptor: its path is longer than that of a socket may be.
        folder = os.open(self._container.folder, os.O_RDONLY)
        try:
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as asked:
                asked.settimeout(ASK_SECONDS)
                asked.connect(f"/proc/self/fd/{folder}/{name}")
                asked.sendall(command.encode() + b"\n")
                answer = b"".join(iter(lambda: asked.recv(65536), b""))
        except OSError as silent:
            raise DockerError(f"haproxy of {self._container.name} does not answer: {silent}") from silent
        finally:
            os.close(folder)
        return answer.decode(errors="replace").strip()

    def _start(self) -> None:
        run = ["haproxy", "-W", "-S", f"{FOLDER}/{MASTER}", "-f", f"{FOLDER}/{CONFIG}"]
        self._container.run(f": >>{FOLDER}/{STATE}; haproxy -c -q -f {FOLDER}/{CONFIG}")
        docker("exec", "--detach", self._container.name, *run)
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.ask("show version")
                return
            except DockerError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def _reload(self) -> None:
        said = self._talk(MASTER, "reload")
        if "Success=1" not in said:
            raise DockerError(f"haproxy refused a configuration: {said}")


def whole(frame: str, servers: Servers) -> str:
    """The configuration with its servers in their places."""
    lines: list[str] = []
    backend = ""
    for line in frame.splitlines():
        if line.startswith("backend "):
            backend = line.removeprefix("backend ")
        if line.strip() == "# servers":
            lines += [f"    server {name} {what}" for name, what in servers.get(backend, {}).items()]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def column(row: t.Mapping[str, str], name: str) -> int:
    """A number of `show stat`, 0 where it has none."""
    return int(row.get(name) or 0)
