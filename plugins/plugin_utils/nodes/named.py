# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which node a person means by a name."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import ONLINE

Host = t.Mapping[str, t.Any]


def named(hosts: t.Sequence[Host], name: str) -> Host:
    """Return the variables of the node that a name means: its own name first, else the only one of a pool or role.

    Raise `InputError` for a name that means several nodes, none, or one that is not online.
    """
    own = [host for host in hosts if name in _names(host)]
    shared = [host for host in hosts if name in (host["node"]["pool"], host["node"]["role"])]
    found = own or [host for host in shared if host["node"]["ping"] == ONLINE] or shared
    if len(found) != 1:
        among = found or hosts
        told = ", ".join(sorted(_told(host) for host in among)[:20]) or "none"
        wanted = f"{name!r} means {len(found) or 'no'} node{'' if len(found) == 1 else 's'}"
        raise InputError(f"{wanted}. Right would be the id or name of one of: {told}")
    node = found[0]["node"]
    if node["ping"] != ONLINE:
        raise InputError(
            f"{_told(found[0])} is not online, Systems Manager says {node['ping']}: nobody gets in before it is. "
            "Look whether it is running, at its role and at its way to Systems Manager (playbooks/diagnose.yml)"
        )
    return found[0]


def _names(host: Host) -> set[str]:
    node = host["node"]
    names = {host["inventory_hostname"], node["id"], node["computer_name"], node["private_ip"], node["private_dns"]}
    return {str(name) for name in (*names, node["tags"].get("Name")) if name}


def _told(host: Host) -> str:
    node = host["node"]
    what = node["tags"].get("Name") or node["pool"] or node["computer_name"]
    return f"{node['id']} ({what})" if what else str(node["id"])
