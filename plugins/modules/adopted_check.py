#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: adopted_check
version_added: 0.1.0
short_description: Check a network that others made before building on it
description:
  - Looks at the VPCs and subnets that O(region_adopted) names and fails with everything that is wrong with them, one
    sentence each. That is when one is missing, has other ranges or another zone than the inventory says, DNS attributes
    off, too few free addresses, or routes that do not fit the tier or lead nowhere.
  - Changes nothing.
author: Cloister contributors (@cloister)
options:
  vpcs:
    description: The VPCs that are looked at, as the inventory has them; those that are not adopted are not looked at.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Logical name, a key of C(region_adopted.VPC).
        type: str
        required: true
      cidrs:
        description: Ranges it must have.
        type: list
        elements: str
        default: []
  subnets:
    description: The subnets that are looked at, likewise.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Logical name, a key of C(region_adopted.subnet).
        type: str
        required: true
      vpc:
        description: Name of its VPC.
        type: str
        required: true
      tier:
        description: What its routes must fit.
        type: str
        choices: [public, private, isolated]
        required: true
      az:
        description: Availability zone it must be in.
        type: str
        required: true
      cidr:
        description: Range it must have.
        type: str
        required: true
  free_addresses:
    description: How many addresses must be free in each subnet.
    type: int
    default: 16

extends_documentation_fragment:
  - cloister.aws.region
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Check the network that others made
  cloister.aws.adopted_check:
    region_name: us
    stack: network
    region_adopted:
      VPC: {main: vpc-0a1b2c3d4e5f60718}
      subnet: {private-a: subnet-0a1b2c3d4e5f60718}
    vpcs:
      - {name: main, cidrs: [10.0.0.0/16]}
    subnets:
      - {name: private-a, vpc: main, tier: private, az: us-west-2a, cidr: 10.0.3.0/24}
"""

RETURN = r"""
problems:
  description: What is wrong, one sentence each; empty when the module does not fail.
  type: list
  elements: str
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._adopted import look, problems
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

VPC = {
    "name": {"type": "str", "required": True},
    "cidrs": {"type": "list", "elements": "str", "default": []},
}
SUBNET = {
    "name": {"type": "str", "required": True},
    "vpc": {"type": "str", "required": True},
    "tier": {"type": "str", "choices": ["public", "private", "isolated"], "required": True},
    "az": {"type": "str", "required": True},
    "cidr": {"type": "str", "required": True},
}
SPEC = {
    "vpcs": {"type": "list", "elements": "dict", "default": [], "options": VPC},
    "subnets": {"type": "list", "elements": "dict", "default": [], "options": SUBNET},
    "free_addresses": {"type": "int", "default": 16},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    adopted = module.params["region_adopted"]
    vpc_ids, subnet_ids = adopted.get("VPC", {}), adopted.get("subnet", {})
    vpcs = [{**vpc, "id": vpc_ids[vpc["name"]]} for vpc in module.params["vpcs"] if vpc["name"] in vpc_ids]
    subnets = [
        {**subnet, "id": subnet_ids[subnet["name"]], "vpc_id": vpc_ids.get(subnet["vpc"])}
        for subnet in module.params["subnets"]
        if subnet["name"] in subnet_ids
    ]
    try:
        seen = look(module.aws, {vpc["id"] for vpc in vpcs}, {subnet["id"] for subnet in subnets})
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    found = problems(seen, vpcs, subnets, module.params["free_addresses"])
    if found:
        module.ansible.fail_json(msg="; ".join(found), problems=found)
    module.ansible.exit_json(changed=False, problems=[])


if __name__ == "__main__":
    main()
