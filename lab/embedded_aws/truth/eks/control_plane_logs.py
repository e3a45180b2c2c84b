# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The log group of a cluster, which EKS makes when it has something to write and finds none.

https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html. It outlives the cluster; one that is deleted
before its cluster comes back (terraform-aws-modules/terraform-aws-eks#920).
"""

from __future__ import annotations

from lab.embedded_aws.truth.eks.cluster import Cluster


def write(cluster: Cluster) -> None:
    """Let the control plane write what is on."""
    from moto.logs.models import logs_backends

    logs = logs_backends[cluster.backend.account_id][cluster.backend.region_name]
    if cluster.logs and cluster.log_group not in logs.groups:
        logs.create_log_group(cluster.log_group, {})
