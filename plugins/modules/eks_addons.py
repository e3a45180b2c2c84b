#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: eks_addons
version_added: 0.1.0
short_description: Give a cluster of Kubernetes its add-ons
description:
  - Makes the EKS add-ons that a stack owns in a cluster be exactly those listed.
  - An order that works takes two steps. Without O(nodes) only what nodes cannot do without is made, and not waited for,
    so that nodes start beside it; what stands already is changed, and a new version waited for. With O(nodes) the rest
    is made, all are waited for, and what is no longer listed is removed.
  - Of C(vpc-cni), C(kube-proxy) and C(coredns), without which pods cannot live, EKS only lets go when they are no
    longer listed. They go on running.
  - An add-on that lacks nothing but a node, in a cluster without any, is not waited for.
author: Cloister contributors (@cloister)
options:
  version:
    description: The version of Kubernetes that the cluster is to have; a plan tells what its add-ons become then.
    type: str
  addons:
    description: The add-ons, all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What EKS calls it, such as V(aws-ebs-csi-driver).
        type: str
        required: true
      version:
        description:
          - A version, such as V(v1.20.4-eksbuild.2). When not given AWS's default for the version of Kubernetes is
            taken, and kept as long as it fits the cluster.
          - V(default) and V(latest) follow what AWS offers in each run. Neither goes backwards.
        type: str
        default: ""
      configuration:
        description: Its own settings, in the form of its configuration schema.
        type: dict
        default: {}
      service_account_role:
        description: The one of O(service_accounts) whose role it takes.
        type: str
        default: ""
      resolve_conflicts:
        description:
          - What becomes of its settings that somebody changed in the cluster. V(overwrite) takes them back, V(preserve)
            keeps them, V(none) makes EKS stop.
        type: str
        choices: [overwrite, preserve, none]
        default: overwrite
  nodes:
    description: Whether the cluster has the nodes that it shall have.
    type: bool
    default: true
  wait:
    description: Whether to return only when add-ons do their work.
    type: bool
    default: true
  wait_seconds:
    description: How long one is waited for.
    type: int
    default: 900
extends_documentation_fragment:
  - cloister.aws.eks_cluster
  - cloister.aws.eks_service_accounts
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the cluster has its add-ons
  cloister.aws.eks_addons:
    region_name: kr
    stack: eks
    cluster: main
    addons:
      - {name: vpc-cni, configuration: {env: {ENABLE_PREFIX_DELEGATION: "true"}}}
      - {name: kube-proxy}
      - {name: coredns, version: latest}
"""

RETURN = r"""
done:
  description: Whether all add-ons, those too that wait for nodes, were as they should be before.
  type: bool
  returned: success
ids:
  description: ARNs of add-ons by logical name, which is the cluster's and theirs.
  type: dict
  returned: success
  sample: {"main coredns": "arn:aws-cn:eks:cn-north-1:111122223333:addon/kr-main/coredns/0a1b2c3d"}
members:
  description:
    - What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed. C(shows) has its
      C(version), its C(status) and the C(issues) that EKS tells of.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._eks_inner import Inside, bring_addons
from ansible_collections.cloister.aws.plugins.module_utils._eks_inner_arguments import ADDONS, CLUSTER, SERVICE_ACCOUNTS
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_addon import EksAddon

SPEC = {
    "cluster": CLUSTER,
    "version": {"type": "str"},
    "addons": ADDONS,
    "service_accounts": SERVICE_ACCOUNTS,
    "nodes": {"type": "bool", "default": True},
    "wait": {"type": "bool", "default": True},
    "wait_seconds": {"type": "int", "default": 900},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    p = module.params
    inside = Inside(module.aws, module.owner, module.names, p["cluster"], module.check, p["version"])
    kind = module.kind(EksAddon)
    kind.wait_seconds = p["wait_seconds"]
    try:
        outcome, done = bring_addons(
            inside, kind, p["addons"], p["service_accounts"], p["nodes"], p["wait"], check=module.check
        )
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome, done=done)


if __name__ == "__main__":
    main()
