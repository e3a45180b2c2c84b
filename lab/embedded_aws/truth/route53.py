# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route 53: references that serve once, zones seen across accounts, and change batches that are all or nothing.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html
"""

from __future__ import annotations

import copy
import typing as t

from lab.embedded_aws.truth.route53_records import change

Response = t.Any
Zone = t.Any

MOST_RESOURCES = 10
_PATHS = (
    r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/authorizevpcassociation/?$",
    r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/deauthorizevpcassociation/?$",
)


def apply() -> None:
    """Put our actions in the place of moto's."""
    from moto.route53 import urls
    from moto.route53.responses import Route53

    make, read_tags = Route53.create_hosted_zone, Route53.list_tags_for_resources

    def create_hosted_zone(self: Response) -> t.Any:
        refuse_zone(self)
        answer = make(self)
        answer.result["HostedZone"].cloister_authorised = []
        used(self).add(self._get_param("CallerReference"))
        return answer

    def list_tags_for_resources(self: Response) -> t.Any:
        ids = self._get_param("ResourceIds")
        if len(ids) > MOST_RESOURCES:
            refuse("InvalidInput", f"{len(ids)} resource ids, and {MOST_RESOURCES} is the limit")
        for zone in ids if self._get_param("ResourceType") == "hostedzone" else ():
            self.backend.get_hosted_zone(zone)
        return read_tags(self)

    Route53.create_hosted_zone = create_hosted_zone
    Route53.list_tags_for_resources = list_tags_for_resources
    for action in (
        associate_vpc_with_hosted_zone,
        disassociate_vpc_from_hosted_zone,
        create_vpc_association_authorization,
        delete_vpc_association_authorization,
        list_vpc_association_authorizations,
        list_hosted_zones_by_vpc,
        change_resource_record_sets,
    ):
        setattr(Route53, action.__name__, action)
    urls.url_paths.update(dict.fromkeys(_PATHS, Route53.dispatch))


def refuse(code: str, message: str) -> t.NoReturn:
    """Answer with an error of Route 53's."""
    from moto.route53.exceptions import Route53ClientError

    raise Route53ClientError(code, message)


def used(response: Response) -> set[str]:
    """Every caller reference that the account ever used: none serves twice, even when its zone is gone."""
    backend = response.backend
    if not hasattr(backend, "cloister_references"):
        backend.cloister_references = set()
    return t.cast("set[str]", backend.cloister_references)


def refuse_zone(response: Response) -> None:
    """Refuse what AWS would not make."""
    reference = response._get_param("CallerReference")
    if reference in used(response):
        refuse("HostedZoneAlreadyExists", f"A hosted zone has already been created with the reference {reference}.")
    if not response._get_bool_param("HostedZoneConfig.PrivateZone", False):
        return
    vpc = place(response)
    if not vpc["vpc_id"]:
        refuse("InvalidInput", "When you're creating a private hosted zone, you must specify a VPC.")
    refuse_vpc(response, vpc)
    refuse_twin(response._get_param("Name"), vpc)


def place(response: Response) -> dict[str, str]:
    """The VPC that a request names, in moto's form."""
    return {"vpc_id": response._get_param("VPC.VPCId"), "vpc_region": response._get_param("VPC.VPCRegion")}


def owns(account: str, vpc: t.Mapping[str, str]) -> bool:
    """Whether the account has the VPC."""
    from moto.ec2.models import ec2_backends

    return vpc["vpc_id"] in ec2_backends[account][vpc["vpc_region"]].vpcs


def refuse_vpc(response: Response, vpc: t.Mapping[str, str]) -> None:
    if not owns(response.current_account, vpc):
        refuse("InvalidVPCId", f"The VPC: {vpc['vpc_id']} in region {vpc['vpc_region']} is not owned by the caller.")


def every_zone(partition: str = "aws") -> list[tuple[str, Zone]]:
    """(account, zone) of all accounts."""
    from moto.route53.models import route53_backends

    return [
        (account, zone)
        for account, partitions in list(route53_backends.items())
        if partition in partitions
        for zone in partitions[partition].zones.values()
    ]


def refuse_twin(name: str, vpc: t.Mapping[str, str]) -> None:
    """A VPC sees one private zone of a name; the same zone twice is refused likewise."""
    for _account, zone in every_zone():
        if zone.private_zone and zone.name.rstrip(".") == name.rstrip(".") and vpc in zone.vpcs:
            refuse(
                "ConflictingDomainExists",
                f"The VPC {vpc['vpc_id']} in region {vpc['vpc_region']} has already been associated with the hosted "
                f"zone {zone.resource_id} with the same domain name.",
            )


