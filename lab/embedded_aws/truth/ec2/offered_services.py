# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Endpoint services: what an account offers to VPCs through a network load balancer, and to whom.

https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpointServiceConfigurations.html: connections are
rejected, or their endpoints deleted, before a service goes.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import (
    Backend,
    Response,
    action,
    catch_up,
    done,
    forget,
    new_id,
    refuse,
    same_request,
    tag_list,
)
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe, paged
from lab.embedded_aws.truth.ec2.xml import Ec2Result

CONNECTED = ("pendingAcceptance", "pending", "available")
PRINCIPAL = re.compile(r"\*|arn:aws[\w-]*:iam::\d{12}:(root|user/.+|role/.+)|\w[\w.-]*\.amazonaws\.com")
NOT_MODELLED = (
    "PrivateDnsName", "RemovePrivateDnsName", "GatewayLoadBalancerArns", "AddGatewayLoadBalancerArns",
    "RemoveGatewayLoadBalancerArns", "SupportedRegions", "AddSupportedRegions", "RemoveSupportedRegions",
)  # fmt: skip


@dataclasses.dataclass(eq=False)
class Offered:
    """An endpoint service, of moto's `configurations`. `principals` maps one to the id of its permission."""

    ec2_backend: Backend
    acceptance_required: bool
    network_load_balancer_arns: list[str] = dataclasses.field(default_factory=list)
    address_types: list[str] = dataclasses.field(default_factory=lambda: ["ipv4"])
    principals: dict[str, str] = dataclasses.field(default_factory=dict)
    id: str = dataclasses.field(default_factory=lambda: new_id("vpce-svc"))

    @property
    def service_name(self) -> str:
        return f"com.amazonaws.vpce.{self.ec2_backend.region_name}.{self.id}"

    @property
    def base_name(self) -> str:
        suffix = "amazonaws.com.cn" if self.ec2_backend.partition == "aws-cn" else "amazonaws.com"
        return f"{self.id}.{self.ec2_backend.region_name}.vpce.{suffix}"

    @property
    def zones(self) -> list[str]:
        """Names of the zones its load balancers stand in."""
        known = balancers(self.ec2_backend)
        held = [known[arn] for arn in self.network_load_balancer_arns if arn in known]
        return sorted({zone.name for balancer in held for zone in balancer.zones})

    def open_to(self, account: str) -> bool:
        """Whether an account may connect: its owner's always may, others that are named."""
        named = {one.split(":")[4] if one.startswith("arn:") else one for one in self.principals}
        return account == self.ec2_backend.account_id or bool({"*", account} & named)


def balancers(backend: Backend) -> dict[str, t.Any]:
    from moto.elbv2.models import elbv2_backends

    return t.cast("dict[str, t.Any]", elbv2_backends[backend.account_id][backend.region_name].load_balancers)


def zone_ids(backend: Backend, names: list[str]) -> list[str]:
    return [zone.zone_id for zone in backend.describe_availability_zones() if zone.name in names]


def view(offered: Offered) -> dict[str, t.Any]:
    backend, zones = offered.ec2_backend, offered.zones
    return {
        "ServiceType": [{"ServiceType": "Interface"}], "ServiceId": offered.id, "ServiceName": offered.service_name,
        "ServiceState": "Available", "AvailabilityZones": zones, "AvailabilityZoneIds": zone_ids(backend, zones),
        "AcceptanceRequired": offered.acceptance_required, "ManagesVpcEndpoints": False,
        "NetworkLoadBalancerArns": list(offered.network_load_balancer_arns),
        "SupportedIpAddressTypes": list(offered.address_types), "BaseEndpointDnsNames": [offered.base_name],
        "RemoteAccessEnabled": False, "Tags": tag_list(backend, offered.id),
    }  # fmt: skip


SERVICE = register(
    Kind(
        type="vpc-endpoint-service", prefix="vpce-svc",
        missing=("InvalidVpcEndpointServiceId.NotFound", "VpcEndpointService Id"), id_key="ServiceId",
        objects=lambda backend: backend.configurations.values(), view=view,
        filters={
            "service-id": "ServiceId", "service-name": "ServiceName", "service-state": "ServiceState",
            "supported-ip-address-types": "SupportedIpAddressTypes[]",
        },
    )
)  # fmt: skip


@action
def create_vpc_endpoint_service_configuration(response: Response) -> t.Any:
    backend, token = response.ec2_backend, response._get_param("ClientToken")
    catch_up(backend)
    given = tags.requested(response, "vpc-endpoint-service")
    _only_what_is_modelled(response)
    response.error_on_dryrun()
    offered = same_request(backend, "vpce-svc", token, lambda: _create(response, given))
    return Ec2Result({"ServiceConfiguration": view(offered), "ClientToken": token})


