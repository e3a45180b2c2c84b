#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: internet_gateways
version_added: 0.1.0
short_description: Give VPCs an internet gateway
description:
  - Makes the internet gateways that a stack owns be exactly those listed, each attached to its VPC.
  - A VPC that has somebody else's gateway is refused; adopt that one by name instead.
author: Cloister contributors (@cloister)
options:
  internet_gateways:
    description: The gateways, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      vpc:
        description: Name of the VPC it is attached to. A VPC has at most one.
        type: str
        required: true
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the VPC has an internet gateway
  cloister.aws.internet_gateways:
    region_name: us
    stack: network
    internet_gateways:
      - {name: main, vpc: main}
"""

RETURN = r"""
ids:
  description: Gateway ids by name.
  type: dict
  returned: success
  sample: {main: igw-0a1b2c3d4e5f60718}
members:
  description: What became of each gateway (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import INTERNET_GATEWAYS
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.internet_gateway import InternetGateway, want

SPEC = {
    "internet_gateways": INTERNET_GATEWAYS,
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    module.reconcile(
        InternetGateway,
        lambda: [want(gateway, module.names) for gateway in module.params["internet_gateways"]],
        purge=module.params["purge"],
    )


if __name__ == "__main__":
    main()
