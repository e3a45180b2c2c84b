# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Target groups: where a listener sends what it takes, and how it asks who of them is well.

A group goes only when no listener and no rule names it
(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html). One whose target is
an application load balancer keeps the attributes that AWS gives it
(https://docs.aws.amazon.com/elasticloadbalancing/latest/network/application-load-balancer-target.html).
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _health_check as health_check
from ansible_collections.cloister.aws.plugins.module_utils._elb import (
    IN_USE,
    NamedElbKind,
    attribute_list,
    attributes,
    aws_name,
    check_name,
)
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._once import Once
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_list
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc

TARGETS = "cloister:targets"
"""The tag that says who registers targets: ``listed``, by the inventory alone, or ``others``, such as ECS."""
ATTRIBUTES = {
    "algorithm": "load_balancing.algorithm.type",
    "deregistration_delay_seconds": "deregistration_delay.timeout_seconds",
    "end_connections": "deregistration_delay.connection_termination.enabled",
    "end_unhealthy_connections": "target_health_state.unhealthy.connection_termination.enabled",
    "preserve_client_ip": "preserve_client_ip.enabled",
    "proxy_protocol_v2": "proxy_protocol_v2.enabled",
    "slow_start_seconds": "slow_start.duration_seconds",
    "unhealthy_draining_seconds": "target_health_state.unhealthy.draining_interval_seconds",
}
WEB_ATTRIBUTES = ("algorithm", "slow_start_seconds")
NETWORK_ATTRIBUTES = (
    *("end_connections", "end_unhealthy_connections", "unhealthy_draining_seconds"),
    *("preserve_client_ip", "proxy_protocol_v2"),
)
_FIXED = ("protocol", "port", "vpc", "target_type")


class TargetGroup(NamedElbKind):
    """A target group.

    Fields: ``protocol``, ``port``, ``vpc`` (id), ``target_type``, ``health_check`` (`_health_check`) and, where its
    protocol has them, those of `ATTRIBUTES` and ``stickiness`` (``{type, seconds, cookie}`` or None).
    """

    noun = "target group"
    made_by = "load_balancers"
    rank = 34
    immutable: t.ClassVar[t.Mapping[str, str]] = dict.fromkeys(
        _FIXED, "list another group under a new name, let its listeners forward there, then take this one off the list"
    )
    describe, listed = "describe_target_groups", "TargetGroups"
    arn_key, name_key = "TargetGroupArn", "TargetGroupName"

    def __init__(self, *args: t.Any) -> None:
        super().__init__(*args)
        self._attributes = Once()

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it leads to, how it asks, and how it behaves."""
        raw, said = found.raw, self._said(found)
        return {
            "protocol": raw["Protocol"],
            "port": raw["Port"],
            "vpc": raw["VpcId"],
            "target_type": raw["TargetType"],
            "health_check": health_check.described(raw),
            "stickiness": _stickiness(said),
            **{name: said.get(key) for name, key in ATTRIBUTES.items()},
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it."""
        fields = want.fields
        answer = self.aws.make(
            "elbv2",
            "create_target_group",
            Name=aws_name(self.owner.region, want.part),
            Protocol=fields["protocol"],
            Port=fields["port"],
            VpcId=fields["vpc"],
            TargetType=fields["target_type"],
            Tags=tag_list(tags),
            **health_check.parameters(fields["health_check"]),
        )
        return self.made(answer, self.listed, tags)

    def complete(self, found: Found, want: Want) -> None:
        """Set what a create does not take."""
        self._set_attributes(found, want, want.fields)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Ask otherwise, or behave otherwise."""
        if "health_check" in changed:
            said = health_check.parameters(want.fields["health_check"])
            self.aws.call("elbv2", "modify_target_group", TargetGroupArn=found.id, **said)
        self._set_attributes(found, want, changed)

    def delete(self, found: Found) -> None:
        """Delete it once nothing forwards to it."""
        try:
            self.aws.call("elbv2", "delete_target_group", TargetGroupArn=found.id, absent_ok=True, patience=IN_USE)
        except ApiError as exc:
            if exc.code not in IN_USE.codes:
                raise
            groups = self.aws.call("elbv2", self.describe, TargetGroupArns=[found.id])[self.listed]
            users = [arn for group in groups for arn in group.get("LoadBalancerArns", ())]
            raise RegionError(
                f"{found.id} is no longer listed, and a listener or a rule of {', '.join(users) or 'another balancer'} "
                "forwards to it; take that away where it was made and run again"
            ) from exc

    def _said(self, found: Found) -> dict[str, t.Any]:
        def read() -> dict[str, t.Any]:
            answer = self.aws.call("elbv2", "describe_target_group_attributes", TargetGroupArn=found.id)
            return attributes(answer["Attributes"])

        return self._attributes.get(found.id, read)

    def _set_attributes(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        values = {key: want.fields[name] for name, key in ATTRIBUTES.items() if name in changed and name in want.fields}
        if "stickiness" in changed:
            values |= _sticky(want.fields["stickiness"])
        if values:
            action = "modify_target_group_attributes"
            self.aws.call("elbv2", action, TargetGroupArn=found.id, Attributes=attribute_list(values))


def _stickiness(said: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    kind = said.get("stickiness.type")
    if not said.get("stickiness.enabled"):
        return None
    cookie = said.get("stickiness.app_cookie.cookie_name") if kind == "app_cookie" else None
    return {"type": kind, "seconds": said.get(f"stickiness.{kind}.duration_seconds"), "cookie": cookie}


def _sticky(wanted: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    if wanted is None:
        return {"stickiness.enabled": False}
    said = {"stickiness.enabled": True, "stickiness.type": wanted["type"]}
    if wanted["seconds"] is not None:
        said[f"stickiness.{wanted['type']}.duration_seconds"] = wanted["seconds"]
    if wanted["cookie"]:
        said["stickiness.app_cookie.cookie_name"] = wanted["cookie"]
    return said


def want(group: t.Mapping[str, t.Any], names: Names, region: str, vpc: str) -> Want:
    """Return the wish for an entry of ``load_balancers_target_groups``; ``vpc`` is that of groups that name none."""
    part, protocol, target_type = group["name"], group["protocol"], group["target_type"]
    check_name(TargetGroup.noun, region, part)
    said = {key: value for key, value in (group["health_check"] or {}).items() if value is not None}
    for key, found, right in health_check.faults(said, protocol, target_type):
        raise InputError(f"target group {part}, health_check.{key}: {found} Right would be: {right}")
    fields: dict[str, t.Any] = {
        "protocol": protocol,
        "port": group["port"],
        "vpc": names.id(Vpc, group["vpc"] or vpc),
        "target_type": target_type,
        "health_check": health_check.complete(said, protocol, target_type),
    }
    if target_type != "alb":
        web = protocol in health_check.WEB
        own = WEB_ATTRIBUTES if web else NETWORK_ATTRIBUTES
        fields |= {key: group[key] for key in ("deregistration_delay_seconds", *own) if group[key] is not None}
        fields["stickiness"] = _wanted_stickiness(group["stickiness"], web)
    return Want(part, fields, tags={TARGETS: "others" if group["targets"] is None else "listed"})


def _wanted_stickiness(said: t.Mapping[str, t.Any] | None, web: bool) -> dict[str, t.Any] | None:
    if said is None:
        return None
    if not web:
        return {"type": "source_ip", "seconds": None, "cookie": None}
    return {
        "type": "app_cookie" if said["cookie"] else "lb_cookie",
        "seconds": said["seconds"],
        "cookie": said["cookie"],
    }
