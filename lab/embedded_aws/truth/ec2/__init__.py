# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EC2's network family, answered from tables of ours over moto's state."""

from __future__ import annotations

import typing as t


def apply() -> None:
    """Put our actions in the place of moto's."""
    from moto.ec2 import utils
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.amis import AmiBackend
    from moto.ec2.models.core import TaggedEC2Resource
    from moto.ec2.responses import EC2Response

    from lab.embedded_aws.truth.ec2 import (
        addresses,
        endpoint_actions,
        flow_logs,
        internet_gateways,
        listing,
        nat_gateways,
        peering,
        route_tables,
        rule_actions,
        security_groups,
        subnets,
        vpcs,
        zones,
    )
    from lab.embedded_aws.truth.ec2.base import ACTIONS, Backend, catch_up, tags_of
    from lab.embedded_aws.truth.ec2.tags import type_of

    _ = (addresses, endpoint_actions, flow_logs, internet_gateways, nat_gateways, peering)
    _ = (route_tables, rule_actions, security_groups, subnets, vpcs)
    for name, answer in ACTIONS.items():
        setattr(EC2Response, name, answer)
    make = EC2Backend.__init__

    def __init__(self: Backend, region_name: str, account_id: str) -> None:  # noqa: N807
        make(self, region_name, account_id)
        zones.finish_default_vpc(self)

    def get_tags(self: t.Any) -> list[dict[str, str]]:
        """moto searches every tag of the account for each resource; this looks them up."""
        backend = self.ec2_backend
        return [
            {"resource_id": self.id, "key": key, "value": value, "resource_type": type_of(self.id)}
            for key, value in tags_of(backend, self.id).items()
        ]

    dispatch = EC2Response.call_action

    def call_action(self: t.Any) -> t.Any:
        catch_up(self.ec2_backend)
        return dispatch(self)

    EC2Backend.__init__ = __init__
    TaggedEC2Resource.get_tags = get_tags
    EC2Backend.iter_tagged_resources = listing.iter_tagged_resources
    listing.load_images_late(AmiBackend)
    EC2Response.call_action = call_action
    utils.EC2_PREFIX_TO_RESOURCE.update({"nat": "natgateway", "eipalloc": "elastic-ip"})
