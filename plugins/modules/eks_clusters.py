#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: eks_clusters
version_added: 0.1.0
short_description: Begin clusters of Kubernetes and change them
description:
  - Makes each cluster listed, and the log group that its control plane writes to, and waits for neither.
    M(cloister.aws.eks_clusters_settled) waits for them, M(cloister.aws.eks_node_groups) gives them nodes and removes
    clusters that are no longer listed.
  - A standing cluster is changed one step after the other, as EKS asks; another version comes last and is begun only.
    A version that skips one, or goes back, is refused before any call that writes.
  - Nobody is let into a cluster for having made it. It comes without add-ons of its own.
author: Cloister contributors (@cloister)
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.eks_clusters
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the cluster is begun
  cloister.aws.eks_clusters:
    region_name: kr
    stack: eks
    clusters:
      - name: main
        version: "1.33"
        role: eks-cluster
        subnets: [private-a, private-b, private-c]
        logs: [api, audit, authenticator]
"""

RETURN = r"""
ids:
  description: ARNs of clusters by name.
  type: dict
  returned: success
  sample: {main: "arn:aws-cn:eks:cn-north-1:111122223333:cluster/kr-main"}
members:
  description: What became of each cluster and log group (C(create), C(change), C(keep)), with the fields that changed.
  type: list
  elements: dict
  returned: always
settled:
  description: Whether nothing was, or in check mode would be, changed, and every cluster stands.
  type: bool
  returned: success
  sample: true
"""

from ansible_collections.cloister.aws.plugins.module_utils._eks_arguments import CLUSTERS
from ansible_collections.cloister.aws.plugins.module_utils._eks_beginning import Beginner, settled
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_log_group import ClusterLogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster


def main() -> None:
    """Read arguments, begin, report."""
    module = RegionModule({"clusters": CLUSTERS})
    beginner = Beginner(module.kind(ClusterLogGroup), module.kind(EksCluster), module.names, module.check)
    try:
        outcome, notes = beginner.begin(module.params["clusters"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    for note in notes:
        module.warn(note)
    module.finish(outcome, settled=settled(outcome))


if __name__ == "__main__":
    main()
