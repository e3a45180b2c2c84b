# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections of endpoint services: interface endpoints of any account, which the owner accepts or rejects.

https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html#accept-reject-connection-requests
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2.base import Response, action, after, catch_up, refuse, tag_list
from lab.embedded_aws.truth.ec2.endpoints import Endpoint, view
from lab.embedded_aws.truth.ec2.kinds import find
from lab.embedded_aws.truth.ec2.offered_services import Offered
from lab.embedded_aws.truth.ec2.reading import accepts, dig, paged, read_filters
from lab.embedded_aws.truth.ec2.xml import Ec2Result

FILTERS = {
    "ip-address-type": "IpAddressType", "service-id": "ServiceId", "vpc-endpoint-owner": "VpcEndpointOwner",
    "vpc-endpoint-state": "VpcEndpointState", "vpc-endpoint-id": "VpcEndpointId",
}  # fmt: skip


def connected(offered: Offered) -> list[Endpoint]:
    """Endpoints of all accounts that were made for a service."""
    from moto.ec2.models import ec2_backends

    region, found = offered.ec2_backend.region_name, []
    for regions in list(ec2_backends.values()):
        if region in regions:
            backend = regions[region]
            catch_up(backend)
            found += [one for one in backend.vpc_end_points.values() if one.service_name == offered.service_name]
    return found


def begin(endpoint: Endpoint) -> None:
    """Let an endpoint be up in its time, or wait for its service's owner."""
    if endpoint.service.get("AcceptanceRequired"):
        endpoint.state = "pendingAcceptance"
    else:
        _rise(endpoint)


def _rise(endpoint: Endpoint) -> None:
    endpoint.state = "pending"

    def ready() -> None:
        if endpoint.state == "pending":
            endpoint.state = "available"

    after(endpoint.ec2_backend, "vpc_endpoint", ready)


def _view(offered: Offered, endpoint: Endpoint) -> dict[str, t.Any]:
    shown, identifier = view(endpoint), endpoint.id.replace("vpce-", "vpce-con-", 1)
    return {
        "ServiceId": offered.id, "VpcEndpointId": endpoint.id, "VpcEndpointOwner": endpoint.ec2_backend.account_id,
        "VpcEndpointState": endpoint.state, "CreationTimestamp": endpoint.creation_timestamp,
        "DnsEntries": shown["DnsEntries"], "NetworkLoadBalancerArns": list(offered.network_load_balancer_arns),
        "IpAddressType": shown["IpAddressType"], "VpcEndpointConnectionId": identifier,
        "VpcEndpointRegion": endpoint.ec2_backend.region_name, "Tags": tag_list(offered.ec2_backend, identifier),
    }  # fmt: skip


@action
def describe_vpc_endpoint_connections(response: Response) -> t.Any:
    backend = response.ec2_backend
    response.error_on_dryrun()
    catch_up(backend)
    found = [_view(one, endpoint) for one in backend.configurations.values() for endpoint in connected(one)]
    for name, values in read_filters(response):
        if name not in FILTERS:
            refuse("InvalidFilter", f"The filter '{name}' is invalid.")
        found = [one for one in found if accepts(values, dig(one, FILTERS[name]))]
    return paged(response, "VpcEndpointConnections", found)


@action
def accept_vpc_endpoint_connections(response: Response) -> t.Any:
    return _answer(response, ("pendingAcceptance", "rejected"), _rise)


@action
def reject_vpc_endpoint_connections(response: Response) -> t.Any:
    return _answer(response, ("pendingAcceptance", "pending", "available"), _fall)


def _fall(endpoint: Endpoint) -> None:
    endpoint.state = "rejected"


def _answer(response: Response, states: tuple[str, ...], turn: t.Callable[[Endpoint], None]) -> Ec2Result:
    """Turn the endpoints named that are in one of `states`; those in another are told as unsuccessful."""
    catch_up(response.ec2_backend)
    offered: Offered = find(response.ec2_backend, response._get_param("ServiceId"))
    there = {endpoint.id: endpoint for endpoint in connected(offered)}
    unsuccessful = []
    for one in response._get_param("VpcEndpointIds", []):
        code, message = "", ""
        if one not in there:
            code, message = "InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{one}' does not exist"
        elif there[one].state not in states:
            code, message = "InvalidState", f"VpcEndpoint {one} is in the state {there[one].state}"
        if code:
            unsuccessful.append({"ResourceId": one, "Error": {"Code": code, "Message": message}})
        else:
            turn(there[one])
    return Ec2Result({"Unsuccessful": unsuccessful})
