# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ECS clusters of a stack."""

from __future__ import annotations


class ModuleDocFragment:
    """The list of clusters."""

    DOCUMENTATION = r"""
options:
  clusters:
    description: The clusters, all of them.
    type: list
    elements: dict
    suboptions:
      name:
        description: Logical name, unique in the region. In AWS it is called C(<region_name>-<name>).
        type: str
        required: true
      fargate: {type: bool, default: true, description: Whether services may run on Fargate.}
      pools:
        description: Names of the pools whose machines run tasks; each becomes a capacity provider.
        type: list
        elements: str
        default: []
      managed_scaling:
        description: How pools follow the tasks.
        type: dict
        default: {}
        suboptions:
          enabled:
            description: Whether ECS asks pools for as many machines as tasks need.
            type: bool
            default: true
          target_percent:
            description: How much of a pool is to be in use; below 100 leaves machines ready.
            type: int
            default: 100
          warmup_seconds: {type: int, default: 300, description: How long a new machine does not count.}
          termination_protection:
            description: Whether machines with tasks are not scaled in; the pool must protect new machines then.
            type: bool
            default: false
          draining:
            description: Whether a machine's tasks are moved before it is terminated.
            type: bool
            default: true
      container_insights:
        description: What CloudWatch gathers of containers, at its own price.
        type: str
        choices: [disabled, enabled, enhanced]
        default: disabled
      namespace: {type: str, description: "Name of a namespace for Service Connect, made with the cluster."}
"""
