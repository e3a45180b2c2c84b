#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: eks_access
version_added: 0.1.0
short_description: Say who reaches a cluster of Kubernetes, and who may do what in it
description:
  - Makes the access entries that a stack owns in a cluster be exactly those listed, and so the rules of its own in the
    security group that EKS made for the cluster. What EKS or others put into that group is left alone.
  - An entry that EKS made itself, for nodes or for who made the cluster, is not ours. To list its principal is refused.
author: Cloister contributors (@cloister)
options:
  ingress:
    description: Who may come to the cluster's interfaces and its nodes.
    type: list
    elements: dict
    default: []
    suboptions:
      reason:
        description: Why; AWS's description of the rule.
        type: str
        required: true
      protocol:
        description: The protocol. Only V(tcp) and V(udp) have ports.
        type: str
        choices: [tcp, udp, icmp, icmpv6, all]
        default: tcp
      ports:
        description: Ports and ranges of ports, such as V(443) and V(30000-32767).
        type: list
        elements: str
        default: []
      group:
        description: Name of the security group of who comes. One of this, C(vpc), C(cidrs) and C(prefix_list).
        type: str
      vpc:
        description: Name of a VPC, for all of its IPv4 ranges.
        type: str
      cidrs:
        description: Address ranges.
        type: list
        elements: str
        default: []
      prefix_list:
        description: Name of a prefix list. AWS's own go by the name of the service, such as V(s3).
        type: str
  vpc_ranges:
    description:
      - All ranges of VPCs by name, as the inventory has them, for rules that say C(vpc). Of a VPC that is not among
        them the ranges are those that it has in AWS.
    type: dict
    default: {}
  access_entries:
    description: Who may use the Kubernetes API, all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Logical name.
        type: str
        required: true
      principal:
        description: ARN of a role or user of IAM, its path included. This or C(role).
        type: str
      role:
        description: Name of a role of the region, instead of an ARN.
        type: str
      type:
        description: What the entry is for. Only V(STANDARD) ones have groups, a name and policies.
        type: str
        choices: [STANDARD, EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, EC2, HYBRID_LINUX]
        default: STANDARD
      groups:
        description: Groups of Kubernetes that they are in, for role bindings.
        type: list
        elements: str
        default: []
      username:
        description: What Kubernetes calls them. Empty leaves it to EKS, which writes the ARN.
        type: str
        default: ""
      policies:
        description: Access policies of EKS.
        type: list
        elements: dict
        default: []
        suboptions:
          policy:
            description: Its name, such as V(AmazonEKSClusterAdminPolicy).
            type: str
            required: true
          namespaces:
            description: Where it holds; everywhere when there are none. C(*) is any number of characters.
            type: list
            elements: str
            default: []
extends_documentation_fragment:
  - cloister.aws.eks_cluster
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the platform's people may do everything, from the operator host
  cloister.aws.eks_access:
    region_name: kr
    stack: eks
    cluster: main
    ingress:
      - {reason: kubectl from the operator, group: operator, ports: ["443"]}
    access_entries:
      - name: platform
        principal: "arn:{{ region_partition }}:iam::111122223333:role/platform-admin"
        policies: [{policy: AmazonEKSClusterAdminPolicy}]
"""

RETURN = r"""
ids:
  description: Ids of rules and ARNs of access entries by logical name, which begins with the cluster's.
  type: dict
  returned: success
  sample: {"main tcp 443 group operator": sgr-0a1b2c3d4e5f60718}
members:
  description: What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._eks_inner import Inside
from ansible_collections.cloister.aws.plugins.module_utils._eks_inner_arguments import ACCESS_ENTRIES, CLUSTER, INGRESS
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._together import together
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_rule import ClusterRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_access_entry import EksAccessEntry


def main() -> None:
    """Read arguments, reconcile rules and entries side by side, report."""
    ranges = {"type": "dict", "default": {}}
    module = RegionModule(
        {"cluster": CLUSTER, "ingress": INGRESS, "access_entries": ACCESS_ENTRIES, "vpc_ranges": ranges}
    )
    p = module.params
    inside = Inside(module.aws, module.owner, module.names, p["cluster"], module.check)
    outcome = together(
        module,
        [
            (module.kind(ClusterRule), lambda: inside.rules(p["ingress"], p["vpc_ranges"])),
            (inside.here(module.kind(EksAccessEntry)), lambda: inside.entries(p["access_entries"])),
        ],
    )
    module.finish(outcome)


if __name__ == "__main__":
    main()
