#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: managed_nodes
version_added: 0.1.0
short_description: Wait until Systems Manager knows the region's nodes
description:
  - Looks for the machines of the region that have a role (tag C(cloister:role)) and waits until Systems Manager reaches
    all of them. Machines that come up later are not waited for.
  - When one does not come, the error says what is in its way, the endpoint or route that is missing, or its role.
  - In check mode it says which machines there are and waits for none.
author: Cloister contributors (@cloister)
options:
  parts:
    description: Only machines of these pools; those of all pools that have a role when it is left out.
    type: list
    elements: str
  wait_seconds:
    description: How long Systems Manager is given to know them all.
    type: float
    default: 600
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
- name: Wait until Systems Manager knows every node
  cloister.aws.managed_nodes:
    region_name: kr
"""

RETURN = r"""
nodes:
  description: Ids of the machines, by role.
  type: dict
  returned: success
  sample: {vllm: [i-0a1b2c3d4e5f60718]}
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._managed_nodes import await_managed, running
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, ROLE, Owner, tag_dict
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {
    "parts": {"type": "list", "elements": "str"},
    "wait_seconds": {"type": "float", "default": 600},
    "stack": {"type": "str"},
}


def main() -> None:
    """Look, wait, report."""
    module = RegionModule(SPEC)
    filters = [*Owner(module.owner.region).filters(), {"Name": "tag-key", "Values": [ROLE]}]
    if module.params["parts"]:
        filters.append({"Name": f"tag:{PART}", "Values": module.params["parts"]})
    try:
        machines = running(module.aws, filters)
        if not module.check:
            await_managed(module.aws, machines, module.params["wait_seconds"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    nodes: dict[str, list[str]] = {}
    for raw in sorted(machines, key=lambda raw: str(raw["InstanceId"])):
        nodes.setdefault(tag_dict(raw["Tags"])[ROLE], []).append(raw["InstanceId"])
    module.ansible.exit_json(changed=False, nodes=nodes)


if __name__ == "__main__":
    main()
