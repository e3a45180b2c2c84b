#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: ssm_command
version_added: 0.1.0
short_description: Run a command on nodes of a region through Systems Manager
description:
  - Sends a document of Run Command to nodes that are chosen by role, pool, tag or id, so many at once, waits until it
    has ended, and returns exit status and output of each. It needs no way to the nodes but Systems Manager's.
  - Nodes are always those of the region. A node that does not answer stops it before anything is sent, unless it may
    be left out.
  - Fails when it did not succeed on all nodes, and says of each that it failed on why. One that is late, or whose run
    is interrupted, is cancelled.
  - What a command says lies in AWS for thirty days and in the trail of the account. It is no place for a secret; let
    the node read it with its own role.
author: Cloister contributors (@cloister)
options:
  commands:
    description: Lines of a shell script, for C(AWS-RunShellScript). Not together with O(document).
    type: list
    elements: str
  document:
    description: A document of Run Command, such as C(AWS-RunPatchBaseline), with O(parameters).
    type: str
  parameters:
    description: Parameters of O(document); each value is a text, a number, a boolean or a list of them.
    type: dict
  working_directory:
    description: Where the script of O(commands) begins.
    type: str
  roles:
    description: Only nodes with one of these roles (tag C(cloister:role)).
    type: list
    elements: str
  pools:
    description: Only nodes of one of these pools (tag C(cloister:part)).
    type: list
    elements: str
  tags:
    description: Only nodes with all of these tags.
    type: dict
  instance_ids:
    description: Only these nodes, C(i-) or C(mi-). Not together with O(roles), O(pools) or O(tags).
    type: list
    elements: str
  offline:
    description: What to do about nodes whose agents do not answer, V(fail) before anything is sent, or V(skip) them.
    type: str
    choices: [fail, skip]
    default: fail
  at_once:
    description: On how many nodes it runs at a time, a number or a percentage such as V(10%).
    type: str
    default: "50"
  max_errors:
    description: How many nodes it may fail on before no further ones are asked, a number or a percentage.
    type: str
    default: "0"
  delivery_seconds:
    description: How long AWS keeps it for a node that does not answer.
    type: int
    default: 600
  run_seconds:
    description: How long it may run on a node. A script of O(commands) is ended then.
    type: int
    default: 3600
  wait:
    description: Whether to wait until it has ended.
    type: bool
    default: true
  wait_seconds:
    description:
      - How long to wait for all nodes together, then it is cancelled. 0 is as long as AWS may need by
        O(delivery_seconds), O(run_seconds) and O(at_once).
    type: int
    default: 0
  comment:
    description: What people see beside it in AWS.
    type: str
    default: cloister
  output_bucket:
    description: Bucket of S3 that the nodes write their whole output into, with their own roles.
    type: str
    default: ""
  output_prefix:
    description: What the names of objects in O(output_bucket) begin with.
    type: str
    default: ""
  stack:
    description: It is not asked for.
    type: str
    required: false
extends_documentation_fragment:
  - cloister.aws.region
  - amazon.aws.common.modules
  - amazon.aws.region.modules
attributes:
  check_mode:
    description: Says which nodes it would go to, and sends nothing.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: Each run sends it.
    support: none
"""

EXAMPLES = r"""
- name: See how full the disks of the model servers are
  cloister.aws.ssm_command:
    region_name: kr
    roles: [vllm]
    commands: ["df -h /"]
  changed_when: false

- name: Ensure patches are installed, a tenth of the fleet at a time
  cloister.aws.ssm_command:
    region_name: kr
    document: AWS-RunPatchBaseline
    parameters: {Operation: Install, RebootOption: RebootIfNeeded}
    at_once: 10%
    max_errors: "1"
"""

RETURN = r"""
command_ids:
  description: What AWS calls it; several when more than fifty nodes were named by id.
  type: list
  elements: str
  returned: when it was sent
nodes:
  description:
    - For each node C(instance_id), C(status), C(ok), C(rc), C(stdout), C(stdout_lines), C(stderr), C(step),
      C(command_id) and C(output_url). In check mode, and without O(wait), only C(instance_id) and C(name).
  type: list
  elements: dict
  returned: always
endings:
  description: A line for each node that says how it ended, or that it would be asked.
  type: list
  elements: str
  returned: always
