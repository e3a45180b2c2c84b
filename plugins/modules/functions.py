#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: functions
version_added: 0.1.0
short_description: Give a stack its functions, and what invokes them
description:
  - Makes the Lambda functions that a stack owns be exactly those listed, each with a role that may do what its entry
    says and no more, and a log group of its own; and the rules and schedules that invoke them.
  - The code is one file of this collection. It is packed so that the same code gives the same bytes.
  - A rule that waits for calls of the API is refused while no trail of CloudTrail logs such calls, since it would never
    hear of any.
author: Cloister contributors (@cloister)
options:
  functions:
    description: The functions, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      reason:
        description: What it is for; its description in AWS.
        type: str
        required: true
      code:
        description: The file of this collection that is its code.
        type: str
        choices: [endpoint_targets, resting]
        required: true
      environment:
        description: What it reads from its environment. No secrets.
        type: dict
        default: {}
      statements:
        description: What it may do, beside writing its log.
        type: list
        elements: dict
        default: []
        suboptions:
          sid:
            description: A name for the statement.
            type: str
          effect:
            description: Whether it allows or denies.
            type: str
            choices: [Allow, Deny]
            default: Allow
          actions:
            description: The actions.
            type: list
            elements: str
            required: true
          resources:
            description: ARNs that they are allowed on.
            type: list
            elements: str
            required: true
          conditions:
            description: Conditions, as IAM writes them.
            type: dict
            default: {}
      memory_mib:
        description: Its memory in MiB, which decides its share of CPU too.
        type: int
        default: 256
      timeout_seconds:
        description: How long one run may take, 900 at most.
        type: int
        default: 60
      log_retention_days:
        description: How many days its log is kept.
        type: int
        default: 30
  rules:
    description: Events that invoke them, all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      reason:
        description: What it is for; its description in AWS.
        type: str
        required: true
      function:
        description: Name of the function that is invoked.
        type: str
        required: true
      pattern:
        description: Which events do so.
        type: dict
        default: {}
      every_minutes:
        description: Instead of a pattern, how often.
        type: int
      input:
        description: What the function is given instead of the event.
        type: dict
      enabled:
        description: Whether it does anything.
        type: bool
        default: true
  schedules:
    description: Times at which they are invoked, all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Logical name, unique in the stack.
        type: str
        required: true
      reason:
        description: What it is for; its description in AWS.
        type: str
        required: true
      function:
        description: Name of the function that is invoked.
        type: str
        required: true
      expression:
        description: When, such as cron(0 8 ? * MON-FRI *).
        type: str
        required: true
      time_zone:
        description: Where the clock stands that it means.
        type: str
        default: UTC
      input:
        description: What the function is given.
        type: dict
        default: {}
      enabled:
        description: Whether it does anything.
        type: bool
        default: true
  permissions_boundary:
    description: ARN, or name of a policy of AWS's own, that bounds the roles.
    type: str
    default: ""
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure targets follow the cluster's interfaces
  cloister.aws.functions:
    region_name: kr
    stack: private_api
    functions:
      - name: endpoint-targets
        reason: Keeps targets what the cluster's interfaces are
        code: endpoint_targets
        environment: {CLUSTER: kr-main, VPC_ID: vpc-0123, TARGET_GROUP_ARN: "{{ target_group }}", PORT: "443"}
        statements:
          - {actions: [ec2:DescribeNetworkInterfaces], resources: ["*"]}
    rules:
      - {name: endpoint-sweep, reason: Looks again, function: endpoint-targets, every_minutes: 15}
"""

RETURN = r"""
ids:
  description: ARNs of functions, by name.
  type: dict
  returned: success
  sample: {endpoint-targets: "arn:aws-cn:lambda:cn-north-1:111122223333:function:kr-endpoint-targets"}
members:
  description: What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._function_arguments import FUNCTIONS, RULES, SCHEDULES
from ansible_collections.cloister.aws.plugins.module_utils._functions import Functions, Wishes
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.function import Function

SPEC = {
    "functions": FUNCTIONS,
    "rules": RULES,
    "schedules": SCHEDULES,
    "permissions_boundary": {"type": "str", "default": ""},
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, bring it about, report."""
    module = RegionModule(SPEC)
    p = module.params
    wishes = Wishes(p["functions"], p["rules"], p["schedules"], p["permissions_boundary"])
    try:
        outcome = Functions(module.aws, module.owner, wishes).bring_about(module.check, p["purge"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    standing = [member for member in outcome.members if member.kind == Function.noun and member.action != "remove"]
    module.finish(outcome, ids={member.part: member.id for member in standing})


if __name__ == "__main__":
    main()
