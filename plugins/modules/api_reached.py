#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: api_reached
version_added: 0.1.0
short_description: Judge whether a cluster's API is reached by its own name
description:
  - Reads names, routes, groups, load balancers, PrivateLink and trails as they are, and judges how far a client in each
    of the given subnets gets to the API of a cluster. No packet is sent and nothing is changed.
  - Fails when one does not get there, with the stage, the cause, what is innocent and what to do. In a plan, that is a
    warning, and nothing is judged that does not stand yet.
author: Cloister contributors (@cloister)
options:
  cluster:
    description: Logical name of the EKS cluster.
    type: str
    required: true
  consumers:
    description: Who is to reach it.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What a person calls them.
        type: str
        required: true
      vpc:
        description: Name of their VPC.
        type: str
        required: true
      subnets:
        description: Names of the subnets they are in.
        type: list
        elements: str
        required: true
      security_groups:
        description: Names of their security groups; without any, what they let out is not asked.
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure operators reach the API
  cloister.aws.api_reached:
    region_name: us
    stack: private_api
    cluster: main
    consumers:
      - {name: operator, vpc: operator, subnets: [operator-a], security_groups: [operator]}
"""

RETURN = r"""
host:
  description: The API's own name; empty in a plan that has yet to make the cluster.
  type: str
  returned: always
ways:
  description: >-
    For each consumer and subnet C(reached), and where it is not, C(stage), C(cause), C(said), C(fix), C(cleared) and
    C(broken).
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._api_reached import complaint, ways
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

NAMES = {"type": "list", "elements": "str"}
CONSUMER = {
    "name": {"type": "str", "required": True},
    "vpc": {"type": "str", "required": True},
    "subnets": {**NAMES, "required": True},
    "security_groups": {**NAMES, "default": []},
}


def main() -> None:
    """Read, judge, report."""
    module = RegionModule(
        {
            "cluster": {"type": "str", "required": True},
            "consumers": {"type": "list", "elements": "dict", "required": True, "options": CONSUMER},
        }
    )
    try:
        host, judged = ways(module)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    told = [way.told() for way in judged]
    broken = [way for way in judged if not way.verdict.reached]
    if broken and not module.check:
        module.ansible.fail_json(msg=complaint(module.params["cluster"], host, broken), host=host, ways=told)
    if broken:
        module.warn(complaint(module.params["cluster"], host, broken))
    module.ansible.exit_json(changed=False, host=host, ways=told)


if __name__ == "__main__":
    main()
