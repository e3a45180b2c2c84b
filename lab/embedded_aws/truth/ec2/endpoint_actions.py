# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Making, changing and deleting VPC endpoints, with AWS's refusals.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
"""

from __future__ import annotations

import functools
import json
import sys
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2 import interfaces, tags
from lab.embedded_aws.truth.ec2.base import (
    Backend,
    Response,
    action,
    after,
    catch_up,
    done,
    forget,
    refuse,
    same_request,
)
from lab.embedded_aws.truth.ec2.endpoint_connections import begin
from lab.embedded_aws.truth.ec2.endpoint_services import named
from lab.embedded_aws.truth.ec2.endpoints import (
    OPEN_GATEWAY_POLICY,
    OPEN_POLICY,
    Endpoint,
    join_groups,
    join_subnets,
    join_tables,
    leave_tables,
    spread_groups,
    view,
)
from lab.embedded_aws.truth.ec2.kinds import find
from lab.embedded_aws.truth.ec2.xml import Ec2Result

# What one type of endpoint does not take, with AWS's words.
FOREIGN = {
    "Gateway": {
        "SubnetIds": "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints.",
        "SecurityGroupIds": "Security group IDs are only supported for Interface type VPC Endpoint.",
    },
    "Interface": {"RouteTableIds": "Route table IDs are only supported for Gateway type VPC Endpoint."},
}


@action
def create_vpc_endpoint(response: Response) -> t.Any:
    backend, token = response.ec2_backend, response._get_param("ClientToken")
    catch_up(backend)
    given = tags.requested(response, "vpc-endpoint")
    endpoint = same_request(backend, "vpce", token, lambda: _create(response, given))
    return Ec2Result({"VpcEndpoint": view(endpoint), "ClientToken": token})


def _create(response: Response, given: dict[str, str]) -> Endpoint:
    backend, kind = response.ec2_backend, response._get_param("VpcEndpointType") or "Gateway"
    vpc = backend.vpcs.get(response._get_param("VpcId"))
    if vpc is None:
        refuse("InvalidVpcId.NotFound", f"The Vpc Id {response._get_param('VpcId')} does not exist")
    offered = named(backend, response._get_param("ServiceName"))
    service = next((one for one in offered if one["ServiceType"][0]["ServiceType"] == kind), None)
    if service is None:
        types = ", ".join(one["ServiceType"][0]["ServiceType"] for one in offered)
        refuse("InvalidParameter", f"Endpoint type ({kind}) does not match available service types ([{types}]).")
    private = response._get_param("PrivateDnsEnabled")
    wanted = (kind == "Interface" and bool(service.get("PrivateDnsNames"))) if private is None else private
    policy = _policy(response) or (OPEN_GATEWAY_POLICY if kind == "Gateway" else OPEN_POLICY)
    endpoint = Endpoint(backend, vpc.id, service, kind, policy, bool(wanted))
    _check_kind(response, endpoint)
    response.error_on_dryrun()
    if endpoint.private_dns_enabled:
        _check_private_dns(endpoint)
    _join(endpoint, response)
    backend.vpc_end_points[endpoint.id] = endpoint
    tags.put(backend, endpoint.id, given)
    if endpoint.is_interface:
        begin(endpoint)
    else:
        endpoint.state = "available"
    return endpoint


def _check_kind(response: Response, endpoint: Endpoint) -> None:
    for parameter, message in FOREIGN[endpoint.vpc_endpoint_type].items():
        if response._get_param(parameter, []):
            refuse("InvalidParameter", message)
    if endpoint.private_dns_enabled and not endpoint.is_interface:
        refuse("InvalidParameter", "Private DNS can only be enabled for interface type VPC endpoints")
    if endpoint.is_interface:
        backend = endpoint.ec2_backend
        present = sum(
            1 for one in backend.vpc_end_points.values() if one.is_interface and one.vpc_id == endpoint.vpc_id
        )
        message = "The maximum number of VPC endpoints has been reached."
        limits.check("interface_endpoints_per_vpc", present, "VpcEndpointLimitExceeded", message)


def _join(endpoint: Endpoint, response: Response) -> None:
    if not endpoint.is_interface:
        join_tables(endpoint, response._get_param("RouteTableIds", []))
        return
    groups = response._get_param("SecurityGroupIds", [])
    default = endpoint.ec2_backend.get_default_security_group(endpoint.vpc_id)
    join_groups(endpoint, groups or [default.id])
    join_subnets(endpoint, response._get_param("SubnetIds", []))


def _policy(response: Response) -> str | None:
    text = response._get_param("PolicyDocument")
    if not text:
        return None
    try:
        json.loads(text)
    except ValueError:
        refuse("InvalidPolicyDocument", "The policy document is not valid JSON")
    return str(text)


def _check_private_dns(endpoint: Endpoint) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"""
    vpc = find(endpoint.ec2_backend, endpoint.vpc_id)
    if not endpoint.private_names:
        refuse(
            "InvalidParameter",
            f"Private DNS can't be enabled because the service {endpoint.service_name} does not provide a private "
            "DNS name.",
        )
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        refuse(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc.id}",
        )
    taken = _taken_names(endpoint)
    for name in endpoint.private_names:
        if name.removeprefix("*.") in taken:
            refuse(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{name} in the VPC {vpc.id}",
            )


