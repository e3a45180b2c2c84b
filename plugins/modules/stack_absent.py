#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: stack_absent
version_added: 0.1.0
short_description: Take down all that a stack owns
description:
  - Finds everything with the ownership tags of the stack, whatever the inventory says of it, and deletes it in the
    order in which AWS lets go. What may go side by side does; waiting is only for what the next needs.
  - Static addresses, public zones and data carry C(cloister:keep=true) and stay unless O(release_kept) says otherwise.
author: Cloister contributors (@cloister)
options:
  release_kept:
    description:
      - What is deleted too although it is to be kept. V(static_ips) are Elastic IPs, which can never be had again.
        V(public_zones) are the zones that parent domains point at. V(data) is what cannot be computed again, such as
        databases, logs and the keys of our own CAs. V(images) are repositories that hold images. V(snapshots) are the
        last ones of databases; where these are released too, a database goes without one.
    type: list
    elements: str
    choices: [static_ips, public_zones, data, images, snapshots]
    default: []
  wait_seconds:
    description:
      - How long to bear that AWS still holds on to something, such as the interfaces of a service that is going away,
        before what is in the way is named.
    type: float
    default: 900
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
notes:
  - Nothing is deleted while an instance that is not the region's stands in one of the stack's subnets.
"""

EXAMPLES = r"""
- name: Ensure nothing of the stack is left but its static addresses
  cloister.aws.stack_absent:
    region_name: us
    stack: network

- name: Ensure nothing at all of the stack is left
  cloister.aws.stack_absent:
    region_name: us
    stack: network
    release_kept: [static_ips, public_zones, data, images, snapshots]
"""

RETURN = r"""
members:
  description: Everything the stack owned, with C(action) C(remove) or C(keep).
  type: list
  elements: dict
  returned: always
ids:
  description: Ids, by name, of what stays.
  type: dict
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._teardown import tear_down

SPEC = {
    "release_kept": {
        "type": "list",
        "elements": "str",
        "choices": ["static_ips", "public_zones", "data", "images", "snapshots"],
        "default": [],
    },
    "wait_seconds": {"type": "float", "default": 900},
}


def main() -> None:
    """Read arguments, take down, report."""
    module = RegionModule(SPEC)
    aws = Aws(module.aws.connection, bears_seconds=module.params["wait_seconds"])
    try:
        outcome = tear_down(
            aws, module.owner, module.params["region_adopted"], module.params["release_kept"], module.check
        )
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome)


if __name__ == "__main__":
    main()
