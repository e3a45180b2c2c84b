# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The argument specifications of a network's lists: each module of one kind takes its own, `network_plan` all."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import RETENTION_DAYS

Option = dict[str, t.Any]


def _entries(options: Option, **more: t.Any) -> Option:
    return {"type": "list", "elements": "dict", "required": True, "options": options, **more}


_NAMES: Option = {"type": "list", "elements": "str", "default": []}
_ENDS = ("peer_vpc", "peer_vpc_id")
_TARGETS = ("internet_gateway", "peering", "target_id")

VPCS: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "cidr": {"type": "str", "required": True},
        "secondary_cidrs": {"type": "list", "elements": "str", "default": []},
        "default_security_group_closed": {"type": "bool", "default": True},
    }
)
SUBNETS: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "vpc": {"type": "str", "required": True},
        "tier": {"type": "str", "choices": ["public", "private", "isolated"], "required": True},
        "az": {"type": "str", "required": True},
        "cidr": {"type": "str", "required": True},
        "public_addresses": {"type": "bool", "default": False},
        "kubernetes_role": {"type": "str", "choices": ["elb", "internal-elb", "none"]},
        "tags": {"type": "dict", "default": {}},
    }
)
INTERNET_GATEWAYS: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "vpc": {"type": "str", "required": True},
    }
)
ELASTIC_IPS: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "keep": {"type": "bool", "default": True},
        "pool": {"type": "str"},
        "tags": {"type": "dict", "default": {}},
    }
)
NAT_GATEWAYS: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "subnet": {"type": "str", "required": True},
        "elastic_ip": {"type": "str", "required": True},
    }
)
NAT_ROUTES: Option = _entries(
    {
        "table": {"type": "str", "required": True},
        "nat_gateway": {"type": "str", "required": True},
        "destination": {"type": "str", "default": "0.0.0.0/0"},
    }
)
VPC_PEERINGS: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "vpc": {"type": "str", "required": True},
        "peer_vpc": {"type": "str"},
        "peer_vpc_id": {"type": "str"},
        "peer_account_id": {"type": "str"},
        "peer_region": {"type": "str"},
        "dns_resolution": {"type": "bool", "default": True},
    },
    mutually_exclusive=[_ENDS],
    required_one_of=[_ENDS],
)
_ROUTE: Option = {"destination": {"type": "str", "required": True}, **{name: {"type": "str"} for name in _TARGETS}}
ROUTE_TABLES: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "vpc": {"type": "str", "required": True},
        "subnets": {"type": "list", "elements": "str", "default": []},
        "routes": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": _ROUTE,
            "mutually_exclusive": [_TARGETS],
            "required_one_of": [_TARGETS],
        },
    }
)
ENDPOINTS: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "vpc": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "type": {"type": "str", "choices": ["interface", "gateway"], "default": "interface"},
        "subnets": _NAMES,
        "security_groups": _NAMES,
        "route_tables": _NAMES,
        "private_dns": {"type": "bool", "default": True},
        "policy": {"type": "json"},
    }
)
LOG_GROUPS: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "retention_days": {"type": "int", "choices": list(RETENTION_DAYS), "default": 30},
        "kms_key_arn": {"type": "str", "no_log": False},
        "keep": {"type": "bool", "default": True},
    }
)
FLOW_LOGS: Option = _entries(
    {
        "name": {"type": "str", "required": True},
        "vpc": {"type": "str", "required": True},
        "traffic": {"type": "str", "choices": ["accept", "reject", "all"], "default": "reject"},
        "interval_seconds": {"type": "int", "choices": [60, 600], "default": 600},
        "log_group": {"type": "str"},
        "role": {"type": "str"},
        "destination_arn": {"type": "str"},
    },
    mutually_exclusive=[("log_group", "destination_arn")],
    required_one_of=[("log_group", "destination_arn")],
    required_together=[("log_group", "role")],
)

LISTS: dict[str, Option] = {
    "vpcs": VPCS,
    "subnets": SUBNETS,
    "internet_gateways": INTERNET_GATEWAYS,
    "elastic_ips": ELASTIC_IPS,
    "nat_gateways": NAT_GATEWAYS,
    "nat_routes": NAT_ROUTES,
    "vpc_peerings": VPC_PEERINGS,
    "route_tables": ROUTE_TABLES,
    "endpoints": ENDPOINTS,
    "log_groups": LOG_GROUPS,
    "flow_logs": FLOW_LOGS,
}
"""All of them, by their names in a layout (`_network_layout.layout`)."""
