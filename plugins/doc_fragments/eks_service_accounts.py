# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Service accounts as the modules of EKS take them."""

from __future__ import annotations


class ModuleDocFragment:
    """The service accounts of a cluster."""

    DOCUMENTATION = r"""
options:
  service_accounts:
    description: Service accounts whose pods take a role of IAM, all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Logical name; that of its role is C(<cluster>-<name>).
        type: str
        required: true
      namespace:
        description: Namespace in Kubernetes.
        type: str
        required: true
      service_account:
        description: Name in Kubernetes.
        type: str
        required: true
      identity:
        description:
          - Who vouches for it. V(irsa) is the cluster's OIDC provider, and the service account is annotated with the
            ARN of its role; V(pod_identity) is EKS, which needs the add-on C(eks-pod-identity-agent).
        type: str
        choices: [irsa, pod_identity]
        default: irsa
      reason:
        description: What it is for; the description of its role in AWS.
        type: str
        required: true
      policy_set:
        description: What a well-known controller may do, by its name.
        type: str
        choices:
          - cert_manager
          - cluster_autoscaler
          - ebs_csi
          - efs_csi
          - external_dns
          - external_secrets
          - image_updater
          - load_balancer_controller
          - vpc_cni
      managed_policies:
        description: Managed policies, AWS's own by name and path, others by ARN.
        type: list
        elements: str
        default: []
      policies:
        description: Inline policies.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the policy.
            type: str
            required: true
          statements:
            description: What it says.
            type: list
            elements: dict
            required: true
            suboptions:
              sid:
                description: Name of the statement.
                type: str
              effect:
                description: What it does.
                type: str
                choices: [Allow, Deny]
                default: Allow
              actions:
                description: Actions, such as V(secretsmanager:GetSecretValue).
                type: list
                elements: str
                required: true
              resources:
                description: ARNs, or V(*) for actions that know none.
                type: list
                elements: str
                required: true
              conditions:
                description: Under which conditions, in IAM's form.
                type: dict
                default: {}
      session_seconds:
        description: How long credentials of its pods are good for, from 3600 to 43200.
        type: int
        default: 3600
"""
