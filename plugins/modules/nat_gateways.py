#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: nat_gateways
version_added: 0.1.0
short_description: Start NAT gateways
description:
  - Makes the NAT gateways that a stack owns be exactly those listed, each with an Elastic IP that exists already.
  - One that failed is no gateway; the next run deletes it and makes another with the same address. Who waits for it,
    here or in M(cloister.aws.nat_routes), gets the reason that AWS gives.
author: Cloister contributors (@cloister)
options:
  nat_gateways:
    description: The gateways, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      subnet:
        description: Name of the public subnet it stands in.
        type: str
        required: true
      elastic_ip:
        description: Name of its Elastic IP.
        type: str
        required: true
  wait:
    description: Whether to wait until all of them carry traffic, one to three minutes.
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
- name: Ensure a NAT gateway is on its way
  cloister.aws.nat_gateways:
    region_name: us
    stack: network
    wait: false
    nat_gateways:
      - {name: main-a, subnet: public-a, elastic_ip: main-nat-a}
"""

RETURN = r"""
ids:
  description: Gateway ids by name.
  type: dict
  returned: success
  sample: {main-a: nat-0a1b2c3d4e5f60718}
members:
  description: >-
    What became of each gateway (C(create), C(change), C(keep), C(remove)), with the fields that changed.
    C(shows.public_ip) is the address by which the world sees what goes out, once AWS tells it.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import NAT_GATEWAYS
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.nat_gateway import NatGateway, wants

SPEC = {
    "nat_gateways": NAT_GATEWAYS,
    "wait": {"type": "bool", "default": True},
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    module.reconcile(
        NatGateway,
        lambda: wants(module.params["nat_gateways"], module.names),
        wait=module.params["wait"],
        purge=module.params["purge"],
    )


if __name__ == "__main__":
    main()
