#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: pool_rotation
version_added: 0.1.0
short_description: Replace the machines of pools by new ones
description:
  - Replaces the machines of pools that are older than so many days, by instance refreshes, so many at a time that the
    others serve. New ones are of the same template, so what their first boot and Systems Manager make of them is fresh.
  - A pool with one machine that is too old is replaced whole. A refresh that runs already is joined.
author: Cloister contributors (@cloister)
options:
  pools:
    description: Logical names of the pools.
    type: list
    elements: str
    required: true
  older_than_days:
    description: Machines that are younger stay, if all of their pool are.
    type: float
    default: 0
  healthy_percent:
    description: How much of a pool serves at least meanwhile.
    type: int
    default: 90
  max_healthy_percent:
    description: How much of a pool there is at most meanwhile; above 100 new machines come before old ones go.
    type: int
  warmup_seconds:
    description: How long a new machine is given before the next one is replaced.
    type: int
  wait_seconds:
    description: How long a refresh is waited for.
    type: int
    default: 7200
  stack:
    description: It is not asked for.
    type: str
    required: false
extends_documentation_fragment:
  - cloister.aws.region
  - amazon.aws.common.modules
  - amazon.aws.region.modules
attributes:
  check_mode:
    description: Names the machines that it would replace.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: With O(older_than_days) a second run replaces nothing.
    support: partial
"""

EXAMPLES = r"""
- name: Ensure no model server is older than a month
  cloister.aws.pool_rotation:
    region_name: kr
    pools: [vllm]
    older_than_days: 30
"""

RETURN = r"""
rotated:
  description: For each pool C(pool), C(machines) that were too old, and C(refreshes) that replaced them.
  type: list
  elements: dict
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._rotation import rotate

SPEC = {
    "pools": {"type": "list", "elements": "str", "required": True},
    "older_than_days": {"type": "float", "default": 0},
    "healthy_percent": {"type": "int", "default": 90},
    "max_healthy_percent": {"type": "int"},
    "warmup_seconds": {"type": "int"},
    "wait_seconds": {"type": "int", "default": 7200},
    "stack": {"type": "str"},
}


def main() -> None:
    """Replace them, report."""
    module = RegionModule(SPEC)
    p = module.params
    try:
        done = rotate(module.aws, module.owner, p["pools"], p["older_than_days"], p, p["wait_seconds"], module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.ansible.exit_json(changed=any(one["machines"] or one["refreshes"] for one in done), rotated=done)


if __name__ == "__main__":
    main()
