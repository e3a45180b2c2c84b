# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection made within a container's network by this process itself, without one more process on the way.

A thread enters the network, connects and ends; the socket stays where it was made. That takes root on the machine that
the containers run on. https://man7.org/linux/man-pages/man2/setns.2.html
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
from pathlib import Path

CONNECT_SECONDS = 10
LOOPBACK = ("127.0.0.1", "::1")


def connect(container: str, port: int) -> socket.socket | None:
    """A connection to a port of the container's own, as it would make it; None where its network cannot be entered.

    ConnectionRefusedError when nothing listens there.
    """
    network = _network_of(container)
    if network is None:
        return None
    made: list[socket.socket | OSError | None] = [None]
    thread = threading.Thread(target=_enter, args=(network, port, made), name="network")
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise ConnectionRefusedError(str(made[0]))
    return made[0]


def _network_of(container: str) -> Path | None:
    """The network of the container's first process, once it is sure that it is that container's."""
    found = subprocess.run(["docker", "inspect", "--type", "container", container], capture_output=True)
    with contextlib.suppress(ValueError, KeyError, OSError):
        (seen,) = json.loads(found.stdout)
        process = Path("/proc", str(seen["State"]["Pid"]))
        # Docker may count processes from elsewhere, and a number may have been given anew.
        if seen["State"]["Running"] and seen["Id"] in (process / "cgroup").read_text():
            return process / "ns" / "net"
    return None


def _enter(network: Path, port: int, made: list[socket.socket | OSError | None]) -> None:
    try:
        with network.open("rb") as namespace:
            os.setns(namespace.fileno(), os.CLONE_NEWNET)
    except OSError:
        return
    for address in LOOPBACK:
        try:
            connected = socket.create_connection((address, port), timeout=CONNECT_SECONDS)
        except OSError as refused:
            made[0] = refused
            continue
        connected.settimeout(None)
        made[0] = connected
        return
