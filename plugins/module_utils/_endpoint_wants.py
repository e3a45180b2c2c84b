# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the entries of an inventory to VPC endpoints as the engine wants them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _endpoint_policy as endpoint_policy
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._service_names import short_name
from ansible_collections.cloister.aws.plugins.module_utils.kinds.route_table import RouteTable
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc

# What entries name, by type.
_NAMED: dict[str, tuple[type[Kind], ...]] = {"interface": (Vpc, Subnet, SecurityGroup), "gateway": (Vpc, RouteTable)}


def wants(endpoints: t.Sequence[t.Mapping[str, t.Any]], names: Names, region: str) -> list[Want]:
    """Return the wishes for the module's ``endpoints``; ``region`` is AWS's name of the region."""
    names.read(*{kind for endpoint in endpoints for kind in _NAMED[endpoint["type"]]})
    return [_want(endpoint, names, region) for endpoint in endpoints]


def _want(endpoint: t.Mapping[str, t.Any], names: Names, region: str) -> Want:
    _check(endpoint)
    try:
        policy = endpoint_policy.canonical(endpoint["policy"])
    except ValueError as exc:
        raise InputError(f"VPC endpoint {endpoint['name']}: its policy is no JSON: {exc}") from exc
    fields = {
        "vpc": names.id(Vpc, endpoint["vpc"]),
        "service": short_name(endpoint["service"], region),
        "type": endpoint["type"],
        "policy": policy,
    }
    if endpoint["type"] == "gateway":
        return Want(endpoint["name"], {**fields, "route_tables": names.ids(RouteTable, endpoint["route_tables"])})
    own = {
        "subnets": names.ids(Subnet, endpoint["subnets"]),
        "security_groups": names.ids(SecurityGroup, endpoint["security_groups"]),
        "private_dns": endpoint["private_dns"],
    }
    promised = names.promised(Vpc, endpoint["vpc"])
    return Want(endpoint["name"], {**fields, **own}, create={"dns_promised": promised})


def _check(endpoint: t.Mapping[str, t.Any]) -> None:
    needed, useless = {
        "interface": (("subnets", "security_groups"), ("route_tables",)),
        "gateway": (("route_tables",), ("subnets", "security_groups")),
    }[endpoint["type"]]
    for key in needed:
        if not endpoint[key]:
            raise InputError(f"VPC endpoint {endpoint['name']}: {endpoint['type']} endpoints need {key}")
    for key in useless:
        if endpoint[key]:
            raise InputError(f"VPC endpoint {endpoint['name']}: {endpoint['type']} endpoints take no {key}")
