#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: vpcs
version_added: 0.1.0
short_description: Lay out the VPCs of a region
description:
  - Makes the VPCs that a stack owns be exactly those listed, with both DNS attributes on, since private zones and the
    private names of interface endpoints work with nothing less, and with a default security group that has no rules.
author: Cloister contributors (@cloister)
options:
  vpcs:
    description: The VPCs, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      cidr:
        description: First range, from /16 to /28. It can never be changed.
        type: str
        required: true
      secondary_cidrs:
        description: Further ranges, added to and taken from a living VPC.
        type: list
        elements: str
        default: []
      default_security_group_closed:
        description:
          - Whether the rules of the VPC's default security group are taken away, so that what is started without a
            group of its own talks to nobody (AWS Security Hub control EC2.2). With V(false) the group is left alone.
        type: bool
        default: true
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the VPCs are laid out
  cloister.aws.vpcs:
    region_name: us
    stack: network
    vpcs:
      - {name: main, cidr: 10.0.0.0/16}
"""

RETURN = r"""
ids:
  description: VPC ids by name, and ids of associations by VPC and secondary range.
  type: dict
  returned: success
  sample: {main: vpc-0a1b2c3d4e5f60718}
members:
  description: What became of each VPC (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import VPCS
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_unlisted
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc, want
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_range import VpcRange, wants

SPEC = {
    "vpcs": VPCS,
    "purge": {"type": "bool", "default": True},
}


def bring(module: RegionModule) -> t.Iterator[Outcome]:
    """Bring about VPCs, then their ranges; remove ranges, then VPCs."""
    vpcs, purge = module.params["vpcs"], module.params["purge"]
    yield reconcile(module.kind(Vpc), [want(vpc) for vpc in vpcs], module.check, purge=False)
    if purge or any(vpc["secondary_cidrs"] for vpc in vpcs):
        yield reconcile(module.kind(VpcRange), wants(vpcs, module.names), module.check, purge=purge)
    if purge:
        yield remove_unlisted([module.kind(Vpc)], {Vpc.noun: [vpc["name"] for vpc in vpcs]}, module.check)


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    whole = Outcome([])
    try:
        for outcome in bring(module):
            whole.members += outcome.members
            whole.errors += outcome.errors
            if whole.errors:
                break
    except RegionError as exc:
        whole.errors.append(exc)
    module.finish(whole)


if __name__ == "__main__":
    main()
