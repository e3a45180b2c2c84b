# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Network interfaces, and those that NAT gateways and endpoints hold."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, catch_up, done, forget, new_id, refuse, tag_list
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.subnets import next_address
from lab.embedded_aws.truth.ec2.xml import Ec2Result


def view(eni: t.Any) -> dict[str, t.Any]:
    backend = eni.ec2_backend
    association = _association(backend, eni)
    addresses = [
        {"PrivateIpAddress": one["PrivateIpAddress"], "Primary": bool(one.get("Primary")),
         "Association": association if one.get("Primary") else None}
        for one in eni.private_ip_addresses
    ]  # fmt: skip
    return {
        "NetworkInterfaceId": eni.id, "VpcId": eni.vpc_id, "SubnetId": eni.subnet.id, "OwnerId": backend.account_id,
        "AvailabilityZone": eni.subnet.availability_zone, "Description": eni.description, "Status": _status(eni),
        "InterfaceType": eni.interface_type, "MacAddress": eni.mac_address, "RequesterManaged": eni.requester_managed,
        "RequesterId": eni.requester_id if eni.requester_managed else None,
        "PrivateIpAddress": eni.private_ip_address, "PrivateIpAddresses": addresses,
        "PrivateDnsName": getattr(eni, "private_dns_name", None), "Association": association,
        "SourceDestCheck": eni.source_dest_check in (True, "true"), "Attachment": _attachment(eni),
        "Groups": [{"GroupId": group.id, "GroupName": group.name} for group in eni.group_set],
        "Ipv6Addresses": [{"Ipv6Address": one} for one in eni.ipv6_addresses if one],
        "TagSet": tag_list(backend, eni.id),
    }  # fmt: skip


def _association(backend: Backend, eni: t.Any) -> dict[str, t.Any] | None:
    if not eni.public_ip:
        return None
    address = next((one for one in backend.addresses if one.public_ip == eni.public_ip), None)
    return {
        "PublicIp": eni.public_ip,
        "IpOwnerId": backend.account_id if address else "amazon",
        "AllocationId": address.allocation_id if address else None,
        "AssociationId": address.association_id if address else None,
    }


def _attachment(eni: t.Any) -> dict[str, t.Any] | None:
    if eni.requester_managed and not eni.instance:
        return {
            "AttachmentId": eni.id.replace("eni-", "ela-attach-"), "DeleteOnTermination": False, "DeviceIndex": 1,
            "InstanceOwnerId": "amazon-aws", "Status": "attached",
        }  # fmt: skip
    one = eni.attachment
    if one is None:
        return None
    return {
        "AttachmentId": one.attachment_id, "AttachTime": one.attach_time, "DeviceIndex": one.device_index,
        "DeleteOnTermination": bool(one.delete_on_termination), "InstanceId": one.instance_id,
        "InstanceOwnerId": one.instance_owner_id, "NetworkCardIndex": 0, "Status": one.status,
    }  # fmt: skip


def _status(eni: t.Any) -> str:
    return "in-use" if eni.instance or eni.requester_managed else str(eni.status)


INTERFACE = register(
    Kind(
        type="network-interface", prefix="eni", missing=("InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
        id_key="NetworkInterfaceId", objects=lambda backend: backend.enis.values(), view=view,
        filters={
            "network-interface-id": "NetworkInterfaceId", "subnet-id": "SubnetId", "vpc-id": "VpcId",
            "availability-zone": "AvailabilityZone", "description": "Description", "status": "Status",
            "group-id": "Groups[].GroupId", "group-name": "Groups[].GroupName", "interface-type": "InterfaceType",
            "requester-managed": "RequesterManaged", "requester-id": "RequesterId", "owner-id": "OwnerId",
            "private-ip-address": "PrivateIpAddress", "mac-address": "MacAddress",
            "addresses.private-ip-address": "PrivateIpAddresses[].PrivateIpAddress",
            "addresses.association.public-ip": "PrivateIpAddresses[].Association.PublicIp",
            "association.public-ip": "Association.PublicIp", "association.allocation-id": "Association.AllocationId",
            "association.association-id": "Association.AssociationId",
            "attachment.attachment-id": "Attachment.AttachmentId", "attachment.status": "Attachment.Status",
            "attachment.instance-id": "Attachment.InstanceId", "attachment.device-index": "Attachment.DeviceIndex",
            "attachment.instance-owner-id": "Attachment.InstanceOwnerId", "private-dns-name": "PrivateDnsName",
            "source-dest-check": "SourceDestCheck",
        },
    )
)  # fmt: skip


def place(
    backend: Backend, subnet: t.Any, kind: str, description: str, groups: list[str] | None = None, at: str | None = None
) -> t.Any:
    """Put an interface that AWS manages for a service into a subnet, at the address `at`, else at the next free one."""
    address = at or next_address(backend, subnet)
    eni = backend.create_network_interface(subnet, address, None, groups, description)
    if groups is None:
        eni._group_set = []
    eni.requester_managed, eni.requester_id = True, backend.account_id
    eni.interface_type, eni.status = kind, "in-use"
    return eni


def remove(backend: Backend, eni_id: str) -> None:
    """Take an interface away, whatever holds it."""
    eni = backend.enis.pop(eni_id, None)
    if eni is not None:
        forget(backend, eni_id)


@action
def describe_network_interfaces(response: Response) -> t.Any:
    return describe(response, INTERFACE, "NetworkInterfaces", "NetworkInterfaceIds")


@action
def create_network_interface(response: Response) -> t.Any:
    backend = response.ec2_backend
    given = tags.requested(response, "network-interface")
    subnet = find(backend, response._get_param("SubnetId"))
    groups = response._get_param("Groups", [])
    for group in groups:
        find(backend, group)
    address = response._get_param("PrivateIpAddress") or next_address(backend, subnet)
    response.error_on_dryrun()
    eni = backend.create_network_interface(subnet, address, None, groups, response._get_param("Description"))
    tags.put(backend, eni.id, given)
    return Ec2Result({"NetworkInterface": {**view(eni), "Status": "pending"}, "ClientToken": new_id("token")})


@action
def delete_network_interface(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    eni = find(backend, response._get_param("NetworkInterfaceId"))
    if eni.instance or eni.requester_managed:
        refuse("InvalidParameterValue", f"Network interface '{eni.id}' is currently in use.")
    for address in backend.addresses:
        if address.eni is eni:
            backend.disassociate_address(address=address.public_ip)
    remove(backend, eni.id)
    return done()
