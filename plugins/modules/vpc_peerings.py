#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: vpc_peerings
version_added: 0.1.0
short_description: Peer VPCs
description:
  - Makes the VPC peerings that a stack owns be exactly those listed. Between two VPCs of the region it is requested and
    accepted; towards a VPC of somebody else it is requested, and a warning says what its owner has to do.
author: Cloister contributors (@cloister)
options:
  vpc_peerings:
    description: The peerings, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      vpc:
        description: Name of the VPC that asks.
        type: str
        required: true
      peer_vpc:
        description: Name of the other VPC, when it is of this region.
        type: str
      peer_vpc_id:
        description: Id of the other VPC, when it is somebody else's.
        type: str
      peer_account_id:
        description: Its account, when that is another one.
        type: str
      peer_region:
        description: Its AWS region, when that is another one.
        type: str
      dns_resolution:
        description:
          - Whether names of instances resolve to private addresses across the peering, set on the sides that are ours
            once it is active.
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
- name: Ensure the operators' VPC reaches the clusters
  cloister.aws.vpc_peerings:
    region_name: us
    stack: network
    vpc_peerings:
      - {name: operator-main, vpc: operator, peer_vpc: main}
      - {name: partner, vpc: main, peer_vpc_id: vpc-0a1b2c3d4e5f60718, peer_account_id: "210987654321"}
"""

RETURN = r"""
ids:
  description: Peering ids by name.
  type: dict
  returned: success
  sample: {operator-main: pcx-0a1b2c3d4e5f60718}
members:
  description: >-
    What became of each peering (C(create), C(change), C(keep), C(remove)), with the fields that changed.
    C(shows.status) is AWS's word for its state.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import VPC_PEERINGS
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_peering import VpcPeering, waiting, want

SPEC = {
    "vpc_peerings": VPC_PEERINGS,
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    peerings = module.params["vpc_peerings"]
    outcome = module.outcome(
        module.kind(VpcPeering),
        lambda: [want(peering, module.names) for peering in peerings],
        purge=module.params["purge"],
    )
    for text in waiting(outcome.members, peerings):
        module.warn(text)
    module.finish(outcome)


if __name__ == "__main__":
    main()
