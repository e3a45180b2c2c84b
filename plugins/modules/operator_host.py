#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: operator_host
version_added: 0.1.0
short_description: Wait until people can reach the operator host
description:
  - Finds the machine that the host's Auto Scaling group has now, whichever it is, and waits until Systems Manager knows
    it; without a session through Systems Manager nobody gets to a host of the mode V(ssm).
  - When Systems Manager does not come to know it, says what is in the way.
  - Changes nothing. The report prints the commands at the end of the run.
author: Cloister contributors (@cloister)
options:
  host:
    description: The host, as the role P(cloister.aws.operator#role) describes it.
    type: dict
    required: true
    suboptions:
      name:
        description: Its logical name.
        type: str
        required: true
      mode:
        description: How people get there. One that is a bastion is not waited for here.
        type: str
        choices: [ssm, bastion]
        default: ssm
      cluster:
        description: Logical name of the EKS cluster that it works with.
        type: str
  wait_seconds:
    description: How long Systems Manager is given to know the host.
    type: float
    default: 900
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Wait until people can reach the host
  cloister.aws.operator_host:
    region_name: kr
    stack: operator
    host: {name: operator, cluster: main}
"""

RETURN = r"""
ids:
  description: The instance, by the host's name; empty in check mode before there is one.
  type: dict
  returned: success
  sample: {operator: i-0123456789abcdef0}
members:
  description: The host, with what the report needs for its commands.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._operator_way import Way
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {
    "host": {
        "type": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "mode": {"type": "str", "choices": ["ssm", "bastion"], "default": "ssm"},
            "cluster": {"type": "str"},
        },
    },
    "wait_seconds": {"type": "float", "default": 900},
}


def main() -> None:
    """Read arguments, wait, report."""
    module = RegionModule(SPEC)
    way = Way(module.aws, module.owner, module.params["wait_seconds"])
    try:
        member = way.member(module.params["host"], module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(Outcome([member] if member else []))


if __name__ == "__main__":
    main()
