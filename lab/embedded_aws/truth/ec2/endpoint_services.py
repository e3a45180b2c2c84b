# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The services a VPC endpoint can lead to, and the names they are known by.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

from __future__ import annotations

import functools
import hashlib
import typing as t

from lab.embedded_aws.truth.ec2.base import Backend, Response, action, refuse, tag_list
from lab.embedded_aws.truth.ec2.offered_services import Offered, zone_ids
from lab.embedded_aws.truth.ec2.reading import accepts, dig, paged, read_filters
from lab.embedded_aws.truth.ec2.xml import Ec2Result

Service = dict[str, t.Any]
GATEWAY_SERVICES = ("s3", "dynamodb")
# Services whose private names do not follow from their service name.
PRIVATE_NAMES = {
    "ecr.dkr": ("*.dkr.ecr.{region}.{suffix}",),
    "eks-auth": ("eks-auth.{region}.api.aws",),
    "s3": ("s3.{region}.{suffix}", "*.s3.{region}.{suffix}"),
    "email-smtp": ("email-smtp.{region}.{suffix}",),
}
FILTERS = {
    "service-name": "ServiceName", "service-type": "ServiceType[].ServiceType", "owner": "Owner",
    "supported-ip-address-types": "SupportedIpAddressTypes[]",
}  # fmt: skip


@functools.cache
def aws_services(region: str, partition: str, zones: tuple[tuple[str, str], ...]) -> tuple[Service, ...]:
    """AWS's own services in a region; `zones` are (name, id) pairs."""
    from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES

    found = [_service(name, "Interface", region, partition, zones) for name in dict.fromkeys(AWS_ENDPOINT_SERVICES)]
    found += [_service(name, "Gateway", region, partition, zones) for name in GATEWAY_SERVICES]
    return tuple(sorted(found, key=lambda one: (one["ServiceName"], one["ServiceType"][0]["ServiceType"])))


def _service(name: str, kind: str, region: str, partition: str, zones: tuple[tuple[str, str], ...]) -> Service:
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    turned = ".".join(reversed(name.split(".")))
    private = [
        one.format(region=region, suffix=suffix)
        for one in PRIVATE_NAMES.get(name, (f"{turned}.{{region}}.{{suffix}}",))
    ]
    service: Service = {
        "ServiceName": f"com.amazonaws.{region}.{name}",
        "ServiceId": "vpce-svc-0" + hashlib.sha256(f"{region}/{name}/{kind}".encode()).hexdigest()[:16],
        "ServiceType": [{"ServiceType": kind}], "ServiceRegion": region, "Owner": "amazon",
        "AvailabilityZones": [zone for zone, _ in zones], "AvailabilityZoneIds": [zone_id for _, zone_id in zones],
        "BaseEndpointDnsNames": [f"{turned}.{region}.{'vpce.' if kind == 'Interface' else ''}{suffix}"],
        "VpcEndpointPolicySupported": True, "AcceptanceRequired": False, "ManagesVpcEndpoints": False,
        "Tags": [], "SupportedIpAddressTypes": ["ipv4"],
    }  # fmt: skip
    if kind == "Interface":
        service["PrivateDnsName"] = private[0]
        service["PrivateDnsNames"] = [{"PrivateDnsName": one} for one in private]
        service["PrivateDnsNameVerificationState"] = "verified"
    return service


def services(backend: Backend) -> list[Service]:
    """AWS's services of the region, and those that this account offers or may connect to."""
    zones = tuple((zone.name, zone.zone_id) for zone in backend.describe_availability_zones())
    return [*aws_services(backend.region_name, backend.partition, zones), *map(_shown, _offered(backend))]


def _offered(backend: Backend) -> t.Iterator[Offered]:
    from moto.ec2.models import ec2_backends

    for regions in list(ec2_backends.values()):
        if backend.region_name in regions:
            for one in list(regions[backend.region_name].configurations.values()):
                if one.open_to(backend.account_id):
                    yield one


def _shown(offered: Offered) -> Service:
    """A service as those see it who may connect to it."""
    zones = offered.zones
    return {
        "ServiceName": offered.service_name, "ServiceId": offered.id, "ServiceType": [{"ServiceType": "Interface"}],
        "ServiceRegion": offered.ec2_backend.region_name, "Owner": offered.ec2_backend.account_id,
        "AvailabilityZones": zones, "AvailabilityZoneIds": zone_ids(offered.ec2_backend, zones),
        "BaseEndpointDnsNames": [offered.base_name], "VpcEndpointPolicySupported": False,
        "AcceptanceRequired": offered.acceptance_required, "ManagesVpcEndpoints": False,
        "Tags": tag_list(offered.ec2_backend, offered.id), "SupportedIpAddressTypes": list(offered.address_types),
    }  # fmt: skip


def named(backend: Backend, name: str) -> list[Service]:
    """The services of this name (S3 has one of each type); refuses an unknown one."""
    found = [one for one in services(backend) if one["ServiceName"] == name]
    if not found:
        refuse("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    return found


@action
def describe_vpc_endpoint_services(response: Response) -> t.Any:
    backend, names = response.ec2_backend, response._get_param("ServiceNames", [])
    for name in names:
        named(backend, name)
    found = [one for one in services(backend) if not names or one["ServiceName"] in names]
    for name, values in read_filters(response):
        if name not in FILTERS and not name.startswith("tag"):
            refuse("InvalidFilter", f"The filter '{name}' is invalid.")
        found = [one for one in found if name in FILTERS and accepts(values, dig(one, FILTERS[name]))]
    page = t.cast("dict[str, t.Any]", paged(response, "ServiceDetails", found).result)
    page["ServiceNames"] = list(dict.fromkeys(one["ServiceName"] for one in page["ServiceDetails"]))
    return Ec2Result(page)
