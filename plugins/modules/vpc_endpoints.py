#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: vpc_endpoints
version_added: 0.1.0
short_description: Give VPCs ways to AWS services that never leave AWS
description:
  - Makes the VPC endpoints that a stack owns be exactly those listed.
  - All are started before one is waited for. An interface endpoint takes AWS a minute or two.
  - VPC, service and type of a living endpoint cannot be changed. All else is changed in place.
author: Cloister contributors (@cloister)
options:
  endpoints:
    description: The endpoints, all of them.
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
      service:
        description:
          - What it leads to, such as V(ecr.api) or V(s3), or the full name of a service of somebody else's.
          - AWS is asked for the full name, which in the China regions does not follow one rule.
        type: str
        required: true
      type:
        description: Network interfaces with a private name, or a route.
        type: str
        choices: [interface, gateway]
        default: interface
      subnets:
        description: Names of the subnets of an interface endpoint, one in each availability zone.
        type: list
        elements: str
        default: []
      security_groups:
        description: Names of the security groups of an interface endpoint.
        type: list
        elements: str
        default: []
      route_tables:
        description: Names of the route tables that lead to a gateway endpoint.
        type: list
        elements: str
        default: []
      private_dns:
        description: Whether the service's own name leads to the interface endpoint inside the VPC.
        type: bool
        default: true
      policy:
        description: Who may do what through it, beside what IAM says. Without one everything passes.
        type: json
  wait:
    description: Whether to return only when all endpoints are available.
    type: bool
    default: true
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure images and logs need no way out
  cloister.aws.vpc_endpoints:
    region_name: us
    stack: endpoints
    endpoints:
      - name: ecr-api
        vpc: main
        service: ecr.api
        subnets: [private-a, private-b]
        security_groups: [endpoints]
      - name: s3
        vpc: main
        service: s3
        type: gateway
        route_tables: [private]
"""

RETURN = r"""
ids:
  description: Endpoint ids by name.
  type: dict
  returned: success
  sample: {ecr-api: vpce-0a1b2c3d4e5f60718}
members:
  description: What became of each endpoint (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._endpoint_wants import wants
from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import ENDPOINTS
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_endpoint import VpcEndpoint


def main() -> None:
    """Read arguments, reconcile, warn, report."""
    module = RegionModule(
        {
            "endpoints": ENDPOINTS,
            "wait": {"type": "bool", "default": True},
        }
    )
    kind = module.kind(VpcEndpoint)
    outcome = module.outcome(
        kind,
        lambda: wants(module.params["endpoints"], module.names, module.aws.region),
        wait=module.params["wait"],
    )
    for text in kind.notes(member.want for member in outcome.members if member.want and member.action == "create"):
        module.warn(text)
    module.finish(outcome)


if __name__ == "__main__":
    main()
