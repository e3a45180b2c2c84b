#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_clusters
version_added: 0.1.0
short_description: Give services clusters, and clusters their capacity
description:
  - Makes the ECS clusters that a stack owns be exactly those listed, with a capacity provider for each pool of theirs,
    attached, and a namespace for Service Connect where one is named.
  - A pool is an Auto Scaling group that another stack makes.
  - Without O(purge) nothing is detached from a cluster either, since services may still run on it.
author: Cloister contributors (@cloister)
options:
  clusters:
    required: true
  wait:
    description: Whether to return only when everything is attached.
    type: bool
    default: true
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.ecs_clusters
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure services have a cluster with Fargate and GPU machines
  cloister.aws.ecs_clusters:
    region_name: us
    stack: ecs
    clusters:
      - name: main
        pools: [gpu]
"""

RETURN = r"""
ids:
  description: ARNs of clusters and namespaces, and names of capacity providers in AWS, by name.
  type: dict
  returned: success
  sample: {main: "arn:aws-cn:ecs:cn-north-1:111122223333:cluster/us-main", gpu: us-gpu}
members:
  description: What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._ecs_arguments import CLUSTERS
from ansible_collections.cloister.aws.plugins.module_utils._ecs_stack import (
    CLUSTER_KINDS,
    Standing,
    clear_clusters,
    gathered,
    make_clusters,
)
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup

SPEC = {"clusters": CLUSTERS, "purge": {"type": "bool", "default": True}, "wait": {"type": "bool", "default": True}}


def bring(module: RegionModule) -> t.Iterator[Outcome]:
    """Make what is listed, then take away what is not."""
    clusters, check = module.params["clusters"], module.check
    pools = [AutoScalingGroup] if any(cluster["pools"] for cluster in clusters) else []
    standing = Standing([module.kind(kind) for kind in CLUSTER_KINDS], lambda: module.names.read(*pools))
    yield from make_clusters(clusters, standing, module.names, check, module.params["wait"])
    if module.params["purge"]:
        yield from clear_clusters(clusters, standing, check)


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    module.finish(gathered(bring(module)))


if __name__ == "__main__":
    main()
