# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route tables and their associations with subnets; routes.py has the routes in them.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.limits import current as limits
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
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.xml import Ec2Result

ASSOCIATED = {"State": "associated"}


def view(table: t.Any) -> dict[str, t.Any]:
    from lab.embedded_aws.truth.ec2.routes import route_view

    backend = table.ec2_backend
    return {
        "RouteTableId": table.id, "VpcId": table.vpc_id, "OwnerId": backend.account_id, "PropagatingVgws": [],
        "Associations": _associations(table), "Routes": [route_view(backend, route) for route in table.routes],
        "Tags": tag_list(backend, table.id),
    }  # fmt: skip


def _associations(table: t.Any) -> list[dict[str, t.Any]]:
    found = []
    if table.main_association_id:
        found.append({"RouteTableAssociationId": table.main_association_id, "Main": True})
    for association, target in table._associations.items():
        key = "GatewayId" if target.startswith("igw-") else "SubnetId"
        found.append({"RouteTableAssociationId": association, "Main": False, key: target})
    return [{**one, "RouteTableId": table.id, "AssociationState": ASSOCIATED} for one in found]


TABLE = register(
    Kind(
        type="route-table", prefix="rtb", missing=("InvalidRouteTableID.NotFound", "routeTable ID"),
        id_key="RouteTableId", objects=lambda backend: backend.route_tables.values(), view=view,
        filters={
            "route-table-id": "RouteTableId", "vpc-id": "VpcId", "owner-id": "OwnerId",
            "association.main": "Associations[].Main", "association.subnet-id": "Associations[].SubnetId",
            "association.gateway-id": "Associations[].GatewayId",
            "association.route-table-id": "Associations[].RouteTableId",
            "association.route-table-association-id": "Associations[].RouteTableAssociationId",
            "route.destination-cidr-block": "Routes[].DestinationCidrBlock",
            "route.destination-prefix-list-id": "Routes[].DestinationPrefixListId",
            "route.gateway-id": "Routes[].GatewayId", "route.nat-gateway-id": "Routes[].NatGatewayId",
            "route.vpc-peering-connection-id": "Routes[].VpcPeeringConnectionId", "route.origin": "Routes[].Origin",
            "route.state": "Routes[].State", "route.transit-gateway-id": "Routes[].TransitGatewayId",
            "route.instance-id": "Routes[].InstanceId",
        },
    )
)  # fmt: skip


@action
def describe_route_tables(response: Response) -> t.Any:
    return describe(response, TABLE, "RouteTables", "RouteTableIds")


@action
def create_route_table(response: Response) -> t.Any:
    token, given = response._get_param("ClientToken"), tags.requested(response, "route-table")
    table = same_request(response.ec2_backend, "rtb", token, lambda: _create(response, given))
    return Ec2Result({"RouteTable": view(table), "ClientToken": token})


def _create(response: Response, given: dict[str, str]) -> t.Any:
    backend = response.ec2_backend
    vpc = find(backend, response._get_param("VpcId"))
    present = sum(1 for one in backend.route_tables.values() if one.vpc_id == vpc.id)
    message = "The maximum number of route tables has been reached."
    limits.check("route_tables_per_vpc", present, "RouteTableLimitExceeded", message)
    response.error_on_dryrun()
    table = backend.create_route_table(vpc.id)
    tags.put(backend, table.id, given)
    return table


@action
def delete_route_table(response: Response) -> t.Any:
    backend = response.ec2_backend
    table = find(backend, response._get_param("RouteTableId"))
    if table._associations or table.main_association_id:
        refuse("DependencyViolation", f"The routeTable '{table.id}' has dependencies and cannot be deleted.")
    for endpoint in backend.vpc_end_points.values():
        if table.id in endpoint.route_table_ids:
            endpoint.route_table_ids.remove(table.id)
    backend.route_tables.pop(table.id)
    forget(backend, table.id)
    return done()


@action
def associate_route_table(response: Response) -> t.Any:
    backend = response.ec2_backend
    table = find(backend, response._get_param("RouteTableId"))
    subnet_id, gateway_id = response._get_param("SubnetId"), response._get_param("GatewayId")
    if gateway_id:
        find(backend, gateway_id)
    else:
        _must_share_network(table, find(backend, subnet_id))
    target = gateway_id or subnet_id
    for other in backend.route_tables.values():
        association = next((key for key, one in other._associations.items() if one == target), None)
        if association and other is table:
            return Ec2Result({"AssociationId": association, "AssociationState": ASSOCIATED})
        if association:
            refuse(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {table.id} conflicts with an existing association",
            )
    association = new_id("rtbassoc")
    table._associations[association] = target
    return Ec2Result({"AssociationId": association, "AssociationState": ASSOCIATED})


def _must_share_network(table: t.Any, subnet: t.Any) -> None:
    if table.vpc_id != subnet.vpc_id:
        message = f"route table {table.id} and subnet {subnet.id} belong to different networks"
        refuse("InvalidParameterValue", message)


def _owner(backend: Backend, association: str) -> t.Any:
    for table in backend.route_tables.values():
        if association == table.main_association_id or association in table._associations:
            return table
    refuse("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")


@action
def disassociate_route_table(response: Response) -> t.Any:
    backend, association = response.ec2_backend, response._get_param("AssociationId")
    catch_up(backend)
    table = _owner(backend, association)
    if association == table.main_association_id:
        refuse("InvalidParameterValue", f"cannot disassociate the main route table association {association}")
    del table._associations[association]
    return done()


@action
def replace_route_table_association(response: Response) -> t.Any:
    backend, association = response.ec2_backend, response._get_param("AssociationId")
    table = find(backend, response._get_param("RouteTableId"))
    before = _owner(backend, association)
    replaced = new_id("rtbassoc")
    if association == before.main_association_id:
        before.main_association_id, table.main_association_id = None, replaced
    else:
        _must_share_network(table, find(backend, before._associations[association]))
        table._associations[replaced] = before._associations.pop(association)
    return Ec2Result({"NewAssociationId": replaced, "AssociationState": ASSOCIATED})