def _create(response: Response, given: dict[str, str]) -> Offered:
    backend, required = response.ec2_backend, response._get_param("AcceptanceRequired")
    offered = Offered(backend, True if required is None else bool(required))
    offered.address_types = response._get_param("SupportedIpAddressTypes", []) or ["ipv4"]
    _lead_to(offered, response._get_param("NetworkLoadBalancerArns", []))
    if not offered.network_load_balancer_arns:
        refuse("InvalidParameter", "exactly one of network_load_balancer_arn or gateway_load_balancer_arn is required")
    backend.configurations[offered.id] = offered
    tags.put(backend, offered.id, given)
    return offered


def _only_what_is_modelled(response: Response) -> None:
    for name in NOT_MODELLED:
        if response._get_param(name):
            raise NotImplementedError(f"{name} of endpoint services")


def _lead_to(offered: Offered, arns: list[str]) -> None:
    """Put network load balancers behind a service; each serves one service at most."""
    known = balancers(offered.ec2_backend)
    for arn in arns:
        balancer = known.get(arn)
        if balancer is None or balancer.type != "network":
            refuse("InvalidLoadBalancerArn", f"The network load balancer '{arn}' does not exist")
        if balancer.state != "active":
            refuse("InvalidParameter", f"The load balancer '{arn}' is not active: {balancer.state}")
        others = offered.ec2_backend.configurations.values()
        if any(arn in one.network_load_balancer_arns for one in others if one is not offered):
            refuse("InvalidParameter", f"The load balancer '{arn}' is already associated with an endpoint service")
    offered.network_load_balancer_arns += [arn for arn in arns if arn not in offered.network_load_balancer_arns]


@action
def describe_vpc_endpoint_service_configurations(response: Response) -> t.Any:
    return describe(response, SERVICE, "ServiceConfigurations", "ServiceIds")


@action
def modify_vpc_endpoint_service_configuration(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    _only_what_is_modelled(response)
    offered: Offered = find(backend, response._get_param("ServiceId"))
    leaving = response._get_param("RemoveNetworkLoadBalancerArns", [])
    _lead_to(offered, response._get_param("AddNetworkLoadBalancerArns", []))
    rest = [arn for arn in offered.network_load_balancer_arns if arn not in leaving]
    if not rest:
        refuse("InvalidParameter", f"{offered.id} needs at least one load balancer")
    offered.network_load_balancer_arns = rest
    required = response._get_param("AcceptanceRequired")
    if required is not None:
        offered.acceptance_required = bool(required)
    return done()


@action
def delete_vpc_endpoint_service_configurations(response: Response) -> t.Any:
    from lab.embedded_aws.truth.ec2.endpoint_connections import connected

    backend = response.ec2_backend
    catch_up(backend)
    unsuccessful = []
    for one in response._get_param("ServiceIds", []):
        code, message = "", ""
        if one not in backend.configurations:
            code, message = SERVICE.missing[0], f"The VpcEndpointService Id '{one}' does not exist"
        elif any(endpoint.state in CONNECTED for endpoint in connected(backend.configurations[one])):
            code, message = "ExistingVpcEndpointConnections", f"Service {one} has existing VPC endpoint connections"
        if code:
            unsuccessful.append({"ResourceId": one, "Error": {"Code": code, "Message": message}})
            continue
        del backend.configurations[one]
        forget(backend, one)
    return Ec2Result({"Unsuccessful": unsuccessful})


@action
def describe_vpc_endpoint_service_permissions(response: Response) -> t.Any:
    offered: Offered = find(response.ec2_backend, response._get_param("ServiceId"))
    return paged(response, "AllowedPrincipals", [_permission(offered, one) for one in offered.principals])


def _permission(offered: Offered, principal: str) -> dict[str, t.Any]:
    kind = {"*": "All", "root": "Account", "user": "User", "role": "Role"}.get(
        principal.rpartition(":")[2].partition("/")[0], "Service"
    )
    return {
        "PrincipalType": kind, "Principal": principal, "ServicePermissionId": offered.principals[principal],
        "ServiceId": offered.id,
    }  # fmt: skip


@action
def modify_vpc_endpoint_service_permissions(response: Response) -> t.Any:
    offered: Offered = find(response.ec2_backend, response._get_param("ServiceId"))
    new = [one for one in response._get_param("AddAllowedPrincipals", []) if one not in offered.principals]
    for one in new:
        if not PRINCIPAL.fullmatch(one):
            refuse("InvalidPrincipal", f"The principal {one} is not valid")
    for one in response._get_param("RemoveAllowedPrincipals", []):
        offered.principals.pop(one, None)
    offered.principals.update({one: new_id("vpce-svc-perm") for one in new})
    added = [_permission(offered, one) for one in new if one in offered.principals]
    return Ec2Result({"AddedPrincipals": added, "ReturnValue": True})
