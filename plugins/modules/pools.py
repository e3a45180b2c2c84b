#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: pools
version_added: 0.1.0
short_description: Give each pool of machines its launch template and its Auto Scaling group
description:
  - Makes the launch template and the Auto Scaling group of each pool listed, and waits for no machine.
    M(cloister.aws.pools_settled) does that, replaces machines that are not what their template says any more, and
    removes pools that are no longer listed.
  - A parameter that leads to an image is asked once. What it led to is kept in O(lock_file), which belongs beside the
    inventory, and is used from then on.
  - Machines need IMDSv2, have encrypted volumes, no key pair and, unless their pool is public, no public address.
  - User data that looks as if a secret were in it is refused before any call.
author: Cloister contributors (@cloister)
options:
  lock_file:
    description: The file that keeps which image each parameter led to. Several stacks may share it.
    type: path
    required: true
  refresh_images:
    description: Whether all parameters are asked anew. In check mode the answer is told and not kept.
    type: bool
    default: false
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.pools
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure there are machines with GPUs
  cloister.aws.pools:
    region_name: us
    stack: pools
    lock_file: "{{ inventory_dir }}/images.lock.yml"
    pools:
      - name: gpu
        cluster: main
        image: {parameter: /aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id}
        instance_types: [g5.xlarge, g4dn.xlarge]
        size: {min: 1, max: 4}
        subnets: [private-a, private-b]
        security_groups: [node]
        instance_profile: ecs-node
"""

RETURN = r"""
ids:
  description: ARNs of the Auto Scaling groups by name.
  type: dict
  returned: success
  sample:
    gpu: arn:aws-cn:autoscaling:cn-north-1:111122223333:autoScalingGroup:1f2e:autoScalingGroupName/us-gpu
members:
  description: What became of each template and group (C(create), C(change), C(keep)), with the fields that changed.
  type: list
  elements: dict
  returned: always
images:
  description: The image of each pool.
  type: dict
  returned: success
  sample: {gpu: {id: ami-0a1b2c3d4e5f60718, name: al2023-ami-ecs-gpu-hvm-2023.0.20261101-kernel-6.1-x86_64-ebs}}
images_locked:
  description: What was, or in check mode would be, put into the lock file, by parameter.
  type: dict
  returned: success
  sample: {}
capacity:
  description: What each pool has C(at_least) and C(at_most), in machines, vCPUs, GPUs and GiB of memory.
  type: dict
  returned: success
  sample:
    gpu:
      at_least: {machines: 1, vcpus: 4, gpus: 1, gpu: A10G or T4, memory_gib: 16}
      at_most: {machines: 4, vcpus: 16, gpus: 4, gpu: A10G or T4, memory_gib: 64}
"""

from ansible_collections.cloister.aws.plugins.module_utils import _image_lock as image_lock
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._pool_arguments import POOLS, completed
from ansible_collections.cloister.aws.plugins.module_utils._pool_making import Maker
from ansible_collections.cloister.aws.plugins.module_utils._pools import Ground, Pool, look, refuse_secrets, sizes, told
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate

SPEC = {
    "pools": POOLS,
    "lock_file": {"type": "path", "required": True},
    "refresh_images": {"type": "bool", "default": False},
}


def make(module: RegionModule, pools: list[Pool]) -> tuple[Ground, Outcome]:
    """Make the pools; the images that they stand on are locked before anything is written."""
    lock_file, refresh = module.params["lock_file"], module.params["refresh_images"]

    def keep(ground: Ground) -> None:
        if ground.images.new:
            image_lock.add(lock_file, module.aws.region, ground.images.new)

    refuse_secrets(pools, module.owner.region)
    maker = Maker(module.kind(LaunchTemplate), module.kind(AutoScalingGroup), module.check)
    return maker.make(pools, lambda: look(module.aws, module.names, pools, lock_file, refresh), keep)


def finish(module: RegionModule, pools: list[Pool], ground: Ground, outcome: Outcome) -> None:
    """Warn, and return what a person and the report want to know of the pools."""
    for warning in ground.images.warnings:
        module.warn(warning)
    capacity = {pool["name"]: sizes(pool, ground) for pool in pools}
    for member in outcome.members:
        if member.kind == AutoScalingGroup.noun:
            member.shows = {**member.shows, "capacity": told(capacity[member.part])}
    images = {pool["name"]: ground.image(pool) for pool in pools}
    module.finish(
        outcome,
        images={name: {"id": image.id, "name": image.name} for name, image in images.items()},
        images_locked=ground.images.new,
        capacity=capacity,
    )


def main() -> None:
    """Read arguments, make, report."""
    module = RegionModule(SPEC)
    pools = [completed(pool) for pool in module.params["pools"]]
    try:
        ground, outcome = make(module, pools)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    finish(module, pools, ground, outcome)


if __name__ == "__main__":
    main()
