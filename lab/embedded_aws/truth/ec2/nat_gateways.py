# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NAT gateways: pending to available or failed, deleting to deleted, each in its time.

https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html gives the failure codes; a
deleted gateway stays visible for about an hour.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2 import interfaces, tags
from lab.embedded_aws.truth.ec2.base import (
    Backend,
    Response,
    action,
    after,
    catch_up,
    new_id,
    now,
    refuse,
    same_request,
    tag_list,
)
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.xml import Ec2Result


@dataclasses.dataclass(eq=False)
class NatGateway:
    """A NAT gateway; `eni` holds its private address while it lives."""

    ec2_backend: Backend
    subnet_id: str
    vpc_id: str
    connectivity_type: str
    allocation_id: str | None
    id: str = dataclasses.field(default_factory=lambda: new_id("nat"))
    state: str = "pending"
    create_time: datetime.datetime = dataclasses.field(default_factory=now)
    delete_time: datetime.datetime | None = None
    failure: tuple[str, str] | None = None
    address: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def fail(self, code: str, message: str) -> None:
        self.state, self.failure = "failed", (code, message)


def view(gateway: NatGateway) -> dict[str, t.Any]:
    code, message = gateway.failure or (None, None)
    return {
        "NatGatewayId": gateway.id, "State": gateway.state, "SubnetId": gateway.subnet_id, "VpcId": gateway.vpc_id,
        "ConnectivityType": gateway.connectivity_type, "CreateTime": gateway.create_time,
        "DeleteTime": gateway.delete_time, "FailureCode": code, "FailureMessage": message,
        "NatGatewayAddresses": [gateway.address], "Tags": tag_list(gateway.ec2_backend, gateway.id),
    }  # fmt: skip


NAT = register(
    Kind(
        type="natgateway", prefix="nat", missing=("NatGatewayNotFound", "NAT gateway"), id_key="NatGatewayId",
        objects=lambda backend: backend.nat_gateways.values(), view=view,
        filters={
            "nat-gateway-id": "NatGatewayId", "state": "State", "subnet-id": "SubnetId", "vpc-id": "VpcId",
            "connectivity-type": "ConnectivityType",
        },
    )
)  # fmt: skip


@action
def describe_nat_gateways(response: Response) -> t.Any:
    return describe(response, NAT, "NatGateways", "NatGatewayIds")


@action
def create_nat_gateway(response: Response) -> t.Any:
    backend, token = response.ec2_backend, response._get_param("ClientToken")
    catch_up(backend)
    given = tags.requested(response, "natgateway")
    gateway = same_request(backend, "nat", token, lambda: _create(response, given))
    return Ec2Result({"NatGateway": view(gateway), "ClientToken": token})


def _create(response: Response, given: dict[str, str]) -> NatGateway:
    backend = response.ec2_backend
    subnet = find(backend, response._get_param("SubnetId"))
    kind = response._get_param("ConnectivityType") or "public"
    allocation = response._get_param("AllocationId")
    if kind == "public" and not allocation:
        refuse("MissingParameter", "The request must contain the parameter AllocationId")
    if kind == "private" and allocation:
        refuse("InvalidParameterCombination", "A private NAT gateway takes no AllocationId")
    address = find(backend, allocation) if allocation else None
    alive = [one for one in backend.nat_gateways.values() if one.state in ("pending", "available", "deleting")]
    in_zone = sum(1 for one in alive if _zone(backend, one) == subnet.availability_zone)
    limits.check(
        "nat_gateways_per_zone",
        in_zone,
        "NatGatewayLimitExceeded",
        "The maximum number of NAT gateways has been reached.",
    )
    response.error_on_dryrun()
    gateway = NatGateway(backend, subnet.id, subnet.vpc_id, kind, allocation)
    backend.nat_gateways[gateway.id] = gateway
    tags.put(backend, gateway.id, given)
    _settle(backend, gateway, subnet, address)
    return gateway


def _zone(backend: Backend, gateway: NatGateway) -> str | None:
    return next(
        (s.availability_zone for z in backend.subnets.values() for s in z.values() if s.id == gateway.subnet_id), None
    )


def _settle(backend: Backend, gateway: NatGateway, subnet: t.Any, address: t.Any) -> None:
    """Give the gateway its interface at once and its last state in its time."""
    eni = interfaces.place(backend, subnet, "nat_gateway", f"Interface for NAT Gateway {gateway.id}")
    gateway.address = {
        "NetworkInterfaceId": eni.id, "PrivateIp": eni.private_ip_address, "IsPrimary": True, "Status": "succeeded",
        "AllocationId": gateway.allocation_id,
    }  # fmt: skip
    trouble = _trouble(backend, gateway, address)
    if trouble:
        gateway.address["Status"] = "failed"
        after(backend, "nat_gateway", lambda: _fail(backend, gateway, trouble))
        return
    if address is not None:
        backend.associate_address(eni=eni, allocation_id=address.id)
        gateway.address.update(PublicIp=address.public_ip, AssociationId=address.association_id)

    def ready() -> None:
        if gateway.state == "pending":
            gateway.state = "available"

    after(backend, "nat_gateway", ready)


def _trouble(backend: Backend, gateway: NatGateway, address: t.Any) -> tuple[str, str] | None:
    if gateway.connectivity_type == "private":
        return None
    if not any(one.vpc and one.vpc.id == gateway.vpc_id for one in backend.internet_gateways.values()):
        return "Gateway.NotAttached", f"Network {gateway.vpc_id} has no Internet gateway attached"
    if address.eni is not None:
        return "Resource.AlreadyAssociated", f"Elastic IP address [{address.id}] is already associated"
    return None


def _fail(backend: Backend, gateway: NatGateway, trouble: tuple[str, str]) -> None:
    gateway.fail(*trouble)
    interfaces.remove(backend, gateway.address["NetworkInterfaceId"])


@action
def delete_nat_gateway(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    gateway = find(backend, response._get_param("NatGatewayId"))
    response.error_on_dryrun()
    if gateway.state not in ("deleting", "deleted"):
        gateway.state = "deleting"
        after(backend, "nat_gateway_delete", lambda: _gone(backend, gateway))
    return Ec2Result({"NatGatewayId": gateway.id})


def _gone(backend: Backend, gateway: NatGateway) -> None:
    for address in backend.addresses:
        if address.eni is not None and address.eni.id == gateway.address["NetworkInterfaceId"]:
            backend.disassociate_address(address=address.public_ip)
    interfaces.remove(backend, gateway.address["NetworkInterfaceId"])
    gateway.state, gateway.delete_time = "deleted", now()
