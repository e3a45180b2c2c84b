#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: log_groups
version_added: 0.1.0
short_description: Give logs a place with an end
description:
  - Makes the log groups that a stack owns be exactly those listed. They are called C(/<region_name>/<name>).
  - They hold data, so one that is no longer listed stays unless its entry said otherwise.
author: Cloister contributors (@cloister)
options:
  log_groups:
    description: The groups, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region; may hold slashes.
        type: str
        required: true
      retention_days:
        description: How many days what is logged is kept.
        type: int
        choices:
          [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
        default: 30
      kms_key_arn:
        description: Key to encrypt with, whose policy lets CloudWatch Logs use it. Without it CloudWatch's own is used.
        type: str
      keep:
        description: Whether it carries C(cloister:keep=true) and stays when it is no longer listed.
        type: bool
        default: true
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure flow logs have a place
  cloister.aws.log_groups:
    region_name: us
    stack: network
    log_groups:
      - {name: flow-logs/main, retention_days: 90}
"""

RETURN = r"""
ids:
  description: What CloudWatch calls them, by name.
  type: dict
  returned: success
  sample: {flow-logs/main: /us/flow-logs/main}
members:
  description: What became of each group (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import LOG_GROUPS
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import LogGroup, want

SPEC = {
    "log_groups": LOG_GROUPS,
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    module.reconcile(
        LogGroup, lambda: [want(group) for group in module.params["log_groups"]], purge=module.params["purge"]
    )


if __name__ == "__main__":
    main()
