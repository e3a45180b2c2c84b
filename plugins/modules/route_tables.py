#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: route_tables
version_added: 0.1.0
short_description: Write route tables and give them their subnets
description:
  - Makes the route tables that a stack owns be exactly those listed, with their routes and subnets.
  - Routes of the VPC itself, of gateway endpoints and those that a virtual private gateway propagates are not
    compared; routes to NAT gateways are the business of M(cloister.aws.nat_routes). A route that leads to something
    dead is led to what it should lead to.
  - A VPC's main table is left alone. A subnet on another table of the stack is moved without a gap; one on a table that
    is not ours is refused.
author: Cloister contributors (@cloister)
options:
  route_tables:
    description: The tables, all of them.
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
      subnets:
        description: Names of the subnets whose traffic it leads.
        type: list
        elements: str
        default: []
      routes:
        description: Its routes. Each leads to exactly one thing.
        type: list
        elements: dict
        default: []
        suboptions:
          destination:
            description: Range or prefix list, such as V(0.0.0.0/0) or V(pl-0123456789abcdef0).
            type: str
            required: true
          internet_gateway:
            description: Name of the internet gateway it leads to.
            type: str
          peering:
            description: Name of the VPC peering it leads to.
            type: str
          target_id:
            description: Id of what it leads to, for things that have no name here, such as a transit gateway.
            type: str
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure public subnets reach the internet
  cloister.aws.route_tables:
    region_name: us
    stack: network
    route_tables:
      - name: main-public
        vpc: main
        subnets: [public-a, public-b]
        routes:
          - {destination: 0.0.0.0/0, internet_gateway: main}
"""

RETURN = r"""
ids:
  description: Table ids by name.
  type: dict
  returned: success
  sample: {main-public: rtb-0a1b2c3d4e5f60718}
members:
  description: What became of each table (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import ROUTE_TABLES
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.route_table import RouteTable, wants

SPEC = {
    "route_tables": ROUTE_TABLES,
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    module.reconcile(
        RouteTable, lambda: wants(module.params["route_tables"], module.names), purge=module.params["purge"]
    )


if __name__ == "__main__":
    main()
