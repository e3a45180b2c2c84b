# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clients in the lab's internet: each has an address of its own there, and knows the world by the plane.

client.run(server, ["curl", "-sS", "https://partner.infer.example.com/health"], address="203.0.113.70")
"""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

from lab.nodes import image
from lab.nodes.docker import DockerError, docker, inspect
from lab.nodes.node import LABEL
from lab.plane.container import FOLDER, SERVER
from lab.plane.places import CLIENT, PARTNER, client_name, internet_name, name_server, plane_name

# What the plane leaves in its folder for clients: the authorities of the embedded AWS.
AUTHORITIES = "authorities.pem"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
# $1: the plane, $2: the client's address. Clients believe what the lab's authorities say.
SET_UP = f"""ip address flush dev eth0
ip address add "$2/24" dev eth0
ip route replace default via "$1"
echo "nameserver $1" >/etc/resolv.conf
cat >>{BUNDLE}
"""
# $1: resolv.conf, $2: the authorities; the rest is run with them, in the client's network.
ENTER = f"""mount --bind "$1" /etc/resolv.conf
bundle=$(mktemp)
cat {BUNDLE} "$2" >"$bundle"
chmod a+r "$bundle"
mount --bind "$bundle" {BUNDLE}
rm "$bundle"
shift 2
exec "$@"
"""


def ensure(server: str, address: str = PARTNER) -> str:
    """Start the client at `address`, unless it runs; returns its container's name."""
    name, world = client_name(server, address), internet_name(server)
    there = inspect("container", name)
    if there is not None and there["State"]["Running"]:
        return name
    if there is not None:
        docker("rm", "--force", name)
    trusted, plane = _authorities(server).read_bytes(), name_server(f"{address}/24")
    arguments = [f"--network={world}", "--init", "--cap-add=NET_ADMIN", f"--hostname={name[:60]}"]
    arguments += [f"--label={one}" for one in (LABEL, f"{SERVER}={server}", CLIENT)]
    docker("run", "--detach", f"--name={name}", *arguments, image.ensure(), "sleep", "infinity")
    docker("exec", plane_name(server), "sh", "-euc", f"ip route replace {address} dev $(cat {FOLDER}/door)")
    docker("exec", "-i", name, "sh", "-eu", "-c", SET_UP, "set-up", plane, address, stdin=trusted)
    return name


def run(
    server: str, argv: t.Sequence[str], address: str = PARTNER, stdin: bytes = b"", seconds: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """Run a program of the node's image at a client's address; returns how it ended, whatever that was.

    subprocess.TimeoutExpired after `seconds`.
    """
    command = ["docker", "exec", "-i", ensure(server, address), "timeout", str(seconds), *argv]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=seconds + 10)


def enter(server: str, argv: t.Sequence[str], address: str = PARTNER, **more: t.Any) -> subprocess.Popen[bytes]:
    """Start a program of this machine's in a client's network, with its resolver and the authorities it believes.

    `more` goes to Popen. Files are this machine's, so what is installed here can be used; the caller ends it.
    """
    return subprocess.Popen(entering(server, argv, address), **more)


def entering(server: str, argv: t.Sequence[str], address: str = PARTNER) -> list[str]:
    """The command that `enter` starts."""
    name = ensure(server, address)
    there = inspect("container", name) or {}
    inside = ["nsenter", f"--net=/proc/{there['State']['Pid']}/ns/net", "unshare", "--mount", "sh", "-eu", "-c", ENTER]
    return [*inside, "enter", there["ResolvConfPath"], str(_authorities(server)), *argv]


def _authorities(server: str) -> Path:
    plane = inspect("container", plane_name(server))
    if plane is None:
        raise DockerError(f"no plane of server {server} runs: python -m lab.nodes follow starts one")
    (folder,) = (one["Source"] for one in plane["Mounts"] if one["Destination"] == FOLDER)
    return Path(folder, AUTHORITIES)
