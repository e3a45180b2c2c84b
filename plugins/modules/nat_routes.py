#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: nat_routes
version_added: 0.1.0
short_description: Lead private subnets out through NAT gateways
description:
  - Makes the routes to NAT gateways in a stack's route tables be exactly those listed, and all others of their kind go.
  - Waits until the gateways carry traffic. One that failed is an error with the reason that AWS gives.
author: Cloister contributors (@cloister)
options:
  nat_routes:
    description: The routes, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      table:
        description: Name of the route table.
        type: str
        required: true
      nat_gateway:
        description: Name of the NAT gateway.
        type: str
        required: true
      destination:
        description: Range that is reached through it.
        type: str
        default: 0.0.0.0/0
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure private subnets have a way out
  cloister.aws.nat_routes:
    region_name: us
    stack: network
    nat_routes:
      - {table: main-private-a, nat_gateway: main-a}
"""

RETURN = r"""
ids:
  description: Table ids and destinations by name.
  type: dict
  returned: success
  sample: {main-private-a 0.0.0.0/0: rtb-0a1b2c3d4e5f60718 0.0.0.0/0}
members:
  description: What became of each route (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import NAT_ROUTES
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.nat_route import Gateways, NatRoute, wants

SPEC = {"nat_routes": NAT_ROUTES}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    gateways = Gateways(module.aws, module.owner.region, module.names, module.check)
    module.reconcile(NatRoute, lambda: wants(module.params["nat_routes"], module.names, gateways))


if __name__ == "__main__":
    main()
