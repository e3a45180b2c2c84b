# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECS, answered from tables of ours: moto's neither starts a service's tasks nor refuses what AWS refuses."""

from __future__ import annotations

import importlib

# Importing one registers its actions.
MODULES = (
    "clusters",
    "capacity_providers",
    "cluster_providers",
    "task_definitions",
    "container_instances",
    "services",
    "service_changes",
    "task_actions",
    "tags",
    "settings",
)


def apply() -> None:
    """Put our actions in the place of moto's; those that only moto has are not modelled."""
    from moto.ecs.models import EC2ContainerServiceBackend
    from moto.ecs.responses import EC2ContainerServiceResponse

    from lab.embedded_aws import truth
    from lab.embedded_aws.truth.ecs import listing, scheduler
    from lab.embedded_aws.truth.ecs.base import ACTIONS

    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    listing.drop_the_rest(EC2ContainerServiceResponse)
    # Our answers are in AWS's shapes already.
    EC2ContainerServiceResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER = {}
    for name, answer in ACTIONS.items():
        setattr(EC2ContainerServiceResponse, name, answer)
    EC2ContainerServiceBackend.iter_tagged_resources = listing.iter_tagged_resources
    # Tasks are targets: their load balancers must reach them.
    truth.apply("elbv2")
    scheduler.install(EC2ContainerServiceResponse)
