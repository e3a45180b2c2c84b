#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: fleet
version_added: 0.1.0
short_description: Let Systems Manager configure the nodes of a region
description:
  - Packs roles of nodes with all they name and what the inventory says of those nodes, puts the pack into a bucket that
    the region's machines may read, and makes an association of State Manager for each role of nodes. Systems Manager
    then runs C(AWS-ApplyAnsiblePlaybooks) on all of them, so many at once, on those that come later too, and again when
    the pack changes.
  - Each node runs the roles on itself with the Ansible of its distribution, so a fleet may be larger than what one
    controller reaches. It does not wait; M(cloister.aws.fleet_compliance) tells how far it is.
  - Equal contents make an equal pack, so a second run changes nothing.
author: Cloister contributors (@cloister)
options:
  roles:
    description:
      - For each role of nodes (tag C(cloister:role)) the roles of this collection that it gets, in order. Without any,
        what there was is removed.
    type: dict
    required: true
  collection:
    description: Folder of the collection on the controller.
    type: path
    required: true
  inventory:
    description: Folder of the inventory on the controller, whose C(group_vars) of all, nodes and roles are packed.
    type: path
    required: true
  at_once:
    description: On how many nodes of a role it runs at a time, a number or a percentage.
    type: str
    default: 10%
  max_errors:
    description: How many nodes of a role it may fail on before no further ones are touched, a number or a percentage.
    type: str
    default: "0"
  schedule:
    description:
      - When it is applied again, as C(rate(1 day)) or C(cron(15 13 ? * MON *)). Empty is only when it changes, and on
        new nodes.
    type: str
    default: ""
  severity:
    description: How bad a node that is not compliant is.
    type: str
    choices: [CRITICAL, HIGH, MEDIUM, LOW, UNSPECIFIED]
    default: HIGH
  install_ansible:
    description: Whether Ansible is installed from the node's distribution where it is missing.
    type: bool
    default: true
  only_check:
    description: Whether nodes only say what they would change.
    type: bool
    default: false
  run_seconds:
    description: How long it may run on a node.
    type: int
    default: 3600
  retention_days:
    description: How many days the bucket keeps a pack. 0 is for ever, as nodes that come later need it.
    type: int
    default: 0
  readers:
    description: ARNs of further roles that machines have, such as those of nodes from elsewhere.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure Systems Manager configures the model servers
  cloister.aws.fleet:
    region_name: kr
    stack: fleet
    collection: "{{ playbook_dir }}/.."
    inventory: "{{ inventory_dir }}"
    roles: {vllm: [node_base, docker, nvidia, vllm]}
    at_once: 10%
"""

RETURN = r"""
pack:
  description: C(digest), C(bytes) and C(files) of the pack.
  type: dict
  returned: success
ids:
  description: Ids of associations and the bucket's name, by their logical names.
  type: dict
  returned: success
members:
  description: What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from pathlib import Path

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._fleet import Ask, Fleet
from ansible_collections.cloister.aws.plugins.module_utils._fleet_pack import pack
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {
    "roles": {"type": "dict", "required": True},
    "collection": {"type": "path", "required": True},
    "inventory": {"type": "path", "required": True},
    "at_once": {"type": "str", "default": "10%"},
    "max_errors": {"type": "str", "default": "0"},
    "schedule": {"type": "str", "default": ""},
    "severity": {"type": "str", "choices": ["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNSPECIFIED"], "default": "HIGH"},
    "install_ansible": {"type": "bool", "default": True},
    "only_check": {"type": "bool", "default": False},
    "run_seconds": {"type": "int", "default": 3600},
    "retention_days": {"type": "int", "default": 0},
    "readers": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    """Pack, bring it about, report."""
    module = RegionModule(SPEC)
    p = module.params
    try:
        packed = pack(Path(p["collection"]).resolve(), Path(p["inventory"]).resolve(), p["roles"])
        ask = Ask(
            sorted(p["roles"]),
            packed.digest,
            p["at_once"],
            p["max_errors"],
            p["schedule"],
            p["severity"],
            p["install_ansible"],
            p["only_check"],
            p["run_seconds"],
            p["retention_days"],
            p["readers"],
        )
        outcome = Fleet(module.aws, module.owner, ask).bring_about(lambda: packed.data, module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome, pack={"digest": packed.digest, "bytes": len(packed.data), "files": packed.names})


if __name__ == "__main__":
    main()
