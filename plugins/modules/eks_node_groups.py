#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: eks_node_groups
version_added: 0.1.0
short_description: Give a cluster of Kubernetes the nodes and the Fargate profiles that its pods run on
description:
  - Makes the managed node groups and Fargate profiles of a cluster be exactly those listed, each group with a launch
    template of its own, and waits until nodes have joined. All are started before one is waited for.
  - Nodes are of the cluster's version. A change of theirs, or of the template, replaces them one after the other.
  - Nodes need IMDSv2, have encrypted volumes, no key pair and no public address, and are in the security group that EKS
    made for the cluster beside those listed.
  - Clusters of the stack other than O(cluster) are removed, with all that is in them.
author: Cloister contributors (@cloister)
options:
  cluster:
    description: Logical name of the cluster, which stands.
    type: str
    required: true
  version:
    description: The minor version of Kubernetes that the cluster has, and its nodes get.
    type: str
    required: true
  roll_seconds:
    description: How long the replacing of nodes is waited for; it goes on when this is over.
    type: int
    default: 7200
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.eks_node_groups
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure pods have something to run on
  cloister.aws.eks_node_groups:
    region_name: kr
    stack: eks
    cluster: main
    version: "1.33"
    node_groups:
      - name: apps
        role: eks-node
        subnets: [private-a, private-b, private-c]
        instance_types: [t3.large]
        size: {min: 1, max: 3, desired: 3}
"""

RETURN = r"""
ids:
  description: ARNs of node groups and Fargate profiles, and ids of launch templates, by name.
  type: dict
  returned: success
  sample: {main apps: "arn:aws-cn:eks:cn-north-1:111122223333:nodegroup/kr-main/apps/1f2e", main-apps: lt-0a1b2c3d}
members:
  description: What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._eks_arguments import FARGATE_PROFILES, NODE_GROUPS
from ansible_collections.cloister.aws.plugins.module_utils._eks_nodes import Asked, NodesMaker
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._node_templates import NodeTemplate
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_fargate_profile import EksFargateProfile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_node_group import EksNodeGroup

SPEC = {
    "cluster": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "node_groups": NODE_GROUPS,
    "fargate_profiles": FARGATE_PROFILES,
    "roll_seconds": {"type": "int", "default": 7200},
}


def main() -> None:
    """Read arguments, make, report."""
    module = RegionModule(SPEC)
    given = module.params
    group = module.kind(EksNodeGroup)
    group.roll_seconds = given["roll_seconds"]
    kinds = module.kind(EksCluster), module.kind(NodeTemplate), group, module.kind(EksFargateProfile)
    maker = NodesMaker(*kinds, module.names, module.check)
    try:
        outcome = maker.make(Asked(given["cluster"], given["version"], given["node_groups"], given["fargate_profiles"]))
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome)


if __name__ == "__main__":
    main()
