# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clusters are begun: their log groups, then themselves. Nothing is removed, and no cluster is waited for."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils import _eks_versions as versions
from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import MissingError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds import cluster_log_group, eks_cluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_log_group import ClusterLogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet

SECURITY_GROUPS_SECONDS = 60
Entries = t.Sequence[t.Mapping[str, t.Any]]


@dataclass(frozen=True)
class Beginner:
    """Begins the clusters of an owner; with ``check`` only says what that takes."""

    group: ClusterLogGroup
    cluster: EksCluster
    names: Names
    check: bool

    def begin(self, clusters: Entries) -> tuple[Outcome, list[str]]:
        """Make and change what is listed; return what a person should know beside. Refusals come before any write."""
        reads: list[t.Callable[[], t.Any]] = [
            self.group.find,
            self.cluster.find,
            lambda: versions.read(self.cluster.aws),
            lambda: self.names.read(Subnet, SecurityGroup, IamRole),
        ]
        groups, standing, said, _read = each(lambda read: read(), reads)
        logs = [cluster_log_group.want(cluster) for cluster in clusters if cluster["logs"]]
        wants = [self._want(cluster) for cluster in clusters]

        def bring(check: bool) -> t.Iterator[Outcome]:
            yield reconcile(self.group, logs, check, purge=False, found=groups)
            yield reconcile(self.cluster, wants, check, wait=False, purge=False, found=standing)

        notes = versions.endings(clusters, said, datetime.now(UTC))
        planned = _both(list(bring(check=True)))
        if self.check or not planned.changed:
            return planned, notes
        done: list[Outcome] = []
        for outcome in bring(check=False):
            done.append(outcome)
            if outcome.errors:
                break
        return _both(done), notes

    def _want(self, cluster: t.Mapping[str, t.Any]) -> Want:
        """Return the wish for a cluster, bearing that security groups, made beside it, come a moment later."""
        end = time.monotonic() + (SECURITY_GROUPS_SECONDS if cluster["security_groups"] else 0)
        while True:
            try:
                return eks_cluster.want(cluster, self.names)
            except MissingError:
                if time.monotonic() > end:
                    raise


def settled(outcome: Outcome) -> bool:
    """Return whether nothing changed and every cluster stands, so that none is to be waited for."""
    return not outcome.changed and all(
        member.found is not None and member.found.raw.get("status", "ACTIVE") == "ACTIVE" for member in outcome.members
    )


def _both(outcomes: t.Sequence[Outcome]) -> Outcome:
    return Outcome(
        [one for each_of in outcomes for one in each_of.members], [e for one in outcomes for e in one.errors]
    )
