# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Subnets: a slice of a VPC in one availability zone, of one tier."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import TIER
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc


class Subnet(Ec2Kind):
    """A subnet. Fields: ``vpc`` (id), ``cidr``, ``az``, ``public_addresses``."""

    noun = "subnet"
    made_by = "network"
    rank = 70
    # A renamed subnet asks for the range that the old name still holds.
    removal_first = True
    immutable = dict.fromkeys(
        ("vpc", "cidr", "az"),
        "give the new subnet another name; move what stands in the old one, then take it off the list",
    )
    describe, listed, id_key, tag_type = "describe_subnets", "Subnets", "SubnetId", "subnet"

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return where it is and whether it hands out public addresses."""
        return {
            "vpc": found.raw["VpcId"],
            "cidr": found.raw["CidrBlock"],
            "az": found.raw["AvailabilityZone"],
            "public_addresses": found.raw.get("MapPublicIpOnLaunch", False),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; public addresses are off on a new subnet and need a second call to be on."""
        answer = self.aws.make(
            "ec2",
            "create_subnet",
            VpcId=want.fields["vpc"],
            CidrBlock=want.fields["cidr"],
            AvailabilityZone=want.fields["az"],
            TagSpecifications=self.tag_specifications(tags),
        )
        found = self.made(answer["Subnet"], tags)
        if want.fields["public_addresses"]:
            self.update(found, want, ("public_addresses",))
        return found

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Set the only field that a living subnet lets be set."""
        value = {"Value": want.fields["public_addresses"]}
        self.aws.call("ec2", "modify_subnet_attribute", SubnetId=found.id, MapPublicIpOnLaunch=value)

    def delete(self, found: Found) -> None:
        """Delete it, bearing interfaces that AWS still takes down."""
        self.aws.call("ec2", "delete_subnet", SubnetId=found.id, absent_ok=True, patience=LINGERING)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its tier, zone and range."""
        return {"tier": found.tags.get(TIER, ""), "az": found.raw["AvailabilityZone"], "cidr": found.raw["CidrBlock"]}


def want(subnet: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for one entry of ``network_subnets``; ``tags`` are the tier's Kubernetes tags."""
    return Want(
        subnet["name"],
        {
            "vpc": names.id(Vpc, subnet["vpc"]),
            "cidr": subnet["cidr"],
            "az": subnet["az"],
            "public_addresses": subnet["public_addresses"],
        },
        tags={**subnet["tags"], TIER: subnet["tier"]},
    )
