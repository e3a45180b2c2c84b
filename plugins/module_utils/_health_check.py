# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a target group asks whether its targets are well: what AWS takes, and its defaults. Pure functions.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
"""

from __future__ import annotations

import re
import typing as t

WEB = ("HTTP", "HTTPS")
RANGES = {
    "interval_seconds": (5, 300),
    "timeout_seconds": (2, 120),
    "healthy_threshold": (2, 10),
    "unhealthy_threshold": (2, 10),
}
LONGEST_PATH = 1024
_CODES = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")
_PATH = re.compile(r"/[\x21-\x7e]*")

HealthCheck = dict[str, t.Any]
"""``{protocol, port, path, matcher, interval_seconds, timeout_seconds, healthy_threshold, unhealthy_threshold}``."""


def complete(said: t.Mapping[str, t.Any], protocol: str, target_type: str) -> HealthCheck:
    """Return a whole health check; ``protocol`` and ``target_type`` are those of the target group."""
    asked = said.get("protocol") or ("HTTP" if protocol in WEB or target_type == "alb" else "TCP")
    web = asked in WEB
    return {
        "protocol": asked,
        "port": str(said.get("port") or "traffic-port"),
        "path": (said.get("path") or "/") if web else None,
        "matcher": (said.get("matcher") or ("200" if protocol in WEB else "200-399")) if web else None,
        "interval_seconds": said.get("interval_seconds", 30),
        "timeout_seconds": said.get("timeout_seconds", 5),
        "healthy_threshold": said.get("healthy_threshold", 5),
        "unhealthy_threshold": said.get("unhealthy_threshold", 2),
    }


def faults(said: t.Mapping[str, t.Any], protocol: str, target_type: str) -> t.Iterator[tuple[str, str, str]]:
    """Yield what AWS would refuse: the key, what was found, what would be right."""
    whole = complete(said, protocol, target_type)
    if whole["protocol"] == "TCP" and (protocol in WEB or target_type == "alb"):
        yield "protocol", f"A group of {target_type} targets for {protocol} is not asked over TCP.", "HTTP or HTTPS"
    elif whole["protocol"] == "TCP":
        for key in [key for key in ("path", "matcher") if said.get(key)]:
            yield key, f"A health check over TCP has no {key}.", f"no {key}, or protocol: HTTP"
    else:
        yield from _answers(whole, protocol)
    if whole["port"] != "traffic-port" and not _between(whole["port"], 1, 65535):
        yield "port", f"{whole['port']} is no port.", "1 to 65535, or traffic-port for that of the target"
    for key, (least, most) in RANGES.items():
        if not _between(whole[key], least, most):
            yield key, f"{whole[key]} is out of range.", f"{least} to {most}"
    if whole["timeout_seconds"] >= whole["interval_seconds"]:
        found = f"It waits {whole['timeout_seconds']} s for an answer and asks every {whole['interval_seconds']} s."
        yield "timeout_seconds", found, "a timeout_seconds below interval_seconds"


def _answers(whole: HealthCheck, protocol: str) -> t.Iterator[tuple[str, str, str]]:
    if not _PATH.fullmatch(whole["path"]) or len(whole["path"]) > LONGEST_PATH:
        yield "path", f"{whole['path']!r} is no path.", "a path that starts with /, such as /health"
    least, most = (200, 499) if protocol in WEB else (200, 599)
    codes = [int(code) for code in re.findall(r"\d{3}", whole["matcher"])]
    sound = _CODES.fullmatch(whole["matcher"]) and all(least <= code <= most for code in codes)
    if not sound:
        right = f"codes from {least} to {most}: 200, 200-299 or 200,202"
        yield "matcher", f"{whole['matcher']!r} is no list of HTTP codes.", right


def _between(value: t.Any, least: int, most: int) -> bool:
    return str(value).isdecimal() and least <= int(value) <= most


def parameters(check: HealthCheck) -> dict[str, t.Any]:
    """Return a health check as CreateTargetGroup and ModifyTargetGroup take it."""
    said = {
        "HealthCheckProtocol": check["protocol"],
        "HealthCheckPort": check["port"],
        "HealthCheckIntervalSeconds": check["interval_seconds"],
        "HealthCheckTimeoutSeconds": check["timeout_seconds"],
        "HealthyThresholdCount": check["healthy_threshold"],
        "UnhealthyThresholdCount": check["unhealthy_threshold"],
    }
    if check["protocol"] in WEB:
        said |= {"HealthCheckPath": check["path"], "Matcher": {"HttpCode": check["matcher"]}}
    return said


def described(raw: t.Mapping[str, t.Any]) -> HealthCheck:
    """Return the health check of a target group as AWS describes it."""
    web = raw.get("HealthCheckProtocol") in WEB
    return {
        "protocol": raw.get("HealthCheckProtocol"),
        "port": raw.get("HealthCheckPort"),
        "path": raw.get("HealthCheckPath") if web else None,
        "matcher": raw.get("Matcher", {}).get("HttpCode") if web else None,
        "interval_seconds": raw.get("HealthCheckIntervalSeconds"),
        "timeout_seconds": raw.get("HealthCheckTimeoutSeconds"),
        "healthy_threshold": raw.get("HealthyThresholdCount"),
        "unhealthy_threshold": raw.get("UnhealthyThresholdCount"),
    }
