# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Elastic Load Balancing v2, answered from objects of ours (state.py) in moto's backend.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import importlib

# Importing one registers its actions.
MODULES = (
    "load_balancers",
    "subnets",
    "security_groups",
    "load_balancer_attributes",
    "target_groups",
    "target_group_attributes",
    "targets",
    "listeners",
    "listener_attributes",
    "certificates",
    "rules",
    "tags",
    "account",
)


def apply() -> None:
    """Put our actions in the place of moto's, and what other services call beside them."""
    from moto.elbv2.responses import ELBV2Response

    from lab.embedded_aws.truth import apply as apply_truth
    from lab.embedded_aws.truth.elbv2 import underneath
    from lab.embedded_aws.truth.elbv2.base import ACTIONS

    # Load balancers stand on interfaces, addresses and groups of EC2's truth.
    apply_truth("ec2")
    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    for name, answer in ACTIONS.items():
        setattr(ELBV2Response, name, answer)
    underneath.apply()
    # Their health checks go through the network, which the tasks of ECS know best.
    importlib.import_module("lab.embedded_aws.truth.ecs.reached")
