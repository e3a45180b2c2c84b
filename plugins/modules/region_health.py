#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: region_health
version_added: 0.1.0
short_description: Tell what of a region cannot be used
description:
  - Asks every thing that a region owns whether it can be used, all kinds side by side, and tells those that cannot. A
    database that failed, an add-on that is degraded, an endpoint that nobody accepted, a target that fails its health
    check, a pool short of machines.
author: Cloister contributors (@cloister)
options:
  stack:
    description: Ask only what this stack owns; all stacks when it is left out.
    type: str
    required: false
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ask how the region is
  cloister.aws.region_health:
    region_name: us
  register: region

- name: Stop when something is ill
  ansible.builtin.assert:
    that: region.ill | length == 0
    fail_msg: "{{ region.lines | join(', ') }}"
"""

RETURN = r"""
asked:
  description: How many things were asked.
  type: int
  returned: success
ill:
  description: Those that cannot be used, each with C(stack), C(kind), C(part), C(id) and what it has, C(said).
  type: list
  elements: dict
  returned: success
lines:
  description: The same as a person reads it, a line each.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._health import health, line
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule


def main() -> None:
    """Ask, report."""
    module = RegionModule({"stack": {"type": "str"}})
    try:
        found = health(module.aws, module.owner, module.params["region_adopted"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.ansible.exit_json(changed=False, asked=found.asked, ill=found.ill, lines=[line(one) for one in found.ill])


if __name__ == "__main__":
    main()
