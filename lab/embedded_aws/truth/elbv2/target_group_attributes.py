# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Attributes of target groups, by the load balancers and targets they are for.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.elbv2.attributes import Attribute, Table, check, choice, first_values, flag, number, text
from lab.embedded_aws.truth.elbv2.base import Response, action, answer, misconfigured, pairs, params, settings
from lab.embedded_aws.truth.elbv2.finding import target_group
from lab.embedded_aws.truth.elbv2.health_checks import HTTP
from lab.embedded_aws.truth.elbv2.state import TargetGroup

WEEK = 604800
DATAGRAMS = ("UDP", "TCP_UDP")
HEALTH: Table = {
    "target_group_health.dns_failover.minimum_healthy_targets.count": number("1", 1, 5000, "off"),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": number("off", 1, 100, "off"),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": number("1", 1, 5000),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": number("off", 1, 100, "off"),
}
COMMON: Table = {
    "deregistration_delay.timeout_seconds": number("300", 0, 3600),
    "stickiness.enabled": flag(),
    "load_balancing.cross_zone.enabled": choice(
        "use_load_balancer_configuration", "true", "false", "use_load_balancer_configuration"
    ),
    **HEALTH,
}
APPLICATION: Table = {
    **COMMON,
    "stickiness.type": choice("lb_cookie", "lb_cookie", "app_cookie"),
    "stickiness.lb_cookie.duration_seconds": number("86400", 1, WEEK),
    "stickiness.app_cookie.cookie_name": text("", r"(?!AWSALB(APP|TG)?(-|$)).{0,256}"),
    "stickiness.app_cookie.duration_seconds": number("86400", 1, WEEK),
    "load_balancing.algorithm.type": choice(
        "round_robin", "round_robin", "least_outstanding_requests", "weighted_random"
    ),
    "load_balancing.algorithm.anomaly_mitigation": choice("off", "on", "off"),
    "slow_start.duration_seconds": number("0", 30, 900, "0"),
}
FUNCTION: Table = {"lambda.multi_value_headers.enabled": flag(), **HEALTH}
NETWORK: Table = {
    **COMMON,
    "stickiness.type": choice("source_ip", "source_ip"),
    "proxy_protocol_v2.enabled": flag(),
    "preserve_client_ip.enabled": flag("true"),
    "deregistration_delay.connection_termination.enabled": flag(),
    "target_health_state.unhealthy.connection_termination.enabled": flag("true"),
    "target_health_state.unhealthy.draining_interval_seconds": number("0", 0, 360000),
}
KNOWN = {*APPLICATION, *FUNCTION, *NETWORK}


def table(target_type: str, protocol: str | None) -> Table:
    """The attributes that a target group of this kind has."""
    if target_type == "lambda":
        return FUNCTION
    if protocol in HTTP:
        return APPLICATION
    return _network(target_type, protocol)


def _network(target_type: str, protocol: str | None) -> Table:
    if target_type == "alb":
        # Such a group always preserves the client's address and has no stickiness of its own.
        kept = ("preserve_client_ip.enabled", *COMMON)
        mine = {key: NETWORK[key] for key in kept if not key.startswith(("stickiness", "deregistration"))}
        return {**mine, "preserve_client_ip.enabled": choice("true", "true")}
    own: dict[str, Attribute] = dict(NETWORK)
    if protocol in DATAGRAMS:
        own["preserve_client_ip.enabled"] = choice("true", "true")
        own["deregistration_delay.connection_termination.enabled"] = flag("true")
        own["target_health_state.unhealthy.connection_termination.enabled"] = choice("false", "false")
    elif target_type == "ip":
        own["preserve_client_ip.enabled"] = flag("false")
    return own


def defaults(target_type: str, protocol: str | None) -> dict[str, str]:
    """What a new target group's attributes are."""
    return first_values(table(target_type, protocol))


@action
def describe_target_group_attributes(response: Response) -> t.Any:
    group = target_group(response.elbv2_backend, params(response)["TargetGroupArn"])
    return answer(Attributes=pairs(group.attributes))


@action
def modify_target_group_attributes(response: Response) -> t.Any:
    given = params(response)
    group = target_group(response.elbv2_backend, given["TargetGroupArn"])
    wanted = settings(given)
    known = table(group.target_type, group.protocol)
    check(known, KNOWN, wanted, "Target group", f"target groups with protocol '{group.protocol}'")
    after = {**group.attributes, **wanted}
    _check_together(after)
    group.attributes = after
    return answer(Attributes=pairs(after))


def _check_together(after: dict[str, str]) -> None:
    """Refuse values that exclude each other."""
    algorithm = after.get("load_balancing.algorithm.type", "round_robin")
    if after.get("load_balancing.algorithm.anomaly_mitigation") == "on" and algorithm != "weighted_random":
        misconfigured("Anomaly mitigation is only available with the algorithm 'weighted_random'")
    if after.get("slow_start.duration_seconds", "0") != "0" and algorithm != "round_robin":
        misconfigured(f"Slow start is not supported with the algorithm '{algorithm}'")
    interval = after.get("target_health_state.unhealthy.draining_interval_seconds", "0")
    if interval != "0" and after["target_health_state.unhealthy.connection_termination.enabled"] == "true":
        misconfigured("A draining interval needs connection termination for unhealthy targets to be disabled")
    if after.get("stickiness.type") == "app_cookie" and not after["stickiness.app_cookie.cookie_name"]:
        misconfigured("A cookie name must be specified for stickiness of type 'app_cookie'")


def draining_seconds(group: TargetGroup) -> int:
    """How long a target of this group may drain at most."""
    return int(group.attributes.get("deregistration_delay.timeout_seconds", "300"))
