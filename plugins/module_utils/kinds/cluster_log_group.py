# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Log groups of control planes, called ``/aws/eks/<cluster>/cluster``. They hold data, so they are kept.

EKS makes one itself when a cluster begins to log, untagged and keeping everything for ever; ours is there before.
https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._eks import aws_name
from ansible_collections.cloister.aws.plugins.module_utils._kind import Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import LogGroup


class ClusterLogGroup(LogGroup):
    """The log group of a cluster, whose part it has. Fields as those of `LogGroup`."""

    noun = "cluster log group"
    made_by = "eks"

    def prefix(self) -> str:
        """Return what the names of all of the region's begin with."""
        return f"/aws/eks/{self.owner.region}-"

    def name(self, want: Want) -> str:
        """Return what CloudWatch calls it."""
        return f"/aws/eks/{aws_name(self.owner, want.part)}/cluster"


def want(cluster: t.Mapping[str, t.Any]) -> Want:
    """Return the wish for the log of an entry of the module ``eks_clusters``."""
    fields = {"retention_days": cluster["log_retention_days"], "kms_key_arn": None}
    return Want(cluster["name"], fields, tags={KEEP: "true"})
