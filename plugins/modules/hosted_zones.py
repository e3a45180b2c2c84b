#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: hosted_zones
version_added: 0.1.0
short_description: Keep the public and private DNS zones of a region
description:
  - Makes the Route 53 zones that a stack owns be exactly those listed, and lets exactly the VPCs listed see the private
    ones.
  - A zone is tagged after it is made, as Route 53 has it; until then its caller reference says whose it is, so that a
    run that was killed in between finds its zone again.
  - A zone that is no longer listed is removed with the stack's own records in it, and stays, named, when it holds
    records of others.
  - Warns when a private zone hides names of a public zone of the account from its VPCs.
author: Cloister contributors (@cloister)
options:
  zones:
    description: The zones, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The domain.
        type: str
        required: true
      part:
        description:
          - Logical name, by which records name the zone. It is the domain when not given, and only a domain that is
            listed twice, public and private, needs one.
        type: str
      private:
        description: Whether only VPCs see it. It can never be changed.
        type: bool
        default: false
      comment:
        description: What it is for, shown beside it in AWS.
        type: str
        default: ""
      vpcs:
        description: Names of the region's VPCs that see a private zone.
        type: list
        elements: str
        default: []
      other_vpcs:
        description: Further VPCs of the same account that see it, such as one in another AWS region.
        type: list
        elements: dict
        default: []
        suboptions: &vpc
          id:
            description: Id of the VPC.
            type: str
            required: true
          region:
            description: AWS region of the VPC.
            type: str
            required: true
      authorised_vpcs:
        description:
          - VPCs of other accounts that may see it, exactly these. The other account then associates its VPC, for
            example with M(cloister.aws.zone_associations). One that is taken off the list is also disassociated.
        type: list
        elements: dict
        default: []
        suboptions: *vpc
      keep:
        description:
          - Whether it outlives a teardown. When not given a public zone does and a private one does not, since a public
            zone that is made anew has other name servers, and its domain is dead until the parent domain points there.
        type: bool
extends_documentation_fragment:
  - cloister.aws.region
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the zones are there
  cloister.aws.hosted_zones:
    region_name: us
    stack: dns
    zones:
      - {name: prod.infer.example.internal, private: true, vpcs: [main]}
      - name: infer.example.com
        comment: What partners resolve
"""

RETURN = r"""
ids:
  description: Zone ids by logical name.
  type: dict
  returned: success
  sample: {prod.infer.example.internal: Z0123456789ABCDEFGHIJ}
members:
  description:
    - What became of each zone (C(create), C(change), C(keep), C(remove)), with the fields that changed. C(shows) has
      C(domain) and, of a public zone, the C(name_servers) that the parent domain must point at.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.hosted_zone import HostedZone, want

VPC = {"id": {"type": "str", "required": True}, "region": {"type": "str", "required": True}}
ZONE = {
    "name": {"type": "str", "required": True},
    "part": {"type": "str"},
    "private": {"type": "bool", "default": False},
    "comment": {"type": "str", "default": ""},
    "vpcs": {"type": "list", "elements": "str", "default": []},
    "other_vpcs": {"type": "list", "elements": "dict", "default": [], "options": VPC},
    "authorised_vpcs": {"type": "list", "elements": "dict", "default": [], "options": VPC},
    "keep": {"type": "bool"},
}


def main() -> None:
    """Read arguments, reconcile, warn, report."""
    module = RegionModule({"zones": {"type": "list", "elements": "dict", "required": True, "options": ZONE}})
    kind = module.kind(HostedZone)
    outcome = module.outcome(
        kind, lambda: [want(zone, module.names, module.owner, module.aws.region) for zone in module.params["zones"]]
    )
    for text in kind.shadows(member.want for member in outcome.members if member.want):
        module.ansible.warn(text)
    module.finish(outcome)


if __name__ == "__main__":
    main()
