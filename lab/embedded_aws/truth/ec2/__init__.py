# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EC2's network family, answered from tables of ours over moto's state."""

from __future__ import annotations

import typing as t


def apply() -> None:
    """Put our actions in the place of moto's."""
    from moto.core.resource_tagging import TaggedResource
    from moto.ec2 import utils
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.core import TaggedEC2Resource
    from moto.ec2.responses import EC2Response

    from lab.embedded_aws.truth.ec2 import (
        addresses,
        endpoint_actions,
        flow_logs,
        internet_gateways,
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
    from lab.embedded_aws.truth.ec2.kinds import KINDS
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

    listed = EC2Backend.iter_tagged_resources

    def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
        """What the tagging API sees: our kinds, and moto's others."""
        ours = {f"ec2:{kind.type}" for kind in KINDS.values()} | {"ec2:flow-logs", "ec2:managed-prefix-lists"}
        yield from (one for one in listed(self) if one.resource_type not in ours)
        where = f"arn:{self.partition}:ec2:{self.region_name}:{self.account_id}"
        for kind in KINDS.values():
            for thing in list(kind.objects(self)):
                tags = dict(tags_of(self, thing.id))
                yield TaggedResource(arn=f"{where}:{kind.type}/{thing.id}", tags=tags, resource_type=f"ec2:{kind.type}")

    dispatch = EC2Response.call_action

    def call_action(self: t.Any) -> t.Any:
        catch_up(self.ec2_backend)
        return dispatch(self)

    EC2Backend.__init__ = __init__
    TaggedEC2Resource.get_tags = get_tags
    EC2Backend.iter_tagged_resources = iter_tagged_resources
    EC2Response.call_action = call_action
    utils.EC2_PREFIX_TO_RESOURCE.update({"nat": "natgateway", "eipalloc": "elastic-ip"})
