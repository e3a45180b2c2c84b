# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The EKS clusters of a stack."""

from __future__ import annotations


class ModuleDocFragment:
    """The list of clusters; `module_utils/_eks_arguments.py` is its specification."""

    DOCUMENTATION = r"""
options:
  clusters:
    description: The clusters.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region. In AWS it is called C(<region_name>-<name>).
        type: str
        required: true
      version:
        description: The minor version of Kubernetes, such as V(1.33).
        type: str
        required: true
      role:
        description: Name of the IAM role that EKS takes.
        type: str
        required: true
      subnets:
        description: Names of the subnets that the control plane puts interfaces into, in two zones at least.
        type: list
        elements: str
        required: true
      security_groups:
        description: Names of security groups for those interfaces, beside the one that EKS makes.
        type: list
        elements: str
        default: []
      endpoint:
        description: From where the API is reached.
        type: dict
        suboptions:
          private: {type: bool, default: true, description: Whether from within the VPC.}
          public: {type: bool, default: false, description: Whether from the internet.}
          public_cidrs:
            description: The public ranges that come in.
            type: list
            elements: str
            default: []
          open_to_all: {type: bool, default: false, description: Whether every address comes in.}
      logs:
        description: What the control plane writes to the log group of the cluster.
        type: list
        elements: str
        choices: [api, audit, authenticator, controllerManager, scheduler]
        default: []
      log_retention_days:
        description: How long the log group keeps it.
        type: int
        choices:
          [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
        default: 30
      secrets_key_arn:
        description: The key of KMS that encrypts secrets of Kubernetes; AWS's own when empty. It cannot be changed.
        type: str
        default: ''
      upgrade_policy:
        description: What comes at the end of a version's support, the next version or extended support at its price.
        type: str
        choices: [standard, extended]
        default: standard
      deletion_protection: {type: bool, default: true, description: Whether AWS refuses to delete it.}
      zonal_shift: {type: bool, default: false, description: Whether traffic may be shifted away from a zone.}
      service_cidr:
        description: The range of addresses of services, AWS's choice when empty. It cannot be changed.
        type: str
        default: ''
      tags:
        description: Tags on the cluster.
        type: dict
        default: {}
"""
