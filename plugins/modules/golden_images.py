#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: golden_images
version_added: 0.1.0
short_description: Let go of old versions of golden images
description:
  - Deregisters versions of the golden images listed, with their snapshots, beyond the newest that each keeps. A version
    of a stage (candidate, current, previous) stays, and one that a machine of the account or a launch template of the
    region still has. Images that are not listed are left alone.
author: Cloister contributors (@cloister)
options:
  kept:
    description: The golden images by name, each with how many of its versions are kept, the newest ones.
    type: dict
    required: true
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure there are no more versions than somebody may go back to
  cloister.aws.golden_images:
    region_name: kr
    stack: images
    kept: {gpu: 3}
"""

RETURN = r"""
members:
  description: The versions that went, or in check mode would go.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._golden_images import prune
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {"kept": {"type": "dict", "required": True}}


def main() -> None:
    """Look, remove, report."""
    module = RegionModule(SPEC)
    kept = {str(name): int(number) for name, number in module.params["kept"].items()}
    try:
        outcome = prune(module.aws, module.owner, kept, module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome)


if __name__ == "__main__":
    main()
