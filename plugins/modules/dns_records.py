#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: dns_records
version_added: 0.1.0
short_description: Keep the records that a stack has in DNS zones
description:
  - Makes the records that a stack owns, in all zones of the region, be exactly those listed. Several stacks may have
    records in one zone.
  - Route 53 records carry no tags, so that each has a companion, made and deleted in the same atomic batch. The record
    C(api.example.internal A) is a stack's when C(_cloister-a.api.example.internal TXT) says
    C(cloister region=us stack=dns). A record without one, or with another's, is never changed or deleted.
  - A zone's records change in one batch, so that no name is without answer in between.
author: Cloister contributors (@cloister)
options:
  records:
    description: The records, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      zone:
        description:
          - Logical name of a zone of the region, whichever stack made it, or of one that O(region_adopted) names under
            C(hosted zone).
        type: str
        required: true
      name:
        description: Name in the zone, such as V(api). V(@) is the zone itself, V(*) whatever has no record.
        type: str
        required: true
      type:
        description: Type of the record.
        type: str
        choices: [A, AAAA, CAA, CNAME, MX, NS, PTR, SRV, TXT]
        default: A
      values:
        description: Addresses, full domain names or, for V(TXT), texts without quotes of up to 4000 characters.
        type: list
        elements: str
        default: []
      ttl_seconds:
        description: How long resolvers may remember the values.
        type: int
        default: 300
      alias:
        description: A load balancer, an endpoint or another record that answers, instead of values.
        type: dict
        suboptions:
          dns_name:
            description: DNS name of the target.
            type: str
            required: true
          zone_id:
            description: Hosted zone id that AWS gives the target; the record's own zone when not given.
            type: str
          evaluate_target_health:
            description: Whether the record is left out of answers while its target is unhealthy.
            type: bool
            default: true
  wait_seconds:
    description: How long to wait until all of Route 53's name servers answer what was changed. V(0) does not wait.
    type: int
    default: 0
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the names are there
  cloister.aws.dns_records:
    region_name: us
    stack: dns
    records:
      - {zone: prod.infer.example.internal, name: db, values: [10.0.16.10, 10.0.32.10], ttl_seconds: 60}
      - zone: prod.infer.example.internal
        name: api
        alias: {dns_name: internal-api-1.us-west-2.elb.amazonaws.com, zone_id: Z1H1FL5HABSF5}
"""

RETURN = r"""
ids:
  description: Ids of the zones in which the stack has records, by logical name of the zone.
  type: dict
  returned: success
  sample: {prod.infer.example.internal: Z0123456789ABCDEFGHIJ}
members:
  description:
    - What became of the stack's records in each zone (C(create), C(change), C(keep), C(remove)). C(changes) has one
      entry for each record that changed, its C(field) being name and type, such as C(api A).
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._dns import TYPES
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records

ALIAS = {
    "dns_name": {"type": "str", "required": True},
    "zone_id": {"type": "str"},
    "evaluate_target_health": {"type": "bool", "default": True},
}
RECORD = {
    "zone": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": list(TYPES), "default": "A"},
    "values": {"type": "list", "elements": "str", "default": []},
    "ttl_seconds": {"type": "int", "default": 300},
    "alias": {"type": "dict", "options": ALIAS},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(
        {
            "records": {"type": "list", "elements": "dict", "required": True, "options": RECORD},
            "wait_seconds": {"type": "int", "default": 0},
        }
    )
    kind = module.kind(Records)
    kind.wait_seconds = module.params["wait_seconds"]
    module.finish(module.outcome(kind, lambda: kind.wants(module.params["records"], module.names), beside=False))


if __name__ == "__main__":
    main()
