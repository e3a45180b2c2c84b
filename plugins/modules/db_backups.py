#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_backups
version_added: 0.1.0
short_description: Take snapshots of a region's databases
description:
  - Takes a snapshot of each database now, and returns when all can be restored. They are called
    C(<region_name>-<name>-backup-<time>), carry the instance's tags, and outlive a teardown until data is released.
author: Cloister contributors (@cloister)
options:
  databases:
    description: Logical names of those that are wanted; all of the region when there are none.
    type: list
    elements: str
    default: []
  stack:
    description: Only databases of this stack; of all stacks when it is left out.
    type: str
    required: false
extends_documentation_fragment:
  - cloister.aws.region
  - amazon.aws.common.modules
  - amazon.aws.region.modules
attributes:
  check_mode:
    description: Says what it would take.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: Each run takes a snapshot of its own.
    support: none
"""

EXAMPLES = r"""
- name: Ensure there is a way back
  cloister.aws.db_backups:
    region_name: kr
    databases: [main]
"""

RETURN = r"""
backups:
  description: Each with C(database), its logical name, and C(snapshot), what RDS calls it.
  type: list
  elements: dict
  returned: success
  sample: [{database: main, snapshot: kr-main-backup-20261121-170000}]
"""

from ansible_collections.cloister.aws.plugins.module_utils._db_backups import back_up
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {"stack": {"type": "str"}, "databases": {"type": "list", "elements": "str", "default": []}}


def main() -> None:
    """Take them, report."""
    module = RegionModule(SPEC)
    try:
        taken = back_up(module.aws, module.owner, module.params["databases"], module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.ansible.exit_json(changed=bool(taken), backups=taken)


if __name__ == "__main__":
    main()
