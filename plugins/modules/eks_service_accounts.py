#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: eks_service_accounts
version_added: 0.1.0
short_description: Give service accounts of Kubernetes roles of IAM
description:
  - Makes the IAM roles that a stack owns be exactly those of the service accounts listed. Each is called
    C(<region_name>-<cluster>-<name>) and trusts that one service account of that one cluster.
  - By C(irsa) the cluster's OIDC provider vouches for it, which is made with the first one; its thumbprint is left to
    IAM. By C(pod_identity) EKS does, through an association.
  - The stack may own no other IAM roles.
author: Cloister contributors (@cloister)
options:
  permissions_boundary:
    description: Managed policy that bounds every role, by name or ARN. Empty is none.
    type: str
    default: ""
extends_documentation_fragment:
  - cloister.aws.eks_cluster
  - cloister.aws.eks_service_accounts
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the load balancer controller may make load balancers
  cloister.aws.eks_service_accounts:
    region_name: kr
    stack: eks
    cluster: main
    service_accounts:
      - name: load-balancer-controller
        namespace: kube-system
        service_account: aws-load-balancer-controller
        reason: Load balancers for services and ingresses
        policy_set: load_balancer_controller
      - name: image-updater
        namespace: argocd
        service_account: argocd-image-updater
        identity: pod_identity
        reason: See new images in ECR
        managed_policies: [AmazonEC2ContainerRegistryReadOnly]
"""

RETURN = r"""
roles:
  description: ARNs of the roles by the names of service accounts, for annotations in Kubernetes.
  type: dict
  returned: success
  sample: {image-updater: "arn:aws-cn:iam::111122223333:role/cloister/kr/eks/kr-main-image-updater"}
ids:
  description: ARNs by logical name; that of a role is C(<cluster>-<name>).
  type: dict
  returned: success
  sample: {main-image-updater: "arn:aws-cn:iam::111122223333:role/cloister/kr/eks/kr-main-image-updater"}
members:
  description: What became of provider, roles and associations, with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._ecs_stack import gathered
from ansible_collections.cloister.aws.plugins.module_utils._eks_inner import ACCOUNT_KINDS, Inside, bring_accounts
from ansible_collections.cloister.aws.plugins.module_utils._eks_inner_arguments import CLUSTER, SERVICE_ACCOUNTS
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule


def main() -> None:
    """Read arguments, reconcile, report."""
    boundary = {"type": "str", "default": ""}
    module = RegionModule({"cluster": CLUSTER, "service_accounts": SERVICE_ACCOUNTS, "permissions_boundary": boundary})
    accounts = module.params["service_accounts"]
    inside = Inside(module.aws, module.owner, module.names, module.params["cluster"], module.check)
    kinds = [module.kind(kind) for kind in ACCOUNT_KINDS]
    outcome = gathered(bring_accounts(inside, kinds, accounts, module.params["permissions_boundary"], module.check))
    try:
        roles = {account["name"]: inside.role(account["name"]) for account in accounts}
    except RegionError:
        roles = {}  # the outcome says why there is no cluster
    module.finish(outcome, roles=roles)


if __name__ == "__main__":
    main()
