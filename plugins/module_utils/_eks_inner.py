# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a stack puts into its cluster, brought about: who may use it, whose roles pods take, and its add-ons."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, all_done, each, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._ecs_stack import Standing
from ansible_collections.cloister.aws.plugins.module_utils._eks import aws_name
from ansible_collections.cloister.aws.plugins.module_utils._eks_addons import BEFORE_NODES, Offered, choose, offered
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import Cluster, InCluster, part_in, read_cluster
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._once import Once
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._policy_sets import Place
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils._role_arns import RoleArns
from ansible_collections.cloister.aws.plugins.module_utils._service_accounts import (
    IRSA,
    POD_IDENTITY,
    role_arn,
    role_part,
    role_want,
)
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds import (
    cluster_rule,
    eks_access_entry,
    eks_addon,
    oidc_provider,
    pod_identity_association,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_rule import ClusterRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_addon import EksAddon
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.oidc_provider import OidcProvider
from ansible_collections.cloister.aws.plugins.module_utils.kinds.pod_identity_association import PodIdentityAssociation

Entries = t.Sequence[t.Mapping[str, t.Any]]
ACCOUNT_KINDS: tuple[type[Kind], ...] = (OidcProvider, IamRole, PodIdentityAssociation)
"""What a service account's role stands on, bottom first."""


class Inside:
    """A cluster and the stack that it belongs to."""

    def __init__(
        self, aws: Aws, owner: Owner, names: Names, cluster: str, check: bool, version: str | None = None
    ) -> None:
        self._aws, self._owner, self._names, self._check = aws, owner, names, check
        self._part, self._version = cluster, version
        self._once = Once()

    def cluster(self) -> Cluster:
        """Return the cluster, read once."""
        return self._once.get("cluster", self._read)

    def _read(self) -> Cluster:
        """Read the cluster; in check mode with the version that it is to get."""
        found = read_cluster(self._aws, self._owner, self._part, self._check)
        return replace(found, version=self._version) if self._check and self._version and found.known else found

    def here(self, kind: Kind) -> Kind:
        """Let a kind look into this cluster only."""
        if isinstance(kind, InCluster):
            kind.cluster = aws_name(self._owner, self._part)
        return kind

    def rules(self, ingress: Entries, ranges: t.Mapping[str, t.Sequence[str]] | None = None) -> list[Want]:
        """Return the wishes for rules in the cluster's own security group; ``ranges`` are those of VPCs by name."""
        kind = ClusterRule(self._aws, self._owner)
        return cluster_rule.wants(ingress, self.cluster(), kind, self._names, ranges)

    def entries(self, entries: Entries) -> list[Want]:
        """Return the wishes for access entries."""
        roles = RoleArns(self._aws, self._owner, self._names)
        if any(entry["role"] for entry in entries):
            roles.read()
        return [
            eks_access_entry.want(entry, self.cluster(), entry["principal"] or roles.arn(entry["role"]))
            for entry in entries
        ]

    def accounts(self, accounts: Entries, boundary: str) -> dict[type[Kind], list[Want]]:
        """Return the wishes for all that roles of service accounts stand on."""
        cluster, partition, home = self.cluster(), self._aws.partition, self._aws.region
        place = Place(partition, home, cluster.account, self._owner.region, cluster.name)
        irsa = any(account["identity"] == IRSA for account in accounts)
        return {
            OidcProvider: [oidc_provider.want(cluster, partition, home)] if irsa else [],
            IamRole: [role_want(account, cluster, self._owner, place, boundary) for account in accounts],
            PodIdentityAssociation: [
                pod_identity_association.want(account, cluster, self.role(account["name"]))
                for account in accounts
                if account["identity"] == POD_IDENTITY
            ],
        }

    def role(self, account: str) -> str:
        """Return the ARN of the role of a service account."""
        return role_arn(self.cluster(), account, self._owner, self._aws.partition)

    def role_names(self, accounts: Entries) -> list[str]:
        """Return the logical names of the roles of service accounts."""
        return [role_part(self._part, account["name"]) for account in accounts]

    def offers(self, addons: Entries) -> dict[str, Offered]:
        """Ask what there is of each add-on for the cluster's version; of a cluster to come nothing is asked."""
        cluster = self.cluster()
        if not cluster.known:
            return {}
        names = [addon["name"] for addon in addons]
        answers = all_done(side_by_side(lambda name: offered(self._aws, name, cluster.version), names))
        return dict(zip(names, answers, strict=True))

    def addons(
        self, addons: Entries, accounts: Entries, found: t.Sequence[Found], offers: t.Mapping[str, Offered]
    ) -> list[Want]:
        """Return the wishes for add-ons, each in the version that it is to have."""
        cluster = self.cluster()
        living = {item.part: item.raw["addonVersion"] for item in found}
        wants = []
        for addon in addons:
            name, part = addon["name"], part_in(self._part, addon["name"])
            version = unknown("version of add-on", name)
            if name in offers:
                version = choose(name, addon["version"], living.get(part, ""), offers[name], cluster.version)
            wants.append(eks_addon.want(addon, cluster, version, self._addon_role(addon, accounts)))
        return wants

    def _addon_role(self, addon: t.Mapping[str, t.Any], accounts: Entries) -> str:
        """Return the role that an add-on is given; one that comes by pod identity it is not told of."""
        name = addon["service_account_role"]
        if not name:
            return ""
        account = next((one for one in accounts if one["name"] == name), None)
        if account is None:
            known = ", ".join(one["name"] for one in accounts) or "none"
            raise InputError(f"EKS add-on {addon['name']}: there is no service account {name}; there are: {known}")
        return self.role(name) if account["identity"] == IRSA else ""


def bring_accounts(
    inside: Inside, kinds: t.Sequence[Kind], accounts: Entries, boundary: str, check: bool
) -> t.Iterator[Outcome]:
    """Make providers, then roles, then associations; what goes, goes the other way round. All is refused first."""
    standing = Standing([inside.here(kind) for kind in kinds], lambda: inside.accounts(accounts, boundary))
    wanted: dict[type[Kind], list[Want]] = standing.answers[0]

    def bring(kind: type[Kind], checking: bool) -> Outcome:
        return reconcile(standing.kind(kind), wanted[kind], checking, purge=False, found=standing.found(kind))

    planned = all_done(side_by_side(lambda kind: bring(kind, True), list(wanted)))
    doomed = [pair for kind, wants in wanted.items() for pair in standing.doomed(kind, [want.part for want in wants])]
    refused = remove_by_rank(doomed, check=True)
    if check:
        yield from [*planned, refused]
        return
    for kind, outcome in zip(wanted, planned, strict=True):
        yield bring(kind, False) if outcome.changed else outcome
    yield remove_by_rank(doomed, check)


def bring_addons(
    inside: Inside, kind: EksAddon, addons: Entries, accounts: Entries, nodes: bool, wait: bool, check: bool
) -> tuple[Outcome, bool]:
    """Make add-ons what they should be; return what became of them, and whether all of them were that already.

    With ``nodes`` the cluster has what it shall have: all are made, waited for, and those no longer listed go. Without,
    only what nodes need is made, and not waited for; what stands is changed, and a new version waited for, since nodes
    follow it.
    """
    inside.here(kind)
    reads: list[t.Callable[[], t.Any]] = [kind.find, lambda: inside.offers(addons)]
    found, offers = each(lambda read: read(), reads)
    standing = {item.part for item in found}
    wants = inside.addons(addons, accounts, found, offers)
    if nodes:
        outcome = reconcile(kind, wants, check, wait, purge=True, found=found)
        return outcome, not outcome.changed
    now = [want for want in wants if want.part in standing or want.create["name"] in BEFORE_NODES]
    outcome = reconcile(kind, now, check, wait=False, purge=False, found=found)
    if not check and wait and not outcome.errors:
        moved = [member for member in outcome.members if member.action == "change" and "version" in member.fields]
        results = side_by_side(lambda member: kind.settle(t.cast(Found, member.found)), moved)
        outcome.errors += [result for result in results if isinstance(result, RegionError)]
    listed = {want.part for want in wants}
    return outcome, listed == standing and not outcome.changed and all(kind.settled(item) for item in found)
