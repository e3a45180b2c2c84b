# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Launch templates of node groups, called ``<region_name>-<cluster>-<group>``."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._launch_data import same_machine, view
from ansible_collections.cloister.aws.plugins.module_utils._node_data import data
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate


class NodeTemplate(LaunchTemplate):
    """A launch template that node groups name a version of; ``used`` has the versions in use by its id."""

    made_by = "eks"
    used: t.Mapping[str, t.Collection[str]] = {}

    def _in_use(self, found: Found) -> set[str]:
        return set(self.used.get(found.id, ()))

    def version_for(self, member: Member, group: Found | None, check: bool) -> str:
        """Return the number that a group shall name.

        One whose nodes would be the same machines keeps what it has: another version would replace all of them.
        """
        has = ((group.raw.get("launchTemplate") or {}) if group else {}).get("version")
        template, to_come = member.found, check and member.fields
        if template is None:
            return unknown("version of launch template", member.part)
        newest = str(template.raw["DefaultVersionNumber"])
        if has == newest and not to_come:
            return newest
        standing = self.versions(template, str(has)) if has else []
        wanted = t.cast(Want, member.want).create["data"]
        if standing and same_machine(standing[0]["LaunchTemplateData"], wanted):
            return str(has)
        return unknown("version of launch template", member.part) if to_come else newest


def template_part(cluster: str, group: str) -> str:
    """Return the logical name of a group's template: pools name theirs by the pool alone."""
    return f"{cluster}-{group}"


def want(cluster: str, group: t.Mapping[str, t.Any], security_groups: t.Iterable[str], owner: Owner) -> Want:
    """Return the wish for the nodes of an entry; they, their volumes and interfaces carry the entry's tags too."""
    part = template_part(cluster, group["name"])
    said = data(group, security_groups, owner.tags_for(part, group["tags"]))
    return Want(part, view(said), {"data": said}, tags=dict(group["tags"]))
