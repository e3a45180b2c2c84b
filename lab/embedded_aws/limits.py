# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Quotas that AWS refuses to exceed; none is enforced until it is set."""

from __future__ import annotations

import typing as t

NAMES = (
    "vpcs", "subnets_per_vpc", "internet_gateways", "addresses", "nat_gateways_per_zone", "route_tables_per_vpc",
    "security_groups", "interface_endpoints_per_vpc", "ecs_clusters", "ecs_services_per_cluster",
    "fargate_vcpus", "vcpus_standard", "vcpus_g", "vcpus_p", "spot_vcpus_standard", "spot_vcpus_g",
    "spot_vcpus_p", "auto_scaling_groups",
    "load_balancers", "target_groups", "listeners_per_load_balancer", "certificates",
    "db_instances", "db_subnet_groups", "db_parameter_groups",
    "eks_clusters", "eks_node_groups", "eks_fargate_profiles", "health_checks",
)  # fmt: skip


class Limits:
    """Most of each thing that may exist, by name; an unknown name is refused with ValueError."""

    def __init__(self) -> None:
        self.most: dict[str, int] = {}

    def update(self, most: dict[str, t.Any]) -> None:
        unknown = sorted(set(most) - set(NAMES))
        if unknown:
            raise ValueError(f"unknown limit {', '.join(unknown)}; known: {', '.join(NAMES)}")
        self.most.update({name: int(value) for name, value in most.items()})

    def clear(self) -> None:
        self.most.clear()

    def check(self, name: str, present: int, code: str, message: str, service: str = "ec2") -> None:
        """Refuse with AWS's code, as an error of moto's `service`, when one more would be too many."""
        if name not in self.most or present < self.most[name]:
            return
        if service != "ec2":
            from lab.embedded_aws.truth.patching import refuser

            refuser(service)(code, message)
        from moto.ec2.exceptions import EC2ClientError

        raise EC2ClientError(code, message)


current = Limits()
