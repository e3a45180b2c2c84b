# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of ``playbooks/connect.yml``: which node is meant, and the commands that lead to it."""

from __future__ import annotations

import shlex
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.plugin_utils._way_in import session_command, ssh_command

Host = t.Mapping[str, t.Any]
_ONLINE = "Online"


def node_named(hosts: t.Sequence[Host], name: str) -> Host:
    """Return the variables of the node that a name means: its own name first, else the only one of a pool or role."""
    own = [host for host in hosts if name in _names(host)]
    shared = [host for host in hosts if name in (host["node"]["pool"], host["node"]["role"])]
    found = own or [host for host in shared if host["node"]["ping"] == _ONLINE] or shared
    if len(found) != 1:
        among = found or hosts
        told = ", ".join(sorted(_told(host) for host in among)[:20]) or "none"
        wanted = f"{name!r} means {len(found) or 'no'} node{'' if len(found) == 1 else 's'}"
        raise AnsibleFilterError(f"{wanted}. Right would be the id or name of one of: {told}")
    node = found[0]["node"]
    if node["ping"] != _ONLINE:
        raise AnsibleFilterError(
            f"{_told(found[0])} is not online, Systems Manager says {node['ping']}: nobody gets in before it is. "
            "Look whether it is running, at its role and at its way to Systems Manager (playbooks/diagnose.yml)"
        )
    return found[0]


def ways_in(host: Host, port: int = 80, remote_host: str = "", local_port: int = 0) -> dict[str, list[str]]:
    """Return the commands that lead to a node: ``shell``, ``ssh``, and ``forward`` for a port of it or beyond it."""
    forward = ["--port", str(port)]
    forward += ["--host", remote_host] if remote_host else []
    forward += ["--local-port", str(local_port)] if local_port else []
    return {
        "shell": session_command(host, "shell"),
        "ssh": ssh_command(host),
        "forward": session_command(host, "forward", *forward),
    }


def _names(host: Host) -> set[str]:
    node = host["node"]
    names = {host["inventory_hostname"], node["id"], node["computer_name"], node["private_ip"], node["private_dns"]}
    return {str(name) for name in (*names, node["tags"].get("Name")) if name}


def _told(host: Host) -> str:
    node = host["node"]
    what = node["tags"].get("Name") or node["pool"] or node["computer_name"]
    return f"{node['id']} ({what})" if what else str(node["id"])


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"node_named": node_named, "ways_in": ways_in, "command_line": shlex.join}
