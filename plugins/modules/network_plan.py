#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: network_plan
version_added: 0.1.0
short_description: Look once whether a network stands as it is listed
description:
  - Reads all that a network consists of, each kind once and side by side, and compares it with what is listed. The role
    C(network) takes its steps only when something is left to do.
  - Refuses, before any of those steps, whatever one of them would refuse, such as a range that cannot be changed on a
    living subnet or something foreign in the place of ours. What is adopted is looked at beside. That fails with
    everything that is wrong with it, such as other ranges, DNS attributes that are off or routes that do not fit the
    tier.
  - Changes nothing. In check mode its members are the plan of the whole network, removals included.
author: Cloister contributors (@cloister)
options:
  layout:
    description:
      - The lists of the network, as the filter P(cloister.aws.network_layout#filter) works them out. An entry is what
        the module of that kind takes.
    type: dict
    required: true
  roles:
    description: The IAM roles that flow logs are written with, as M(cloister.aws.iam_roles) takes them.
    type: list
    elements: dict
    default: []
  free_addresses:
    description: How many addresses must be free in each adopted subnet.
    type: int
    default: 16
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Look whether the network stands as it is listed
  cloister.aws.network_plan:
    region_name: us
    stack: network
    layout: "{{ network_vpcs | cloister.aws.network_layout(subnets=network_subnets) }}"
  register: network
"""

RETURN = r"""
done:
  description:
    - Whether nothing is left to do in this run. All stands as listed and can be used, or only a plan was asked for.
  type: bool
  returned: success
members:
  description:
    - What is to become of each thing of the network (C(create), C(change), C(keep), C(remove)), with the fields that
      change. None when something is left to do, as those who do it tell of it.
  type: list
  elements: dict
  returned: success
"""

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._iam_arguments import ROLES
from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import LISTS
from ansible_collections.cloister.aws.plugins.module_utils._network_look import look
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_peering import waiting

SPEC = {
    "layout": {"type": "dict", "required": True},
    "roles": {"type": "list", "elements": "dict", "default": []},
    "free_addresses": {"type": "int", "default": 16},
}
LAYOUT = {**LISTS, "adopted": {"type": "dict", "required": True}}


def completed(spec: dict[str, t.Any], said: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return what was said with all defaults; raise `InputError` for what ``spec`` does not allow."""
    validated = ArgumentSpecValidator(spec).validate({name: said[name] for name in spec if name in said})
    if validated.error_messages:
        raise InputError("; ".join(validated.error_messages))
    return t.cast("dict[str, t.Any]", validated.validated_parameters)


def main() -> None:
    """Read arguments, look, warn, report."""
    module = RegionModule(SPEC)
    params = module.params
    try:
        layout = completed(LAYOUT, params["layout"])
        roles = completed({"roles": ROLES}, params)["roles"]
        looked = look(module.aws, module.owner, params["region_adopted"], layout, roles, params["free_addresses"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    done = module.check or looked.settled
    if done:
        for text in waiting(looked.outcome.members, layout["vpc_peerings"]):
            module.warn(text)
    module.finish(looked.outcome if done else Outcome([]), done=done)


if __name__ == "__main__":
    main()
