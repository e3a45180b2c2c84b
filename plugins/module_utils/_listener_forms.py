# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a listener does with a request, and which requests a rule means, in our form and in AWS's. Pure functions.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

ACTIONS = ("forward", "forward_weights", "redirect", "fixed_response")
# Ours -> AWS's name of the part, and what stands for leaving it as it was.
_REDIRECT = {
    "protocol": ("Protocol", "#{protocol}"),
    "host": ("Host", "#{host}"),
    "port": ("Port", "#{port}"),
    "path": ("Path", "/#{path}"),
    "query": ("Query", "#{query}"),
}
# Ours -> AWS's field, the key of its values.
_CONDITIONS = {
    "hosts": ("host-header", "HostHeaderConfig"),
    "paths": ("path-pattern", "PathPatternConfig"),
    "methods": ("http-request-method", "HttpRequestMethodConfig"),
    "source_cidrs": ("source-ip", "SourceIpConfig"),
}

Action = dict[str, t.Any]
"""``{forward: {ARN: weight}, sticky_seconds}``, ``{redirect: {...}}`` or ``{fixed_response: {...}}``."""
Conditions = dict[str, t.Any]
"""``{hosts, paths, methods, source_cidrs, headers}``: sorted texts, headers by name; only those that are there."""


def action_wanted(where: str, said: t.Mapping[str, t.Any], group: t.Callable[[str], str]) -> Action:
    """Return the action of an entry; ``group`` gives the ARN of a target group by name."""
    given = [key for key in ACTIONS if said.get(key)]
    if len(given) != 1:
        raise InputError(f"{where}: give exactly one of {', '.join(ACTIONS)}, not {' and '.join(given) or 'none'}")
    if given[0].startswith("forward"):
        weights = said["forward_weights"] or {said["forward"]: 1}
        return {
            "forward": {group(name): int(weight) for name, weight in weights.items()},
            "sticky_seconds": said.get("sticky_seconds") or 0,
        }
    if given[0] == "redirect":
        parts = {key: str(said["redirect"].get(key) or same) for key, (_key, same) in _REDIRECT.items()}
        return {"redirect": {**parts, "status": said["redirect"]["status"]}}
    return {"fixed_response": dict(said["fixed_response"])}


def action_found(raw: t.Sequence[t.Mapping[str, t.Any]]) -> Action:
    """Return AWS's list of actions in our form; what is not ours, such as authentication, shows as AWS has it."""
    if len(raw) != 1:
        return {"actions": list(raw)}
    one = raw[0]
    if one["Type"] == "forward":
        return _forward(one)
    if one["Type"] == "redirect":
        config = one["RedirectConfig"]
        parts = {key: str(config.get(name, same)) for key, (name, same) in _REDIRECT.items()}
        return {"redirect": {**parts, "status": int(config["StatusCode"].removeprefix("HTTP_"))}}
    if one["Type"] == "fixed-response":
        config = one["FixedResponseConfig"]
        kind, body = config.get("ContentType") or "text/plain", config.get("MessageBody") or ""
        return {"fixed_response": {"status": int(config["StatusCode"]), "content_type": kind, "body": body}}
    return {"actions": list(raw)}


def _forward(one: t.Mapping[str, t.Any]) -> Action:
    config = one.get("ForwardConfig", {})
    weights = {group["TargetGroupArn"]: int(group.get("Weight", 1)) for group in config.get("TargetGroups", ())}
    weights = weights or {one["TargetGroupArn"]: 1}
    sticky = config.get("TargetGroupStickinessConfig", {})
    return {
        "forward": dict.fromkeys(weights, 1) if len(weights) == 1 else weights,
        "sticky_seconds": int(sticky.get("DurationSeconds", 0)) if sticky.get("Enabled") else 0,
    }


def action_sent(action: Action) -> list[dict[str, t.Any]]:
    """Return an action as AWS takes it."""
    if "redirect" in action:
        parts = {name: action["redirect"][key] for key, (name, _same) in _REDIRECT.items()}
        status = f"HTTP_{action['redirect']['status']}"
        return [{"Type": "redirect", "RedirectConfig": {**parts, "StatusCode": status}}]
    if "fixed_response" in action:
        said = action["fixed_response"]
        config = {"StatusCode": str(said["status"]), "ContentType": said["content_type"], "MessageBody": said["body"]}
        return [{"Type": "fixed-response", "FixedResponseConfig": config}]
    groups, sticky = action["forward"], action["sticky_seconds"]
    if len(groups) == 1 and not sticky:
        return [{"Type": "forward", "TargetGroupArn": next(iter(groups))}]
    config = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in sorted(groups.items())]}
    if sticky:
        config["TargetGroupStickinessConfig"] = t.cast("t.Any", {"Enabled": True, "DurationSeconds": sticky})
    return [{"Type": "forward", "ForwardConfig": config}]


def conditions_wanted(said: t.Mapping[str, t.Any]) -> Conditions:
    """Return the conditions of an entry."""
    found: Conditions = {key: sorted(map(str, said[key])) for key in _CONDITIONS if said.get(key)}
    if "hosts" in found:
        found["hosts"] = sorted(host.lower() for host in found["hosts"])
    if said.get("headers"):
        found["headers"] = {name.lower(): sorted(map(str, values)) for name, values in said["headers"].items()}
    return found


def conditions_found(raw: t.Iterable[t.Mapping[str, t.Any]]) -> Conditions:
    """Return AWS's conditions in our form; a field that we do not know shows under its AWS name."""
    ours = {field: (key, config) for key, (field, config) in _CONDITIONS.items()}
    found: Conditions = {}
    for one in raw:
        if one["Field"] == "http-header":
            config = one["HttpHeaderConfig"]
            found.setdefault("headers", {})[config["HttpHeaderName"].lower()] = sorted(config["Values"])
            continue
        key, name = ours.get(one["Field"], (one["Field"], ""))
        values = sorted(one.get(name, {}).get("Values") or one.get("Values") or ())
        found[key] = sorted(host.lower() for host in values) if key == "hosts" else values
    return found


def conditions_sent(conditions: Conditions) -> list[dict[str, t.Any]]:
    """Return conditions as AWS takes them."""
    sent: list[dict[str, t.Any]] = [
        {"Field": field, config: {"Values": conditions[key]}}
        for key, (field, config) in _CONDITIONS.items()
        if key in conditions
    ]
    for name, values in conditions.get("headers", {}).items():
        sent.append({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": values}})
    return sent
