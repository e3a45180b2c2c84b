#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: roll_plan
version_added: 0.1.0
short_description: Say in which order a fleet that serves is changed
description:
  - Looks at the target groups that nodes belong to by their Auto Scaling groups, at what those find of them, and at
    what each node says of itself, and returns batches. It only reads.
  - First come nodes that an earlier run took out and did not put back, then those that serve, so few at a time that
    every target group goes on serving, in each zone too where the load balancer does not cross zones.
  - Refuses when the fleet is short already, that is when a machine of the pools is not healthy and nobody took it out,
    or when nobody would serve without a node.
author: Cloister contributors (@cloister)
options:
  nodes:
    description:
      - For each node that may be changed, by its id, C(there), whether its service is installed, C(failing), whether it
        is out of service on purpose, and C(wants), whether there is something to change.
    type: dict
    required: true
  batches:
    description: How many that serve are taken out at a time, as numbers or percentages of O(nodes). The last repeats.
    type: str
    default: 1,25%
  place_batches:
    description: How many nodes are changed at a time that no load balancer counts on.
    type: str
    default: 1,25%
  mends:
    description: Whether nodes that are not healthy are changed first, and the others after them, instead of refusing.
    type: bool
    default: false
  sweeps:
    description: Whether nodes that have nothing to change are gone over as well, where they are.
    type: bool
    default: false
  initial_seconds:
    description: How long nodes that were only just registered are waited for.
    type: int
    default: 120
  stack:
    description: It is not asked for.
    type: str
    required: false
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: See who would go when
  cloister.aws.roll_plan:
    region_name: us
    nodes:
      i-0123456789abcdef0: {there: true, failing: false, wants: true}
      i-0123456789abcdef1: {there: true, failing: false, wants: false}
"""

RETURN = r"""
batches:
  description:
    - Batches in their order, each with C(nodes), ids, and C(way), V(out) for those that are taken out of service,
      V(mend) for those that are to be brought into it, and V(in place).
  type: list
  elements: dict
  returned: success
gently:
  description: Whether health may fail first. A target group that ends connections of what turns unhealthy forbids it.
  type: bool
  returned: success
well:
  description: Ids of nodes that are left alone, as there is nothing to change.
  type: list
  elements: str
  returned: success
lines:
  description: The plan in words.
  type: list
  elements: str
  returned: success
"""

import time

from ansible_collections.cloister.aws.plugins.module_utils._balanced_fleet import Fleet, read
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._roll_plan import Pace, Planner, Word, settled

SPEC = {
    "nodes": {"type": "dict", "required": True},
    "batches": {"type": "str", "default": "1,25%"},
    "place_batches": {"type": "str", "default": "1,25%"},
    "mends": {"type": "bool", "default": False},
    "sweeps": {"type": "bool", "default": False},
    "initial_seconds": {"type": "int", "default": 120},
    "stack": {"type": "str"},
}
LOOK_SECONDS = 2.0


def main() -> None:
    """Look, plan, report."""
    module = RegionModule(SPEC)
    p = module.params
    words = {node: Word(said["there"], said["failing"], said["wants"]) for node, said in p["nodes"].items()}
    try:
        fleet = looked(module, words)
        plan = Planner(fleet, words, Pace(p["batches"], p["place_batches"]), p["mends"], p["sweeps"]).plan()
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.ansible.exit_json(
        changed=False, batches=plan.batches, gently=plan.gently, well=plan.well, lines=plan.lines()
    )


def looked(module: RegionModule, words: dict) -> Fleet:
    """Return the fleet once nodes that serve have had their first health checks, or when that takes too long."""
    end = time.monotonic() + module.params["initial_seconds"]
    while True:
        fleet = read(module.aws, module.owner.region, list(words))
        if settled(fleet, words) or time.monotonic() > end:
            return fleet
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
