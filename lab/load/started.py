# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load that runs beside what is done to an edge: at a client's address in the lab's internet, a process of its own."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import typing as t
from pathlib import Path

from lab.embedded_aws.client import ROOT
from lab.load import server as service
from lab.load.report import Report
from lab.nodes.docker import docker
from lab.plane import client
from lab.plane.client import BUNDLE
from lab.plane.places import PARTNER

# How long a stream may still go on when its clients are told to end.
END_SECONDS = 120


@dataclasses.dataclass
class Load:
    """Clients that run."""

    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, server: str, host: str, address: str = PARTNER, **wanted: t.Any) -> Load:
        """Start clients of `host` at a client's address, and wait until they are answered, or are not.

        `wanted` are options of `python -m lab.load`.
        """
        words = [f"--{name}" if value is True else f"--{name}={value}" for name, value in wanted.items()]
        command = [sys.executable, "-m", "lab.load", "--json", f"--ca={BUNDLE}", *words, host]
        pipes: dict[str, t.Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "bufsize": 0}
        process = client.enter(server, command, address, cwd=ROOT, **pipes)
        if process.stdout:
            process.stdout.readline()  # its first words; without a buffer, which would keep what `communicate` wants
        return cls(process)

    def ended(self, seconds: float = END_SECONDS) -> Report:
        """Tell the clients to end what they do, and return what they met."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.awaited(seconds)

    def awaited(self, seconds: float = END_SECONDS) -> Report:
        """Wait until the clients have sent all POSTs that were wanted; what they met."""
        try:
            said, trouble = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if not said:
            raise RuntimeError(f"the load did not run: {trouble.decode(errors='replace').strip()}")
        return Report.of_json(said.decode())


def serve(server: str, address: str, name: str, port: int = 80) -> None:
    """Let the service of `server.py` run at an address of the lab's internet, under a name that it tells."""
    code = Path(service.__file__).read_text(encoding="utf-8")
    container = client.ensure(server, address)
    docker("exec", "--detach", container, "python3", "-c", code, name, str(port))
