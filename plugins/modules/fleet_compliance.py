#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: fleet_compliance
version_added: 0.1.0
short_description: Tell how far Systems Manager is with configuring nodes
description:
  - Reads what the associations of M(cloister.aws.fleet) did on each node, waits until none goes on, and tells which
    nodes Systems Manager calls compliant. It fails for none; what is not as it should be is in RV(complaints), with the
    last words of each node that it failed on.
author: Cloister contributors (@cloister)
options:
  wait_seconds:
    description: How long to wait for nodes that answer.
    type: int
    default: 3600
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
attributes:
  check_mode:
    description: It only reads, and waits for nothing.
"""

EXAMPLES = r"""
- name: See how far the fleet is
  cloister.aws.fleet_compliance:
    region_name: kr
    stack: fleet
    wait_seconds: 1800
"""

RETURN = r"""
associations:
  description:
    - For each C(role), C(id), C(version), C(nodes) with the status of each, and lists of ids C(compliant), C(failed),
      C(offline) and C(missing), which answer and were not reached yet.
  type: list
  elements: dict
  returned: success
lines:
  description: The same in a line for each role.
  type: list
  elements: str
  returned: success
complaints:
  description: A line for each node that is not as it should be.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._fleet_compliance import look
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {"wait_seconds": {"type": "int", "default": 3600}}


def main() -> None:
    """Look, wait, report."""
    module = RegionModule(SPEC)
    try:
        states = look(module.aws, module.owner, 0 if module.check else module.params["wait_seconds"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.ansible.exit_json(
        changed=False,
        associations=[state.told() for state in states],
        lines=[state.line() for state in states],
        complaints=[line for state in states for line in state.complaints()],
    )


if __name__ == "__main__":
    main()
