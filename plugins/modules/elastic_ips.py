#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: elastic_ips
version_added: 0.1.0
short_description: Hold Elastic IPs that outlive what uses them
description:
  - Makes the Elastic IPs that a stack owns be exactly those listed. Each is tagged in the call that allocates it, so
    that a run that is killed leaks none.
  - An address is kept unless its entry says otherwise; neither its removal from the list nor a teardown releases it.
author: Cloister contributors (@cloister)
options:
  elastic_ips:
    description: The addresses, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      keep:
        description: Whether it carries C(cloister:keep=true) and stays when it is no longer listed.
        type: bool
        default: true
      pool:
        description: Pool of addresses of one's own to take it from, such as V(ipv4pool-ec2-0123456789abcdef0).
        type: str
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
- name: Ensure the addresses that partners allow-list are ours
  cloister.aws.elastic_ips:
    region_name: us
    stack: network
    elastic_ips:
      - name: main-nat-a
"""

RETURN = r"""
ids:
  description: Allocation ids by name.
  type: dict
  returned: success
  sample: {main-nat-a: eipalloc-0a1b2c3d4e5f60718}
members:
  description: >-
    What became of each address (C(create), C(change), C(keep), C(remove)), with the fields that changed.
    C(shows.public_ip) is the address.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import ELASTIC_IPS
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.elastic_ip import ElasticIp, want

SPEC = {
    "elastic_ips": ELASTIC_IPS,
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    module.reconcile(
        ElasticIp, lambda: [want(item) for item in module.params["elastic_ips"]], purge=module.params["purge"]
    )


if __name__ == "__main__":
    main()