def named(response: Response, mine: bool = False) -> tuple[str, Zone]:
    """(account, zone) that a request names; with ``mine`` only a zone of the caller's."""
    wanted = response._get_param("HostedZoneId").removeprefix("/hostedzone/")
    for account, zone in every_zone(response.partition):
        if zone.resource_id == wanted and (not mine or account == response.current_account):
            return account, zone
    return refuse("NoSuchHostedZone", f"No hosted zone found with ID: {wanted}")


def authorised(zone: Zone) -> list[dict[str, str]]:
    if not hasattr(zone, "cloister_authorised"):
        zone.cloister_authorised = []
    return t.cast("list[dict[str, str]]", zone.cloister_authorised)


def done(**result: t.Any) -> t.Any:
    """An answer; with nothing to say, the change that every write returns."""
    from moto.core.responses import ActionResult
    from moto.core.utils import utcnow

    pending = {"Id": "/change/C2682N5HXP0BZ4", "Status": "INSYNC", "SubmittedAt": utcnow()}
    return ActionResult(result or {"ChangeInfo": pending})


def associate_vpc_with_hosted_zone(self: Response) -> t.Any:
    vpc = place(self)
    account, zone = named(self)
    if not zone.private_zone:
        refuse("PublicZoneVPCAssociation", "Route 53 doesn't support associating a VPC with a public hosted zone.")
    refuse_vpc(self, vpc)
    if account != self.current_account and vpc not in authorised(zone):
        refuse("NotAuthorizedException", "The VPC has not been authorized to be associated with the hosted zone.")
    refuse_twin(zone.name, vpc)
    zone.vpcs.append(vpc)
    return done()


def disassociate_vpc_from_hosted_zone(self: Response) -> t.Any:
    vpc = place(self)
    account, zone = named(self)
    if account != self.current_account and not owns(self.current_account, vpc):
        refuse("NoSuchHostedZone", f"No hosted zone found with ID: {zone.resource_id}")
    if vpc not in zone.vpcs:
        refuse("VPCAssociationNotFound", f"The VPC {vpc['vpc_id']} is not associated with zone {zone.resource_id}.")
    if len(zone.vpcs) == 1:
        refuse("LastVPCAssociation", f"{vpc['vpc_id']} is the last VPC associated with zone {zone.resource_id}.")
    zone.vpcs.remove(vpc)
    return done()


def create_vpc_association_authorization(self: Response) -> t.Any:
    vpc, (_account, zone) = place(self), named(self, mine=True)
    if vpc not in authorised(zone):
        authorised(zone).append(vpc)
    return done(HostedZoneId=zone.resource_id, VPC={"VPCRegion": vpc["vpc_region"], "VPCId": vpc["vpc_id"]})


def delete_vpc_association_authorization(self: Response) -> t.Any:
    from moto.core.responses import EmptyResult

    vpc, (_account, zone) = place(self), named(self, mine=True)
    if vpc not in authorised(zone):
        refuse("VPCAssociationAuthorizationNotFound", f"The VPC {vpc['vpc_id']} is not authorized.")
    authorised(zone).remove(vpc)
    return EmptyResult()


def list_vpc_association_authorizations(self: Response) -> t.Any:
    _account, zone = named(self, mine=True)
    if not zone.private_zone:
        refuse("InvalidInput", f"Hosted zone {zone.resource_id} is not a private hosted zone.")
    vpcs = [{"VPCRegion": vpc["vpc_region"], "VPCId": vpc["vpc_id"]} for vpc in authorised(zone)]
    return done(HostedZoneId=zone.resource_id, VPCs=vpcs)


def list_hosted_zones_by_vpc(self: Response) -> t.Any:
    wanted = {"vpc_id": self._get_param("VPCId"), "vpc_region": self._get_param("VPCRegion")}
    zones = [
        {"HostedZoneId": zone.resource_id, "Name": zone.name, "Owner": {"OwningAccount": account}}
        for account, zone in every_zone(self.partition)
        if zone.private_zone and wanted in zone.vpcs
    ]
    return done(HostedZoneSummaries=zones, MaxItems="100")


def change_resource_record_sets(self: Response) -> t.Any:
    _account, zone = named(self, mine=True)
    zone.rrsets = change(zone, copy.deepcopy(self._get_param("ChangeBatch.Changes")), refuse)
    return done()
