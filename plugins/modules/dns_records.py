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
  - Of several O(records[].multivalue) addresses of a name, each is a record of its own, whose companion names it. The
    health checks come before the records that name them and go after these.
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
        description:
          - Addresses, full domain names or, for V(TXT), texts without quotes of up to 4000 characters. An
            address of type V(A) may be the name of an Elastic IP of the region.
        type: list
        elements: str
        default: []
      multivalue:
        description:
          - Addresses with a record of its own each, instead of values. Route 53 answers with all whose health check
            is well, eight at most, and with all of them when none is.
        type: list
        elements: dict
        default: []
        suboptions:
          address:
            description: Address or, for type V(A), name of an Elastic IP of the region. It tells the records apart.
            type: str
            required: true
          health_check:
            description:
              - How Route 53 asks over the internet whether the address is well. Without one it always is.
            type: dict
            suboptions:
              protocol:
                description:
                  - V(TCP) wants a connection, the others an answer of 200 to 399 on any certificate.
                type: str
                choices: [TCP, HTTP, HTTPS]
                default: TCP
              port:
                description: Port.
                type: int
                required: true
              path:
                description: Path of V(HTTP) and V(HTTPS), V(/) when not given.
                type: str
              host:
                description: Name that V(HTTP) and V(HTTPS) ask for, that of the record when not given.
                type: str
              interval_seconds:
                description: Time between two questions of each of Route 53's checkers. V(10) costs more.
                type: int
                choices: [10, 30]
                default: 30
              failure_threshold:
                description: Bad answers in a row until it is not well, and good ones until it is again, 1 to 10.
                type: int
                default: 3
      ttl_seconds:
        description:
          - How long resolvers may remember the values; V(300), or V(60) with health checks, when not given.
        type: int
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
      - zone: infer.example.com
        name: partner
        multivalue:
          - {address: edge-a, health_check: {port: 443}}
          - {address: edge-b, health_check: {port: 443}}
"""

RETURN = r"""
ids:
  description: Ids of the zones in which the stack has records, by logical name of the zone.
  type: dict
  returned: success
  sample: {prod.infer.example.internal: Z0123456789ABCDEFGHIJ}
members:
  description:
    - What became of the stack's records in each zone, and of its health checks (C(create), C(change), C(keep),
      C(remove)). C(changes) has one entry for each record that changed, its C(field) being name and type, such as
      C(api A), and what tells it from others of that name.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._checked_records import bring_about
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._record_arguments import RECORD_ELSEWHERE
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(
        {
            "records": {"type": "list", "elements": "dict", "required": True, "options": RECORD_ELSEWHERE},
            "wait_seconds": {"type": "int", "default": 0},
        }
    )
    try:
        outcome = bring_about(module, module.params["records"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    zones = Outcome([member for member in outcome.members if member.kind == Records.noun])
    module.finish(outcome, ids=zones.ids)


if __name__ == "__main__":
    main()
