#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: golden_image
version_added: 0.1.0
short_description: Make a version of a golden image from a machine, or write down what became of one
description:
  - With O(builder), makes a machine image (AMI) of the running machine of that name and waits until machines can be
    started from it. The machine is stopped for it. A version of the same O(inputs) that is there and was not rejected
    is taken instead, unless O(again).
  - With O(verdict), writes down whether the version O(image_id) passed its tests.
author: Cloister contributors (@cloister)
options:
  name:
    description: Name of the golden image.
    type: str
    required: true
  builder:
    description: Logical name of the pool of one whose machine was configured for it.
    type: str
  inputs:
    description: Digest of what it is made from, as M(cloister.aws.golden_image_plan) returns it.
    type: str
  description:
    description: What it is, for those who look at it in AWS.
    type: str
    default: ""
  again:
    description: Whether to make another version of the same inputs.
    type: bool
    default: false
  image_id:
    description: The version that O(verdict) is about.
    type: str
  verdict:
    description: What became of it.
    type: str
    choices: [passed, rejected]
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure there is an image of the machine
  cloister.aws.golden_image:
    region_name: kr
    stack: images
    name: gpu
    builder: bake-gpu
    inputs: 2c26b46b68ffc68f

- name: Write down that it works
  cloister.aws.golden_image:
    region_name: kr
    stack: images
    name: gpu
    image_id: ami-0a1b2c3d4e5f60718
    verdict: passed
"""

RETURN = r"""
image_id:
  description: Id of the version; a known-after-apply marker where check mode has yet to make it.
  type: str
  returned: success
members:
  description: The version, with C(action) (create, change, keep).
  type: list
  elements: dict
  returned: always
"""

from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils._errors import MissingError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._golden_images import Golden, judge
from ansible_collections.cloister.aws.plugins.module_utils._kind import Want
from ansible_collections.cloister.aws.plugins.module_utils._managed_nodes import newest
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.machine_image import (
    PASSED,
    REJECTED,
    MachineImage,
    want,
)

SPEC = {
    "name": {"type": "str", "required": True},
    "builder": {"type": "str"},
    "inputs": {"type": "str"},
    "description": {"type": "str", "default": ""},
    "again": {"type": "bool", "default": False},
    "image_id": {"type": "str"},
    "verdict": {"type": "str", "choices": [PASSED, REJECTED]},
}


def made(module: RegionModule) -> Outcome:
    """Make the version, or take the one that is there."""
    params, golden = module.params, Golden.read(module.aws, module.owner)
    _todo, standing = golden.todo(params["name"], params["inputs"], params["again"])
    if standing:
        wish = Want(standing.part, {})
    else:
        stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        wish = want(params["name"], stamp, params["inputs"], _builder(module), params["description"])
    return module.outcome(module.kind(MachineImage), lambda: [wish], purge=False)


def _builder(module: RegionModule) -> str:
    name = module.params["builder"]
    if machine := newest(module.aws, module.owner, name):
        return str(machine["InstanceId"])
    if module.check:
        return unknown("instance", name)
    raise MissingError(f"there is no running machine of {name} to make golden image {module.params['name']} from")


def main() -> None:
    """Make or judge, report."""
    module = RegionModule(
        SPEC,
        mutually_exclusive=[["builder", "verdict"]],
        required_one_of=[["builder", "verdict"]],
        required_by={"builder": ["inputs"], "verdict": ["image_id"]},
    )
    p = module.params
    try:
        if p["builder"]:
            outcome = made(module)
        else:
            outcome = judge(module.aws, module.owner, p["name"], p["image_id"], p["verdict"], module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome, image_id=outcome.members[0].id if outcome.members else "")


if __name__ == "__main__":
    main()