def _taken_names(endpoint: Endpoint) -> set[str]:
    """Names the VPC resolves already: other endpoints' and those of its private hosted zones."""
    others = endpoint.ec2_backend.vpc_end_points.values()
    names = {
        name.removeprefix("*.")
        for one in others
        if one is not endpoint and one.vpc_id == endpoint.vpc_id and one.private_dns_enabled
        for name in one.private_names
        if one.state in ("pending", "available")
    }
    return names | _zone_names(endpoint.ec2_backend, endpoint.vpc_id)


def _zone_names(backend: Backend, vpc_id: str) -> set[str]:
    models = sys.modules.get("moto.route53.models")
    if models is None:
        return set()
    accounts = models.route53_backends[backend.account_id]
    zones = accounts[backend.partition].zones.values()
    return {zone.name.rstrip(".") for zone in zones if any(one["vpc_id"] == vpc_id for one in zone.vpcs)}


@action
def modify_vpc_endpoint(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    endpoint = find(backend, response._get_param("VpcEndpointId"))
    private, policy = response._get_param("PrivateDnsEnabled"), _policy(response)
    response.error_on_dryrun()
    if private and not endpoint.private_dns_enabled:
        _check_private_dns(endpoint)
    join_groups(endpoint, response._get_param("AddSecurityGroupIds", []))
    join_tables(endpoint, response._get_param("AddRouteTableIds", []))
    leaving = response._get_param("RemoveSubnetIds", [])
    for subnet in [one for one in leaving if one in endpoint.interfaces]:
        interfaces.remove(backend, endpoint.interfaces.pop(subnet))
    join_subnets(endpoint, response._get_param("AddSubnetIds", []))
    _leave_groups(endpoint, response._get_param("RemoveSecurityGroupIds", []))
    leave_tables(endpoint, response._get_param("RemoveRouteTableIds", []))
    if private is not None:
        endpoint.private_dns_enabled = bool(private)
    if response._get_param("ResetPolicy"):
        endpoint.policy_document = OPEN_POLICY if endpoint.is_interface else OPEN_GATEWAY_POLICY
    endpoint.policy_document = policy or endpoint.policy_document
    return done()


def _leave_groups(endpoint: Endpoint, group_ids: list[str]) -> None:
    kept = [one for one in endpoint.security_group_ids if one not in group_ids]
    if endpoint.is_interface and not kept:
        refuse("InvalidParameter", "An interface endpoint must have at least one security group")
    endpoint.security_group_ids = kept
    spread_groups(endpoint)


@action
def delete_vpc_endpoints(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    unsuccessful = []
    for one in response._get_param("VpcEndpointIds", []):
        endpoint = backend.vpc_end_points.get(one)
        if endpoint is None or endpoint.state == "deleted":
            error = {"Code": "InvalidVpcEndpointId.NotFound", "Message": f"The Vpc Endpoint Id '{one}' does not exist"}
            unsuccessful.append({"ResourceId": one, "Error": error})
        elif endpoint.state != "deleting":
            endpoint.state = "deleting"
            leave_tables(endpoint, list(endpoint.route_table_ids))
            after(backend, "vpc_endpoint_delete", functools.partial(_gone, backend, endpoint))
    return Ec2Result({"Unsuccessful": unsuccessful})


def _gone(backend: Backend, endpoint: Endpoint) -> None:
    """The endpoint is no longer listed; its interfaces go a little later."""
    endpoint.state = "deleted"
    backend.vpc_end_points.pop(endpoint.id, None)
    forget(backend, endpoint.id)
    left = list(endpoint.interfaces.values())
    after(backend, "endpoint_interface_delete", functools.partial(_remove_all, backend, left))


def _remove_all(backend: Backend, eni_ids: list[str]) -> None:
    for one in eni_ids:
        interfaces.remove(backend, one)
