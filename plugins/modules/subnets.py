#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: subnets
version_added: 0.1.0
short_description: Cut VPCs into subnets
description:
  - Makes the subnets that a stack owns be exactly those listed.
  - A subnet under a new name with the same VPC, zone and range as one no longer listed is renamed, not made anew.
author: Cloister contributors (@cloister)
options:
  subnets:
    description: The subnets, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      vpc:
        description: Name of the VPC.
        type: str
        required: true
      tier:
        description: Whether its route leads to the internet gateway, to a NAT gateway, or nowhere outside.
        type: str
        choices: [public, private, isolated]
        required: true
      az:
        description: Availability zone, such as V(us-west-2a).
        type: str
        required: true
      cidr:
        description: Its range, inside one of the VPC's.
        type: str
        required: true
      public_addresses:
        description: Whether instances get a public address at launch without asking.
        type: bool
        default: false
      kubernetes_role:
        description:
          - Which load balancers Kubernetes puts there, V(elb) for internet-facing ones and V(internal-elb) for
            internal ones. The tag of the other role, or of both with V(none), is taken off.
          - Without it such tags are left alone.
        type: str
        choices: [elb, internal-elb, none]
      tags:
        description: Further tags.
        type: dict
        default: {}
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the VPC is cut into subnets
  cloister.aws.subnets:
    region_name: us
    stack: network
    subnets:
      - {name: public-a, vpc: main, tier: public, az: us-west-2a, cidr: 10.0.1.0/24, kubernetes_role: elb}
      - {name: private-a, vpc: main, tier: private, az: us-west-2a, cidr: 10.0.3.0/24}
"""

RETURN = r"""
ids:
  description: Subnet ids by name.
  type: dict
  returned: success
  sample: {private-a: subnet-0a1b2c3d4e5f60718}
members:
  description: What became of each subnet (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import SUBNETS
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet, want

SPEC = {
    "subnets": SUBNETS,
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    module.reconcile(
        Subnet,
        lambda: [want(subnet, module.names) for subnet in module.params["subnets"]],
        purge=module.params["purge"],
    )


if __name__ == "__main__":
    main()
