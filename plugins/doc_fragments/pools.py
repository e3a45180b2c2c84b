# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pools of a stack, as several modules take them."""

from __future__ import annotations


class ModuleDocFragment:
    """The option C(pools); `module_utils/_pool_arguments.py` is its specification."""

    DOCUMENTATION = r"""
options:
  pools:
    description: The pools, all of them. Each is a launch template and an Auto Scaling group of its name.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      purpose:
        description: C(ecs) joins an ECS cluster at its first boot; C(plain) does what O(pools[].user_data) says.
        type: str
        choices: [ecs, plain]
        default: ecs
      cluster:
        description: Logical name of the ECS cluster that machines of the purpose C(ecs) join.
        type: str
      agent_settings:
        description: Further settings of the ECS agent, such as C(ECS_IMAGE_PULL_BEHAVIOR).
        type: dict
        default: {}
      user_data:
        description: What a plain machine does at its first boot; for C(ecs), shell lines after the agent is set up.
        type: str
        default: ''
      image:
        description: Where the image comes from.
        type: dict
        required: true
        suboptions:
          parameter:
            description: A public or own parameter of Parameter Store that holds the image's id.
            type: str
          id:
            description: The image's id.
            type: str
          until_promoted:
            description: A parameter that stands in for that of a golden image until a version of it was promoted.
            type: str
      instance_types:
        description: Types in order of preference, of one architecture, all with GPUs or all without.
        type: list
        elements: str
        required: true
      instance_profile:
        description: Name of the instance profile, which is its role's.
        type: str
        default: ''
      security_groups:
        description: Names of the security groups.
        type: list
        elements: str
        required: true
      exposure:
        description: Whether machines have a public address.
        type: str
        choices: [internal, public]
        default: internal
      metadata_hop_limit:
        description: How far metadata travels; by default 2 for C(ecs), whose containers are a hop away, else 1.
        type: int
      detailed_monitoring:
        description: Whether EC2 measures each minute, which is paid for.
        type: bool
        default: false
      root_volume:
        description: The root volume, encrypted.
        type: dict
        suboptions:
          gib:
            description: Its size; by default that of the image.
            type: int
          type:
            description: Its type.
            type: str
            choices: [gp3, gp2, io1, io2, st1, sc1]
            default: gp3
          iops:
            description: Operations a second.
            type: int
          throughput_mibps:
            description: Throughput in MiB a second.
            type: int
          kms_key_arn:
            description: The key that encrypts it, by default the account's own for volumes.
            type: str
      volumes:
        description: Further volumes, encrypted. They go when their machine goes.
        type: list
        elements: dict
        default: []
        suboptions:
          device:
            description: Device name, such as C(/dev/sdf).
            type: str
            required: true
          snapshot:
            description: Id of the snapshot that it starts from.
            type: str
          gib:
            description: Its size; by default that of the image.
            type: int
          type:
            description: Its type.
            type: str
            choices: [gp3, gp2, io1, io2, st1, sc1]
            default: gp3
          iops:
            description: Operations a second.
            type: int
          throughput_mibps:
            description: Throughput in MiB a second.
            type: int
          kms_key_arn:
            description: The key that encrypts it, by default the account's own for volumes.
            type: str
      placement_group:
        description: Name of a placement group that exists.
        type: str
        default: ''
      capacity_reservation:
        description: Which capacity reservation machines use.
        type: dict
        suboptions:
          preference:
            description: C(open) uses any that fits, C(none) uses none, C(capacity-reservations-only) uses nothing else.
            type: str
            choices: [open, none, capacity-reservations-only]
          id:
            description: The one reservation to use.
            type: str
          resource_group_arn:
            description: A resource group of reservations.
            type: str
      role:
        description: >-
          What the machines are for, such as V(vllm): a tag C(cloister:role) on them, by which nodes are grouped and
          configured. Machines that stand already get it when they are replaced.
        type: str
        default: ""
      tags:
        description: Tags on template and group, and on the machines, their volumes and interfaces.
        type: dict
        default: {}
      size:
        description: How many machines.
        type: dict
        required: true
        suboptions:
          min:
            description: At least so many.
            type: int
            required: true
          max:
            description: At most so many.
            type: int
            required: true
          desired:
            description: Just so many. Without it the size is what scaling makes it, and is not compared.
            type: int
      subnets:
        description: Names of the subnets.
        type: list
        elements: str
        required: true
      spot:
        description: How machines are bought. By default all are on demand.
        type: dict
        suboptions:
          on_demand_base:
            description: So many machines are on demand before the percentage counts.
            type: int
            default: 0
          on_demand_percent:
            description: How many percent of the others are on demand; the rest is spot.
            type: int
            default: 100
          on_demand_strategy:
            description: How types are chosen for machines on demand.
            type: str
            choices: [prioritized, lowest-price]
            default: prioritized
          strategy:
            description: How types are chosen for spot machines.
            type: str
            choices: [price-capacity-optimized, capacity-optimized, capacity-optimized-prioritized]
            default: price-capacity-optimized
          max_price:
            description: The most that is paid for an hour, in dollars. Empty is the on-demand price, as AWS advises.
            type: str
            default: ''
          rebalance:
            description: Whether a machine that spot is likely to take back is replaced before.
            type: bool
            default: false
      target_groups:
        description: Names of target groups in which machines are registered.
        type: list
        elements: str
        default: []
      health_check:
        description: Who says that a machine is well.
        type: dict
        suboptions:
          type:
            description: C(elb) asks the target groups too.
            type: str
            choices: [ec2, elb]
            default: ec2
          grace_seconds:
            description: How long a new machine is given to come up.
            type: int
            default: 300
      scale_in_protection:
        description: >-
          Whether new machines are kept from scaling in, as an ECS capacity provider with managed termination protection
          needs it. By default so for C(ecs).
        type: bool
      max_lifetime_seconds:
        description: How old a machine gets before it is replaced, 86400 or more. 0 is no limit.
        type: int
        default: 0
      warmup_seconds:
        description: How long a new machine is left out of the measurements that scaling looks at.
        type: int
      metrics:
        description: Whether CloudWatch is told how many machines the group has.
        type: bool
        default: true
      schedule:
        description: Name of a calendar of the role schedule. At its times the pool rests, and starts again.
        type: str
        default: ""
      refresh:
        description: How machines are replaced when they are not what the template says any more.
        type: dict
        suboptions:
          enabled:
            description: Whether they are replaced at all, or left until scaling takes them.
            type: bool
            default: true
          healthy_percent:
            description: How many percent of the machines serve all the while.
            type: int
            default: 90
          max_healthy_percent:
            description: >-
              How many percent there may be meanwhile, 100 to 200 and at most 100 above the other.
              Above 100 new machines come before old ones go.
            type: int
          warmup_seconds:
            description: How long a new machine has to stand before the next is replaced.
            type: int
"""
