# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rule does with a request: forward, redirect, answer; and whether a listener may do so.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html (which protocols fit)
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable

from lab.embedded_aws.truth.elbv2.base import Backend, Params, invalid, misconfigured, not_modelled, one_of, refuse
from lab.embedded_aws.truth.elbv2.state import APPLICATION, LoadBalancer, TargetGroup

LAST = ("forward", "redirect", "fixed-response")
TYPES = (*LAST, "authenticate-oidc", "authenticate-cognito", "jwt-validation")
CONTENT = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
# listener protocol -> target group protocols
TOGETHER = {
    "HTTP": ("HTTP", "HTTPS"), "HTTPS": ("HTTP", "HTTPS"), "TCP": ("TCP", "TCP_UDP"), "TLS": ("TCP", "TLS"),
    "UDP": ("UDP", "TCP_UDP"), "TCP_UDP": ("TCP_UDP",),
}  # fmt: skip
MOST_GROUPS = 5
URL = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}


def read_actions(
    backend: Backend, balancer: LoadBalancer, protocol: str, port: int, given: list[Params]
) -> list[Params]:
    """The actions of a request as AWS shows them, checked for the listener they are for."""
    if not given:
        invalid("Actions must be specified")
    for one in given:
        one_of(one, "Type", TYPES)
        if one["Type"] not in LAST:
            not_modelled(f"the action {one['Type']}")
    if len(given) != 1:
        refuse("InvalidLoadBalancerAction", "Exactly one action must be of type forward, redirect or fixed-response")
    kind = given[0]["Type"]
    if kind != "forward" and balancer.type != APPLICATION:
        refuse(
            "InvalidLoadBalancerAction",
            f"The action type '{kind}' is not supported for load balancers of type '{balancer.type}'",
        )
    return [_READ[kind](backend, balancer, protocol, port, one) for one in given]


def _shown(given: Params, **members: t.Any) -> Params:
    order = {"Order": int(given["Order"])} if given.get("Order") else {}
    return {"Type": given["Type"], **order, **members}


def _forward(backend: Backend, balancer: LoadBalancer, protocol: str, _: int, given: Params) -> Params:
    config = given.get("ForwardConfig") or {}
    alone = given.get("TargetGroupArn")
    groups = config.get("TargetGroups") or ([{"TargetGroupArn": alone}] if alone else [])
    if not groups:
        invalid("A target group must be specified for an action of type 'forward'")
    if alone and [one["TargetGroupArn"] for one in groups] != [alone]:
        invalid("You cannot specify both a target group ARN and target groups that differ from it")
    if len(groups) > MOST_GROUPS:
        refuse("TooManyTargetGroups", f"A rule can forward to at most {MOST_GROUPS} target groups")
    weighed = [{"TargetGroupArn": one["TargetGroupArn"], "Weight": int(one.get("Weight", 1))} for one in groups]
    if len({one["TargetGroupArn"] for one in weighed}) < len(weighed):
        invalid("A target group can be specified only once in an action")
    for one in weighed:
        if not 0 <= one["Weight"] <= 999:
            invalid(f"Target group weight '{one['Weight']}' must be in the range 0-999")
        _check_group(backend, balancer, protocol, one["TargetGroupArn"])
    sticky = _stickiness(config.get("TargetGroupStickinessConfig") or {})
    only = {"TargetGroupArn": weighed[0]["TargetGroupArn"]} if len(weighed) == 1 else {}
    return _shown(given, **only, ForwardConfig={"TargetGroups": weighed, "TargetGroupStickinessConfig": sticky})


def _stickiness(given: Params) -> Params:
    if not given.get("Enabled"):
        return {"Enabled": False}
    seconds = int(given.get("DurationSeconds") or 0)
    if not 1 <= seconds <= 604800:
        invalid("Target group stickiness duration must be in the range 1-604800 seconds")
    return {"Enabled": True, "DurationSeconds": seconds}


