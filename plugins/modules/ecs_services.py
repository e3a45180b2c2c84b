#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_services
version_added: 0.1.0
short_description: Run services, and see that they run
description:
  - Makes the ECS services that a stack owns, and their scaling, be exactly those listed.
  - A service changes while it lives and rolls its tasks over; its cluster alone cannot change.
  - With O(wait) a service that does not become steady is an error that tells the likely cause, why tasks stopped, what
    load balancers say of them, and the last events.
author: Cloister contributors (@cloister)
options:
  cluster:
    description: Name of the cluster that they run in.
    type: str
    required: true
  namespace:
    description: Name of the namespace of their Service Connect.
    type: str
  task_definitions:
    description: ARNs of the task definitions to run, by service, as M(cloister.aws.task_definitions) returns them.
    type: dict
    required: true
  wait:
    description: Whether to return only when all services are steady and their targets healthy.
    type: bool
    default: true
  wait_seconds:
    description: How long a service may take to that.
    type: int
    default: 900
  clusters:
    description:
      - The clusters, all of them. When given, clusters, capacity providers, namespaces and task definitions of the
        stack that are no longer listed are removed once no service is in their way.
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.ecs_services
  - cloister.aws.ecs_clusters
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure guard runs, behind two target groups
  cloister.aws.ecs_services:
    region_name: us
    stack: ecs
    cluster: main
    task_definitions: "{{ registered.ids }}"
    services:
      - name: guard
        cpu: 512
        memory_mib: 1024
        desired: 2
        subnets: [private-a, private-b]
        security_groups: [guard]
        execution_role: task-execution
        containers:
          - {name: guard, image: {repository: guard, newest: prod}, ports: [8080]}
        target_groups:
          - {name: guard-public, container: guard, port: 8080}
          - {name: guard-inner, container: guard, port: 8080}
        scaling: {min: 2, max: 6, targets: [{metric: cpu, percent: 60}]}
"""

RETURN = r"""
ids:
  description: ARNs of the services by name.
  type: dict
  returned: success
  sample: {guard: "arn:aws-cn:ecs:cn-north-1:111122223333:service/us-main/us-guard"}
members:
  description:
    - What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed; a service shows how
      many of its tasks are wanted and run, and its callback URL.
  type: list
  elements: dict
  returned: always
"""

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _ecs_wants as wants
from ansible_collections.cloister.aws.plugins.module_utils._ecs_arguments import CLUSTERS, SERVICES
from ansible_collections.cloister.aws.plugins.module_utils._ecs_stack import (
    CLUSTER_KINDS,
    Standing,
    clear_clusters,
    gathered,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils.kinds.ecs_service import EcsService
from ansible_collections.cloister.aws.plugins.module_utils.kinds.scaling_policy import ScalingPolicy
from ansible_collections.cloister.aws.plugins.module_utils.kinds.task_definition import TaskDefinition

SPEC = {
    "services": SERVICES,
    "cluster": {"type": "str", "required": True},
    "namespace": {"type": "str"},
    "task_definitions": {"type": "dict", "required": True},
    "clusters": {**CLUSTERS, "required": False},
    "wait": {"type": "bool", "default": True},
    "wait_seconds": {"type": "int", "default": 900},
    "purge": {"type": "bool", "default": True},
}


def bring(module: RegionModule) -> t.Iterator[Outcome]:
    """Bring about services and their scaling; remove scaling before services, and those before what they ran on."""
    params, check, owner = module.params, module.check, module.owner
    entries, names = params["services"], module.names
    kind = module.kind(EcsService)
    kind.wait_seconds = params["wait_seconds"]
    kinds = [kind, module.kind(ScalingPolicy)]
    if params["clusters"] is not None:
        kinds += [module.kind(one) for one in (*CLUSTER_KINDS, TaskDefinition)]
    standing = Standing(
        kinds,
        lambda: wants.services(
            entries, params["cluster"], params["namespace"], params["task_definitions"], names, owner
        ),
    )
    scaled = [entry["name"] for entry in entries if entry["scaling"]]
    listed = [entry["name"] for entry in entries]
    if params["purge"]:
        yield remove_by_rank(standing.doomed(ScalingPolicy, scaled), check)
    wanted = standing.answers[0]
    outcome = reconcile(kind, wanted, check, params["wait"], params["purge"], standing.found(EcsService))
    tell(kind, outcome)
    yield outcome
    scalings = wants.scalings(entries, params["cluster"], names, owner)
    yield reconcile(standing.kind(ScalingPolicy), scalings, check, purge=False, found=standing.found(ScalingPolicy))
    if params["clusters"] is not None:
        yield from clear_clusters(params["clusters"], standing, check)
        yield remove_by_rank(standing.doomed(TaskDefinition, listed), check)


def tell(kind: EcsService, outcome: Outcome) -> None:
    """Have services show their tasks as they are now, and where their results go."""
    moved = [t.cast(Found, member.found) for member in outcome.members if member.done and member.want]
    now = kind.now(moved)
    for member in outcome.members:
        if member.part in now and member.action != "remove":
            member.shows = kind.shows(now[member.part])
        if member.want and member.want.create["callback_url"]:
            member.shows = {**member.shows, "callback_url": member.want.create["callback_url"]}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    module.finish(gathered(bring(module)))


if __name__ == "__main__":
    main()
