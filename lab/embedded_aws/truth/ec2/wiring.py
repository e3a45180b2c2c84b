# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a machine is plugged in: its subnet, its interfaces, their groups and addresses.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html
"""

from __future__ import annotations

import ipaddress
import typing as t

from lab.embedded_aws.truth.ec2 import subnets
from lab.embedded_aws.truth.ec2.base import Backend, refuse
from lab.embedded_aws.truth.ec2.kinds import find

MOST_GROUPS = 5
Spec = dict[str, t.Any]


def settle(backend: Backend, given: Spec) -> tuple[t.Any, list[Spec]]:
    """(subnet, interfaces) of a launch; each interface with its subnet, groups and whether it is public."""
    nics = [dict(nic) for nic in given.get("NetworkInterfaces") or []]
    if not nics:
        keys = ("PrivateIpAddress", "SecurityGroups")
        nics = [{"DeviceIndex": 0, **{key: given[key] for key in keys if given.get(key)}}]
        nics[0]["Groups"] = given.get("SecurityGroupIds")
        nics[0]["SubnetId"] = given.get("SubnetId") or _default_subnet(backend, given)
    else:
        _no_second_place(given)
    first = next((nic for nic in nics if int(nic.get("DeviceIndex") or 0) == 0), None)
    if first is None:
        refuse("InvalidParameterValue", "A network interface with device index 0 must be specified")
    if not first.get("SubnetId") and not first.get("NetworkInterfaceId"):
        first["SubnetId"] = _default_subnet(backend, given)
    for nic in nics:
        _settle(backend, nic, first)
    return first["subnet"], nics


def _no_second_place(given: Spec) -> None:
    """Refuse what must be said in the interfaces once there are any."""
    for name, what in (
        ("SubnetId", "subnet ID"),
        ("SecurityGroupIds", "security groups"),
        ("SecurityGroups", "security groups"),
        ("PrivateIpAddress", "private address"),
    ):
        if given.get(name):
            refuse(
                "InvalidParameterCombination",
                f"Network interfaces and an instance-level {what} may not be specified on the same request",
            )


def _settle(backend: Backend, nic: Spec, first: Spec) -> None:
    nic["DeviceIndex"] = int(nic.get("DeviceIndex") or 0)
    if nic.get("NetworkInterfaceId"):
        eni = find(backend, nic["NetworkInterfaceId"])
        if eni.instance:
            refuse("InvalidNetworkInterface.InUse", f"Interface: [{eni.id}] in use.")
        nic.update(subnet=eni.subnet, groups=list(eni._group_set), public=False)
        return
    subnet = find(backend, nic.get("SubnetId") or first["SubnetId"])
    public = nic.get("AssociatePublicIpAddress")
    nic["subnet"] = subnet
    nic["public"] = subnets.view(subnet)["MapPublicIpOnLaunch"] if public is None else bool(public)
    nic["groups"] = _groups(backend, nic, subnet)
    address = nic.get("PrivateIpAddress")
    if address:
        _check_address(backend, address, subnet)


def _groups(backend: Backend, nic: Spec, subnet: t.Any) -> list[t.Any]:
    if nic.get("SecurityGroups"):
        return [_by_name(backend, name, subnet) for name in nic["SecurityGroups"]]
    groups = [find(backend, one) for one in nic.get("Groups") or []]
    if len(groups) > MOST_GROUPS:
        refuse(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        )
    for group in groups:
        if group.vpc_id != subnet.vpc_id:
            refuse(
                "InvalidParameter",
                f"Security group {group.id} and subnet {subnet.id} belong to different networks.",
            )
    return groups or [backend.get_default_security_group(subnet.vpc_id)]


def _by_name(backend: Backend, name: str, subnet: t.Any) -> t.Any:
    vpc = backend.vpcs.get(subnet.vpc_id)
    if vpc is None or not vpc.is_default:
        refuse("InvalidParameterCombination", "The parameter groupName cannot be used with the parameter subnet")
    group = next((one for one in backend.groups[vpc.id].values() if one.name == name), None)
    if group is None:
        refuse("InvalidGroup.NotFound", f"The security group '{name}' does not exist in default VPC '{vpc.id}'")
    return group


def _check_address(backend: Backend, address: str, subnet: t.Any) -> None:
    block = ipaddress.IPv4Network(subnet.cidr_block)
    if ipaddress.IPv4Address(address) not in block:
        refuse("InvalidParameterValue", f"Address {address} does not fall within the subnet's address range")
    reserved = [str(block[number]) for number in (0, 1, 2, 3, -1)]
    if address in reserved:
        refuse("InvalidParameterValue", f"Address {address} is in subnet's reserved address range")
    if address in subnets.taken(backend, subnet.id):
        refuse("InvalidIPAddress.InUse", f"Address {address} is in use.")


def _default_subnet(backend: Backend, given: Spec) -> str:
    """The default VPC's subnet of the wanted zone, of the first zone when none is wanted."""
    zone = (given.get("Placement") or {}).get("AvailabilityZone")
    known = [one.name for one in backend.describe_availability_zones()]
    if zone and zone not in known:
        refuse("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
    found = [one for one in subnets.every(backend) if one.default_for_az and zone in (None, one.availability_zone)]
    if not found:
        default = next((one for one in backend.vpcs.values() if one.is_default), None)
        if default is None:
            refuse("VPCIdNotSpecified", "No default VPC for this user")
        refuse("MissingInput", f"No subnets found for the default VPC '{default.id}'. Please specify a subnet.")
    return str(min(found, key=lambda one: one.availability_zone).id)
