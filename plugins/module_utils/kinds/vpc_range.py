# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secondary ranges of VPCs: apart from their VPCs, because one goes only after the subnets that were cut from it.

They carry no tags: a secondary range of a VPC of ours is ours.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Found, HeldKind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc

_STANDING = ("associating", "associated")
# AWS's word while a subnet of the range is still going away.
_CUT = Patience(LINGERING.codes | {"OperationNotPermitted"}, LINGERING.seconds)


class VpcRange(HeldKind):
    """A secondary range, named ``<vpc> <cidr>``. It has no fields: it is there or not."""

    noun = "VPC range"
    made_by = "network"
    rank = 80

    holder = Vpc

    def within(self, holders: t.Iterable[Found]) -> list[Found]:
        """Return those of these VPCs."""
        return [
            Found(item["AssociationId"], self.tags_in(vpc, item["CidrBlock"]), {**item, "VpcId": vpc.id})
            for vpc in holders
            for item in vpc.raw.get("CidrBlockAssociationSet", ())
            if item["CidrBlock"] != vpc.raw["CidrBlock"] and item["CidrBlockState"]["State"] in _STANDING
        ]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return nothing."""
        return {}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Associate it."""
        vpc, cidr = want.create["vpc"], want.create["cidr"]
        answer = self.aws.make("ec2", "associate_vpc_cidr_block", VpcId=vpc, CidrBlock=cidr)
        made = answer["CidrBlockAssociation"]
        return Found(made["AssociationId"], tags, {**made, "VpcId": vpc})

    def settled(self, found: Found) -> bool:
        """Say whether subnets can be cut from it."""
        return bool(found.raw["CidrBlockState"]["State"] == "associated")

    def settle(self, found: Found) -> None:
        """Wait until subnets can be cut from it."""
        self.until(f"VPC range {found.part} of {found.raw['VpcId']}", lambda: self._associated(found), seconds=120)

    def delete(self, found: Found) -> None:
        """Take it away, bearing subnets of it that AWS still takes down."""
        action = "disassociate_vpc_cidr_block"
        self.aws.call("ec2", action, AssociationId=found.id, absent_ok=True, patience=_CUT)

    def _associated(self, found: Found) -> bool:
        vpc = self.aws.call("ec2", "describe_vpcs", VpcIds=[found.raw["VpcId"]])["Vpcs"][0]
        items = vpc.get("CidrBlockAssociationSet", ())
        state = next((item["CidrBlockState"] for item in items if item["AssociationId"] == found.id), {"State": ""})
        if state["State"].startswith(("fail", "disassociat")):
            raise RegionError(f"{found.raw['CidrBlock']} is {state['State']}: {state.get('StatusMessage', '')}")
        return bool(state["State"] == "associated")


def wants(vpcs: t.Sequence[t.Mapping[str, t.Any]], names: Names) -> list[Want]:
    """Return the wishes for the ``secondary_cidrs`` of entries of ``network_vpcs``."""
    return [
        Want(f"{vpc['name']} {cidr}", {}, {"vpc": names.id(Vpc, vpc["name"]), "cidr": cidr})
        for vpc in vpcs
        for cidr in vpc["secondary_cidrs"]
    ]
