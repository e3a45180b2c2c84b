# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Associations of our VPCs with private zones of other accounts, which have authorised them.

AWS shows who sees a zone and not who asked for it, so that a tag on the VPC, set first, says that an association is
ours: ``cloister:zone:<zone id>`` with the value ``<stack>/<part>``.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_dict
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc

MARK = "cloister:zone:"


class ZoneAssociation(Kind):
    """A VPC of ours that sees a zone of others. Fields: ``zone``, ``vpc`` (ids) and ``associated``."""

    noun = "zone association"
    made_by = "dns"
    rank = 35
    immutable = dict.fromkeys(("zone", "vpc"), "give the new association another name; take the old one off the list")

    def find(self) -> list[Found]:
        """Return what the owner's marks on the region's VPCs say, and whether it is so."""
        vpcs = self.aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=Owner(self.owner.region).filters())
        marks = [
            {"vpc": vpc["VpcId"], "zone": key.removeprefix(MARK), "mark": value}
            for vpc in vpcs
            for key, value in tag_dict(vpc.get("Tags")).items()
            if key.startswith(MARK) and "/" in value
        ]
        marked = sorted({mark["vpc"] for mark in marks})
        seen = dict(zip(marked, each(self._seen, marked), strict=True))
        return [
            self._found({**mark, "associated": mark["zone"] in seen[mark["vpc"]]})
            for mark in marks
            if self.owner.stack in (None, mark["mark"].split("/", 1)[0])
        ]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what sees what."""
        return {name: found.raw[name] for name in ("zone", "vpc", "associated")}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Leave the mark."""
        mark = {"vpc": want.fields["vpc"], "zone": want.fields["zone"], "mark": f"{self.owner.stack}/{want.part}"}
        self.aws.call(
            "ec2",
            "create_tags",
            Resources=[mark["vpc"]],
            Tags=[{"Key": f"{MARK}{mark['zone']}", "Value": mark["mark"]}],
        )
        return self._found({**mark, "associated": mark["zone"] in self._seen(mark["vpc"])})

    def complete(self, found: Found, want: Want) -> None:
        """Associate, once the mark is there."""
        if not found.raw["associated"]:
            self.update(found, want, ("associated",))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Associate."""
        try:
            self.aws.call("route53", "associate_vpc_with_hosted_zone", **self._pair(found))
        except ApiError as exc:
            if exc.code not in ("NotAuthorizedException", "ConflictingDomainExists"):
                raise
            how = (
                f"the zone's account has to authorise {found.raw['vpc']} in {self.aws.region} first"
                if exc.code == "NotAuthorizedException"
                else "the VPC sees another zone of that name; take it from there first"
            )
            raise RegionError(f"{exc}; {how}, then run again") from exc

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Leave it: an association carries no tags, and its mark is what it is found by."""

    def delete(self, found: Found) -> None:
        """Take the association away, then the mark."""
        if found.raw["associated"]:
            try:
                self.aws.call("route53", "disassociate_vpc_from_hosted_zone", absent_ok=True, **self._pair(found))
            except ApiError as exc:
                if exc.code != "VPCAssociationNotFound":
                    raise
        tags = [{"Key": f"{MARK}{found.raw['zone']}", "Value": found.raw["mark"]}]
        self.aws.call("ec2", "delete_tags", Resources=[found.raw["vpc"]], Tags=tags, absent_ok=True)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return what sees what."""
        return {"zone": found.raw["zone"], "vpc": found.raw["vpc"]}

    def _seen(self, vpc: str) -> set[str]:
        zones = self.aws.pages(
            "route53", "list_hosted_zones_by_vpc", "HostedZoneSummaries", VPCId=vpc, VPCRegion=self.aws.region
        )
        return {zone["HostedZoneId"] for zone in zones}

    def _pair(self, found: Found) -> dict[str, t.Any]:
        return {
            "HostedZoneId": found.raw["zone"],
            "VPC": {"VPCRegion": self.aws.region, "VPCId": found.raw["vpc"]},
        }

    def _found(self, raw: t.Mapping[str, t.Any]) -> Found:
        stack, part = raw["mark"].split("/", 1)
        tags = Owner(self.owner.region, stack, self.owner.tags).tags_for(part)
        return Found(f"{raw['zone']}/{raw['vpc']}", tags, raw)


def want(association: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for one entry of ``dns_associations``."""
    if names.adopted(Vpc, association["vpc"]):
        raise InputError(
            f"zone association {association['name']}: VPC {association['vpc']} is adopted, and an adopted VPC is not "
            "changed: its owner associates it"
        )
    fields = {"zone": association["zone_id"], "vpc": names.id(Vpc, association["vpc"]), "associated": True}
    return Want(association["name"], fields)
