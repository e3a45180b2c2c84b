# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether machines become nodes of a cluster, and whether pods find room on them."""

from __future__ import annotations

from lab.embedded_aws.truth.eks.cluster import Cluster


def has_network(cluster: Cluster) -> bool:
    """Whether nodes get a container network: the add-on, or what the cluster was born with."""
    addon = cluster.addons.get("vpc-cni")
    if addon is not None:
        return addon.state in ("ACTIVE", "UPDATING")
    return cluster.self_managed_addons and "vpc-cni" not in cluster.bare


def room_for(cluster: Cluster, namespace: str) -> bool:
    """Whether a deployment's pods find a node without taints, or a Fargate profile for their namespace."""
    on_fargate = any(
        one.status == "ACTIVE" and any(selector["namespace"] == namespace for selector in one.selectors)
        for one in cluster.fargate_profiles.values()
    )
    return on_fargate or any(one.schedulable and one.ready for one in cluster.nodegroups.values())
