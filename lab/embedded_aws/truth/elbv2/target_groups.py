# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Target groups: made, listed, changed, deleted.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.elbv2 import views
from lab.embedded_aws.truth.elbv2.base import (
    Backend,
    Params,
    Response,
    action,
    answer,
    arn,
    at_most,
    done,
    hexadecimal,
    invalid,
    misconfigured,
    not_modelled,
    one_of,
    paged,
    params,
    refuse,
    within,
)
from lab.embedded_aws.truth.elbv2.finding import load_balancer, target_group, users_of_group
from lab.embedded_aws.truth.elbv2.health_checks import HTTP, asked, changed_check, first_check
from lab.embedded_aws.truth.elbv2.naming import check_name
from lab.embedded_aws.truth.elbv2.state import TargetGroup
from lab.embedded_aws.truth.elbv2.tags import read_tags
from lab.embedded_aws.truth.elbv2.target_group_attributes import defaults

PROTOCOLS = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")
TYPES = ("instance", "ip", "lambda", "alb")
VERSIONS = ("HTTP1", "HTTP2", "GRPC")


@action
def create_target_group(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    check_name(given["Name"], "Target group")
    one_of(given, "Protocol", PROTOCOLS)
    one_of(given, "TargetType", TYPES)
    one_of(given, "IpAddressType", ("ipv4", "ipv6"))
    within(given, "Port", 1, 65535)
    if given.get("Protocol") in ("GENEVE", "QUIC", "TCP_QUIC") or given.get("TargetControlPort"):
        not_modelled("target groups of gateway load balancers, of QUIC, and with a control port")
    wanted = _read(backend, given)
    existing = next((one for one in backend.target_groups.values() if one.name == wanted.name), None)
    if existing is not None:
        if _settings(existing) != _settings(wanted):
            refuse(
                "DuplicateTargetGroupName",
                f"A target group with the same name '{wanted.name}' exists, but with different settings",
            )
        return answer(TargetGroups=[views.target_group(existing)])
    message = "The maximum number of target groups has been reached"
    limits.check("target_groups", len(backend.target_groups), "TooManyTargetGroups", message, "elbv2")
    backend.target_groups[wanted.arn] = wanted
    return answer(TargetGroups=[views.target_group(wanted)])


def _read(backend: Backend, given: Params) -> TargetGroup:
    """The target group a request asks for."""
    target_type, name = given.get("TargetType") or "instance", given["Name"]
    _check_place(backend, given, target_type)
    protocol, version = given.get("Protocol"), given.get("ProtocolVersion")
    # An empty version is none at all: other tools send one.
    if version and (protocol not in HTTP or version not in VERSIONS):
        misconfigured(f"Protocol version '{version}' is not supported for target groups with protocol '{protocol}'")
    version = version or ("HTTP1" if protocol in HTTP else None)
    return TargetGroup(
        name=name, arn=arn(backend, f"targetgroup/{name}/{hexadecimal()}"), target_type=target_type,
        protocol=protocol, protocol_version=version, port=given.get("Port"), vpc_id=given.get("VpcId"),
        ip_address_type=None if target_type == "lambda" else given.get("IpAddressType") or "ipv4",
        health_check=first_check(given, target_type, protocol, version), attributes=defaults(target_type, protocol),
        backend=backend, tags=read_tags(given),
    )  # fmt: skip


def _check_place(backend: Backend, given: Params, target_type: str) -> None:
    """Protocol, port and VPC are wanted, but for a Lambda function."""
    for key, noun in (("Protocol", "protocol"), ("Port", "port"), ("VpcId", "VPC ID")):
        if target_type == "lambda" and given.get(key) is not None:
            invalid(f"{noun[0].upper()}{noun[1:]} cannot be specified for target groups with target type 'lambda'")
        if target_type != "lambda" and not given.get(key):
            invalid(f"A {noun} must be specified")
    if target_type == "lambda":
        return
    if given["VpcId"] not in backend.ec2_backend.vpcs:
        invalid(f"The VPC ID '{given['VpcId']}' is not found")
    if target_type == "alb" and given["Protocol"] != "TCP":
        misconfigured(f"Protocol '{given['Protocol']}' is not supported for target groups with target type 'alb'")


def _settings(group: TargetGroup) -> tuple[t.Any, ...]:
    """What makes a repeated request the same one."""
    kind = (group.target_type, group.protocol, group.protocol_version, group.port, group.vpc_id, group.ip_address_type)
    return *kind, group.health_check, group.tags


@action
def describe_target_groups(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    arns, names, balancer = given.get("TargetGroupArns") or [], given.get("Names") or [], given.get("LoadBalancerArn")
    if sum(map(bool, (arns, names, balancer))) > 1:
        invalid("Target group names, target group ARNs, and a load balancer ARN cannot be specified at the same time")
    at_most(given, "TargetGroupArns", 20, "target group ARNs")
    at_most(given, "Names", 20, "target group names")
    found = list(backend.target_groups.values())
    if arns:
        found = [target_group(backend, one) for one in dict.fromkeys(arns)]
    if names:
        if set(names) - {group.name for group in found}:
            refuse("TargetGroupNotFound", "One or more target groups not found")
        found = [group for group in found if group.name in names]
    if balancer:
        wanted = load_balancer(backend, balancer).arn
        found = [group for group in found if wanted in group.load_balancer_arns]
    return paged(given, "TargetGroups", found, views.target_group)


@action
def modify_target_group(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    group = target_group(backend, given["TargetGroupArn"])
    before, wanted = group.health_check, asked(given)
    group.health_check = changed_check(before, wanted, group.target_type, group.protocol, group.protocol_version)
    return answer(TargetGroups=[views.target_group(group)])


@action
def delete_target_group(response: Response) -> t.Any:
    backend, wanted = response.elbv2_backend, params(response)["TargetGroupArn"]
    if ":targetgroup/" not in wanted:
        invalid(f"'{wanted}' is not a valid target group ARN")
    if users_of_group(backend, wanted):
        refuse("ResourceInUse", f"Target group '{wanted}' is currently in use by a listener or a rule")
    # AWS lets a repeated request succeed.
    backend.target_groups.pop(wanted, None)
    return done()
