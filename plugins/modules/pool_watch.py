#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: pool_watch
version_added: 0.1.0
short_description: Let Auto Scaling groups look away while their machines are unhealthy on purpose
description:
  - V(suspended) suspends HealthCheck, ReplaceUnhealthy and AZRebalance of the groups of some machines, and writes what
    it suspended into the tag C(cloister:rolling) of each. What somebody else suspended stays theirs.
  - V(resumed) resumes what that tag names, on all groups of the region that have it, also one that a run left which was
    killed. Machines that serve again and were marked meanwhile are healthy for their group again.
author: Cloister contributors (@cloister)
options:
  instance_ids:
    description: Machines whose groups look away. Not asked for with V(resumed).
    type: list
    elements: str
    default: []
  state:
    description: Whether groups look away, or look again.
    type: str
    choices: [suspended, resumed]
    required: true
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
    description: Names the groups and changes nothing.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: Groups that look away, or that look, are left alone.
    support: full
"""

EXAMPLES = r"""
- name: Let the group of a proxy look away
  cloister.aws.pool_watch:
    region_name: us
    instance_ids: [i-0123456789abcdef0]
    state: suspended

- name: Let all groups look again
  cloister.aws.pool_watch:
    region_name: us
    state: resumed
"""

RETURN = r"""
groups:
  description: Names of the Auto Scaling groups that were, or would be, changed.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._suspensions import Suspender

SPEC = {
    "instance_ids": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["suspended", "resumed"], "required": True},
    "stack": {"type": "str"},
}


def main() -> None:
    """Let them look away or look again, report."""
    module = RegionModule(SPEC)
    p = module.params
    suspender = Suspender(module.aws, module.owner.region, module.check)
    try:
        away = p["state"] == "suspended"
        groups = suspender.suspend(p["instance_ids"]) if away else suspender.resume()
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.ansible.exit_json(changed=bool(groups), groups=groups)


if __name__ == "__main__":
    main()
