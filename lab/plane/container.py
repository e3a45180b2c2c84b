# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plane's container: in the lab's internet and in the network of each VPC, with a folder that both sides see."""

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

from lab.nodes import network
from lab.nodes.docker import docker, inspect
from lab.nodes.node import LABEL
from lab.plane import image
from lab.plane.places import INTERNET, internet_name, name_server, network_name, plane_name

# The folder's name in the container.
FOLDER = "/run/plane"
# It forwards, sends as its clients, and takes what comes back to them.
ABLE = (
    "--init", "--cap-add=NET_ADMIN", "--sysctl=net.ipv4.ip_forward=1", "--sysctl=net.ipv4.ip_nonlocal_bind=1",
    "--sysctl=net.ipv4.conf.all.rp_filter=0", "--sysctl=net.ipv4.conf.default.rp_filter=0",
    "--sysctl=net.ipv4.conf.all.send_redirects=0", "--sysctl=net.ipv4.conf.default.send_redirects=0",
)  # fmt: skip
NO_ADDRESS = "com.docker.network.bridge.inhibit_ipv4"
# Whoever is a client has a way of its own (client.py). The rest of these addresses may be somebody's in the world
# outside, a mirror's that machines fetch packages from, and is left to it.
BEGIN = """
ip address show dev {door} | grep -q {here} || {{
    ip address flush dev {door}
    ip address add {here}/32 dev {door}
}}
ip route replace default via {way_out}
echo {door} >/run/plane/door
"""
# What leads packets of those as whom the plane speaks to its own sockets; and addresses of load balancers, marked by a
# label of the kernel's so that those which are gone are found.
HOLD = """
ip rule show | grep -q 'fwmark 0x1 lookup 100' || ip rule add fwmark 1 lookup 100
ip route replace local 0.0.0.0/0 dev lo table 100
ip -o -4 address show | awk '$0 ~ /:plane/ {split($4, at, "/"); print at[1], $2}' | sort >/tmp/held
sort /run/plane/addresses >/tmp/wanted
comm -23 /tmp/held /tmp/wanted | while read -r address where; do
    ip address delete "$address/32" dev "$where"
done
comm -13 /tmp/held /tmp/wanted | while read -r address where; do
    ip address add "$address/32" dev "$where" label "$where:plane"
done
nft -f /run/plane/rules.nft
"""
# dnsmasq takes its pid file away some time before it leaves its address to the next one.
RESOLVE = """
cd /run/plane/names
end() {
    [ -s "$1.pid" ] || return 0
    pid=$(cat "$1.pid")
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
}
stop() {
    end "$1"
    rm -f "$1.pid" "$1.conf" "$1.hosts"
}
start() {
    end "$1"
    dnsmasq --conf-file="$PWD/$1.conf"
}
reread() {
    kill -HUP "$(cat "$1.pid")" || start "$1"
}
"""
# Follower's label of what belongs to a server, so that its sweep takes the plane too.
SERVER = "cloister.lab.server"


