# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Subnets: a slice of a VPC in one availability zone, of one tier.

https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html: the load balancer controller takes
subnets tagged ``kubernetes.io/role/elb`` for internet-facing and ``kubernetes.io/role/internal-elb`` for internal
balancers. A subnet with both would take either, so it gets one and loses the other.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._blockers import living_on
from ansible_collections.cloister.aws.plugins.module_utils._errors import OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import TIER
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc

ROLE_TAG = "kubernetes.io/role/"
_ROLES = ("elb", "internal-elb")


class Subnet(Ec2Kind):
    """A subnet. Fields: ``vpc`` (id), ``cidr``, ``az``, ``public_addresses``, ``kubernetes_roles`` (list)."""

    noun = "subnet"
    made_by = "network"
    rank = 70
    immutable: t.ClassVar = dict.fromkeys(
        ("vpc", "cidr", "az"),
        "give the new subnet another name; move what stands in the old one, then take it off the list",
    )
    describe, listed, id_key, tag_type = "describe_subnets", "Subnets", "SubnetId", "subnet"

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return where it is, whether it hands out public addresses, and which balancers Kubernetes puts there."""
        return {
            "vpc": found.raw["VpcId"],
            "cidr": found.raw["CidrBlock"],
            "az": found.raw["AvailabilityZone"],
            "public_addresses": found.raw.get("MapPublicIpOnLaunch", False),
            "kubernetes_roles": [role for role in _ROLES if ROLE_TAG + role in found.tags],
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, with Kubernetes' tag among the first."""
        roles = {ROLE_TAG + role: "1" for role in want.fields.get("kubernetes_roles", ())}
        answer = self.aws.make(
            "ec2",
            "create_subnet",
            VpcId=want.fields["vpc"],
            CidrBlock=want.fields["cidr"],
            AvailabilityZone=want.fields["az"],
            TagSpecifications=self.tag_specifications({**tags, **roles}),
        )
        return self.made(answer["Subnet"], tags)

    def complete(self, found: Found, want: Want) -> None:
        """Switch public addresses on: they are off on a new subnet."""
        if want.fields["public_addresses"]:
            self.update(found, want, ("public_addresses",))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Set what a living subnet lets be set."""
        if "public_addresses" in changed:
            value = {"Value": want.fields["public_addresses"]}
            self.aws.call("ec2", "modify_subnet_attribute", SubnetId=found.id, MapPublicIpOnLaunch=value)
        if "kubernetes_roles" in changed:
            wanted = want.fields["kubernetes_roles"]
            gone = [{"Key": ROLE_TAG + role} for role in _ROLES if role not in wanted]
            self.aws.call("ec2", "delete_tags", Resources=[found.id], Tags=gone)
            if wanted:
                self.retag(found, {ROLE_TAG + role: "1" for role in wanted})

    def renames(self, found: Found, want: Want) -> bool:
        """Say whether it is the same slice under another name."""
        have = self.fields(found)
        return all(have[name] == want.fields[name] for name in ("vpc", "cidr", "az"))

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse a range of which another subnet of the VPC, ours or not, holds a part."""
        if found or is_unknown(want.fields["vpc"]):
            return
        filters = [{"Name": "vpc-id", "Values": [want.fields["vpc"]]}]
        wanted = ipaddress.ip_network(want.fields["cidr"])
        for raw in self.aws.pages("ec2", "describe_subnets", "Subnets", Filters=filters):
            if wanted.overlaps(ipaddress.ip_network(raw["CidrBlock"])):
                there = self.found(raw)
                whose = f"our {there.part}" if self.owner.owns(there.tags) else "not ours"
                raise OwnershipError(
                    f"subnet {want.part} cannot be made: {want.fields['cidr']} overlaps {raw['CidrBlock']} of "
                    f"{there.id} ({whose}); choose another range, or first take the old one away in a run of its own"
                )

    def vet_removal(self, found: Found) -> None:
        """Refuse to cut instances that live in it off."""
        filters = [{"Name": "subnet-id", "Values": [found.id]}]
        interfaces = self.aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
        instances = living_on(self, interfaces)
        if instances:
            raise OwnershipError(
                f"{found.id} is to go, but {', '.join(instances)} still live in it; move or terminate them first"
            )

    def delete(self, found: Found) -> None:
        """Delete it, bearing interfaces that AWS still takes down."""
        self.aws.call("ec2", "delete_subnet", SubnetId=found.id, absent_ok=True, patience=LINGERING)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its tier, zone and range."""
        return {"tier": found.tags.get(TIER, ""), "az": found.raw["AvailabilityZone"], "cidr": found.raw["CidrBlock"]}


def want(subnet: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for one entry of ``network_subnets``.

    ``kubernetes_role`` (``elb``, ``internal-elb``, ``none``, or None for: leave such tags alone); ``tags`` are others.
    """
    fields: dict[str, t.Any] = {
        "vpc": names.id(Vpc, subnet["vpc"]),
        "cidr": subnet["cidr"],
        "az": subnet["az"],
        "public_addresses": subnet["public_addresses"],
    }
    role = subnet["kubernetes_role"]
    if role is not None:
        fields["kubernetes_roles"] = [] if role == "none" else [role]
    return Want(subnet["name"], fields, tags={**subnet["tags"], TIER: subnet["tier"]})
