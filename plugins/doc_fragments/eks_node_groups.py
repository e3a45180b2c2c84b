# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What pods of an EKS cluster run on."""

from __future__ import annotations


class ModuleDocFragment:
    """Node groups and Fargate profiles; `module_utils/_eks_arguments.py` is their specification."""

    DOCUMENTATION = r"""
options:
  node_groups:
    description: The managed node groups, all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the group in its cluster.
        type: str
        required: true
      role:
        description: Name of the IAM role of the nodes.
        type: str
        required: true
      subnets:
        description: Names of the subnets that nodes are started in.
        type: list
        elements: str
        required: true
      ami_type:
        description: What nodes start from, as EKS calls its images.
        type: str
        choices:
          - AL2023_ARM_64_NVIDIA
          - AL2023_ARM_64_STANDARD
          - AL2023_x86_64_NEURON
          - AL2023_x86_64_NVIDIA
          - AL2023_x86_64_STANDARD
          - BOTTLEROCKET_ARM_64
          - BOTTLEROCKET_ARM_64_NVIDIA
          - BOTTLEROCKET_x86_64
          - BOTTLEROCKET_x86_64_NVIDIA
        default: AL2023_x86_64_STANDARD
      release_version:
        description: The release of that image, such as V(1.33.1-20250715). When empty, a group keeps what EKS gave it.
        type: str
        default: ''
      instance_types:
        description: Types in order of preference.
        type: list
        elements: str
        required: true
      capacity:
        description: How machines are bought.
        type: str
        choices: [on_demand, spot]
        default: on_demand
      size:
        description: How many nodes.
        type: dict
        required: true
        suboptions:
          min: {type: int, required: true, description: At least so many.}
          max: {type: int, required: true, description: At most so many.}
          desired:
            description: Just so many. Without it the number is what scaling makes it, and is not compared.
            type: int
      root_volume:
        description: The volume for images and pods, encrypted.
        type: dict
        suboptions:
          gib: {type: int, default: 20, description: Its size.}
          type:
            description: Its type.
            type: str
            choices: [gp3, gp2, io1, io2]
            default: gp3
          iops: {type: int, description: Operations a second.}
          throughput_mibps: {type: int, description: Throughput in MiB a second.}
          kms_key_arn:
            description: The key that encrypts it, by default the account's own for volumes.
            type: str
      security_groups:
        description: Names of security groups, beside the one that EKS made for the cluster.
        type: list
        elements: str
        default: []
      metadata_hop_limit:
        description: How far metadata travels; pods are a hop away.
        type: int
        default: 2
      detailed_monitoring: {type: bool, default: false, description: "Whether EC2 measures each minute, at a price."}
      labels:
        description: Labels of the nodes in Kubernetes.
        type: dict
        default: {}
      taints:
        description: Taints that keep pods away which do not tolerate them.
        type: list
        elements: dict
        default: []
        suboptions:
          key: {type: str, required: true, description: Key of the taint.}
          value: {type: str, default: '', description: Its value.}
          effect:
            description: What it does to pods.
            type: str
            choices: [NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE]
            required: true
      update:
        description: How nodes are replaced.
        type: dict
        suboptions:
          max_unavailable: {type: int, description: So many nodes at once; 1 unless the percentage is given.}
          max_unavailable_percent: {type: int, description: So many percent of the nodes at once.}
          force: {type: bool, default: false, description: Whether pods go that a disruption budget would keep.}
      repair: {type: bool, default: false, description: Whether EKS replaces nodes that it finds unwell.}
      schedule:
        description: Name of a calendar. At its times the group rests, and starts again.
        type: str
        default: ''
      tags:
        description: Tags on group and template, and on the nodes, their volumes and interfaces.
        type: dict
        default: {}
  fargate_profiles:
    description: The Fargate profiles, all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the profile in its cluster.
        type: str
        required: true
      role:
        description: Name of the IAM role that starts pods.
        type: str
        required: true
      subnets:
        description: Names of private subnets.
        type: list
        elements: str
        required: true
      selectors:
        description: Which pods run by it, five at most.
        type: list
        elements: dict
        required: true
        suboptions:
          namespace: {type: str, required: true, description: Their namespace.}
          labels:
            description: Labels that they must have.
            type: dict
            default: {}
      tags:
        description: Tags on the profile.
        type: dict
        default: {}
"""
