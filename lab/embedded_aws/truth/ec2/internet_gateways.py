# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Internet gateways.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import Response, action, catch_up, done, forget, refuse, tag_list
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.xml import Ec2Result


def view(gateway: t.Any) -> dict[str, t.Any]:
    return {
        "InternetGatewayId": gateway.id,
        "OwnerId": gateway.ec2_backend.account_id,
        "Attachments": [{"State": "available", "VpcId": gateway.vpc.id}] if gateway.vpc else [],
        "Tags": tag_list(gateway.ec2_backend, gateway.id),
    }


GATEWAY = register(
    Kind(
        type="internet-gateway", prefix="igw", missing=("InvalidInternetGatewayID.NotFound", "internetGateway ID"),
        id_key="InternetGatewayId", objects=lambda backend: backend.internet_gateways.values(), view=view,
        filters={
            "internet-gateway-id": "InternetGatewayId", "attachment.vpc-id": "Attachments[].VpcId",
            "attachment.state": "Attachments[].State", "owner-id": "OwnerId",
        },
    )
)  # fmt: skip


@action
def describe_internet_gateways(response: Response) -> t.Any:
    return describe(response, GATEWAY, "InternetGateways", "InternetGatewayIds")


@action
def create_internet_gateway(response: Response) -> t.Any:
    backend = response.ec2_backend
    given = tags.requested(response, "internet-gateway")
    message = "The maximum number of internet gateways has been reached."
    limits.check("internet_gateways", len(backend.internet_gateways), "InternetGatewayLimitExceeded", message)
    response.error_on_dryrun()
    gateway = backend.create_internet_gateway()
    tags.put(backend, gateway.id, given)
    return Ec2Result({"InternetGateway": view(gateway)})


@action
def attach_internet_gateway(response: Response) -> t.Any:
    backend = response.ec2_backend
    gateway = find(backend, response._get_param("InternetGatewayId"))
    vpc = find(backend, response._get_param("VpcId"))
    if gateway.vpc:
        refuse("Resource.AlreadyAssociated", f"resource {gateway.id} is already attached to network {gateway.vpc.id}")
    if any(one.vpc is vpc for one in backend.internet_gateways.values()):
        refuse("InvalidParameterValue", f"Network {vpc.id} already has an internet gateway attached")
    gateway.vpc = vpc
    return done()


@action
def detach_internet_gateway(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    gateway = find(backend, response._get_param("InternetGatewayId"))
    vpc = find(backend, response._get_param("VpcId"))
    if gateway.vpc is not vpc:
        refuse("Gateway.NotAttached", f"resource {gateway.id} is not attached to network {vpc.id}")
    if any(eni.public_ip and eni.vpc_id == vpc.id for eni in backend.enis.values()):
        refuse(
            "DependencyViolation",
            f"Network {vpc.id} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway.",
        )
    gateway.vpc = None
    return done()


@action
def delete_internet_gateway(response: Response) -> t.Any:
    backend = response.ec2_backend
    gateway = find(backend, response._get_param("InternetGatewayId"))
    if gateway.vpc:
        refuse("DependencyViolation", f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted.")
    backend.internet_gateways.pop(gateway.id)
    forget(backend, gateway.id)
    return done()
