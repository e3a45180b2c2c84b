# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of ``playbooks/connect.yml``: which node is meant, and what leads to it; the work is in plugin_utils."""

from __future__ import annotations

import shlex
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils._way_in import session_command, ssh_command
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.named import Host, named


def node_named(hosts: t.Sequence[Host], name: str) -> Host:
    """Return the variables of the node that a name means."""
    try:
        return named(hosts, name)
    except InputError as exc:
        raise AnsibleFilterError(str(exc)) from exc


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


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"node_named": node_named, "ways_in": ways_in, "command_line": shlex.join}
