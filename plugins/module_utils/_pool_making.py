# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pools are made: all templates, then the groups that name them. Nothing is removed and no machine is waited for."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from functools import partial

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._group_settings import wanted
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._pools import Ground, Pool, machine, target_groups
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member, Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds import launch_template
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet


@dataclass(frozen=True)
class Maker:
    """Makes the pools of an owner; with ``check`` only says what that takes."""

    template: LaunchTemplate
    group: AutoScalingGroup
    check: bool

    def make(
        self, pools: t.Sequence[Pool], look: t.Callable[[], Ground], keep: t.Callable[[Ground], None]
    ) -> tuple[Ground, Outcome]:
        """Make the templates and groups of ``pools``, on what ``look`` sees; ``keep`` is called before the first write.

        Every refusal, of a template's or a group's, comes before that too.
        """
        reads: list[t.Callable[[], t.Any]] = [look, self.template.find, self.group.find]
        ground, templates, groups = each(lambda read: read(), reads)
        region = self.template.owner.region
        wants = [
            launch_template.want(pool["name"], machine(pool, ground, region), self.template.owner, pool["tags"])
            for pool in pools
        ]
        bring = partial(reconcile, self.template, wants, purge=False, found=templates)
        predicted = bring(check=True)
        planned = self._groups(pools, ground, predicted, groups, check=True)
        if self.check:
            return ground, _both(predicted, planned)
        keep(ground)
        made = bring(check=False)
        return ground, made if made.errors else _both(made, self._groups(pools, ground, made, groups, check=False))

    def _groups(
        self, pools: t.Sequence[Pool], ground: Ground, templates: Outcome, found: t.Sequence[Found], check: bool
    ) -> Outcome:
        members = {member.part: member for member in templates.members}
        wants = [self._want(pool, ground, members[pool["name"]], check) for pool in pools]
        return reconcile(self.group, wants, check, wait=False, purge=False, found=found)

    def _want(self, pool: Pool, ground: Ground, template: Member, check: bool) -> Want:
        fields = wanted(
            pool,
            {
                "template": template.id,
                "template_version": _version(template, check),
                "subnets": ground.names.ids(Subnet, pool["subnets"]),
                "target_groups": target_groups(pool, ground.names),
            },
        )
        return Want(pool["name"], fields, tags=dict(pool["tags"]))


def _version(template: Member, check: bool) -> str:
    """Return the number that a group shall name: AWS gives it only when the version is made."""
    if template.found is None or (check and template.fields):
        return unknown("version of launch template", template.part)
    return str(template.found.raw["DefaultVersionNumber"])


def _both(templates: Outcome, groups: Outcome) -> Outcome:
    return Outcome(templates.members + groups.members, templates.errors + groups.errors)
