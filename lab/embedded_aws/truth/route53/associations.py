# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VPCs associated with private zones, in one account and across two.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html:
the zone's account authorises, the VPC's account associates.
"""

from __future__ import annotations

import typing as t

from moto.core.responses import ActionResult, EmptyResult

from lab.embedded_aws.truth.route53.zones import Response, Zone, change, find, refuse, vpc_view


def every_zone(partition: str) -> t.Iterator[tuple[str, Zone]]:
    """(account, zone) of every account of the partition."""
    from moto.route53.models import route53_backends

    for account, partitions in list(route53_backends.items()):
        if partition in partitions.keys():  # noqa: SIM118 - `in` on moto's dict asks about regions it could make
            yield from ((account, zone) for zone in partitions[partition].zones.values())


def owner_of(partition: str, vpc_id: str, region: str) -> str:
    """The account a VPC is in; refuses one that is nowhere."""
    from moto.ec2.models import ec2_backends

    for account, regions in list(ec2_backends.items()):
        if region in regions.keys() and vpc_id in regions[region].vpcs:  # noqa: SIM118
            return str(account)
    refuse(
        "InvalidVPCId",
        f"The VPC ID {vpc_id} in region {region} that you specified either isn't a valid ID or the current account "
        "is not authorized to access this VPC.",
    )


def check_conflict(partition: str, name: str, vpc_id: str, region: str) -> None:
    """A VPC sees one zone, or one endpoint, of a name."""
    vpc = {"vpc_id": vpc_id, "vpc_region": region}
    other = next(
        (zone.resource_id for _, zone in every_zone(partition) if zone.name == name and vpc in zone.vpcs), None
    )
    if other or name.rstrip(".") in _endpoint_names(vpc_id, region):
        refuse(
            "ConflictingDomainExists",
            f"The VPC {vpc_id} in region {region} has already been associated with the hosted zone "
            f"{other or 'of a VPC endpoint'} with the same domain name.",
        )


def _endpoint_names(vpc_id: str, region: str) -> set[str]:
    from moto.ec2.models import ec2_backends

    return {
        name.removeprefix("*.")
        for regions in list(ec2_backends.values())
        if region in regions.keys()  # noqa: SIM118
        for endpoint in regions[region].vpc_end_points.values()
        if endpoint.vpc_id == vpc_id and endpoint.private_dns_enabled
        for name in endpoint.private_names
    }


def _given(self: Response) -> tuple[str, str]:
    return self._get_param("VPC.VPCId"), self._get_param("VPC.VPCRegion")


def _authorized(zone: Zone) -> list[dict[str, str]]:
    """VPCs the zone's account has authorised; kept on moto's zone."""
    return t.cast("list[dict[str, str]]", zone.__dict__.setdefault("authorized_vpcs", []))


def associate_vpc_with_hosted_zone(self: Response) -> ActionResult:
    vpc_id, region = _given(self)
    zone_id = self._get_param("HostedZoneId").rpartition("/")[2]
    owner, zone = next(
        ((account, zone) for account, zone in every_zone(self.partition) if zone.resource_id == zone_id), (None, None)
    )
    vpc_owner, vpc = owner_of(self.partition, vpc_id, region), {"vpc_id": vpc_id, "vpc_region": region}
    if zone is None:
        refuse("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}")
    allowed = owner == self.current_account or vpc in _authorized(zone)
    if vpc_owner != self.current_account or not allowed:
        refuse(
            "NotAuthorizedException",
            f"The VPC: {vpc_id} in region {region} you provided is not authorized to make the association.",
        )
    if not zone.private_zone:
        refuse("PublicZoneVPCAssociation", "You're trying to associate a VPC with a public hosted zone.")
    check_conflict(self.partition, zone.name, vpc_id, region)
    zone.vpcs.append(vpc)
    return ActionResult({"ChangeInfo": change(self._get_param("Comment"))})


def disassociate_vpc_from_hosted_zone(self: Response) -> ActionResult:
    vpc_id, region = _given(self)
    zone_id = self._get_param("HostedZoneId").rpartition("/")[2]
    zone = next((zone for _, zone in every_zone(self.partition) if zone.resource_id == zone_id), None)
    vpc = {"vpc_id": vpc_id, "vpc_region": region}
    if zone is None or (
        zone_id not in self.backend.zones and owner_of(self.partition, *_given(self)) != self.current_account
    ):
        refuse("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}")
    if vpc not in zone.vpcs:
        refuse(
            "VPCAssociationNotFound",
            f"The VPC: {vpc_id} in region {region} is not associated with the hosted zone: {zone_id}.",
        )
    if len(zone.vpcs) == 1:
        refuse(
            "LastVPCAssociation",
            f"The VPC: {vpc_id} in region {region} you are trying to disassociate is the last VPC associated with the "
            f"hosted zone: {zone_id}. Disassociating the last VPC is not allowed.",
        )
    zone.vpcs.remove(vpc)
    return ActionResult({"ChangeInfo": change(self._get_param("Comment"))})


def create_vpc_association_authorization(self: Response) -> ActionResult:
    zone = find(self, self._get_param("HostedZoneId"))
    vpc_id, region = _given(self)
    vpc = {"vpc_id": vpc_id, "vpc_region": region}
    if not zone.private_zone:
        refuse("InvalidInput", "Only private hosted zones take VPC association authorizations.")
    owner_of(self.partition, vpc_id, region)
    if vpc not in _authorized(zone):
        _authorized(zone).append(vpc)
    return ActionResult({"HostedZoneId": zone.resource_id, "VPC": vpc_view(vpc)})


def delete_vpc_association_authorization(self: Response) -> ActionResult:
    zone = find(self, self._get_param("HostedZoneId"))
    vpc_id, region = _given(self)
    vpc = {"vpc_id": vpc_id, "vpc_region": region}
    if vpc not in _authorized(zone):
        refuse("VPCAssociationAuthorizationNotFound", f"The VPC: {vpc_id} in region {region} is not authorized.")
    _authorized(zone).remove(vpc)
    return EmptyResult()


def list_vpc_association_authorizations(self: Response) -> ActionResult:
    zone = find(self, self._get_param("HostedZoneId"))
    return ActionResult({"HostedZoneId": zone.resource_id, "VPCs": [vpc_view(vpc) for vpc in _authorized(zone)]})
