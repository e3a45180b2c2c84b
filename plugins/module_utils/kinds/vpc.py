# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VPCs: address ranges and the two DNS attributes that private names need.

https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html: private hosted zones and private DNS of
interface endpoints work only with both ``enableDnsSupport`` and ``enableDnsHostnames``.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Ec2Kind, Found, Want

_DNS = {"dns_support": "EnableDnsSupport", "dns_hostnames": "EnableDnsHostnames"}


class Vpc(Ec2Kind):
    """A VPC. Fields: ``cidr``, ``secondary_cidrs`` (sorted), ``dns_support``, ``dns_hostnames``."""

    noun = "VPC"
    made_by = "network"
    rank = 90
    immutable = {"cidr": "add the new range to secondary_cidrs, or build a VPC of another name beside it and move"}
    describe, listed, id_key, tag_type = "describe_vpcs", "Vpcs", "VpcId", "vpc"

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return ranges and DNS attributes; the attributes are read one by one, as the API gives them."""
        support, hostnames = each(lambda name: self._attribute(found.id, name), list(_DNS))
        return {
            "cidr": found.raw["CidrBlock"],
            "secondary_cidrs": sorted(set(self._associations(found)) - {found.raw["CidrBlock"]}),
            "dns_support": support,
            "dns_hostnames": hostnames,
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it with its first range, then add what only later calls can add."""
        answer = self.aws.make(
            "ec2", "create_vpc", CidrBlock=want.fields["cidr"], TagSpecifications=self.tag_specifications(tags)
        )
        found = self.made(answer["Vpc"], tags)
        self._complete(found, want, ("secondary_cidrs", "dns_support", "dns_hostnames"))
        return found

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring ranges and attributes to what is wanted."""
        self._complete(found, want, changed)

    def delete(self, found: Found) -> None:
        """Delete it, bearing what still lingers in it."""
        self.aws.call("ec2", "delete_vpc", VpcId=found.id, absent_ok=True, patience=LINGERING)

    def _complete(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        # ModifyVpcAttribute takes one attribute a call.
        for name in [name for name in _DNS if name in changed]:
            attribute: dict[str, t.Any] = {_DNS[name]: {"Value": want.fields[name]}}
            self.aws.call("ec2", "modify_vpc_attribute", VpcId=found.id, **attribute)
        if "secondary_cidrs" in changed:
            wanted, have = set(want.fields["secondary_cidrs"]), self._associations(found)
            for cidr in sorted(wanted - set(have)):
                self.aws.call("ec2", "associate_vpc_cidr_block", VpcId=found.id, CidrBlock=cidr)
            for cidr in sorted(set(have) - wanted - {found.raw["CidrBlock"]}):
                self.aws.call("ec2", "disassociate_vpc_cidr_block", AssociationId=have[cidr], absent_ok=True)

    def _attribute(self, vpc_id: str, name: str) -> bool:
        attribute = _DNS[name][0].lower() + _DNS[name][1:]
        answer = self.aws.call("ec2", "describe_vpc_attribute", VpcId=vpc_id, Attribute=attribute)
        return bool(answer[_DNS[name]]["Value"])

    @staticmethod
    def _associations(found: Found) -> dict[str, str]:
        return {
            item["CidrBlock"]: item["AssociationId"]
            for item in found.raw.get("CidrBlockAssociationSet", ())
            if item.get("CidrBlockState", {}).get("State", "associated") in ("associating", "associated")
        }


def want(vpc: t.Mapping[str, t.Any]) -> Want:
    """Return the wish for one entry of ``network_vpcs``."""
    return Want(
        vpc["name"],
        {
            "cidr": vpc["cidr"],
            "secondary_cidrs": sorted(vpc["secondary_cidrs"]),
            "dns_support": True,
            "dns_hostnames": True,
        },
    )
