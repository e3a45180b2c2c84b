#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: golden_image_stages
version_added: 0.1.0
short_description: Say which version of a golden image is used
description:
  - Moves the parameters C(/cloister/<region_name>/<name>-ami/candidate), C(current) and C(previous), which hold ids of
    machine images. Pools whose image is the parameter C(current) have its machines replaced when they are joined next.
  - Killed anywhere, the same move again finishes it; a second one changes nothing.
author: Cloister contributors (@cloister)
options:
  name:
    description: Name of the golden image.
    type: str
    required: true
  move:
    description:
      - V(candidate) makes O(image_id), which has passed its tests, the candidate.
      - V(promote) makes the candidate current, and what was current previous.
      - V(rollback) makes the previous one current again, and rejects what was current.
    type: str
    choices: [candidate, promote, rollback]
    required: true
  image_id:
    description: The version that becomes the candidate.
    type: str
    default: ""
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure pools use what was tested last
  cloister.aws.golden_image_stages:
    region_name: kr
    stack: images
    name: gpu
    move: promote
"""

RETURN = r"""
members:
  description: Each stage that was looked at, with C(part), C(action) (create, change, keep) and C(changes).
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._golden_images import move
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {
    "name": {"type": "str", "required": True},
    "move": {"type": "str", "choices": ["candidate", "promote", "rollback"], "required": True},
    "image_id": {"type": "str", "default": ""},
}


def main() -> None:
    """Move, report."""
    module = RegionModule(SPEC, required_if=[("move", "candidate", ("image_id",))])
    params = module.params
    try:
        outcome = move(module.aws, module.owner, params["name"], params["move"], params["image_id"], module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome)


if __name__ == "__main__":
    main()
