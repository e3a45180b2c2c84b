# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where machines and tasks of a VPC are: its network, whom they ask for names, and the lab's registry beside them."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import socket
import threading
import typing as t

from lab.embedded_aws.client import EmbeddedAws
from lab.nodes import network, registry
from lab.nodes.docker import docker, inspect
from lab.plane.places import INTERNET, name_server, network_name, ways

SERVER = "cloister.lab.server"
# Where Debian's packages come from.
MIRRORS = tuple(f"{name}.debian.org" for name in ("deb", "security"))
# What a machine is told once it runs: whom to ask for names, and what the plane leads to.
SETTLE = """echo "nameserver $1" >/etc/resolv.conf
while read -r way; do ip route replace $way; done"""


@dataclasses.dataclass(frozen=True)
class Place:
    """A network that has a VPC's addresses, unless `own` is False: then docker chose others."""

    network: str
    cidr: str
    own: bool
    # The address of the lab's registry in it, and the host of ECR's that it stands for.
    registry: str
    ecr: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """The registry by its names, as arguments of `docker run`."""
        return (f"--add-host=registry:{self.registry}", f"--add-host={self.ecr}:{self.registry}")

    def settle(self, container: str) -> None:
        """Let a machine that runs ask the VPC's resolver, and send through the plane what it leads to."""
        if self.own:
            around = [f"{mirror}/32 via {ipaddress.IPv4Network(self.cidr)[1]}" for mirror in _mirrors()]
            told = "".join(f"{way}\n" for way in (*ways(self.cidr), *around)).encode()
            docker("exec", "-i", container, "sh", "-ec", SETTLE, "settle", name_server(self.cidr), stdin=told)


@functools.cache
def _mirrors() -> tuple[str, ...]:
    """Addresses of Debian's packages that the lab's internet has too, as this machine sees them: those of a company."""
    found: set[str] = set()
    for host in MIRRORS:
        try:
            found |= {str(one[4][0]) for one in socket.getaddrinfo(host, 80, socket.AF_INET, socket.SOCK_STREAM)}
        except OSError:
            continue
    return tuple(sorted(one for one in found if ipaddress.IPv4Address(one) in ipaddress.IPv4Network(INTERNET)))


class Places:
    """The places of one embedded AWS, each made when something is to be put there."""

    def __init__(self, aws: EmbeddedAws, server: str) -> None:
        self.aws, self.server = aws, server
        self._made: dict[str, Place] = {}
        self._alone = threading.Lock()

    def of(self, one: dict[str, t.Any]) -> Place:
        """Where an instance or task is put."""
        with self._alone:
            if one["vpc"] not in self._made:
                self._made[one["vpc"]] = self._make(one)
            return self._made[one["vpc"]]

    def _make(self, one: dict[str, t.Any]) -> Place:
        name, cidr = network_name(one["vpc"]), str(one["vpc_cidr"])
        own = network.ensure(name, cidr, (f"{SERVER}={self.server}",))
        host = registry.ecr_host(one["account"], one["region"])
        store = registry_of(self.server)
        # The third address after a VPC's first is AWS's own in a subnet there, so nobody else has it.
        where = [f"--ip={ipaddress.IPv4Network(cidr)[3]}"] if own else []
        there = inspect("container", store) or {}
        if name not in there["NetworkSettings"]["Networks"]:
            docker("network", "connect", *where, "--alias=registry", name, store)
            there = inspect("container", store) or {}
        registry.answer_as(store, host, self.aws.issue([host]))
        return Place(name, cidr, own, there["NetworkSettings"]["Networks"][name]["IPAddress"], host)


def registry_of(server: str) -> str:
    """The container of the registry beside a server's machines."""
    name = f"cloister-registry-{server}"
    registry.start(name, labels=(f"{SERVER}={server}",))
    return name
