# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Subnets and the addresses in them.

https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html: five addresses of each subnet are AWS's.
"""

from __future__ import annotations

import ipaddress
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, catch_up, done, forget, refuse, tag_list
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.vpcs import networks, read_network
from lab.embedded_aws.truth.ec2.xml import Ec2Result

RESERVED = 5


def view(subnet: t.Any) -> dict[str, t.Any]:
    backend = subnet.ec2_backend
    arn = f"arn:{backend.partition}:ec2:{backend.region_name}:{backend.account_id}:subnet/{subnet.id}"
    return {
        "SubnetId": subnet.id, "SubnetArn": arn, "VpcId": subnet.vpc_id, "OwnerId": backend.account_id,
        "State": subnet.state, "CidrBlock": subnet.cidr_block, "AvailabilityZone": subnet.availability_zone,
        "AvailabilityZoneId": subnet.availability_zone_id, "DefaultForAz": subnet.default_for_az,
        "AvailableIpAddressCount": subnet.cidr.num_addresses - RESERVED - len(taken(backend, subnet.id)),
        "MapPublicIpOnLaunch": subnet.map_public_ip_on_launch in (True, "true"),
        "AssignIpv6AddressOnCreation": subnet.assign_ipv6_address_on_creation in (True, "true"),
        "MapCustomerOwnedIpOnLaunch": False, "EnableDns64": False, "Ipv6Native": bool(subnet.ipv6_native),
        "Ipv6CidrBlockAssociationSet": [
            {"AssociationId": one["associationId"], "Ipv6CidrBlock": one["ipv6CidrBlock"],
             "Ipv6CidrBlockState": {"State": one["ipv6CidrBlockState"]["State"]}}
            for one in subnet.ipv6_cidr_block_associations.values()
        ],
        "PrivateDnsNameOptionsOnLaunch": dict(subnet.private_dns_name_options_on_launch),
        "Tags": tag_list(backend, subnet.id),
    }  # fmt: skip


def every(backend: Backend) -> list[t.Any]:
    return [subnet for zone in backend.subnets.values() for subnet in zone.values()]


SUBNET = register(
    Kind(
        type="subnet", prefix="subnet", missing=("InvalidSubnetID.NotFound", "subnet ID"), id_key="SubnetId",
        objects=every, view=view,
        filters={
            "subnet-id": "SubnetId", "vpc-id": "VpcId", "cidr": "CidrBlock", "cidr-block": "CidrBlock",
            "cidrBlock": "CidrBlock", "availability-zone": "AvailabilityZone", "availabilityZone": "AvailabilityZone",
            "availability-zone-id": "AvailabilityZoneId", "default-for-az": "DefaultForAz",
            "defaultForAz": "DefaultForAz", "state": "State", "owner-id": "OwnerId", "subnet-arn": "SubnetArn",
            "map-public-ip-on-launch": "MapPublicIpOnLaunch", "ipv6-native": "Ipv6Native",
            "available-ip-address-count": "AvailableIpAddressCount",
        },
    )
)  # fmt: skip


def taken(backend: Backend, subnet_id: str) -> set[str]:
    """Addresses that network interfaces hold in a subnet."""
    return {
        address["PrivateIpAddress"]
        for eni in backend.enis.values()
        if eni.subnet.id == subnet_id
        for address in eni.private_ip_addresses
    }


def next_address(backend: Backend, subnet: t.Any) -> str:
    """The lowest free address; refuses when the subnet is full."""
    used = taken(backend, subnet.id)
    hosts = ipaddress.IPv4Network(subnet.cidr_block)
    for number in range(4, hosts.num_addresses - 1):
        address = str(hosts[number])
        if address not in used:
            return address
    refuse("InsufficientFreeAddressesInSubnet", f"The specified subnet '{subnet.id}' has no free addresses.")


@action
def describe_subnets(response: Response) -> t.Any:
    return describe(response, SUBNET, "Subnets", "SubnetIds")


@action
def create_subnet(response: Response) -> t.Any:
    backend = response.ec2_backend
    given = tags.requested(response, "subnet")
    vpc = find(backend, response._get_param("VpcId"))
    zone = _zone(response)
    text = response._get_param("CidrBlock")
    network = read_network(text, "cidrBlock")
    inside = any(network.subnet_of(block) for block in networks(vpc))
    if not inside or not 16 <= network.prefixlen <= 28:
        refuse("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")
    neighbours = [one for one in every(backend) if one.vpc_id == vpc.id]
    if any(one.cidr.overlaps(network) for one in neighbours):
        refuse("InvalidSubnet.Conflict", f"The CIDR '{text}' conflicts with another subnet")
    message = "The maximum number of subnets has been reached."
    limits.check("subnets_per_vpc", len(neighbours), "SubnetLimitExceeded", message)
    response.error_on_dryrun()
    subnet = backend.create_subnet(vpc.id, str(network), response._get_param("Ipv6CidrBlock"), availability_zone=zone)
    # moto takes the first subnet of a zone for the default one.
    subnet.default_for_az = subnet.map_public_ip_on_launch = False
    tags.put(backend, subnet.id, given)
    return Ec2Result({"Subnet": view(subnet)})


def _zone(response: Response) -> str:
    zones = response.ec2_backend.describe_availability_zones()
    name, zone_id = response._get_param("AvailabilityZone"), response._get_param("AvailabilityZoneId")
    if not name and not zone_id:
        return str(zones[0].name)
    for zone in zones:
        if zone.name == name or zone.zone_id == zone_id:
            return str(zone.name)
    refuse(
        "InvalidParameterValue",
        f"Value ({name or zone_id}) for parameter availabilityZone is invalid. Subnets can currently only be created "
        f"in the following availability zones: {', '.join(one.name for one in zones)}.",
    )


@action
def delete_subnet(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    subnet = find(backend, response._get_param("SubnetId"))
    response.error_on_dryrun()
    if any(eni.subnet.id == subnet.id for eni in backend.enis.values()):
        refuse("DependencyViolation", f"The subnet '{subnet.id}' has dependencies and cannot be deleted.")
    for table in backend.route_tables.values():
        for association in [key for key, target in table._associations.items() if target == subnet.id]:
            del table._associations[association]
    for acl in backend.network_acls.values():
        for association in [key for key, one in acl._associations.items() if one.subnet_id == subnet.id]:
            del acl._associations[association]
    backend.delete_subnet(subnet.id)
    forget(backend, subnet.id)
    return done()