def _check_group(backend: Backend, balancer: LoadBalancer, protocol: str, arn: str) -> None:
    group: TargetGroup | None = backend.target_groups.get(arn)
    if group is None:
        refuse("TargetGroupNotFound", f"Target group '{arn}' not found")
    if group.target_type == "lambda":
        if balancer.type != APPLICATION:
            misconfigured(f"Target type 'lambda' is not supported for load balancers of type '{balancer.type}'")
        return
    if group.protocol not in TOGETHER[protocol] or (group.target_type == "alb" and protocol != "TCP"):
        refuse(
            "IncompatibleProtocols",
            f"The listener and its associated target group '{arn}' have incompatible protocols: '{protocol}' and "
            f"'{group.protocol}'",
        )
    if group.vpc_id != balancer.vpc_id:
        misconfigured(f"Target group '{arn}' is in a different VPC than load balancer '{balancer.arn}'")
    if protocol == "HTTP" and group.protocol_version == "GRPC":
        misconfigured("Listener protocol 'HTTP' is not supported with a target group with the protocol-version 'GRPC'")
    if set(group.load_balancer_arns) - {balancer.arn}:
        refuse(
            "TargetGroupAssociationLimit",
            f"The following target groups cannot be associated with more than one load balancer: {arn}",
        )


def _redirect(_: Backend, __: LoadBalancer, protocol: str, port: int, given: Params) -> Params:
    config = given.get("RedirectConfig") or {}
    one_of(config, "StatusCode", ("HTTP_301", "HTTP_302"))
    if not config.get("StatusCode"):
        invalid("A redirect needs a RedirectConfig with a status code")
    shown = {key: str(config[key]) if config.get(key) is not None else first for key, first in URL.items()}
    if not re.fullmatch(r"HTTPS?|#\{protocol\}", shown["Protocol"]):
        invalid(f"Redirect protocol '{shown['Protocol']}' must be HTTP, HTTPS or #{{protocol}}")
    if not (shown["Port"] == "#{port}" or (shown["Port"].isdecimal() and 1 <= int(shown["Port"]) <= 65535)):
        invalid(f"Redirect port '{shown['Port']}' must be in the range 1-65535 or #{{port}}")
    if not shown["Path"].startswith("/"):
        invalid(f"Redirect path '{shown['Path']}' must begin with a '/' character")
    if protocol == "HTTPS" and shown["Protocol"] == "HTTP":
        refuse("InvalidLoadBalancerAction", "A redirect from HTTPS to HTTP is not valid")
    same = shown["Protocol"] in (URL["Protocol"], protocol) and shown["Port"] in (URL["Port"], str(port))
    if same and all(shown[key] == URL[key] for key in ("Host", "Path", "Query")):
        refuse("InvalidLoadBalancerAction", "The redirect configuration is not valid because it creates a loop.")
    return _shown(given, RedirectConfig={**shown, "StatusCode": config["StatusCode"]})


def _fixed(_: Backend, __: LoadBalancer, ___: str, ____: int, given: Params) -> Params:
    config = given.get("FixedResponseConfig") or {}
    code, content = str(config.get("StatusCode") or ""), config.get("ContentType")
    if not re.fullmatch(r"[245]\d\d", code):
        invalid(
            f"1 validation error detected: Value '{code}' at 'actions.1.member.fixedResponseConfig.statusCode' failed "
            "to satisfy constraint: Member must satisfy regular expression pattern: ^(2|4|5)\\d\\d$"
        )
    if content is not None and content not in CONTENT:
        refuse("InvalidLoadBalancerAction", f"The ContentType must be one of:'{', '.join(CONTENT)}'")
    if len(config.get("MessageBody") or "") > 1024:
        invalid("The message body of a fixed response can be up to 1024 characters")
    kept = {key: config[key] for key in ("MessageBody", "ContentType") if config.get(key) is not None}
    return _shown(given, FixedResponseConfig={"StatusCode": code, **kept})


_READ: dict[str, Callable[[Backend, LoadBalancer, str, int, Params], Params]] = {
    "forward": _forward, "redirect": _redirect, "fixed-response": _fixed,
}  # fmt: skip
