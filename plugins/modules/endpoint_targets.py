#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: endpoint_targets
version_added: 0.1.0
short_description: Register the interfaces of a cluster's API as targets
description:
  - Does once what the function C(endpoint_targets) does when EKS makes an interface, and waits until the targets are
    well. The interfaces are found by what EKS writes on them, C(Amazon EKS <cluster>).
  - A dead target that is healthy stays while no living one is.
author: Cloister contributors (@cloister)
options:
  cluster:
    description: Logical name of the EKS cluster, which is active.
    type: str
    required: true
  target_group:
    description: Logical name of a target group of addresses in the cluster's VPC.
    type: str
    required: true
  port:
    description: Port of the API.
    type: int
    default: 443
  wait_seconds:
    description: How long to wait for the targets to be well.
    type: int
    default: 300
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the API stands behind the load balancer
  cloister.aws.endpoint_targets:
    region_name: us
    stack: private_api
    cluster: main
    target_group: api
"""

RETURN = r"""
host:
  description: The cluster's own name, which clients ask for.
  type: str
  returned: success
  sample: E83BE4C09F8C9A7CC4B30B5BDC2AE1BD.gr7.us-west-2.eks.amazonaws.com
members:
  description: What became of the group's targets (C(create), C(change), C(keep)), the addresses before and after.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._endpoint_targets import bring_about
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule


def main() -> None:
    """Read arguments, bring it about, report."""
    module = RegionModule(
        {
            "cluster": {"type": "str", "required": True},
            "target_group": {"type": "str", "required": True},
            "port": {"type": "int", "default": 443},
            "wait_seconds": {"type": "int", "default": 300},
        }
    )
    try:
        registered = bring_about(module)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(registered.outcome, host=registered.host)


if __name__ == "__main__":
    main()
