# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One node: a container in which systemd is the first process."""

from __future__ import annotations

import dataclasses
import time

from lab.nodes import image
from lab.nodes.docker import DockerError, docker, inspect

LABEL = "cloister.lab"
# systemd mounts and makes groups of processes; it sees the machine's cgroups, as no other namespace works everywhere.
SYSTEMD = (
    "--cap-add=SYS_ADMIN", "--security-opt=seccomp=unconfined", "--cgroupns=host",
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw", "--tmpfs=/run", "--tmpfs=/tmp:exec",
)  # fmt: skip
# A Docker of its own: it sets up networks and writes below /proc/sys, and overlay does not stand on overlay.
INNER_DOCKER = (
    "--cap-add=NET_ADMIN", "--security-opt=apparmor=unconfined", "--security-opt=systempaths=unconfined",
    "--volume=/var/lib/docker", "--volume=/var/lib/containerd",
)  # fmt: skip
BOOT_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Wanted:
    """How a node shall be; `address` is one of `network`'s, which must be there."""

    name: str
    suite: str = "bookworm"
    # An image of docker's, in the place of the suite's.
    image: str = ""
    network: str = ""
    address: str = ""
    aliases: tuple[str, ...] = ()
    inner_docker: bool = False
    labels: tuple[str, ...] = ()
    # Further arguments of `docker run`.
    more: tuple[str, ...] = ()


def up(wanted: Wanted) -> str:
    """Start a node and wait until systemd has started all; returns its container's id.

    One of that name that runs is taken as it is. DockerError when a unit fails, with the units' names.
    """
    there = inspect("container", wanted.name)
    if there is not None:
        if there["State"]["Running"]:
            return str(there["Id"])
        down(wanted.name)
    identifier = docker(
        "run", "--detach", f"--name={wanted.name}", *_arguments(wanted), wanted.image or image.ensure(wanted.suite)
    )
    await_boot(wanted.name)
    return identifier


def down(name: str) -> None:
    """End a node with its volumes; one that is not there is gone."""
    if inspect("container", name) is not None:
        docker("rm", "--force", "--volumes", name)


def await_boot(name: str) -> None:
    """Wait until systemd says that all is started."""
    end = time.monotonic() + BOOT_SECONDS
    state = "not asked"
    while time.monotonic() < end:
        try:
            state = docker("exec", name, "sh", "-c", "systemctl is-system-running || true")
        except DockerError as early:
            state = str(early)
        if state == "running":
            return
        if state == "degraded":
            failed = docker("exec", name, "systemctl", "--failed", "--plain", "--no-legend")
            raise DockerError(f"units of node {name} failed at its start:\n{failed}")
        time.sleep(0.1)
    raise DockerError(f"node {name} is not up after {BOOT_SECONDS} s: {state}")


def _arguments(wanted: Wanted) -> list[str]:
    arguments = [*SYSTEMD, f"--hostname={wanted.name}", f"--label={LABEL}"]
    arguments += [f"--label={label}" for label in wanted.labels]
    arguments += [f"--network={wanted.network}"] if wanted.network else []
    arguments += [f"--ip={wanted.address}"] if wanted.address else []
    arguments += [f"--network-alias={alias}" for alias in wanted.aliases]
    arguments += INNER_DOCKER if wanted.inner_docker else ()
    return [*arguments, *wanted.more]
