# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EC2's network and machines, answered from tables of ours over moto's state."""

from __future__ import annotations

import importlib

# Importing one registers its kinds and actions.
MODULES = (
    "tags",
    "vpcs",
    "subnets",
    "internet_gateways",
    "addresses",
    "interfaces",
    "nat_gateways",
    "route_tables",
    "routes",
    "security_groups",
    "rule_actions",
    "offered_services",
    "endpoint_services",
    "endpoints",
    "endpoint_connections",
    "endpoint_actions",
    "peering",
    "flow_logs",
    "zones",
    "launch_templates",
    "template_versions",
    "images",
    "own_images",
    "instance_types",
    "volumes",
    "instances",
    "instance_actions",
)


def apply() -> None:
    """Put our actions in the place of moto's, and mend what lies under them."""
    from moto.ec2.responses import EC2Response

    from lab.embedded_aws.truth.ec2 import underneath
    from lab.embedded_aws.truth.ec2.base import ACTIONS

    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    for name, answer in ACTIONS.items():
        setattr(EC2Response, name, answer)
    underneath.apply()
