# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which subnets a load balancer may stand in, at creation and after.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSubnets.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
"""

from __future__ import annotations

import ipaddress
import typing as t

from lab.embedded_aws.truth.ec2.subnets import RESERVED, every, taken
from lab.embedded_aws.truth.elbv2 import views
from lab.embedded_aws.truth.elbv2.base import (
    Params,
    Response,
    action,
    answer,
    invalid,
    misconfigured,
    not_modelled,
    params,
    refuse,
)
from lab.embedded_aws.truth.elbv2.finding import load_balancer
from lab.embedded_aws.truth.elbv2.placing import place, withdraw
from lab.embedded_aws.truth.elbv2.state import APPLICATION, NETWORK, LoadBalancer, Zone

FREE = 8


def read_zones(ec2: t.Any, given: Params, kind: str, scheme: str, vpc_id: str | None = None) -> list[Zone]:
    """The zones that Subnets or SubnetMappings ask for, checked but for free addresses; in `vpc_id` when given."""
    if given.get("Subnets") and given.get("SubnetMappings"):
        invalid("You can specify either subnets or subnet mappings, but not both")
    mappings = given.get("SubnetMappings") or [{"SubnetId": one} for one in given.get("Subnets") or []]
    known = {subnet.id: subnet for subnet in every(ec2)}
    missing = [one["SubnetId"] for one in mappings if one.get("SubnetId") not in known]
    if missing:
        refuse("SubnetNotFound", f"The subnet ID '{missing[0]}' does not exist")
    chosen = [known[one["SubnetId"]] for one in mappings]
    _check_spread([one.availability_zone for one in chosen], kind)
    vpcs = {one.vpc_id for one in chosen} | ({vpc_id} if vpc_id else set())
    if len(vpcs) > 1:
        misconfigured(f"All subnets must belong to the same VPC: '{vpc_id or chosen[0].vpc_id}'")
    return [_zone(ec2, subnet, one, kind, scheme) for subnet, one in zip(chosen, mappings, strict=True)]


def _check_spread(zones: list[str], kind: str) -> None:
    if len(set(zones)) < len(zones):
        misconfigured("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
    if kind == APPLICATION and len(zones) < 2:
        invalid("At least two subnets in two different Availability Zones must be specified")
    if not zones:
        invalid("At least one subnet must be specified")


def _zone(ec2: t.Any, subnet: t.Any, mapping: Params, kind: str, scheme: str) -> Zone:
    for key in ("IPv6Address", "SourceNatIpv6Prefix"):
        if mapping.get(key):
            not_modelled(f"{key} of a subnet mapping")
    allocation, address = mapping.get("AllocationId"), mapping.get("PrivateIPv4Address")
    if allocation and (kind != NETWORK or scheme != "internet-facing"):
        misconfigured("Elastic IP addresses can be specified only for internet-facing Network Load Balancers")
    if address and (kind != NETWORK or scheme != "internal"):
        misconfigured("Private IPv4 addresses can be specified only for internal Network Load Balancers")
    if address and ipaddress.ip_address(address) not in subnet.cidr:
        misconfigured(f"The private IPv4 address '{address}' is not in the range of subnet '{subnet.id}'")
    if allocation and not any(one.allocation_id == allocation for one in ec2.addresses):
        refuse("AllocationIdNotFound", f"The allocation ID '{allocation}' does not exist")
    return Zone(subnet.availability_zone, subnet.id, allocation_id=allocation, asked_address=address)


def check_room(ec2: t.Any, zones: list[Zone], kind: str, scheme: str) -> None:
    """Refuse zones a load balancer is about to enter without the addresses or the gateway it needs there."""
    by_id = {subnet.id: subnet for subnet in every(ec2)}
    for zone in zones:
        subnet = by_id[zone.subnet_id]
        held = taken(ec2, subnet.id)
        roomy = subnet.cidr.num_addresses - RESERVED - len(held) >= FREE
        if not roomy and not zone.asked_address:
            refuse(
                "InvalidSubnet",
                f"Not enough IP space available in {subnet.id}. "
                f"ELB requires at least {FREE} free IP addresses in each subnet.",
            )
        if zone.asked_address in held:
            misconfigured(f"The private IPv4 address '{zone.asked_address}' is in use")
        if scheme == "internet-facing" and not _has_gateway(ec2, subnet.vpc_id):
            refuse("InvalidSubnet", f"VPC {subnet.vpc_id} has no internet gateway")
        if any(one.allocation_id == zone.allocation_id and one.eni for one in ec2.addresses):
            refuse("ResourceInUse", "The allocation IDs are not available for use")


def _has_gateway(ec2: t.Any, vpc_id: str) -> bool:
    return any(one.vpc and one.vpc.id == vpc_id for one in ec2.internet_gateways.values())


def check_addressing(ec2: t.Any, zones: list[Zone], ip_address_type: str, kind: str, scheme: str) -> None:
    """Refuse an address type that the scheme, the type or the subnets do not carry."""
    if ip_address_type == "ipv4":
        return
    if ip_address_type == "dualstack-without-public-ipv4" and (kind != APPLICATION or scheme != "internet-facing"):
        misconfigured(
            "The IP address type 'dualstack-without-public-ipv4' is supported only for internet-facing "
            "Application Load Balancers"
        )
    ids = {zone.subnet_id for zone in zones}
    if any(one.id in ids and not one.ipv6_cidr_block_associations for one in every(ec2)):
        misconfigured("You must specify subnets with an associated IPv6 CIDR block")
    not_modelled("IPv6 addresses of load balancers")


@action
def set_subnets(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    balancer = load_balancer(backend, given["LoadBalancerArn"])
    ec2 = backend.ec2_backend
    kind = given.get("IpAddressType") or balancer.ip_address_type
    wanted = read_zones(ec2, given, balancer.type, balancer.scheme, balancer.vpc_id)
    check_addressing(ec2, wanted, kind, balancer.type, balancer.scheme)
    here = {zone.subnet_id: zone for zone in balancer.zones}
    _check_kept(balancer, wanted, here)
    check_room(ec2, [one for one in wanted if one.subnet_id not in here], balancer.type, balancer.scheme)
    for zone in balancer.zones:
        if zone.subnet_id not in {one.subnet_id for one in wanted}:
            withdraw(ec2, zone)
    balancer.ip_address_type = kind
    balancer.zones = [here.get(one.subnet_id) or one for one in wanted]
    for zone in balancer.zones:
        if not zone.interface_id:
            place(ec2, balancer, zone)
    return answer(AvailabilityZones=[views.zone(one) for one in balancer.zones], IpAddressType=kind)


def _check_kept(balancer: LoadBalancer, wanted: list[Zone], here: dict[str, Zone]) -> None:
    """A zone that stays keeps the addresses it has and, of a network load balancer, its subnet."""
    if balancer.type == NETWORK:
        before, after = ({zone.name: zone.subnet_id for zone in zones} for zones in (balancer.zones, wanted))
        moved = [name for name, subnet in after.items() if before.get(name, subnet) != subnet]
        if moved:
            misconfigured(f"The subnet of load balancer '{balancer.arn}' in {moved[0]} cannot be replaced")
    for one in wanted:
        kept = here.get(one.subnet_id)
        if kept is None or not (one.allocation_id or one.asked_address):
            continue
        if (one.allocation_id, one.asked_address) != (kept.allocation_id, kept.asked_address):
            misconfigured(f"The addresses of load balancer '{balancer.arn}' in '{one.subnet_id}' cannot be changed")
