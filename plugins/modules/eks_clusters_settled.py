#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: eks_clusters_settled
version_added: 0.1.0
short_description: Wait until clusters of Kubernetes stand as they were asked for
description:
  - Waits until each cluster listed, which M(cloister.aws.eks_clusters) has begun, is active and has the version listed.
    It changes nothing.
  - A cluster that failed, or a version that did not come, fails with the reasons that EKS gives.
author: Cloister contributors (@cloister)
options:
  clusters:
    required: true
  wait_seconds:
    description: How long a cluster is waited for.
    type: int
    default: 2400
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.eks_clusters
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the cluster stands
  cloister.aws.eks_clusters_settled:
    region_name: kr
    stack: eks
    clusters:
      - name: main
        version: "1.33"
        role: eks-cluster
        subnets: [private-a, private-b, private-c]
"""

RETURN = r"""
ids:
  description: ARNs of clusters by name.
  type: dict
  returned: success
  sample: {main: "arn:aws-cn:eks:cn-north-1:111122223333:cluster/kr-main"}
members:
  description: Each cluster, with its version and where its API answers.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._eks_arguments import CLUSTERS
from ansible_collections.cloister.aws.plugins.module_utils._eks_waiting import settle
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster


def main() -> None:
    """Read arguments, wait, report."""
    module = RegionModule({"clusters": CLUSTERS, "wait_seconds": {"type": "int", "default": 2400}})
    kind = module.kind(EksCluster)
    kind.ready_seconds = module.params["wait_seconds"]
    wanted = {cluster["name"]: cluster["version"] for cluster in module.params["clusters"]}
    try:
        outcome = settle(kind, wanted, module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome)


if __name__ == "__main__":
    main()
