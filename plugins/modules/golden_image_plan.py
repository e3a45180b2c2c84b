#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: golden_image_plan
version_added: 0.1.0
short_description: Say what a bake of a golden image has to do
description:
  - Compares what a golden image would be made from with what its versions were made from. A bake of the same is not
    needed; one that was cut short goes on with the version that it made.
author: Cloister contributors (@cloister)
options:
  name:
    description: Name of the golden image.
    type: str
    required: true
  source:
    description: The image that a builder starts from, as V(parameter) or as V(id), as in the pools' option C(image).
    type: dict
    required: true
    suboptions:
      parameter:
        description: A parameter of Parameter Store that holds the image's id. It is asked each time.
        type: str
      id:
        description: The image's id.
        type: str
  files:
    description: Folders and files of which a change asks for another bake, such as those of the roles.
    type: list
    elements: path
    default: []
  said:
    description: What roles are told, of which a change asks for another bake.
    type: dict
    default: {}
  again:
    description: Whether to bake even if nothing changed.
    type: bool
    default: false
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: See whether a bake is needed
  cloister.aws.golden_image_plan:
    region_name: kr
    stack: images
    name: gpu
    source: {parameter: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}
    files: [roles/docker, roles/nvidia]
"""

RETURN = r"""
todo:
  description:
    - V(bake) makes a version, V(test) goes on with one that was made and not tested, V(nothing) has nothing to do.
  type: str
  returned: success
image_id:
  description: The version that V(test) or V(nothing) is about; empty for V(bake).
  type: str
  returned: success
source_id:
  description: The image that a builder starts from.
  type: str
  returned: success
inputs:
  description: Digest of what the image is made from.
  type: str
  returned: success
  sample: 2c26b46b68ffc68f
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._golden_images import Golden, digest
from ansible_collections.cloister.aws.plugins.module_utils._machine_images import find, source
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {
    "name": {"type": "str", "required": True},
    "source": {
        "type": "dict",
        "required": True,
        "options": {"parameter": {"type": "str"}, "id": {"type": "str"}},
        "mutually_exclusive": [["parameter", "id"]],
        "required_one_of": [["parameter", "id"]],
    },
    "files": {"type": "list", "elements": "path", "default": []},
    "said": {"type": "dict", "default": {}},
    "again": {"type": "bool", "default": False},
}


def main() -> None:
    """Read, compare, report."""
    module = RegionModule(SPEC)
    name, where = module.params["name"], source(module.params["source"])
    try:
        images = find(module.aws, [where], {}, refresh=True, where="")
        source_id = images.by_source[where].id
        inputs = digest(source_id, module.params["files"], module.params["said"])
        todo, found = Golden.read(module.aws, module.owner).todo(name, inputs, module.params["again"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    for warning in images.warnings:
        module.warn(warning)
    module.ansible.exit_json(
        changed=False, todo=todo, image_id=found.id if found else "", source_id=source_id, inputs=inputs
    )


if __name__ == "__main__":
    main()
