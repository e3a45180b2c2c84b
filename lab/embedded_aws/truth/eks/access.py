# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access entries: who may use the cluster, and with which of EKS's policies.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html and _AssociateAccessPolicy
"""

from __future__ import annotations

from lab.embedded_aws.truth.eks.cluster import Cluster


def begin(cluster: Cluster) -> None:
    """Give the cluster's creator an entry once entries count."""
