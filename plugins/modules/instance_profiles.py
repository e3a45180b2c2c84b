#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: instance_profiles
version_added: 0.1.0
short_description: Keep the instance profiles of a region's roles
description:
  - Makes the instance profiles that a stack owns be exactly those listed, each with the role of its name in it.
  - A profile is called like its role, C(<region_name>-<name>), and lives under the same path.
author: Cloister contributors (@cloister)
options:
  profiles:
    description: Names of the stack's roles that EC2 instances take, all of them.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - cloister.aws.region
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure instances can take the node role
  cloister.aws.instance_profiles:
    region_name: us
    stack: identity
    profiles: [node]
"""

RETURN = r"""
ids:
  description: Names of the profiles in AWS by logical name.
  type: dict
  returned: success
  sample: {node: us-node}
members:
  description:
    - What became of each profile (C(create), C(change), C(keep), C(remove)), with the fields that changed. C(shows) has
      its C(arn).
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.instance_profile import InstanceProfile, want


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule({"profiles": {"type": "list", "elements": "str", "required": True}})
    module.reconcile(InstanceProfile, lambda: [want(name, module.owner) for name in module.params["profiles"]])


if __name__ == "__main__":
    main()
