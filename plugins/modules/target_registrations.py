#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: target_registrations
version_added: 0.1.0
short_description: Take machines out of their target groups without a loss, and put them back
description:
  - A machine belongs to the target groups that its Auto Scaling group is attached to.
  - V(absent) waits until all of them find it unhealthy, which it has to be on purpose by then, lets O(settle_seconds)
    pass, as load balancers go on sending for a while, and deregisters it. Its Auto Scaling group leaves it out from
    then on.
  - V(present) registers it in all of them and waits until all find it healthy.
  - A machine that belongs to none is left alone.
author: Cloister contributors (@cloister)
options:
  instance_ids:
    description: Ids of the machines.
    type: list
    elements: str
    required: true
  state:
    description: Whether they are to be targets.
    type: str
    choices: [absent, present]
    required: true
  gently:
    description:
      - Whether they fail their health checks already. Otherwise they are deregistered at once, and it settles then.
    type: bool
    default: true
  settle_seconds:
    description: How long load balancers go on sending to what they find unhealthy, or what was deregistered.
    type: int
    default: 120
  wait_seconds:
    description: How long it may take until target groups find them unhealthy, or healthy.
    type: int
    default: 300
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
    description: Names the target groups and machines, and changes and awaits nothing.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: What is so already is left as it is, though health is waited for.
    support: full
"""

EXAMPLES = r"""
- name: Take a proxy out, which fails its health check on purpose
  cloister.aws.target_registrations:
    region_name: us
    instance_ids: [i-0123456789abcdef0]
    state: absent

- name: Put it back
  cloister.aws.target_registrations:
    region_name: us
    instance_ids: [i-0123456789abcdef0]
    state: present
"""

RETURN = r"""
moved:
  description: Ids of machines that were registered or deregistered, by the names of target groups.
  type: dict
  returned: success
waits:
  description: What was waited for, and when.
  type: list
  elements: dict
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._registrations import Registrar
from ansible_collections.cloister.aws.plugins.module_utils._waits import told

SPEC = {
    "instance_ids": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["absent", "present"], "required": True},
    "gently": {"type": "bool", "default": True},
    "settle_seconds": {"type": "int", "default": 120},
    "wait_seconds": {"type": "int", "default": 300},
    "stack": {"type": "str"},
}


def main() -> None:
    """Take them out or put them back, report."""
    module = RegionModule(SPEC)
    p = module.params
    registrar = Registrar(module.aws, module.owner.region, module.check)
    try:
        if p["state"] == "absent":
            moved = registrar.take_out(p["instance_ids"], p["gently"], p["settle_seconds"], p["wait_seconds"])
        else:
            moved = registrar.put_back(p["instance_ids"], p["wait_seconds"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc), waits=told())
    module.ansible.exit_json(changed=bool(moved), moved=moved, waits=told())


if __name__ == "__main__":
    main()
