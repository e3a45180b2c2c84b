#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: patch_states
version_added: 0.1.0
short_description: Tell what nodes lack of patches
description:
  - Reads what the last scan or installation of C(AWS-RunPatchBaseline) found on each node. It fails for none; what is
    not as it should be is in RV(complaints).
author: Cloister contributors (@cloister)
options:
  instance_ids:
    description: The nodes, C(i-) or C(mi-).
    type: list
    elements: str
    required: true
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
- name: See what is missing
  cloister.aws.patch_states:
    region_name: kr
    instance_ids: [i-0a1b2c3d4e5f60718]
"""

RETURN = r"""
states:
  description: For each node C(instance_id), C(operation), and how many are C(missing), C(failed), C(pending_reboot).
  type: list
  elements: dict
  returned: success
lines:
  description: The same in a line for each node.
  type: list
  elements: str
  returned: success
complaints:
  description: A line for each node with patches that could not be installed, or that was never scanned.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._patch_states import complaints, line, states
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {"instance_ids": {"type": "list", "elements": "str", "required": True}, "stack": {"type": "str"}}


def main() -> None:
    """Read, report."""
    module = RegionModule(SPEC)
    ids = module.params["instance_ids"]
    try:
        found = states(module.aws, ids)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    said = [line(one) for one in found]
    module.ansible.exit_json(changed=False, states=found, lines=said, complaints=complaints(found, ids))


if __name__ == "__main__":
    main()