lines:
  description: The same, with what each node said under it.
  type: list
  elements: str
  returned: always
offline:
  description: Ids of nodes that were left out because their agents do not answer.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.cloister.aws.plugins.module_utils._command_nodes import Whom, find, reachable
from ansible_collections.cloister.aws.plugins.module_utils._commands import SHELL, Ask, parameter_lists, run, start
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

NAMES = {"type": "list", "elements": "str"}
SPEC = {
    "commands": NAMES,
    "document": {"type": "str"},
    "parameters": {"type": "dict"},
    "working_directory": {"type": "str"},
    "roles": NAMES,
    "pools": NAMES,
    "tags": {"type": "dict"},
    "instance_ids": NAMES,
    "offline": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
    "at_once": {"type": "str", "default": "50"},
    "max_errors": {"type": "str", "default": "0"},
    "delivery_seconds": {"type": "int", "default": 600},
    "run_seconds": {"type": "int", "default": 3600},
    "wait": {"type": "bool", "default": True},
    "wait_seconds": {"type": "int", "default": 0},
    "comment": {"type": "str", "default": "cloister"},
    "output_bucket": {"type": "str", "default": ""},
    "output_prefix": {"type": "str", "default": ""},
    "stack": {"type": "str"},
}


def main() -> None:
    """Find the nodes, send, wait, report."""
    module = RegionModule(
        SPEC,
        required_one_of=[("commands", "document")],
        mutually_exclusive=[
            ("commands", "document"), ("commands", "parameters"),
            ("instance_ids", "roles"), ("instance_ids", "pools"), ("instance_ids", "tags"),
        ],
    )  # fmt: skip
    p = module.params
    whom = Whom(p["region_name"], p["roles"] or (), p["pools"] or (), p["tags"] or {}, p["instance_ids"] or ())
    try:
        ask = asked(p)
        meant = find(module.aws, whom)
        nodes = reachable(meant, whom, p["offline"] == "skip")
        whole = len(nodes) == len(meant)
        offline = [node.id for node in meant if not node.online]
        if module.check:
            module.ansible.exit_json(**unheard(nodes, offline, "would be asked"))
        if not p["wait"]:
            sent = start(module.aws, whom, nodes, ask, whole)
            module.ansible.exit_json(**unheard(nodes, offline, "asked"), command_ids=sent)
        done = run(module.aws, whom, nodes, ask, whole)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    bad = [one.complaint() for one in done if not one.ok]
    if bad:
        said = "\n".join([f"{ask.document} did not succeed on {len(bad)} of {len(done)} nodes:", *bad])
        module.ansible.fail_json(msg=said, **heard(done, offline))
    module.ansible.exit_json(**heard(done, offline))


def unheard(nodes: list, offline: list, word: str) -> dict:
    """Return what is told of nodes that nobody waits for."""
    shown = [{"instance_id": node.id, "name": node.name} for node in nodes]
    lines = [f"{node.id}: {word}" for node in nodes] + left_out(offline)
    return {"changed": True, "nodes": shown, "offline": offline, "endings": lines, "lines": lines}


def heard(done: list, offline: list) -> dict:
    """Return what is told of nodes on which it has ended."""
    return {
        "changed": True,
        "nodes": [one.told() for one in done],
        "offline": offline,
        "endings": [one.ending() for one in done] + left_out(offline),
        "lines": [line for one in done for line in one.lines()] + left_out(offline),
        "command_ids": sorted({one.command for one in done if one.command}),
    }


def left_out(offline: list) -> list:
    """Return lines about nodes that were not asked."""
    return [f"{one}: left out, it does not answer" for one in offline]


def asked(p: dict) -> Ask:
    """Return what the arguments ask for."""
    if p["commands"]:
        said = {"commands": p["commands"], "executionTimeout": p["run_seconds"]}
        said |= {"workingDirectory": p["working_directory"]} if p["working_directory"] else {}
    else:
        said = p["parameters"] or {}
    return Ask(
        p["document"] or SHELL,
        parameter_lists(said),
        p["at_once"],
        p["max_errors"],
        p["delivery_seconds"],
        p["run_seconds"],
        p["wait_seconds"],
        p["comment"],
        p["output_bucket"],
        p["output_prefix"],
    )


if __name__ == "__main__":
    main()
