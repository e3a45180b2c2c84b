# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Elastic IP addresses.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html: an address in use is not released.
"""

from __future__ import annotations

import ipaddress
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, catch_up, done, forget, own, refuse, tag_list
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.xml import Ec2Result

# RFC 2544: set aside for benchmarks, so no address of a rehearsal is anybody's.
PUBLIC = ipaddress.IPv4Network("198.18.0.0/15")


def view(address: t.Any) -> dict[str, t.Any]:
    backend, eni = address.ec2_backend, address.eni
    instance = address.instance or (eni.instance if eni else None)
    return {
        "AllocationId": address.allocation_id, "PublicIp": address.public_ip, "Domain": "vpc",
        "AssociationId": address.association_id or None, "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": backend.region_name,
        "InstanceId": instance.id if instance else None,
        "NetworkInterfaceId": eni.id if eni else None,
        "NetworkInterfaceOwnerId": backend.account_id if eni else None,
        "PrivateIpAddress": eni.private_ip_address if eni else None,
        "Tags": tag_list(backend, address.id),
    }  # fmt: skip


ADDRESS = register(
    Kind(
        type="elastic-ip", prefix="eipalloc", missing=("InvalidAllocationID.NotFound", "allocation ID"),
        id_key="AllocationId", objects=lambda backend: backend.addresses, view=view,
        filters={
            "allocation-id": "AllocationId", "public-ip": "PublicIp", "domain": "Domain",
            "association-id": "AssociationId", "instance-id": "InstanceId", "private-ip-address": "PrivateIpAddress",
            "network-interface-id": "NetworkInterfaceId", "network-interface-owner-id": "NetworkInterfaceOwnerId",
            "network-border-group": "NetworkBorderGroup",
        },
    )
)  # fmt: skip


@action
def describe_addresses(response: Response) -> t.Any:
    wanted = response._get_param("PublicIps", [])
    known = {one.public_ip for one in response.ec2_backend.addresses}
    for one in wanted:
        if one not in known:
            refuse("InvalidAddress.NotFound", f"Address '{one}' not found.")
    result = describe(response, ADDRESS, "Addresses", "AllocationIds")
    if wanted:
        result.result["Addresses"] = [one for one in result.result["Addresses"] if one["PublicIp"] in wanted]
    return result


@action
def allocate_address(response: Response) -> t.Any:
    backend = response.ec2_backend
    given = tags.requested(response, "elastic-ip")
    message = "The maximum number of addresses has been reached."
    limits.check("addresses", len(backend.addresses), "AddressLimitExceeded", message)
    response.error_on_dryrun()
    address = backend.allocate_address("vpc", address=next_public(backend))
    tags.put(backend, address.id, given)
    seen = view(address)
    return Ec2Result(
        {k: seen[k] for k in ("AllocationId", "PublicIp", "Domain", "PublicIpv4Pool", "NetworkBorderGroup")}
    )


def next_public(backend: Backend) -> str:
    """Addresses in turn, never one twice, apart in each region and account."""
    counter = own(backend, "public addresses")
    counter["next"] = counter.get("next", 0) + 1
    salt = sum(map(ord, backend.account_id + backend.region_name)) % 500
    return str(PUBLIC[256 * salt + counter["next"]])


@action
def associate_address(response: Response) -> t.Any:
    backend = response.ec2_backend
    address = _named(response)
    eni = instance = None
    if response._get_param("NetworkInterfaceId"):
        eni = find(backend, response._get_param("NetworkInterfaceId"))
    elif response._get_param("InstanceId"):
        instance = backend.get_instance(response._get_param("InstanceId"))
        eni = instance.nics[0]
    else:
        refuse("MissingParameter", "The request must contain the parameter NetworkInterfaceId or InstanceId")
    if address.eni and address.eni is not eni and not response._get_param("AllowReassociation"):
        message = f"resource {address.id} is already associated with associate-id {address.association_id}"
        refuse("Resource.AlreadyAssociated", message)
    backend.associate_address(instance, eni, allocation_id=address.id, reassociate=True)
    return Ec2Result({"AssociationId": address.association_id})


def _named(response: Response) -> t.Any:
    public, allocation = response._get_param("PublicIp"), response._get_param("AllocationId")
    if allocation:
        return find(response.ec2_backend, allocation)
    for one in response.ec2_backend.addresses:
        if one.public_ip == public:
            return one
    refuse("InvalidAddress.NotFound", f"Address '{public}' not found.")


@action
def disassociate_address(response: Response) -> t.Any:
    backend, association = response.ec2_backend, response._get_param("AssociationId")
    catch_up(backend)
    for one in backend.addresses:
        if one.association_id == association or one.public_ip == response._get_param("PublicIp"):
            if one.eni and one.eni.requester_managed:
                refuse("AuthFailure", "You do not have permission to access the specified resource.")
            backend.disassociate_address(address=one.public_ip)
            return done()
    refuse("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")


@action
def release_address(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    address = _named(response)
    response.error_on_dryrun()
    if address.eni or address.instance:
        refuse("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
    backend.addresses.remove(address)
    forget(backend, address.id)
    return done()
