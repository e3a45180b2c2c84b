# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether nodes are looked for now, or when a playbook comes to them.

Ansible reads inventories before a playbook begins. Ours first judge what is written, then the account, then build, and
only then are there nodes; they ask for them by ``meta: refresh_inventory``. Whatever else reads an inventory
(ansible-inventory, ansible, others' playbooks) finds them at once.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible import context

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 3))
_OURS = re.compile(r"cloister\.aws\.\w+")
# Ids, and the groups that the plugin itself makes.
_NODES = re.compile(r"m?i-[0-9a-f*]+|nodes|offline_nodes|(role|pool)_\w*\*?")
_REHEARSAL = re.compile(r"(^|[/.])rehearse(\.yml)?$")
_deferred: set[str] = set()


def ours() -> bool:
    """Return whether nothing but our playbooks is run."""
    said = context.CLIARGS
    return "start_at_task" in said and all(map(_is_ours, said.get("args") or [""]))


def defers(path: str, own_names: bool) -> bool:
    """Return whether the nodes of this source are left for later: once, when nothing but our playbooks is run.

    Not where ``--limit`` names nothing but nodes, since Ansible ends a run that it finds no hosts for; with names of
    their own (``own_names``) any limit may. A rehearsal leaves them in any case: the account of the shell is not asked.
    """
    if path in _deferred or not ours():
        return False
    said = context.CLIARGS
    limit = [term for term in re.split(r"[,:]", said.get("subset") or "") if term and term[0] not in "!&"]
    rehearsed = any(_REHEARSAL.search(str(playbook)) for playbook in said["args"])
    if limit and not rehearsed and (own_names or all(map(_NODES.fullmatch, limit))):
        return False
    _deferred.add(path)
    return True


def _is_ours(playbook: t.Any) -> bool:
    real = os.path.realpath(str(playbook))
    inside = real.startswith(os.path.join(ROOT, "playbooks") + os.sep) or real == os.path.join(ROOT, "site.yml")
    return inside or _OURS.fullmatch(str(playbook)) is not None
