#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: zone_associations
version_added: 0.1.0
short_description: Let VPCs of a region see private DNS zones of other accounts
description:
  - Makes the associations that a stack owns, of the region's VPCs with private zones that other accounts own and have
    authorised, be exactly those listed.
  - Which of them are ours, a tag on the VPC says, V(cloister:zone:<zone id>). An association without it stays as it is.
author: Cloister contributors (@cloister)
options:
  associations:
    description: The associations, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      zone_id:
        description: Id of the zone, from its owner.
        type: str
        required: true
      vpc:
        description: Name of the region's VPC that shall see it.
        type: str
        required: true
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the operators' VPC sees the partner's zone
  cloister.aws.zone_associations:
    region_name: us
    stack: dns
    associations:
      - {name: partner, zone_id: Z0123456789ABCDEFGHIJ, vpc: main}
"""

RETURN = r"""
ids:
  description: Zone id and VPC id of each association, by its name.
  type: dict
  returned: success
  sample: {partner: Z0123456789ABCDEFGHIJ/vpc-0a1b2c3d4e5f60718}
members:
  description: What became of each association (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.zone_association import ZoneAssociation, want

ASSOCIATION = {
    "name": {"type": "str", "required": True},
    "zone_id": {"type": "str", "required": True},
    "vpc": {"type": "str", "required": True},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(
        {"associations": {"type": "list", "elements": "dict", "required": True, "options": ASSOCIATION}}
    )
    module.reconcile(ZoneAssociation, lambda: [want(item, module.names) for item in module.params["associations"]])


if __name__ == "__main__":
    main()
