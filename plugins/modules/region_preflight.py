#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: region_preflight
version_added: 0.1.0
short_description: Ask AWS whether a region can be built here
description:
  - Compares what an inventory asks for with what the account has in this region. The availability zones must exist and
    be enabled, what is adopted must exist, and the quotas must leave room for what the region would add.
  - What the region owns already is not counted again, and a quota is read only when the region would grow what it
    limits. A quota that cannot be read is a note and not a failure.
author: Cloister contributors (@cloister)
options:
  region_name:
    description: Name of the region as its inventory calls it, the value of the ownership tag C(cloister:region).
    type: str
    required: true
  needs:
    description: What the region asks for, as M(cloister.aws.region_spec) returns it.
    type: dict
    required: true
  adopted:
    description: What others made and the region only uses, by kind, each a dict of name to id.
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
attributes:
  check_mode:
    description: It never changes anything.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
requirements:
  - boto3 >= 1.35.0
  - botocore >= 1.35.0
"""

EXAMPLES = r"""
- name: Ensure the inventory describes a region that can be
  cloister.aws.region_spec:
  register: __region_spec

- name: Ensure AWS can give what the region needs
  cloister.aws.region_preflight:
    region_name: us
    needs: "{{ __region_spec.needs }}"
    region: us-west-2
"""

RETURN = r"""
problems:
  description: What stands in the way.
  type: list
  elements: str
  returned: always
  sample: []
notes:
  description: What could not be looked at, and why.
  type: list
  elements: str
  returned: always
  sample: []
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._region_module import connection
from ansible_collections.cloister.aws.plugins.module_utils._room import look

ARGUMENTS = {
    "region_name": {"type": "str", "required": True},
    "needs": {"type": "dict", "required": True},
    "adopted": {"type": "dict", "default": {}},
}


def main() -> None:
    """Look, compare, report."""
    module = AnsibleAWSModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    p = module.params
    try:
        verdict = look(Aws(connection(module)), Owner(p["region_name"]), p["needs"], p["adopted"])
    except RegionError as exc:
        module.fail_json(msg=str(exc))
    for note in verdict.notes:
        module.warn(note)
    found = {"problems": verdict.problems, "notes": verdict.notes}
    if verdict.problems:
        module.fail_json(msg="This region cannot be built here. " + ". ".join(verdict.problems), **found)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
