#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: security_groups
version_added: 0.1.0
short_description: Say who may talk to whom
description:
  - Makes the security groups that a stack owns, and all their rules, be exactly those listed. Everything else is
    closed, outwards too. A rule made by hand in a group of ours is removed.
  - All groups are made before the first rule, so groups may name each other in circles.
  - New rules are let in before old ones are shut out, so that a change cuts nothing.
  - Name, reason and VPC of a living group cannot be changed. The reason of a rule can.
author: Cloister contributors (@cloister)
options:
  groups:
    description: The groups, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region. In AWS the group is called by it after O(region_name).
        type: str
        required: true
      vpc:
        description: Name of the VPC.
        type: str
        required: true
      reason:
        description: What the group is for, AWS's description of it. AWS never lets it be changed.
        type: str
        required: true
      ingress:
        description: Who may come in.
        type: list
        elements: dict
        default: []
        suboptions: &rule
          reason:
            description:
              - Why; AWS's description of the rule. 1 to 255 letters, digits, spaces and C(._-:/()#,@[]+=&;{}!$*).
            type: str
            required: true
          protocol:
            description: The protocol. Only V(tcp) and V(udp) have ports.
            type: str
            choices: [tcp, udp, icmp, icmpv6, all]
            default: tcp
          ports:
            description: Ports and ranges of ports, such as V(443) and V(8000-8002).
            type: list
            elements: str
            default: []
          group:
            description:
              - Name of the group at the other end, of this stack or another of the region, the group itself included.
              - Exactly one of O(groups[].ingress[].group), O(groups[].ingress[].vpc), O(groups[].ingress[].cidrs) and
                O(groups[].ingress[].prefix_list) says who is at the other end. The same holds for egress.
            type: str
          vpc:
            description: Name of a VPC, for all of its IPv4 ranges, the secondary ones included.
            type: str
          cidrs:
            description: Address ranges.
            type: list
            elements: str
            default: []
          prefix_list:
            description: Name of a prefix list. AWS's own go by the name of the service, such as V(s3).
            type: str
      egress:
        description: Where to the group may go out.
        type: list
        elements: dict
        default: []
        suboptions: *rule
  vpc_ranges:
    description:
      - All ranges of VPCs by name, as the inventory has them, for rules that say C(vpc). Of a VPC that is not among
        them the ranges are those that it has in AWS.
    type: dict
    default: {}

extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the app talks to its database and to nobody else
  cloister.aws.security_groups:
    region_name: us
    stack: security_groups
    groups:
      - name: app
        vpc: main
        reason: The app
        egress:
          - {reason: queries, group: database, ports: [3306]}
          - {reason: image layers, prefix_list: s3, ports: [443]}
      - name: database
        vpc: main
        reason: MySQL
        ingress:
          - {reason: queries, group: app, ports: [3306]}
"""

RETURN = r"""
ids:
  description: Group ids by name.
  type: dict
  returned: success
  sample: {app: sg-0a1b2c3d4e5f60718}
members:
  description: What became of each group (C(create), C(change), C(keep), C(remove)), with rules before and after.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._security_rules import PROTOCOLS
from ansible_collections.cloister.aws.plugins.module_utils._security_wants import wants
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup

RULE = {
    "reason": {"type": "str", "required": True},
    "protocol": {"type": "str", "choices": list(PROTOCOLS), "default": "tcp"},
    "ports": {"type": "list", "elements": "str", "default": []},
    "group": {"type": "str"},
    "vpc": {"type": "str"},
    "cidrs": {"type": "list", "elements": "str", "default": []},
    "prefix_list": {"type": "str"},
}
GROUP = {
    "name": {"type": "str", "required": True},
    "vpc": {"type": "str", "required": True},
    "reason": {"type": "str", "required": True},
    "ingress": {"type": "list", "elements": "dict", "default": [], "options": RULE},
    "egress": {"type": "list", "elements": "dict", "default": [], "options": RULE},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(
        {
            "groups": {"type": "list", "elements": "dict", "required": True, "options": GROUP},
            "vpc_ranges": {"type": "dict", "default": {}},
        }
    )
    p = module.params
    module.reconcile(
        SecurityGroup, lambda: wants(p["groups"], module.owner.region, module.names, module.aws, p["vpc_ranges"])
    )


if __name__ == "__main__":
    main()
