# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Networks of docker's that nodes are in; in one that has a name, nodes find each other by name."""

from __future__ import annotations

from lab.nodes.docker import DockerError, docker, inspect
from lab.nodes.node import LABEL


def ensure(name: str, cidr: str = "") -> None:
    """Make a network, with these addresses when given, unless there is one of that name."""
    if inspect("network", name) is None:
        addresses = [f"--subnet={cidr}"] if cidr else []
        try:
            docker("network", "create", f"--label={LABEL}", *addresses, name)
        except DockerError:
            # Somebody else may have made it just now.
            if inspect("network", name) is None:
                raise


def remove(name: str) -> None:
    """Remove a network that nothing is in; one that is not there is gone."""
    if inspect("network", name) is not None:
        docker("network", "rm", name)
