# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Networks of docker's that nodes are in; in one that has a name, nodes find each other by name."""

from __future__ import annotations

import ipaddress
import json
import socket
import struct
from pathlib import Path

from lab.nodes.docker import DockerError, docker, inspect
from lab.nodes.node import LABEL

ROUTES = Path("/proc/net/route")
Network = ipaddress.IPv4Network


def ensure(name: str, cidr: str = "", labels: tuple[str, ...] = ()) -> bool:
    """Make a network unless there is one of that name; returns whether it has the addresses of `cidr`.

    It gets others when somebody has some of these: another network, or a way that this machine has.
    """
    there = inspect("network", name)
    if there is None:
        free = bool(cidr) and not taken(cidr)
        wanted = [f"--label={label}" for label in (LABEL, *labels)] + ([f"--subnet={cidr}"] if free else [])
        try:
            docker("network", "create", *wanted, name)
        except DockerError:
            # Somebody else may have made it just now.
            if inspect("network", name) is None:
                raise
        there = inspect("network", name) or {}
    return cidr in [one.get("Subnet") for one in there["IPAM"]["Config"]]


def remove(name: str) -> None:
    """Remove a network that nothing is in; one that is not there is gone."""
    if inspect("network", name) is not None:
        docker("network", "rm", name)


def taken(cidr: str) -> list[str]:
    """Whose addresses overlap with these: networks of docker's, and ways of this machine but the default one."""
    wanted = Network(cidr)
    listed = docker("network", "ls", "--quiet", "--filter=driver=bridge").split()
    networks = json.loads(docker("network", "inspect", *listed)) if listed else []
    found = [
        f"network {one['Name']}"
        for one in networks
        for range_ in one["IPAM"]["Config"] or []
        if ":" not in range_.get("Subnet", ":") and Network(range_["Subnet"]).overlaps(wanted)
    ]
    return found + [f"route {one}" for one in _routes() if one.overlaps(wanted)]


def _routes() -> list[Network]:
    """The kernel's table: destination and mask in hexadecimal, lowest byte first."""
    rows = [line.split() for line in ROUTES.read_text().splitlines()[1:]] if ROUTES.exists() else []
    return [Network(f"{_address(row[1])}/{_address(row[7])}") for row in rows if row[7] != "00000000"]


def _address(text: str) -> str:
    return socket.inet_ntoa(struct.pack("<L", int(text, 16)))