@dataclasses.dataclass
class Container:
    """The running container of a server's plane; `folder` is what it has at /run/plane, seen from here."""

    name: str
    folder: Path
    # Its address towards the world outside.
    egress: str

    def run(self, script: str) -> str:
        """Run a shell script in it that stops at its first failure; returns what it printed."""
        return docker("exec", "-i", self.name, "sh", "-eu", "-s", stdin=script.encode())

    def join(self, vpc_id: str, cidr: str, server: str) -> str | None:
        """Be in the network of a VPC at its resolver's address; returns why that cannot be."""
        name = network_name(vpc_id)
        if not network.ensure(name, cidr, (f"{SERVER}={server}",)):
            return f"its addresses are taken on this machine, by {', '.join(network.taken(cidr))}"
        if name not in self.networks():
            docker("network", "connect", f"--ip={name_server(cidr)}", name, self.name)
        return None

    def leave(self, vpc_id: str) -> None:
        """Be in the network of a VPC no more, and take it away once nothing else is in it."""
        name = network_name(vpc_id)
        if name in self.networks():
            docker("network", "disconnect", "--force", name, self.name)
        there = inspect("network", name)
        if there is not None and not there["Containers"]:
            network.remove(name)

    def write(self, name: str, text: str) -> None:
        """Write a file of its folder, for itself alone, unless it says so already."""
        file = self.folder / name
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(text)

    def hold(self, addresses: t.Mapping[str, str], rules: str) -> None:
        """Have these addresses, each on an interface, and no others of load balancers; filter by these rules."""
        self.write("rules.nft", rules)
        self.write("addresses", "".join(f"{one} {where}\n" for one, where in sorted(addresses.items())))
        self.run(HOLD)

    def resolve(self, wanted: t.Mapping[str, tuple[str, str]]) -> None:
        """Run these resolvers, each by its configuration and names, and no others."""
        there = {one.stem for one in (self.folder / "names").glob("*.conf")}
        todo = [f"stop {one}" for one in sorted(there - wanted.keys())]
        for key, (config, hosts) in wanted.items():
            file = self.folder / "names" / f"{key}.conf"
            new = not file.exists() or file.read_text() != config
            self.write(f"names/{key}.conf", config)
            self.write(f"names/{key}.hosts", hosts)
            todo.append(f"start {key}" if new else f"reread {key}")
        self.run(RESOLVE + "\n".join(todo))

    def networks(self) -> list[str]:
        return list((inspect("container", self.name) or {})["NetworkSettings"]["Networks"])

    def interfaces(self) -> dict[str, str]:
        """Names of its interfaces by their own address."""
        listed: list[dict[str, t.Any]] = json.loads(self.run("ip -json -4 address show"))
        return {one["addr_info"][0]["local"]: one["ifname"] for one in listed if one["addr_info"]}


def up(server: str) -> Container:
    """Start the plane's container, or take the one that runs."""
    name = plane_name(server)
    _ensure_internet(server)
    there = inspect("container", name)
    if there is None or not there["State"]["Running"]:
        down(server)
        where = (f"--network={internet_name(server)}", f"--volume={FOLDER}")
        labels = (f"--label={SERVER}={server}", f"--label={LABEL}")
        docker("run", "--detach", f"--name={name}", "--hostname=plane", *ABLE, *where, *labels, image.ensure())
        docker("network", "connect", "bridge", name)
        there = inspect("container", name) or {}
    (folder,) = (one["Source"] for one in there["Mounts"] if one["Destination"] == FOLDER)
    bridge = there["NetworkSettings"]["Networks"]["bridge"]
    made = Container(name, Path(folder), bridge["IPAddress"])
    interfaces, here = made.interfaces(), name_server(INTERNET)
    world = there["NetworkSettings"]["Networks"][internet_name(server)]["IPAddress"]
    door = interfaces.get(here) or interfaces[world]
    made.run(BEGIN.format(way_out=bridge["Gateway"], door=door, here=here))
    return made


def _ensure_internet(server: str) -> None:
    """Make the lab's internet: this machine has no address in it, and docker's own choice of addresses is not used.

    So this machine's own ways to such addresses stay as they are, and each server has an internet of its own.
    """
    name = internet_name(server)
    if inspect("network", name) is None:
        labels = (f"--label={SERVER}={server}", f"--label={LABEL}")
        docker("network", "create", f"--opt={NO_ADDRESS}=true", *labels, name)


def down(server: str) -> None:
    """End the plane's container with its folder; one that is not there is gone."""
    if inspect("container", plane_name(server)) is not None:
        docker("rm", "--force", "--volumes", plane_name(server))


def attached(vpc_ids: t.Iterable[str]) -> set[str]:
    """Addresses that containers have in the networks of VPCs, those that run."""
    names = [network_name(one) for one in vpc_ids]
    if not names:
        return set()
    listed: list[dict[str, t.Any]] = json.loads(docker("network", "inspect", *names))
    there = (one for network_ in listed for one in (network_["Containers"] or {}).values())
    return {one["IPv4Address"].partition("/")[0] for one in there if one.get("IPv4Address")}
