#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: resting
version_added: 0.1.0
short_description: Let what follows a calendar rest now, or start it
description:
  - Does what M(cloister.aws.calendars) has done at its times, by the same code.
  - Found by tags are Auto Scaling groups, managed node groups, databases and single machines of the region that follow
    the calendar. A group remembers its sizes in its own tag C(cloister:resting).
  - It does not wait until machines and databases are there or gone.
author: Cloister contributors (@cloister)
options:
  action:
    description: What is done.
    type: str
    choices: [stop, start]
    required: true
  calendar:
    description: Name of the calendar.
    type: str
    required: true
  stack:
    description: The stack in whose name it is told.
    type: str
    required: true
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Let everything rest that follows office hours
  cloister.aws.resting:
    region_name: kr
    stack: schedule
    action: stop
    calendar: office-hours
"""

RETURN = r"""
members:
  description: What became of each (C(change), C(keep)), with what it was before.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._like_boto import Client
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.functions.resting import ACTIONS, Clients, Which, act

SPEC = {
    "action": {"type": "str", "choices": list(ACTIONS), "required": True},
    "calendar": {"type": "str", "required": True},
}


def member(one: dict[str, str]) -> dict[str, object]:
    """Return what a module tells of one thing."""
    changes = [{"field": "machines", "before": one["before"], "after": one["after"]}]
    changed = one["before"] != one["after"]
    return {
        **{key: one[key] for key in ("kind", "part", "stack", "id")},
        "action": "change" if changed else "keep",
        "changes": changes if changed else [],
        "shows": {},
    }


def main() -> None:
    """Read arguments, stop or start, report."""
    module = RegionModule(SPEC)
    p = module.params
    clients = Clients(*(Client(module.aws, name) for name in Clients._fields))
    try:
        told = act(clients, Which(module.owner.region, p["calendar"]), p["action"], module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    done = [member(one) for one in told if not one["failed"]]
    failed = [f"{one['kind']} {one['part']}: {one['failed']}" for one in told if one["failed"]]
    result = {"changed": any(one["action"] == "change" for one in done), "members": done}
    if failed:
        module.ansible.fail_json(msg=f"{'; '.join(failed)}. Run again: what is done stays done", **result)
    if not told:
        module.warn(f"nothing in region {module.owner.region} follows the calendar {p['calendar']}")
    module.ansible.exit_json(**result)


if __name__ == "__main__":
    main()
