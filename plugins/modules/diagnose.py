#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: diagnose
version_added: 0.1.0
short_description: Say how far requests get, and why not further
description:
  - Reads the network of an account in an AWS region and judges each flow from its name in DNS to the health of its
    targets. It says what was looked at and is innocent, what is broken, the cause, and what to change.
  - Nothing is sent but reads to AWS's API. See docs/reachability.md for what is judged and what is not.
author: Cloister contributors (@cloister)
options:
  stack:
    description: It is not asked for.
    type: str
    required: false
  flows:
    description: The flows to judge.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the flow is called.
        type: str
        required: true
      reason:
        description: What it is for.
        type: str
      from:
        description:
          - Where it comes from. V(internet), C(pool/NAME), C(service/NAME) (of ECS), C(node-group/NAME),
            C(operator/NAME), C(cluster/NAME) (the control plane of EKS), C(database/NAME), or an address that is free
            in a subnet, C(subnet/NAME/SECURITY GROUP,...).
        type: str
        required: true
      to:
        description:
          - Where it goes. A DNS name, an address, one of the named things of O(flows[].from), C(load-balancer/NAME), or
            a service of AWS such as C(aws/ecr.api). Of a cluster its API is meant.
        type: str
        required: true
      port:
        description: Port of the destination.
        type: int
        required: true
      protocol:
        description: Transport protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      expected:
        description: Whether it is meant to get through.
        type: str
        choices: [reached, blocked]
        default: reached
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: See how far the apps get
  cloister.aws.diagnose:
    region_name: kr
    flows:
      - {name: apps-to-database, from: node-group/apps, to: database/main, port: 3306}
      - {name: internet-to-database, from: internet, to: database/main, port: 3306, expected: blocked}
  register: diagnosis

- name: Stop when a flow is not as it should be
  ansible.builtin.assert:
    that: diagnosis.complaints | length == 0
"""

RETURN = r"""
flows:
  description: How far each flow gets. Where one has several sources or addresses, the first that is not as expected.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: What it is called.
      type: str
    flow:
      description: From where to where, on a line.
      type: str
    expected:
      description: V(reached) or V(blocked).
      type: str
    as_expected:
      description: Whether it is so.
      type: bool
    reached:
      description: Whether it gets through.
      type: bool
    stage:
      description: Where it is stopped, such as C(dns) or C(security_group).
      type: str
    cause:
      description: The stable name of the cause; C(not-there) where one end does not stand.
      type: str
    said:
      description: What stops it, with names and ids.
      type: str
    fix:
      description: What to change.
      type: str
    cleared:
      description: What was looked at and is innocent.
      type: list
      elements: str
    broken:
      description: Everything that stops it, the first included.
      type: list
      elements: str
    evidence:
      description: Ids of all that was looked at.
      type: list
      elements: str
lines:
  description: A line for each flow; of a single one all that was looked at.
  type: list
  elements: str
  returned: success
complaints:
  description: What is cleared and what is broken of each flow that is not as expected, and what to do.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.reachability import ends
from ansible_collections.cloister.aws.plugins.module_utils.reachability.diagnosis import (
    Flow,
    complaints,
    diagnose,
    lines,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.holders import Holders
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read import KINDS, read
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read_holders import held
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region

FLOW = {
    "name": {"type": "str", "required": True},
    "reason": {"type": "str"},
    "from": {"type": "str", "required": True},
    "to": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
    "expected": {"type": "str", "choices": ["reached", "blocked"], "default": "reached"},
}


def asked(module: RegionModule) -> list[Flow]:
    """Return the flows, or end the module with what is no flow, before anything is asked of AWS."""
    found, wrong = [], []
    for one in module.params["flows"]:
        source, destination = ends.source(one["from"]), ends.destination(one["to"])
        told = {key: one[key] for key in ("name", "port", "protocol", "expected")}
        if source is None:
            wrong.append(f"{one['name']}: no request comes from {one['from']!r}. Right would be: {ends.FROM}")
        if destination is None:
            wrong.append(f"{one['name']}: no request goes to {one['to']!r}. Right would be: {ends.TO}")
        if not 0 < one["port"] < 65536:
            wrong.append(f"{one['name']}: {one['port']} is no port. Right would be: from 1 to 65535")
        if source and destination:
            wrong += [f"{one['name']}: {text}" for text in ends.clashes(source, destination, one["port"])]
            found.append(Flow(source=source, destination=destination, **told))
    if wrong:
        module.ansible.fail_json(msg="\n".join([*wrong, "Nothing was asked of AWS."]))
    return found


def main() -> None:
    """Read, judge, report."""
    module = RegionModule(
        {
            "stack": {"type": "str"},
            "flows": {"type": "list", "elements": "dict", "required": True, "options": FLOW},
        }
    )
    flows = asked(module)
    try:
        snapshot = read(module.aws, kinds=KINDS)
        both = [end for flow in flows for end in (flow.source, flow.destination)]
        interfaces = held(module.aws, module.owner, snapshot, both)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    holders = Holders(Region(snapshot), module.params["region_name"], interfaces, module.params["region_adopted"])
    found = [diagnose(snapshot, holders, flow) for flow in flows]
    module.ansible.exit_json(
        changed=False, flows=found, lines=lines(found, len(found) == 1), complaints=complaints(found)
    )


if __name__ == "__main__":
    main()
