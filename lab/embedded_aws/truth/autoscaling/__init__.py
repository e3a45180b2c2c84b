# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EC2 Auto Scaling: groups of ours in moto's backend, whose machines EC2's truth launches.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/Welcome.html
"""

from __future__ import annotations

import importlib

# Importing one registers its actions.
MODULES = (
    "groups",
    "members",
    "traffic",
    "tagging",
    "activities",
    "settings",
    "refresh_actions",
    "unmodelled",
)


def apply() -> None:
    """Put our actions in the place of moto's, and what other services call beside them."""
    from moto.autoscaling.responses import AutoScalingResponse

    from lab.embedded_aws.truth import apply as apply_truth
    from lab.embedded_aws.truth.autoscaling import underneath
    from lab.embedded_aws.truth.autoscaling.base import ACTIONS

    apply_truth("ec2")
    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    for name, answer in ACTIONS.items():
        setattr(AutoScalingResponse, name, answer)
    underneath.apply()
