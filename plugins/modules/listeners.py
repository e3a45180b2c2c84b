#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: listeners
version_added: 0.1.0
short_description: Open load balancers' ports, lead names to them, and take away what is no longer listed
description:
  - Ends what M(cloister.aws.load_balancers) began and takes the same lists. Makes listeners, their certificates and
    rules, the targets that are listed and the records that lead to the load balancers be exactly those listed, and
    waits until the load balancers take traffic.
  - Then removes what is no longer listed in the order in which AWS lets go, rules and listeners, load balancers, target
    groups. A load balancer that is protected from deletion is refused before the first write.
  - Rules that change places do so at once. A listener, a rule or a record of somebody else in the place of ours stops
    the module before its first write. Elastic IPs are kept.
author: Cloister contributors (@cloister)
options:
  wait:
    description: Whether to wait until all load balancers take traffic.
    type: bool
    default: true
extends_documentation_fragment:
  - cloister.aws.load_balancers
  - cloister.aws.target_groups
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure clients reach guard by name and over TLS only
  cloister.aws.listeners:
    region_name: us
    stack: load_balancers
    target_groups:
      - {name: guard-public, protocol: HTTP, port: 8080, health_check: {path: /health}}
    load_balancers:
      - name: public
        scheme: internet-facing
        subnets: [public-a, public-b]
        security_groups: [public-alb]
        listeners:
          - {port: 80, protocol: HTTP, exposure: public, redirect: {protocol: HTTPS, port: 443}}
          - {port: 443, protocol: HTTPS, exposure: public, certificates: [public], forward: guard-public}
        records:
          - {zone: infer.example.com, name: us}
"""

RETURN = r"""
ids:
  description: ARNs of the listeners by name, such as C(public:443).
  type: dict
  returned: success
  sample: {"public:443": "arn:<partition>:elasticloadbalancing:us-west-2:111122223333:listener/app/us-public/0a1b/2c3d"}
members:
  description: >-
    What became of each listener, rule, target and of the records of each zone (C(create), C(change), C(keep),
    C(remove)), and which load balancers and target groups were removed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._balancer_arguments import SPEC
from ansible_collections.cloister.aws.plugins.module_utils._balancer_ending import bring_about
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener import Listener


def main() -> None:
    """Read arguments, bring it about, report."""
    module = RegionModule({**SPEC, "wait": {"type": "bool", "default": True}})
    try:
        outcome = bring_about(module)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome, ids={member.part: member.id for member in outcome.members if member.kind == Listener.noun})


if __name__ == "__main__":
    main()
