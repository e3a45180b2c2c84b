# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes to moto's EC2 that no single action shows: its first state, its tags, its clock."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2 import listing, zones
from lab.embedded_aws.truth.ec2.base import Backend, Response, catch_up, tags_of
from lab.embedded_aws.truth.ec2.tags import type_of


def get_tags(self: t.Any) -> list[dict[str, str]]:
    """moto searches every tag of the account for each resource; this looks them up."""
    return [
        {"resource_id": self.id, "key": key, "value": value, "resource_type": type_of(self.id)}
        for key, value in tags_of(self.ec2_backend, self.id).items()
    ]


def apply() -> None:
    from moto.ec2 import utils
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.amis import AmiBackend
    from moto.ec2.models.core import TaggedEC2Resource
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface
    from moto.ec2.models.instances import InstanceBackend
    from moto.ec2.responses import EC2Response

    from lab.embedded_aws.truth.ec2.instance_actions import others_may_not_run

    begin, dispatch = EC2Backend.__init__, EC2Response.call_action

    def __init__(self: Backend, region_name: str, account_id: str) -> None:  # noqa: N807
        begin(self, region_name, account_id)
        zones.finish_default_vpc(self)
        zones.add_prefix_lists(self)

    def call_action(self: Response) -> t.Any:
        catch_up(self.ec2_backend)
        return dispatch(self)

    EC2Backend.__init__ = __init__
    EC2Backend.iter_tagged_resources = listing.iter_tagged_resources
    EC2Response.call_action = call_action
    TaggedEC2Resource.get_tags = get_tags
    NetworkInterface.group_set = property(lambda self: self._group_set)
    InstanceBackend.run_instances = others_may_not_run
    listing.load_images_late(AmiBackend)
    utils.EC2_PREFIX_TO_RESOURCE.update({"nat": "natgateway", "eipalloc": "elastic-ip"})
