# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands between a cluster's API and who reaches it over PrivateLink, as other modules take it. Pure functions.

EKS keeps interfaces in two or three of the cluster's zones and a client's endpoint stands in one, so that the load
balancer sends across zones.
"""

from __future__ import annotations

import typing as t

PORT = 443
Entry = t.Mapping[str, t.Any]
Lists = dict[str, t.Any]


def name_of(cluster: str) -> str:
    """Return the logical name of load balancer, target group and endpoint service before a cluster's API."""
    return f"api-{cluster}"


def endpoint_of(cluster: str, consumer: str) -> str:
    """Return the logical name of a consumer's endpoint, and of its zone."""
    return f"{name_of(cluster)}-{consumer}"


def parts(cluster: str, provider: Entry, consumers: t.Sequence[Entry]) -> Lists:
    """Return ``load_balancers`` and ``target_groups``, ``services`` and ``endpoints``, as their modules take them."""
    name = name_of(cluster)
    return {
        "load_balancers": [_balancer(name, provider)],
        "target_groups": [_group(name, provider)],
        "services": [_service(name, provider)],
        "endpoints": [
            {
                "name": endpoint_of(cluster, one["name"]),
                "service": name,
                "vpc": one["vpc"],
                "subnets": list(one["subnets"]),
                "security_groups": list(one["security_groups"]),
            }
            for one in consumers
        ],
    }


def _balancer(name: str, provider: Entry) -> Lists:
    return {
        "name": name,
        "type": "network",
        "subnets": list(provider["subnets"]),
        "security_groups": list(provider["security_groups"]),
        "cross_zone": True,
        "private_link_rules": False,
        "listeners": [{"port": PORT, "protocol": "TCP", "forward": name}],
    }


def _group(name: str, provider: Entry) -> Lists:
    return {
        "name": name,
        "protocol": "TCP",
        "port": PORT,
        "vpc": provider["vpc"],
        "preserve_client_ip": False,
        "health_check": _health_check(provider.get("health_check") or {}),
    }


def _service(name: str, provider: Entry) -> Lists:
    return {
        "name": name,
        "load_balancer": name,
        "acceptance_required": provider.get("acceptance_required", True),
        "principals": list(provider.get("principals") or ()),
        "accepted_endpoints": [one["endpoint"] for one in provider.get("accepted_endpoints") or ()],
    }


def _health_check(said: Entry) -> Lists:
    web = said.get("protocol", "HTTPS") == "HTTPS"
    asked = {"path": said.get("path") or "/readyz", "matcher": said.get("matcher") or "200"} if web else {}
    return {
        "protocol": "HTTPS" if web else "TCP",
        "interval_seconds": 10,
        "healthy_threshold": 2,
        "unhealthy_threshold": 2,
        **asked,
    }


def pattern(cluster: str) -> Lists:
    """Return which events tell of a new interface of a cluster, called ``cluster`` in AWS, and of nothing else.

    Nodes and their CNI plugin make interfaces too, by the same call, from another address and with other words.
    """
    return {
        "source": ["aws.ec2"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["ec2.amazonaws.com"],
            "eventName": ["CreateNetworkInterface"],
            "sourceIPAddress": ["eks.amazonaws.com"],
            "requestParameters": {"description": [f"Amazon EKS {cluster}"]},
        },
    }


def functions(cluster: str, region_name: str, target_group: str, sweep_minutes: int) -> Lists:
    """Return ``functions`` and ``rules``: what keeps the targets up to date, at an event and every so often."""
    name = f"{name_of(cluster)}-targets"
    called = f"{region_name}-{cluster}"
    reads = [
        "ec2:DescribeNetworkInterfaces",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
    ]
    writes = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
    return {
        "functions": [
            {
                "name": name,
                "reason": f"Keeps the targets before the API of {called} what its interfaces are",
                "code": "endpoint_targets",
                "environment": {"CLUSTER": called, "TARGET_GROUP_ARN": target_group, "PORT": str(PORT)},
                "statements": [
                    {"sid": "Look", "actions": reads, "resources": ["*"]},
                    {"sid": "ThisTargetGroupAlone", "actions": writes, "resources": [target_group]},
                ],
            }
        ],
        "rules": [
            {
                "name": f"{name}-new",
                "reason": f"EKS made an interface for the API of {called}",
                "function": name,
                "pattern": pattern(called),
            },
            {
                "name": f"{name}-sweep",
                "reason": "Finds what no event told of, and removes what is dead",
                "function": name,
                "every_minutes": sweep_minutes,
            },
        ],
    }


def zones(cluster: str, host: str, consumers: t.Sequence[Entry], names: t.Mapping[str, Entry]) -> list[Lists]:
    """Return a zone for each consumer in which the API's own name is the consumer's endpoint.

    ``names`` are DNS name and zone of each endpoint (``{dns_name, zone_id}``) by its logical name.
    """
    return [
        {
            "name": host,
            "part": endpoint_of(cluster, one["name"]),
            "private": True,
            "comment": f"The API of cluster {cluster} for {one['name']}",
            "vpcs": [one["vpc"]],
            "records": [{"name": "@", "alias": {**names[endpoint_of(cluster, one["name"])], **_HEALTHY}}],
        }
        for one in consumers
    ]


_HEALTHY = {"evaluate_target_health": True}


def clients(consumers: t.Sequence[Entry]) -> list[Lists]:
    """Return the consumers as ``api_reached`` takes them."""
    return [
        {
            "name": one["name"],
            "vpc": one["vpc"],
            "subnets": list(one["subnets"]),
            "security_groups": list(one.get("client_security_groups") or ()),
        }
        for one in consumers
    ]
