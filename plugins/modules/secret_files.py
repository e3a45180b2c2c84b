#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: secret_files
version_added: 0.1.0
short_description: Keep files on a node whose content the node reads from AWS itself
description:
  - >-
    Writes secrets of Secrets Manager and parameters of Parameter Store into files, readable by one user. They are read
    with the machine's own role, so they never pass the controller and are in no output.
  - Runs on nodes and needs nothing but Python. In check mode secrets are read and compared, and nothing is written.
author: Cloister contributors (@cloister)
options:
  folder:
    description: Where the files are. It must be there.
    type: path
    required: true
  owner:
    description: Number of the user who may read them.
    type: int
    default: 0
  files:
    description: The files. Others in the folder are left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the file.
        type: str
        required: true
      secret:
        description: Name or ARN of a secret of Secrets Manager.
        type: str
      parameter:
        description: Or name of a parameter of Parameter Store.
        type: str
      key:
        description: Which part of it, when it is a JSON object.
        type: str
      yaml_key:
        description: Write it as a YAML file that has it under this key, and not as it is.
        type: str
  aws_region:
    description: The AWS region that holds them; by default the one that the machine is in.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Ensure the guard's key is there
  cloister.aws.secret_files:
    folder: /etc/guard/secrets
    files:
      - {name: api_key, secret: us/guard, key: api_key}
"""

RETURN = r"""
written:
  description: Names of the files that were not as they should be.
  type: list
  elements: str
  returned: always
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._node_secrets import Node
from ansible_collections.cloister.aws.plugins.module_utils._secret_files import content, stands, write

FILE = {
    "name": {"type": "str", "required": True},
    "secret": {"type": "str", "no_log": False},
    "parameter": {"type": "str"},
    "key": {"type": "str", "no_log": False},
    "yaml_key": {"type": "str", "no_log": False},
}
SPEC = {
    "folder": {"type": "path", "required": True},
    "owner": {"type": "int", "default": 0},
    "files": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": FILE,
        "required_one_of": [("secret", "parameter")],
        "mutually_exclusive": [("secret", "parameter")],
    },
    "aws_region": {"type": "str", "default": ""},
}


def main():
    """Read all, then write what differs."""
    module = AnsibleModule(SPEC, supports_check_mode=True)
    params = module.params
    try:
        node = Node(os.environ, params["aws_region"])
        contents = {entry["name"]: content(node, entry) for entry in params["files"]}
        paths = {name: os.path.join(params["folder"], name) for name in contents}
        differing = [name for name, wanted in contents.items() if not stands(paths[name], wanted, params["owner"])]
        for name in differing if not module.check_mode else ():
            write(paths[name], contents[name], params["owner"])
    except (RegionError, OSError) as exc:
        module.fail_json(msg=f"cannot keep the secrets in {params['folder']}: {exc}")
    module.exit_json(changed=bool(differing), written=differing)


if __name__ == "__main__":
    main()
