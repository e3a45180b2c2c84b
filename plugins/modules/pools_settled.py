#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: pools_settled
version_added: 0.1.0
short_description: Wait for the machines of pools, replace old ones, remove pools that are no longer listed
description:
  - Joins what M(cloister.aws.pools) started. Machines of an older template, or of a type that is no longer listed, are
    replaced by an instance refresh, as many at a time as O(pools[].refresh) lets; one that runs already is joined.
  - Waits until the smallest size, or the desired one, is in service. When it is not reached the error says what Auto
    Scaling tells of it (V(InsufficientInstanceCapacity), V(VcpuLimitExceeded), ...), the likely cause, and what to do.
  - Groups and templates that the stack owns and the list does not name are removed, machines first. A group that an ECS
    capacity provider still uses stays until the next run.
author: Cloister contributors (@cloister)
options:
  capacity_wait_seconds:
    description: How long the machines of a pool are waited for.
    type: int
    default: 900
  refresh_wait_seconds:
    description: How long an instance refresh is waited for. It goes on when this is over.
    type: int
    default: 7200
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.pools
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the machines with GPUs serve
  cloister.aws.pools_settled:
    region_name: us
    stack: pools
    pools:
      - name: gpu
        cluster: main
        image: {parameter: /aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id}
        instance_types: [g5.xlarge, g4dn.xlarge]
        size: {min: 1, max: 4}
        subnets: [private-a, private-b]
        security_groups: [node]
        instance_profile: ecs-node
        refresh: {healthy_percent: 90, warmup_seconds: 300}
"""

RETURN = r"""
ids:
  description: ARNs of the Auto Scaling groups by name.
  type: dict
  returned: success
members:
  description: >-
    What became of each group: C(change) when machines were, or in check mode would be, replaced, C(remove), or C(keep).
  type: list
  elements: dict
  returned: always
refreshes:
  description: The instance refreshes that were waited for, by pool, each with its id, status, percent and seconds.
  type: dict
  returned: success
  sample: {gpu: [{id: 08b91cf7-8fa6-48af-b6a6-d227f40f1b9b, status: Successful, percent: 100, seconds: 840}]}
still_used:
  description: Groups that are no longer listed and stay, with the ECS capacity providers that use them.
  type: dict
  returned: success
  sample: {}
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._instance_refresh import Refresher
from ansible_collections.cloister.aws.plugins.module_utils._pool_arguments import POOLS
from ansible_collections.cloister.aws.plugins.module_utils._pool_settling import Settler
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate

SPEC = {
    "pools": POOLS,
    "capacity_wait_seconds": {"type": "int", "default": 900},
    "refresh_wait_seconds": {"type": "int", "default": 7200},
}


def main() -> None:
    """Read arguments, join, report."""
    module = RegionModule(SPEC)
    p = module.params
    refresher = Refresher(
        module.aws, module.kind(AutoScalingGroup), module.kind(LaunchTemplate), p["refresh_wait_seconds"]
    )
    try:
        settled = Settler(refresher, p["capacity_wait_seconds"], module.check).settle(p["pools"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    for part, providers in settled.still_used.items():
        module.warn(
            f"The pool {part} is no longer listed and stays for now, as ECS asks it for machines through "
            f"{', '.join(providers)}. It goes with the next run, after ECS has let go of it"
        )
    module.finish(settled.outcome, refreshes=settled.refreshes, still_used=settled.still_used)


if __name__ == "__main__":
    main()
