# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VPC endpoints as they are: gateway ones in route tables, interface ones with an interface in each subnet.

endpoint_actions.py makes, changes and deletes them.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import secrets
import string
import typing as t

from lab.embedded_aws.truth.ec2 import interfaces, routes
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, new_id, now, refuse, tag_list
from lab.embedded_aws.truth.ec2.endpoint_services import Service
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe

OPEN_POLICY = json.dumps({"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]})
OPEN_GATEWAY_POLICY = json.dumps(
    {"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
)

PREFIXES = {"Subnet": "subnet", "SecurityGroup": "sg", "RouteTable": "rtb"}


@dataclasses.dataclass(eq=False)
class Endpoint:
    """A VPC endpoint; `interfaces` maps a subnet to the interface in it."""

    ec2_backend: Backend
    vpc_id: str
    service: Service
    vpc_endpoint_type: str
    policy_document: str
    private_dns_enabled: bool
    id: str = dataclasses.field(default_factory=lambda: new_id("vpce"))
    state: str = "pending"
    route_table_ids: list[str] = dataclasses.field(default_factory=list)
    security_group_ids: list[str] = dataclasses.field(default_factory=list)
    interfaces: dict[str, str] = dataclasses.field(default_factory=dict)
    creation_timestamp: datetime.datetime = dataclasses.field(default_factory=now)
    label: str = dataclasses.field(
        default_factory=lambda: "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
    )

    @property
    def service_name(self) -> str:
        return str(self.service["ServiceName"])

    @property
    def private_names(self) -> list[str]:
        return [one["PrivateDnsName"] for one in self.service.get("PrivateDnsNames", [])]

    @property
    def is_interface(self) -> bool:
        return self.vpc_endpoint_type == "Interface"


def view(endpoint: Endpoint) -> dict[str, t.Any]:
    backend = endpoint.ec2_backend
    groups = [find(backend, one) for one in endpoint.security_group_ids if one in _known_groups(backend)]
    return {
        "VpcEndpointId": endpoint.id, "VpcEndpointType": endpoint.vpc_endpoint_type, "VpcId": endpoint.vpc_id,
        "ServiceName": endpoint.service_name, "ServiceRegion": backend.region_name, "State": endpoint.state,
        "PolicyDocument": endpoint.policy_document, "PrivateDnsEnabled": endpoint.private_dns_enabled,
        "RouteTableIds": list(endpoint.route_table_ids), "SubnetIds": list(endpoint.interfaces),
        "NetworkInterfaceIds": list(endpoint.interfaces.values()),
        "Groups": [{"GroupId": one.id, "GroupName": one.name} for one in groups],
        "IpAddressType": "ipv4" if endpoint.is_interface else None, "RequesterManaged": False,
        "DnsOptions": {"DnsRecordIpType": "ipv4"} if endpoint.is_interface else None,
        "DnsEntries": _dns_entries(endpoint) if endpoint.is_interface else [],
        "CreationTimestamp": endpoint.creation_timestamp, "OwnerId": backend.account_id,
        "Tags": tag_list(backend, endpoint.id),
    }  # fmt: skip


def _known_groups(backend: Backend) -> set[str]:
    return {one for groups in backend.groups.values() for one in groups}


def _dns_entries(endpoint: Endpoint) -> list[dict[str, str]]:
    """The regional name, one for each zone, and the private names, as AWS orders them."""
    backend = endpoint.ec2_backend
    base = (endpoint.service.get("BaseEndpointDnsNames") or [f"{backend.region_name}.vpce.amazonaws.com"])[0]
    stem = f"{endpoint.id}-{endpoint.label}"
    zones = [find(backend, subnet).availability_zone for subnet in endpoint.interfaces]
    names = [f"{stem}.{base}", *(f"{stem}-{zone}.{base}" for zone in zones)]
    entries = [{"DnsName": one, "HostedZoneId": "Z1YSA3EXCYUU9Z"} for one in names]
    if endpoint.private_dns_enabled:
        zone = "Z0" + endpoint.label.upper() + "PRIVATE"
        entries += [{"DnsName": one, "HostedZoneId": zone} for one in endpoint.private_names]
    return entries


ENDPOINT = register(
    Kind(
        type="vpc-endpoint", prefix="vpce", missing=("InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id"),
        id_key="VpcEndpointId", objects=lambda backend: backend.vpc_end_points.values(), view=view,
        filters={
            "vpc-endpoint-id": "VpcEndpointId", "vpc-id": "VpcId", "service-name": "ServiceName",
            "vpc-endpoint-type": "VpcEndpointType", "vpc-endpoint-state": "State", "ip-address-type": "IpAddressType",
            "service-region": "ServiceRegion",
        },
    )
)  # fmt: skip


@action
def describe_vpc_endpoints(response: Response) -> t.Any:
    return describe(response, ENDPOINT, "VpcEndpoints", "VpcEndpointIds")


def member(backend: Backend, resource_id: str, vpc_id: str, word: str) -> t.Any:
    """A subnet, group or route table an endpoint names. The endpoint actions spell their errors with Id, not ID."""
    from lab.embedded_aws.truth.ec2.kinds import of

    prefix = PREFIXES[word]
    if not resource_id.startswith(prefix + "-"):
        rule = "the Id may only contain lowercase alphanumeric characters and a single dash"
        refuse(f"Invalid{word}Id.Malformed", f"Invalid Id: '{resource_id}' (expecting '{prefix}-...; {rule}')")
    kind = of(resource_id)
    found = next((one for one in kind.objects(backend) if one.id == resource_id), None) if kind else None
    if found is None:
        refuse(f"Invalid{word}Id.NotFound", f"The {word} Id '{resource_id}' does not exist")
    if found.vpc_id != vpc_id:
        refuse("InvalidParameter", f"{resource_id} does not belong to VPC {vpc_id}")
    return found


def join_subnets(endpoint: Endpoint, subnet_ids: list[str]) -> None:
    """Put an interface into each subnet; one zone takes one."""
    backend = endpoint.ec2_backend
    zones = {find(backend, one).availability_zone for one in endpoint.interfaces}
    joining = [member(backend, one, endpoint.vpc_id, "Subnet") for one in subnet_ids if one not in endpoint.interfaces]
    for subnet in joining:
        if subnet.availability_zone not in endpoint.service["AvailabilityZones"]:
            refuse(
                "InvalidParameter",
                f"The VPC endpoint service {endpoint.service_name} does not support the availability zone of the "
                f"subnet: {subnet.id}.",
            )
        if subnet.availability_zone in zones:
            refuse(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {subnet.id}. VPC endpoint subnets "
                "should be in different availability zones supported by the VPC endpoint service.",
            )
        zones.add(subnet.availability_zone)
    for subnet in joining:
        text = f"VPC Endpoint Interface {endpoint.id}"
        eni = interfaces.place(backend, subnet, "vpc_endpoint", text, endpoint.security_group_ids)
        endpoint.interfaces[subnet.id] = eni.id


def join_groups(endpoint: Endpoint, group_ids: list[str]) -> None:
    backend = endpoint.ec2_backend
    for one in group_ids:
        member(backend, one, endpoint.vpc_id, "SecurityGroup")
    endpoint.security_group_ids += [one for one in group_ids if one not in endpoint.security_group_ids]
    spread_groups(endpoint)


def spread_groups(endpoint: Endpoint) -> None:
    """Set the endpoint's groups on its interfaces."""
    backend = endpoint.ec2_backend
    for eni_id in endpoint.interfaces.values():
        backend.enis[eni_id]._group_set = [find(backend, one) for one in endpoint.security_group_ids]


def join_tables(endpoint: Endpoint, table_ids: list[str]) -> None:
    """Put the service's prefix list into each route table, leading to the endpoint."""
    if not table_ids:
        return
    backend = endpoint.ec2_backend
    prefix_list = _prefix_list(endpoint)
    tables = [member(backend, one, endpoint.vpc_id, "RouteTable") for one in table_ids]
    for table in tables:
        if any(route.destination_prefix_list_id == prefix_list for route in table.routes):
            message = f"route table {table.id} already has a route with destination-prefix-list-id {prefix_list}"
            refuse("RouteAlreadyExists", message)
    for table in tables:
        routes.put(backend, table, "DestinationPrefixListId", prefix_list, {"gateway": endpoint})
        endpoint.route_table_ids.append(table.id)


def leave_tables(endpoint: Endpoint, table_ids: list[str]) -> None:
    if not table_ids:
        return
    prefix_list = _prefix_list(endpoint)
    for one in table_ids:
        table = endpoint.ec2_backend.route_tables.get(one)
        if one in endpoint.route_table_ids:
            endpoint.route_table_ids.remove(one)
        for route in table.routes if table else []:
            if route.destination_prefix_list_id == prefix_list and route.gateway is endpoint:
                del table._routes[route.id]


def _prefix_list(endpoint: Endpoint) -> str:
    lists = endpoint.ec2_backend.managed_prefix_lists.values()
    return str(next(one.id for one in lists if one.prefix_list_name == endpoint.service_name))
