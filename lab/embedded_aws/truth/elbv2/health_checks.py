# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Health checks of target groups: AWS's defaults and limits, by protocol and target type.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws.truth.elbv2.base import Params, invalid, misconfigured, one_of, within

HTTP = ("HTTP", "HTTPS")
CHECKED_BY = ("HTTP", "HTTPS", "TCP")
KEYS = (
    "HealthCheckProtocol", "HealthCheckPort", "HealthCheckEnabled", "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "HealthCheckPath", "Matcher",
)  # fmt: skip


def asked(given: Params) -> Params:
    """The health check members of a request."""
    return {key: given[key] for key in KEYS if given.get(key) is not None}


def first_check(given: Params, target_type: str, protocol: str | None, version: str | None) -> Params:
    """The health check of a new target group, with AWS's defaults, checked."""
    wanted = asked(given)
    check: Params
    if target_type == "lambda":
        check = {"HealthCheckEnabled": False, "HealthCheckIntervalSeconds": 35, "HealthCheckTimeoutSeconds": 30}
        check |= {"HealthyThresholdCount": 5, "UnhealthyThresholdCount": 5, "HealthCheckPath": "/"}
        check |= {"Matcher": {"HttpCode": "200"}}
    else:
        by_application = protocol in HTTP or target_type == "alb"
        by = wanted.get("HealthCheckProtocol") or ("HTTP" if by_application else "TCP")
        check = {
            "HealthCheckProtocol": by, "HealthCheckPort": "traffic-port", "HealthCheckEnabled": True,
            "HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": _timeout(protocol, by),
            "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, **_answers(protocol, version, by),
        }  # fmt: skip
    check = {**check, **wanted}
    refuse_wrong(check, target_type, protocol, version)
    return check


def changed_check(
    before: Params, wanted: Params, target_type: str, protocol: str | None, version: str | None
) -> Params:
    """The health check after ModifyTargetGroup, checked."""
    check = {**before, **wanted}
    by = check.get("HealthCheckProtocol")
    if by == "TCP" and before.get("HealthCheckProtocol") != "TCP":
        check = {
            key: value for key, value in check.items() if key in wanted or key not in ("HealthCheckPath", "Matcher")
        }
    check = {**_answers(protocol, version, by), **check} if by in HTTP else check
    refuse_wrong(check, target_type, protocol, version)
    return check


def _timeout(protocol: str | None, by: str) -> int:
    if protocol in HTTP:
        return 5
    return 6 if by == "HTTP" else 10


def _answers(protocol: str | None, version: str | None, by: str | None) -> Params:
    """Path and matcher of a check over HTTP."""
    if by not in HTTP:
        return {}
    if version == "GRPC":
        return {"HealthCheckPath": "/AWS.ALB/healthcheck", "Matcher": {"GrpcCode": "12"}}
    return {"HealthCheckPath": "/", "Matcher": {"HttpCode": "200" if protocol in HTTP else "200-399"}}


def refuse_wrong(check: Params, target_type: str, protocol: str | None, version: str | None) -> None:
    """Refuse what AWS refuses in a whole health check."""
    one_of(
        check, "HealthCheckProtocol", ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")
    )
    within(check, "HealthCheckIntervalSeconds", 5, 300)
    within(check, "HealthCheckTimeoutSeconds", 2, 120)
    within(check, "HealthyThresholdCount", 2, 10)
    within(check, "UnhealthyThresholdCount", 2, 10)
    by = check.get("HealthCheckProtocol")
    if by is not None and by not in CHECKED_BY:
        misconfigured(f"Health check protocol '{by}' must be one of '{', '.join(CHECKED_BY)}'")
    if by == "TCP" and (protocol in HTTP or target_type == "alb"):
        misconfigured(f"Health check protocol 'TCP' is not supported for target groups with protocol '{protocol}'")
    if target_type != "lambda" and not check["HealthCheckEnabled"]:
        misconfigured(f"Health check enabled must be true for target groups with target type '{target_type}'")
    if int(check["HealthCheckTimeoutSeconds"]) >= int(check["HealthCheckIntervalSeconds"]):
        invalid("Health check interval must be greater than the timeout")
    port = str(check.get("HealthCheckPort") or "traffic-port")
    if port != "traffic-port" and not (port.isdecimal() and 1 <= int(port) <= 65535):
        invalid(f"Health check port '{port}' must be 'traffic-port' or in the range 1-65535")
    _refuse_answers(check, by, protocol, version)


def _refuse_answers(check: Params, by: str | None, protocol: str | None, version: str | None) -> None:
    path, matcher = check.get("HealthCheckPath"), check.get("Matcher")
    if by == "TCP":
        if matcher is not None:
            misconfigured("Health check matchers are not supported for TCP health checks")
        if path is not None:
            misconfigured("Health check paths are not supported for TCP health checks")
        return
    if path is not None and not (path.startswith("/") and len(path) <= 1024):
        invalid(f"Health check path '{path}' must begin with a '/' character, and can be up to 1024 characters")
    for name, code in (matcher or {}).items():
        if (name == "GrpcCode") != (version == "GRPC"):
            misconfigured(f"Matcher {name} is not supported for target groups with protocol version '{version}'")
        lowest, highest = (0, 99) if name == "GrpcCode" else (200, 499 if protocol in HTTP or protocol is None else 599)
        if not _in_range(str(code), lowest, highest):
            invalid(f"Health check matcher {name} '{code}' must be within '{lowest}-{highest}' inclusive")


def _in_range(code: str, lowest: int, highest: int) -> bool:
    """Codes such as 200, 200,202 or 200-299."""
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", code):
        return False
    numbers: list[t.Any] = [int(one) for one in re.findall(r"\d+", code)]
    return all(lowest <= one <= highest for one in numbers)
