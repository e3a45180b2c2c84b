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
  - Makes the Route 53 zones that a stack owns be exactly those listed, lets exactly the VPCs listed see the private
    ones, and makes the stack's records be exactly those listed, as M(cloister.aws.dns_records) does for a stack without
    zones of its own. A stack uses one of the two.
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
      records:
        description: The records that the stack has in it, all of them.
        type: list
        elements: dict
        default: []
        suboptions: &record
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
      keep:
        description:
          - Whether it outlives a teardown. When not given a public zone does and a private one does not, since a public
            zone that is made anew has other name servers, and its domain is dead until the parent domain points there.
        type: bool
  records:
    description: The records that the stack has in zones which it does not own, all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      <<: *record
      zone:
        description:
          - Logical name of a zone of another stack of the region, or of one that O(region_adopted) names under
            C(hosted zone).
        type: str
        required: true
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
- name: Ensure the zones are there
  cloister.aws.hosted_zones:
    region_name: us
    stack: dns
    zones:
      - name: prod.infer.example.internal
        private: true
        vpcs: [main]
        records:
          - {name: db, values: [10.0.16.10, 10.0.32.10], ttl_seconds: 60}
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
    - What became of each zone, of the stack's records in each, and of its health checks (C(create), C(change), C(keep),
      C(remove)), with the fields that changed; a record's field is its name and type, such as C(api A). A zone's
      C(shows) has C(domain) and, of a public one, the C(name_servers) that the parent domain must point at.
  type: list
  elements: dict
  returned: always
"""

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._checked_records import bring_about
from ansible_collections.cloister.aws.plugins.module_utils._dns import plain
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Want
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._record_arguments import RECORD, RECORD_ELSEWHERE
from ansible_collections.cloister.aws.plugins.module_utils._record_wants import wishes
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
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
    "records": {"type": "list", "elements": "dict", "default": [], "options": RECORD},
    "keep": {"type": "bool"},
}
SPEC = {
    "zones": {"type": "list", "elements": "dict", "required": True, "options": ZONE},
    "records": {"type": "list", "elements": "dict", "default": [], "options": RECORD_ELSEWHERE},
    "wait_seconds": {"type": "int", "default": 0},
}


def _want(zone: dict[str, t.Any], module: RegionModule) -> Want:
    wishes(zone["records"], zone["name"], plain(zone["name"]))  # refused before the first zone is touched
    return want(zone, module.names, module.owner, module.aws.region)


def _zones(kind: HostedZone, module: RegionModule) -> tuple[Outcome, Outcome]:
    """Make and change zones; return what became of those that are listed, and what is to become of all others."""
    planned = module.outcome(kind, lambda: [_want(zone, module) for zone in module.params["zones"]], check=True)
    listed = Outcome([member for member in planned.members if member.want])
    if listed.changed and not module.check:
        listed = module.outcome(kind, lambda: [member.want for member in listed.members], purge=False)
    return listed, Outcome([member for member in planned.members if not member.want])


def _records(module: RegionModule) -> Outcome:
    listed = [
        {**record, "zone": zone["part"] or plain(zone["name"])}
        for zone in module.params["zones"]
        for record in zone["records"]
    ]
    try:
        return bring_about(module, [*listed, *module.params["records"]])
    except RegionError as exc:
        fail: t.Callable[..., t.NoReturn] = module.ansible.fail_json
        fail(msg=str(exc))


def main() -> None:
    """Read arguments, reconcile zones, then records, then remove zones, warn, report."""
    module = RegionModule(SPEC)
    kind = module.kind(HostedZone)
    zones, others = _zones(kind, module)
    for text in kind.shadows(member.want for member in zones.members):
        module.warn(text)
    if module.check or not zones.changed:
        module.names.know(HostedZone, kind.region)
    records = Outcome([]) if zones.errors else _records(module)
    errors = zones.errors + records.errors
    doomed = [] if errors else [(kind, member) for member in others.members if member.action == "remove"]
    try:
        removed = remove_by_rank(doomed, module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    done = Outcome(zones.members + records.members + others.members, errors + removed.errors)
    module.finish(done, ids={**others.ids, **zones.ids})


if __name__ == "__main__":
    main()
