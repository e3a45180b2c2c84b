# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cluster's pods run on: templates, then node groups beside Fargate profiles; then what no list has goes.

All of them are started before one is waited for, and every refusal comes before the first write.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils import _eks_node_wants as wants
from ansible_collections.cloister.aws.plugins.module_utils import _node_templates as templates
from ansible_collections.cloister.aws.plugins.module_utils._aws import all_done, each, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._eks import aws_name
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import part_in
from ansible_collections.cloister.aws.plugins.module_utils._eks_waiting import standing_of
from ansible_collections.cloister.aws.plugins.module_utils._errors import MissingError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._node_templates import NodeTemplate
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, by_part, leave, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import Doomed, remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_fargate_profile import EksFargateProfile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_node_group import EksNodeGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet

Entries = t.Sequence[t.Mapping[str, t.Any]]


@dataclass(frozen=True)
class Asked:
    """What a cluster (its logical name, the version that its nodes get) is to run pods on."""

    cluster: str
    version: str
    groups: Entries
    profiles: Entries


class Standing(t.NamedTuple):
    """What was read: of the stack, and of the cluster's own name in AWS."""

    clusters: list[Found]
    templates: list[Found]
    groups: list[Found]
    profiles: list[Found]


@dataclass(frozen=True)
class NodesMaker:
    """Gives the clusters of an owner what pods run on; with ``check`` only says what that takes."""

    cluster: EksCluster
    template: NodeTemplate
    group: EksNodeGroup
    profile: EksFargateProfile
    names: Names
    check: bool

    def make(self, asked: Asked) -> Outcome:
        """Make what is listed true, wait for it, then remove what is not listed."""
        standing = self._read()
        security_group = self._security_group(asked.cluster, standing.clusters)
        doomed = self._doomed(asked, standing)
        predicted = self._templates(asked, security_group, standing, check=True)
        planned = self._pods_places(asked, predicted, standing, check=True)
        removal = remove_by_rank(doomed, check=True)
        if self.check:
            return _all([predicted, *planned, removal])
        made = self._templates(asked, security_group, standing, check=False)
        if made.errors:
            return made
        done = [made, *self._pods_places(asked, made, standing, check=False)]
        if not any(outcome.errors for outcome in done):
            done.append(remove_by_rank(doomed, check=False))
        return _all(done)

    def _read(self) -> Standing:
        used: list[type[Kind]] = [Subnet, SecurityGroup, IamRole]
        kinds: list[Kind] = [self.cluster, self.template, self.group, self.profile]
        reads: list[t.Callable[[], t.Any]] = [*(kind.find for kind in kinds), lambda: self.names.read(*used)]
        clusters, found_templates, groups, profiles, _read = each(lambda read: read(), reads)
        uses: dict[str, set[str]] = {}
        for found in groups:
            template = found.raw.get("launchTemplate") or {}
            uses.setdefault(template.get("id", ""), set()).add(template.get("version", ""))
        self.template.used = uses
        return Standing(clusters, found_templates, groups, profiles)

    def _security_group(self, part: str, clusters: t.Sequence[Found]) -> str:
        """Return the security group that EKS made for the cluster: a template that names groups must name it."""
        found = standing_of(self.cluster, [part], clusters, self.check).get(part)
        known = (found.raw["resourcesVpcConfig"] if found else {}).get("clusterSecurityGroupId")
        if known:
            return str(known)
        if self.check:
            return unknown("security group of EKS cluster", part)
        name = aws_name(self.cluster.owner, part)
        raise MissingError(f"EKS cluster {part} ({name}) does not stand yet: run the whole stack, which waits for it")

    def _templates(self, asked: Asked, security_group: str, standing: Standing, check: bool) -> Outcome:
        wanted = [
            templates.want(
                asked.cluster,
                entry,
                [security_group, *self.names.ids(SecurityGroup, entry["security_groups"])],
                self.template.owner,
            )
            for entry in asked.groups
        ]
        return reconcile(self.template, wanted, check, purge=False, found=standing.templates)

    def _pods_places(self, asked: Asked, made: Outcome, standing: Standing, check: bool) -> list[Outcome]:
        """Bring node groups and Fargate profiles about, side by side."""
        members = {member.part: member for member in made.members}
        have = by_part(self.group, standing.groups)
        name = aws_name(self.cluster.owner, asked.cluster)
        groups = []
        for entry in asked.groups:
            template = members[templates.template_part(asked.cluster, entry["name"])]
            version = self.template.version_for(template, have.get(part_in(asked.cluster, entry["name"])), check)
            groups.append(wants.group(entry, asked.cluster, name, asked.version, (template.id, version), self.names))
        profiles = [wants.profile(entry, asked.cluster, name, self.names) for entry in asked.profiles]
        works: list[t.Callable[[], Outcome]] = [
            lambda: reconcile(self.group, groups, check, purge=False, found=standing.groups),
            lambda: reconcile(self.profile, profiles, check, purge=False, found=standing.profiles),
        ]
        return all_done(side_by_side(lambda work: work(), works))

    def _doomed(self, asked: Asked, standing: Standing) -> list[Doomed]:
        """Return what is to go: what is no longer listed, and clusters of the stack that are not this one."""
        listed = {
            self.cluster.noun: {asked.cluster},
            self.template.noun: {templates.template_part(asked.cluster, entry["name"]) for entry in asked.groups},
            self.group.noun: {part_in(asked.cluster, entry["name"]) for entry in asked.groups},
            self.profile.noun: {part_in(asked.cluster, entry["name"]) for entry in asked.profiles},
        }
        kinds: tuple[Kind, ...] = (self.cluster, self.template, self.group, self.profile)
        members = [
            (kind, leave(kind, found))
            for kind, all_of in zip(kinds, standing, strict=True)
            for found in sorted(all_of, key=lambda item: item.part)
            if found.part not in listed[kind.noun]
        ]
        return [pair for pair in members if pair[1].action == "remove"]


def _all(outcomes: t.Sequence[Outcome]) -> Outcome:
    return Outcome(
        [member for outcome in outcomes for member in outcome.members],
        [error for outcome in outcomes for error in outcome.errors],
    )
