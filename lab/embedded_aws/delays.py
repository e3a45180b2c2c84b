# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long slow things take: seconds from one state to the next, by name."""

from __future__ import annotations

import typing as t
from pathlib import Path

# Names a delays file or the control endpoint may set; nothing waits unless it is told to.
NAMES = (
    "nat_gateway", "nat_gateway_delete", "vpc_endpoint", "vpc_endpoint_delete", "endpoint_interface_delete",
    "vpc_peering", "route53_change", "certificate", "instance", "instance_terminate", "instance_refresh",
    "machine_image",
    "ecs_task", "ecs_task_stop", "ecs_attachment",
    "load_balancer", "load_balancer_delete", "target_health", "target_drain",
    "eks_cluster", "eks_cluster_delete", "eks_update", "eks_node_group", "eks_node_group_delete", "eks_addon",
    "eks_fargate_profile",
    "rds_instance", "rds_instance_modify", "rds_instance_delete",
    "function", "event_delivery", "command_expiry",
)  # fmt: skip


REALISTIC = Path(__file__).with_name("realistic.yml")
"""How long AWS takes, by every name."""


class Delays:
    """Seconds by name; an unknown name is a mistake and is refused with ValueError."""

    def __init__(self, seconds: dict[str, t.Any] | None = None) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        self.update(seconds or {})
        self._first = dict(self.seconds)

    def update(self, seconds: dict[str, t.Any]) -> None:
        unknown = sorted(set(seconds) - set(NAMES))
        if unknown:
            raise ValueError(f"unknown delay {', '.join(unknown)}; known: {', '.join(NAMES)}")
        self.seconds.update({name: float(value) for name, value in seconds.items()})

    def begin_with(self, seconds: dict[str, t.Any]) -> None:
        """Set what a reset goes back to."""
        self.update(seconds)
        self._first = dict(self.seconds)

    def reset(self) -> None:
        self.seconds.update(self._first)

    def __getitem__(self, name: str) -> float:
        return self.seconds[name]


# The truth patches live inside moto's classes and read this one.
current = Delays()
