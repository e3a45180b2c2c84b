#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: load_balancers
version_added: 0.1.0
short_description: Start load balancers and make target groups
description:
  - Makes the load balancers and target groups that are listed, and the Elastic IPs of network load balancers, and
    changes those that differ. Load balancers take AWS one to three minutes and are not waited for.
  - Nothing is removed, and no listener is opened. M(cloister.aws.listeners) does both, takes the same lists and ends
    what this module begins.
  - AWS never lets type and scheme of a load balancer be changed, nor protocol, port, VPC and target type of a target
    group; that is refused with what to do instead. A network load balancer changes its subnets, but for another subnet
    or another Elastic IP in a zone that it stays in.
author: Cloister contributors (@cloister)
extends_documentation_fragment:
  - cloister.aws.load_balancers
  - cloister.aws.target_groups
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the load balancer is on its way and its targets have a group
  cloister.aws.load_balancers:
    region_name: us
    stack: load_balancers
    target_groups:
      - {name: guard-public, protocol: HTTP, port: 8080, health_check: {path: /health}}
    load_balancers:
      - name: public
        scheme: internet-facing
        subnets: [public-a, public-b]
        security_groups: [public-alb]
"""

RETURN = r"""
ids:
  description: ARNs of the load balancers by name.
  type: dict
  returned: success
  sample: {public: "arn:<partition>:elasticloadbalancing:us-west-2:111122223333:loadbalancer/app/us-public/0a1b2c"}
target_group_ids:
  description: ARNs of the target groups by name.
  type: dict
  returned: success
members:
  description: >-
    What became of each thing (C(create), C(change), C(keep)), with the fields that changed. C(shows.dns_name) and
    C(shows.zone_id) of a load balancer are what an alias record needs.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._balancer_arguments import SPEC
from ansible_collections.cloister.aws.plugins.module_utils._balancer_beginning import bring_about
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup


def main() -> None:
    """Read arguments, bring it about, report."""
    module = RegionModule(SPEC)
    try:
        outcome = bring_about(module)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    ids = {
        kind.noun: {member.part: member.id for member in outcome.members if member.kind == kind.noun}
        for kind in (LoadBalancer, TargetGroup)
    }
    module.finish(outcome, ids=ids[LoadBalancer.noun], target_group_ids=ids[TargetGroup.noun])


if __name__ == "__main__":
    main()
