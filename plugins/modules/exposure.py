#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: exposure
version_added: 0.1.0
short_description: Tell every way in that the internet finds
description:
  - Reads the VPCs of a region, whoever made what is in them, and judges what the internet reaches. That is every
    listener of an internet-facing load balancer, every other interface with a public address, and every service offered
    to all AWS accounts. A way in needs a public address, a route to an internet gateway, a security group and a network
    ACL that let some range of the internet by, and of a load balancer a listener.
  - Compares them with those that the inventory declares public.
author: Cloister contributors (@cloister)
options:
  stack:
    description: Look only at the VPCs of this stack; at all of the region's when it is left out.
    type: str
    required: false
  declared:
    description: The listeners that are meant to be found.
    type: list
    elements: dict
    default: []
    suboptions:
      load_balancer:
        description: Logical name of the load balancer.
        type: str
        required: true
      port:
        description: Port of the listener.
        type: int
        required: true
      protocol:
        description: What it runs over.
        type: str
        choices: [tcp, udp]
        default: tcp
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Look at the region from outside
  cloister.aws.exposure:
    region_name: us
    declared:
      - {load_balancer: public, port: 443}
  register: exposure

- name: Stop when the internet finds more than it should
  ansible.builtin.assert:
    that: exposure.undeclared | length == 0
"""

RETURN = r"""
entrances:
  description: Every way in.
  type: list
  elements: dict
  returned: success
  contains:
    kind:
      description: What is reached, such as C(load balancer), C(instance), C(ECS task), C(database).
      type: str
    part:
      description: Its logical name, empty when others made it.
      type: str
    id:
      description: Its id in AWS.
      type: str
    address:
      description: Its public addresses.
      type: str
    name:
      description: Its name in DNS, where it has one.
      type: str
    protocol:
      description: Transport protocol, or C(all).
      type: str
    ports:
      description: Ports and ranges of ports.
      type: list
      elements: str
    open_to:
      description: The ranges of the internet that it is open to.
      type: list
      elements: str
    path:
      description: What opens it, from the outside in, with ids.
      type: list
      elements: str
    region:
      description: The region whose it is.
      type: str
    stack:
      description: The stack whose it is.
      type: str
    declared:
      description: Whether the inventory declares it.
      type: bool
undeclared:
  description: The ways in that the inventory does not declare, each with C(advice).
  type: list
  elements: dict
  returned: success
closed:
  description: The declared listeners that the internet does not reach, each with C(why).
  type: list
  elements: dict
  returned: success
lines:
  description: All of it as a table that a person reads.
  type: list
  elements: str
  returned: success
complaints:
  description: What opens each undeclared way in, and what to do; empty when there is none.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc
from ansible_collections.cloister.aws.plugins.module_utils.reachability.declared import compare
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read import read
from ansible_collections.cloister.aws.plugins.module_utils.reachability.telling import complaints, table

READ = [
    "vpcs",
    "subnets",
    "route_tables",
    "security_groups",
    "network_acls",
    "network_interfaces",
    "internet_gateways",
    "prefix_lists",
    "load_balancers",
    "instances",
    "endpoint_services",
]
DECLARED = {
    "load_balancer": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
}


def main() -> None:
    """Read, judge, report."""
    module = RegionModule(
        {"stack": {"type": "str"}, "declared": {"type": "list", "elements": "dict", "default": [], "options": DECLARED}}
    )
    try:
        own = [found.id for found in module.kind(Vpc).find()]
        adopted = module.params["region_adopted"].get("VPC", {}).values()
        snapshot = read(module.aws, sorted({*own, *adopted}), kinds=READ)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    found = compare(snapshot, module.params["region_name"], module.params["declared"])
    module.ansible.exit_json(changed=False, **found, lines=table(found), complaints=complaints(found))


if __name__ == "__main__":
    main()
