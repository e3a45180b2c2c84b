#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: trails
version_added: 0.1.0
short_description: Write down who changed what
description:
  - Makes the trails of CloudTrail that a stack owns be exactly those listed, each with a bucket of its own that only it
    can write into, and a log group where one is wanted.
  - EventBridge hears of calls of the API only where a trail logs them.
  - What was written down stays when a trail is no longer listed, unless its entry said otherwise.
author: Cloister contributors (@cloister)
options:
  trails:
    description: The trails, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      multi_region:
        description: Whether it takes the calls of all AWS regions, and those of services that have none.
        type: bool
        default: true
      events:
        description: Which calls it takes, those that change something or V(all).
        type: str
        choices: [writes, all]
        default: writes
      retention_days:
        description: How many days its bucket keeps what it wrote. 0 is for ever.
        type: int
        default: 365
      log_group:
        description: Whether it writes into CloudWatch Logs too.
        type: bool
        default: false
      log_retention_days:
        description: How many days the log group keeps that.
        type: int
        choices:
          [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
        default: 90
      kms_key_arn:
        description: Key to encrypt with, whose policy lets CloudTrail use it. Without it S3's own is used.
        type: str
        default: ""
      keep:
        description: Whether bucket and log group stay when the trail is no longer listed.
        type: bool
        default: true
  permissions_boundary:
    description: ARN, or name of a policy of AWS's own, that bounds the role which writes into the log group.
    type: str
    default: ""
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure it is written down who changed what
  cloister.aws.trails:
    region_name: kr
    stack: audit
    trails:
      - {name: main, retention_days: 365}
"""

RETURN = r"""
ids:
  description: ARNs of trails, by name.
  type: dict
  returned: success
  sample: {main: "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/kr-main"}
members:
  description: What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._audit import Audit
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import RETENTION_DAYS
from ansible_collections.cloister.aws.plugins.module_utils.kinds.trail import Trail

TRAIL = {
    "name": {"type": "str", "required": True},
    "multi_region": {"type": "bool", "default": True},
    "events": {"type": "str", "choices": ["writes", "all"], "default": "writes"},
    "retention_days": {"type": "int", "default": 365},
    "log_group": {"type": "bool", "default": False},
    "log_retention_days": {"type": "int", "choices": list(RETENTION_DAYS), "default": 90},
    "kms_key_arn": {"type": "str", "default": "", "no_log": False},
    "keep": {"type": "bool", "default": True},
}
SPEC = {
    "trails": {"type": "list", "elements": "dict", "required": True, "options": TRAIL},
    "permissions_boundary": {"type": "str", "default": ""},
}


def main() -> None:
    """Read arguments, bring it about, report."""
    module = RegionModule(SPEC)
    p = module.params
    try:
        audit = Audit(module.aws, module.owner, p["trails"], p["permissions_boundary"])
        outcome = audit.bring_about(module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    standing = [member for member in outcome.members if member.kind == Trail.noun and member.action != "remove"]
    module.finish(outcome, ids={member.part: member.id for member in standing})


if __name__ == "__main__":
    main()
