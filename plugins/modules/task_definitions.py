#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: task_definitions
version_added: 0.1.0
short_description: Say what the tasks of services are made of
description:
  - Registers a revision of the task definition of each listed service where the newest one differs from what is wanted.
    What ECS fills in by itself is no difference.
  - Images are looked up and pinned by digest; secrets and parameters are looked up by name and given by ARN. One that
    is not there is refused before anything is registered, with the command that makes it.
  - Each service has a log group, C(/<region_name>/ecs/<service>), which stays when the service goes.
  - The five newest revisions stay; older ones are deregistered and deleted.
author: Cloister contributors (@cloister)
options:
  log_retention_days:
    description: How many days the log of a service is kept that says nothing itself.
    type: int
    choices: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
    default: 30
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.ecs_services
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the tasks of guard are what they should be
  cloister.aws.task_definitions:
    region_name: us
    stack: ecs
    services:
      - name: guard
        cpu: 512
        memory_mib: 1024
        subnets: [private-a, private-b]
        security_groups: [guard]
        execution_role: task-execution
        containers:
          - name: guard
            image: {repository: guard, newest: prod}
            ports: [8080]
            secrets:
              WEBHOOK_KEY: {secret: us/guard/webhook-key}
"""

RETURN = r"""
ids:
  description: ARNs of the newest revisions by service; what a service will be told to run.
  type: dict
  returned: success
  sample: {guard: "arn:aws-cn:ecs:cn-north-1:111122223333:task-definition/us-guard:7"}
members:
  description: What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._ecs_arguments import SERVICES
from ansible_collections.cloister.aws.plugins.module_utils._ecs_secrets import Secrets
from ansible_collections.cloister.aws.plugins.module_utils._ecs_stack import Standing, gathered
from ansible_collections.cloister.aws.plugins.module_utils._ecs_wants import definitions, log_groups
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import RETENTION_DAYS, LogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.task_definition import TaskDefinition

SPEC = {
    "services": SERVICES,
    "log_retention_days": {"type": "int", "choices": list(RETENTION_DAYS), "default": 30},
    "purge": {"type": "bool", "default": True},
}


def bring(module: RegionModule, secrets: Secrets) -> t.Iterator[Outcome]:
    """Register what differs, then make log groups."""
    entries, check, purge = module.params["services"], module.check, module.params["purge"]
    standing = Standing(
        [module.kind(LogGroup), module.kind(TaskDefinition)],
        lambda: definitions(entries, module.names, module.aws, module.owner, secrets),
    )
    outcome = reconcile(
        standing.kind(TaskDefinition), standing.answers[0], check, purge=purge, found=standing.found(TaskDefinition)
    )
    for member in outcome.members:
        # A revision that would be registered has no number yet.
        if check and member.fields:
            member.id = unknown(member.kind, member.part)
    yield outcome
    groups = log_groups(entries, module.params["log_retention_days"])
    yield reconcile(standing.kind(LogGroup), groups, check, purge=purge, found=standing.found(LogGroup))


def main() -> None:
    """Read arguments, look up what is named, reconcile, report."""
    module = RegionModule(SPEC)
    secrets = Secrets(module.aws, module.check)
    outcome = gathered(bring(module, secrets))
    for text in secrets.missing if module.check else ():
        module.warn(text)
    module.finish(outcome)


if __name__ == "__main__":
    main()
