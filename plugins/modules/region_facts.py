#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: region_facts
version_added: 0.1.0
short_description: Tell what a region owns
description:
  - Reads every kind of thing that a region can own, all kinds side by side, by ownership tags. It tells their ids by
    kind and name, what each stack owns, what outlives a teardown, and the addresses by which the world sees the region.
author: Cloister contributors (@cloister)
options:
  stack:
    description: Tell only what this stack owns; all stacks when it is left out.
    type: str
    required: false
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Look at the region
  cloister.aws.region_facts:
    region_name: us
  register: region

- name: Say where calls leave from
  ansible.builtin.debug:
    msg: "{{ region.facts.egress_ips }} by way of {{ region.facts.by_name.nat_gateway['main-us-west-2a'].id }}"
"""

RETURN = r"""
facts:
  description: The region as data.
  type: dict
  returned: success
  contains:
    by_name:
      description:
        - From kind (C(vpc), C(subnet), C(nat_gateway)) and name to the thing. It has C(id), C(stack), C(kept_as), which
          is the word that lets a teardown delete it (empty for what goes without), and C(shows), what a person needs
          beside the id. A kind of which nothing stands is there and empty.
      type: dict
      sample: {vpc: {main: {id: vpc-0a1b2c3d4e5f60718, kind: VPC, part: main, stack: network, kept_as: '', shows: {}}}}
    things:
      description: All of them, in order of stack, kind and name; two of one name are both here.
      type: list
      elements: dict
    stacks:
      description: The same by stack. Stacks that are no longer in the inventory are among them.
      type: dict
    kept:
      description: Those that outlive a teardown.
      type: list
      elements: dict
    egress_ips:
      description: Public addresses of the NAT gateways.
      type: list
      elements: str
      sample: [203.0.113.10]
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._snapshot import facts, snapshot


def main() -> None:
    """Read, report."""
    module = RegionModule({"stack": {"type": "str"}})
    try:
        told = facts(snapshot(module.aws, module.owner, module.params["region_adopted"]))
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.ansible.exit_json(changed=False, facts=told)


if __name__ == "__main__":
    main()
