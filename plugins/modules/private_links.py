#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: private_links
version_added: 0.1.0
short_description: Offer load balancers through PrivateLink and let endpoints in
description:
  - Makes the endpoint services, the endpoints that lead to them, and the connections between the two that a stack owns
    be exactly those listed, and removes the others from the client's end on.
  - A network load balancer stands before it is offered; M(cloister.aws.listeners) waits for it.
  - An endpoint asks, and the service's owner lets it in. Those of the list are let in at once; those of others only
    when they are named, and a warning tells who waits. AWS takes a minute or two for an endpoint.
author: Cloister contributors (@cloister)
options:
  services:
    description: The endpoint services, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      load_balancer:
        description: Name of the network load balancer behind it. AWS lets one serve one service.
        type: str
        required: true
      acceptance_required:
        description: Whether an endpoint is let in only when its owner is named here.
        type: bool
        default: true
      principals:
        description: ARNs of accounts, roles or users that may ask, beside the account of the region. V(*) is everybody.
        type: list
        elements: str
        default: []
      accepted_endpoints:
        description: Ids of endpoints of others that are let in. One that is taken off the list is cut off.
        type: list
        elements: str
        default: []
  endpoints:
    description: The endpoints that lead to these services, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique among the VPC endpoints of the region.
        type: str
        required: true
      service:
        description: Name of the service.
        type: str
        required: true
      vpc:
        description: Name of the VPC that is to reach it.
        type: str
        required: true
      subnets:
        description: Names of subnets, one in each availability zone, in zones in which the load balancer stands.
        type: list
        elements: str
        required: true
      security_groups:
        description: Names of the security groups of its interfaces.
        type: list
        elements: str
        required: true
  wait:
    description: Whether to return only when all connections are available.
    type: bool
    default: true
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the operator's VPC reaches the API
  cloister.aws.private_links:
    region_name: us
    stack: private_api
    services:
      - {name: api, load_balancer: api}
    endpoints:
      - {name: api-operator, service: api, vpc: operator, subnets: [operator-a], security_groups: [api-endpoint]}
"""

RETURN = r"""
ids:
  description: Ids of the endpoint services by name.
  type: dict
  returned: success
  sample: {api: vpce-svc-0a1b2c3d4e5f60718}
service_names:
  description: What others name in their endpoints, by name of the service.
  type: dict
  returned: success
endpoints:
  description: By name of the endpoint its C(dns_name) and the C(zone_id) of that, as an alias record needs them.
  type: dict
  returned: success
waiting:
  description: Endpoints of others that ask and are not listed, each with C(endpoint), C(account) and C(service).
  type: list
  elements: dict
  returned: success
members:
  description: What became of each thing (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._private_links import Links
from ansible_collections.cloister.aws.plugins.module_utils._private_links_arguments import SPEC
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_service import EndpointService


def main() -> None:
    """Read arguments, bring it about, warn, report."""
    module = RegionModule(SPEC)
    links = Links(module)
    try:
        outcome = links.bring_about()
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    waiting = links.waiting()
    for one in waiting:
        module.warn(
            f"{one['endpoint']} of account {one['account']} asks to be let in to {one['service']}; list it in "
            "accepted_endpoints, or reject it"
        )
    services = [member for member in outcome.members if member.kind == EndpointService.noun]
    names = {member.part: member.shows.get("service_name", member.id) for member in services}
    ids = {member.part: member.id for member in services}
    told = {"service_names": names, "endpoints": links.endpoint_names(outcome), "waiting": waiting}
    module.finish(outcome, ids=ids, **told)


if __name__ == "__main__":
    main()
