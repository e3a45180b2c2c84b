# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The look at a whole network: what each list of its layout wants, of which kind."""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.cloister.aws.plugins.module_utils import _endpoint_wants as endpoints
from ansible_collections.cloister.aws.plugins.module_utils._adopted import refuse_unfit
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._kind import Want
from ansible_collections.cloister.aws.plugins.module_utils._look import Look, Looked, Work
from ansible_collections.cloister.aws.plugins.module_utils._names import Adopted, Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds import (
    elastic_ip,
    flow_log,
    iam_role,
    internet_gateway,
    log_group,
    nat_gateway,
    nat_route,
    route_table,
    subnet,
    vpc,
    vpc_endpoint,
    vpc_peering,
    vpc_range,
)

Entry = t.Mapping[str, t.Any]
Layout = t.Mapping[str, t.Any]


def look(
    aws: Aws, owner: Owner, adopted: Adopted, layout: Layout, roles: t.Sequence[Entry], free_addresses: int
) -> Looked:
    """Compare a network with its ``layout`` (`_network_layout.layout`, defaults filled in) and its IAM ``roles``.

    What others made is looked at beside, and needs so many free addresses in each subnet.
    """
    sight = Look(aws, owner, adopted)
    fit = partial(refuse_unfit, aws, adopted, layout["adopted"], free_addresses)
    return sight.take(works(aws, owner, sight.names, layout, roles), fit)


def works(aws: Aws, owner: Owner, names: Names, layout: Layout, roles: t.Sequence[Entry]) -> list[Work]:
    """Return all kinds of a network with what is wanted of each, in the order in which they are made."""

    def all_of(name: str, want: t.Callable[..., Want], *more: t.Any) -> t.Callable[[], list[Want]]:
        return lambda: [want(entry, *more) for entry in layout[name]]

    gateways = nat_route.Gateways(aws, owner.region, names, check=True)
    return [
        Work(vpc.Vpc, all_of("vpcs", vpc.want)),
        Work(vpc_range.VpcRange, partial(vpc_range.wants, layout["vpcs"], names)),
        Work(subnet.Subnet, all_of("subnets", subnet.want, names)),
        Work(internet_gateway.InternetGateway, all_of("internet_gateways", internet_gateway.want, names)),
        Work(elastic_ip.ElasticIp, all_of("elastic_ips", elastic_ip.want)),
        Work(nat_gateway.NatGateway, partial(nat_gateway.wants, layout["nat_gateways"], names)),
        Work(vpc_peering.VpcPeering, all_of("vpc_peerings", vpc_peering.want, names)),
        Work(route_table.RouteTable, partial(route_table.wants, layout["route_tables"], names)),
        Work(vpc_endpoint.VpcEndpoint, partial(endpoints.wants, layout["endpoints"], names, aws.region), named=False),
        Work(log_group.LogGroup, all_of("log_groups", log_group.want)),
        Work(iam_role.IamRole, partial(_roles, roles, owner, aws), named=False),
        Work(flow_log.FlowLog, all_of("flow_logs", flow_log.want, names)),
        Work(nat_route.NatRoute, partial(nat_route.wants, layout["nat_routes"], names, gateways)),
    ]


def _roles(roles: t.Sequence[Entry], owner: Owner, aws: Aws) -> list[Want]:
    return [iam_role.want(role, owner, aws.partition, home=aws.region) for role in roles]
