"""Edges that are refused, and proxies that do not fit behind them."""

from __future__ import annotations

import typing as t

from tests.integration.refusals.broken import GONE, GROUPS, Broken, Renamed

INVENTORY = "examples/static-ip"
FILE, POOLS, NODES = "host_vars/edge.yml", "host_vars/pools.yml", "group_vars/role_proxy.yml"
ADDRESSES, LISTENERS, NAMES, CLIENTS = "edge_addresses", "edge_listeners", "edge_names", "edge_client_address"
POOL, IN = ("pools_defined", "proxy"), ("security_groups_defined", "edge", "ingress")


def broken(
    path: tuple[t.Any, ...], value: t.Any, variable: str, words: str, file: str = FILE, told: str = ""
) -> Broken:
    """One broken copy of system 3's inventory."""
    return Broken(file, path, value, variable, words, told, INVENTORY)


BROKEN = [
    broken((ADDRESSES,), GONE, ADDRESSES, "missing"),
    broken((ADDRESSES,), {"public-a": "edge-a", "private-c": "edge-c"}, f"{ADDRESSES}.private-c", "a private subnet"),
    broken((ADDRESSES,), {"public-a": "edge-a", "public-c": "edge-a"}, ADDRESSES, "has the Elastic IP edge-a already"),
    broken((ADDRESSES,), {"public-a": "edge-a"}, "pools_defined[0].subnets[1]", "edge_cross_zone", FILE, POOLS),
    broken(("edge_mode",), "nlb_haproxy", "edge_mode", "one of nlb_nginx, nlb_alb"),
    broken(("edge_mode",), "nlb_alb", "edge_alb", "needs a certificate"),
    broken(("edge_security_groups",), [], "edge_security_groups", "could never get any later"),
    broken((LISTENERS,), Renamed("edge_ports"), "edge_ports", "has no variable"),
    broken((NAMES, 0, "zone"), "example.com", NAMES, "no hosted zone called"),
    broken((*IN, 2, "prefix_list"), "s3", f"{NAMES}[0].health_withdrawal", "its health checkers", GROUPS, FILE),
    broken((*POOL, "target_groups"), ["edge-https"], f"{LISTENERS}[1]", "nobody answers on port 80", POOLS, FILE),
    broken((*POOL, "target_groups", 0), "edge-tls", "pools_defined[0].target_groups[0]", "no target group", POOLS),
    broken((*POOL, "security_groups"), ["edge"], "pools_defined[0].security_groups", "health checks of edge", POOLS),
    broken((CLIENTS,), "proxy_protocol", "proxy_client_address", "has proxy_protocol", FILE, NODES),
    broken(("edge_health_check",), {"port": 8088}, "proxy_health_port", "has 8088", FILE, NODES),
]
