#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: calendars
version_added: 0.1.0
short_description: Let machines rest at night
description:
  - Makes the calendars that a stack owns be exactly those listed. A calendar is two times at which EventBridge
    Scheduler invokes one Lambda function, which finds by tags what follows it, each time anew.
  - Auto Scaling groups, managed node groups, databases and single machines follow the calendar that their tag
    C(cloister:schedule) names.
author: Cloister contributors (@cloister)
options:
  calendars:
    description: The calendars, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, which tags name.
        type: str
        required: true
      reason:
        description: What it is for.
        type: str
        default: Lets machines rest when nobody needs them
      time_zone:
        description: Where the clock stands that it means, such as C(Asia/Seoul).
        type: str
        default: UTC
      start:
        description: When what follows it is started, such as cron(0 8 ? * MON-FRI *). Empty is never.
        type: str
        default: ""
      stop:
        description: When it is stopped. Empty is never.
        type: str
        default: ""
      enabled:
        description: Whether it does anything.
        type: bool
        default: true
  log_retention_days:
    description: How many days the log of the function is kept.
    type: int
    default: 30
  permissions_boundary:
    description: ARN, or name of a policy of AWS's own, that bounds the roles.
    type: str
    default: ""
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure machines rest at night
  cloister.aws.calendars:
    region_name: kr
    stack: schedule
    calendars:
      - name: office-hours
        time_zone: Asia/Seoul
        start: cron(0 8 ? * MON-FRI *)
        stop: cron(0 20 ? * MON-FRI *)
"""

RETURN = r"""
ids:
  description: ARNs of schedules, by name of their group and their own.
  type: dict
  returned: success
  sample: {schedule nights-stop: "arn:aws-cn:scheduler:cn-north-1:111122223333:schedule/kr-schedule/nights-stop"}
members:
  description: What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._calendars import wishes
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._functions import Functions
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.schedule import Schedule

CALENDAR = {
    "name": {"type": "str", "required": True},
    "reason": {"type": "str", "default": "Lets machines rest when nobody needs them"},
    "time_zone": {"type": "str", "default": "UTC"},
    "start": {"type": "str", "default": ""},
    "stop": {"type": "str", "default": ""},
    "enabled": {"type": "bool", "default": True},
}
SPEC = {
    "calendars": {"type": "list", "elements": "dict", "required": True, "options": CALENDAR},
    "log_retention_days": {"type": "int", "default": 30},
    "permissions_boundary": {"type": "str", "default": ""},
}


def main() -> None:
    """Read arguments, bring it about, report."""
    module = RegionModule(SPEC)
    p = module.params
    wanted = wishes(p["calendars"], module.owner.region, p["log_retention_days"], p["permissions_boundary"])
    try:
        outcome = Functions(module.aws, module.owner, wanted).bring_about(module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    standing = [member for member in outcome.members if member.kind == Schedule.noun and member.action != "remove"]
    module.finish(outcome, ids={member.part: member.id for member in standing})


if __name__ == "__main__":
    main()
