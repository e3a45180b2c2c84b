# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way in for partners, as load balancers and target groups: addresses that stay, and what stands behind. Pure.

A network load balancer has an Elastic IP in each zone. Behind it stand machines that end TLS themselves
(``nlb_nginx``), or an application load balancer, which the network one has as its only target (``nlb_alb``).
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/application-load-balancer-target.html
"""

from __future__ import annotations

import typing as t

Entry = t.Mapping[str, t.Any]
Lists = dict[str, t.Any]

PREFIX = "edge_"
NGINX, ALB = "nlb_nginx", "nlb_alb"
HTTPS, HTTP = 443, 80
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
NEEDED = ("addresses", "security_groups")
# What the role's defaults say, for who reads an inventory and no role.
DEFAULTS: Lists = {
    "name": "edge",
    "mode": NGINX,
    "listeners": [{"name": "https", "port": HTTPS}, {"name": "http", "port": HTTP}],
    "names": [],
    "client_address": "preserved",
    "health_check": {},
    "cross_zone": False,
    "drain_seconds": 300,
    "unhealthy_draining_seconds": 0,
    "deletion_protection": False,
    "alb": {},
    "vpc": None,
}
# Asked on a port of its own, where a proxy fails on purpose before it goes (the role proxy, proxy_health_port).
HEALTH: Lists = {
    "port": 8081,
    "path": "/health",
    "interval_seconds": 10,
    "timeout_seconds": 5,
    "healthy_threshold": 2,
    "unhealthy_threshold": 2,
}


def said(variables: Entry) -> Lists:
    """Return what a stack's variables say of an edge, without their prefix and with the defaults."""
    given = {name: variables[f"{PREFIX}{name}"] for name in (*NEEDED, *DEFAULTS) if f"{PREFIX}{name}" in variables}
    return {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}


def parts(edge: Entry) -> dict[str, list[Lists]]:
    """Return ``load_balancers`` and ``target_groups``, as their modules take them."""
    behind = _alb if edge["mode"] == ALB else _nginx
    balancers, groups = behind(edge)
    placed = [{**group, "vpc": edge["vpc"]} for group in groups]
    return {"load_balancers": [_balancer(edge), *balancers], "target_groups": placed}


def group_name(edge: Entry, listener: Entry) -> str:
    """Return the logical name of the target group of a port; the modes have groups of their own, of other types."""
    return f"{edge['name']}-{'alb-' if edge['mode'] == ALB else ''}{listener['name']}"


def inner_name(edge: Entry) -> str:
    """Return the logical name of the application load balancer of ``nlb_alb``."""
    return f"{edge['name']}-alb"


def service_name(edge: Entry) -> str:
    """Return the logical name of the target group behind that one, where services register."""
    return f"{edge['name']}-service"


def _balancer(edge: Entry) -> Lists:
    return {
        "name": edge["name"],
        "type": "network",
        "scheme": "internet-facing",
        "addresses": dict(edge["addresses"]),
        "security_groups": list(edge["security_groups"]),
        "cross_zone": edge["cross_zone"],
        "deletion_protection": edge["deletion_protection"],
        "listeners": [
            {"port": one["port"], "protocol": "TCP", "exposure": "public", "forward": group_name(edge, one)}
            for one in edge["listeners"]
        ],
        "records": [_record(edge, one) for one in edge["names"]],
    }


def _record(edge: Entry, name: Entry) -> Lists:
    """A name with all the addresses: they are there while a load balancer is rebuilt, and its own name is not."""
    addresses = list(edge["addresses"].values())
    if not name.get("health_withdrawal"):
        return {"zone": name["zone"], "name": name["name"], "values": addresses}
    check = {"protocol": "TCP", "port": next((one["port"] for one in edge["listeners"]), HTTPS)}
    answers = [{"address": one, "health_check": check} for one in addresses]
    return {"zone": name["zone"], "name": name["name"], "multivalue": answers}


def _nginx(edge: Entry) -> tuple[list[Lists], list[Lists]]:
    return [], [_of_proxies(edge, one) for one in edge["listeners"]]


def _of_proxies(edge: Entry, listener: Entry) -> Lists:
    asked = {**HEALTH, **{key: value for key, value in edge["health_check"].items() if value is not None}}
    return {
        "name": group_name(edge, listener),
        "protocol": "TCP",
        "port": listener.get("target_port") or listener["port"],
        "target_type": "instance",
        "health_check": {"protocol": "HTTP", "matcher": "200", **asked, "port": str(asked["port"])},
        "deregistration_delay_seconds": edge["drain_seconds"],
        # A proxy that goes fails its health check first, and answers what has come to it.
        "end_connections": False,
        "end_unhealthy_connections": False,
        "unhealthy_draining_seconds": edge["unhealthy_draining_seconds"],
        "preserve_client_ip": edge["client_address"] == "preserved",
        "proxy_protocol_v2": edge["client_address"] == "proxy_protocol",
    }


def _alb(edge: Entry) -> tuple[list[Lists], list[Lists]]:
    alb = edge["alb"]
    listeners = [_inside(edge, one) for one in edge["listeners"]]
    balancer = {
        "name": inner_name(edge),
        "subnets": list(alb.get("subnets") or ()),
        "security_groups": list(alb.get("security_groups") or ()),
        "listeners": listeners,
    }
    groups = [_of_alb(edge, one, inside) for one, inside in zip(edge["listeners"], listeners, strict=True)]
    return [balancer], [*groups, _service(edge)]


def _inside(edge: Entry, listener: Entry) -> Lists:
    """The port of the application load balancer that one of the network one leads to."""
    alb = edge["alb"]
    if listener["port"] == HTTP:
        secure = next((one["port"] for one in edge["listeners"] if one["port"] != HTTP), HTTPS)
        return {"port": HTTP, "protocol": "HTTP", "redirect": {"protocol": "HTTPS", "port": secure}}
    return {
        "port": listener["port"],
        "protocol": "HTTPS",
        "certificates": list(alb.get("certificates") or ()),
        "tls_policy": alb.get("tls_policy") or TLS_POLICY,
        "forward": service_name(edge),
    }


def _of_alb(edge: Entry, listener: Entry, inside: Entry) -> Lists:
    path = (edge["alb"].get("health_check") or {}).get("path") or HEALTH["path"]
    return {
        "name": group_name(edge, listener),
        "protocol": "TCP",
        "port": listener["port"],
        "target_type": "alb",
        # Any answer will do, but that nobody is there (503): who of the service is well it asks itself.
        "health_check": {"protocol": inside["protocol"], "path": path, "matcher": "200-499"},
        "targets": [{"load_balancer": inner_name(edge)}],
    }


def _service(edge: Entry) -> Lists:
    alb = edge["alb"]
    check = {key: value for key, value in (alb.get("health_check") or {}).items() if value is not None}
    return {
        "name": service_name(edge),
        "protocol": alb.get("protocol") or "HTTP",
        "port": alb.get("port") or HTTP,
        "target_type": alb.get("target_type") or "ip",
        "health_check": {"path": HEALTH["path"], **check},
        "deregistration_delay_seconds": edge["drain_seconds"],
    }
