# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scaling of ECS services: the bounds of a service's tasks, what follows load, and what follows the clock.

A policy and a scheduled action cannot be tagged. They hang on a scalable target, which can, and go with it; so a
service's scaling is one thing here: its target with all that hangs on it, named ``<region_name>-<service>-<what>``.
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html,
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._ecs import aws_name
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want

# A target is shown late to the calls that hang something on it, and AWS takes one change of it at a time.
_LATE = Patience(frozenset({"ObjectNotFoundException", "ConcurrentUpdateException"}), seconds=60)
_BUSY = Patience(frozenset({"ConcurrentUpdateException"}), seconds=60)
_GONE = ("ObjectNotFoundException", "ResourceNotFoundException")
_COUNT: dict[str, t.Any] = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
METRICS = {
    "cpu": "ECSServiceAverageCPUUtilization",
    "memory": "ECSServiceAverageMemoryUtilization",
    "requests": "ALBRequestCountPerTarget",
}


class ScalingPolicy(Kind):
    """The scaling of a service; its id is the resource id of its scalable target (``service/<cluster>/<service>``).

    Fields: ``min``, ``max``, ``targets`` (target tracking by name) and ``schedules`` (bounds by name).
    """

    noun = "scaling policy"
    made_by = "ecs"
    rank = 6

    def find(self) -> list[Found]:
        """Return the scalings of services with names of ours, by the tags of their targets."""
        listings = (
            ("describe_scalable_targets", "ScalableTargets"),
            ("describe_scaling_policies", "ScalingPolicies"),
            ("describe_scheduled_actions", "ScheduledActions"),
        )
        targets, policies, actions = each(lambda pair: self._pages(*pair), listings)
        hanging: dict[str, dict[str, list[t.Any]]] = {}
        for key, items in (("policies", policies), ("actions", actions)):
            for item in items:
                hanging.setdefault(item["ResourceId"], {}).setdefault(key, []).append(item)
        ours = [raw for raw in targets if raw["ResourceId"].rpartition("/")[2].startswith(f"{self.owner.region}-")]
        tags = each(self._tags, ours)
        found = [
            Found(raw["ResourceId"], tag, {**raw, **hanging.get(raw["ResourceId"], {})})
            for raw, tag in zip(ours, tags, strict=True)
        ]
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return its bounds and what moves them."""
        head = f"{aws_name(self.owner, found.part)}-"
        return {
            "min": found.raw["MinCapacity"],
            "max": found.raw["MaxCapacity"],
            "targets": {item["PolicyName"].removeprefix(head): _target(item) for item in found.raw.get("policies", ())},
            "schedules": {
                item["ScheduledActionName"].removeprefix(head): _schedule(item) for item in found.raw.get("actions", ())
            },
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Register the target; registering it again would change nothing."""
        resource, bounds = want.create["resource"], _bounds(want)
        answer = self._send("register_scalable_target", resource, **bounds, Tags=dict(tags))
        raw = {"ResourceId": resource, "ScalableTargetARN": answer.get("ScalableTargetARN"), **bounds}
        return Found(resource, tags, raw)

    def complete(self, found: Found, want: Want) -> None:
        """Hang on it what moves it."""
        self.update(found, want, [name for name in ("targets", "schedules") if want.fields[name]])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring bounds, policies and scheduled actions to what is wanted; new ones first."""
        have = self.fields(found)
        if {"min", "max"} & set(changed):
            self._send("register_scalable_target", found.id, **_bounds(want))
        if "targets" in changed:
            self._bring(found, want.fields["targets"], have["targets"], self._put_target, "delete_scaling_policy")
        if "schedules" in changed:
            wanted, old = want.fields["schedules"], have["schedules"]
            self._bring(found, wanted, old, self._put_schedule, "delete_scheduled_action")

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        arn = found.raw["ScalableTargetARN"]
        self.aws.call("application-autoscaling", "tag_resource", ResourceARN=arn, Tags=dict(tags))

    def delete(self, found: Found) -> None:
        """Deregister the target, and with it all that hangs on it."""
        self._drop("deregister_scalable_target", found.id)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its bounds."""
        return {"tasks": f"{found.raw['MinCapacity']} to {found.raw['MaxCapacity']}"}

    def _pages(self, action: str, result: str) -> list[t.Any]:
        found = self.aws.pages("application-autoscaling", action, result, ServiceNamespace="ecs")
        return [item for item in found if item["ScalableDimension"] == _COUNT["ScalableDimension"]]

    def _tags(self, raw: t.Mapping[str, t.Any]) -> dict[str, str]:
        arn = raw.get("ScalableTargetARN")
        if not arn:  # registered before targets had ARNs, so by somebody else
            return {}
        try:
            return dict(self.aws.call("application-autoscaling", "list_tags_for_resource", ResourceARN=arn)["Tags"])
        except ApiError as exc:
            if exc.code not in _GONE:
                raise
            return {}

    def _bring(
        self,
        found: Found,
        wanted: t.Mapping[str, t.Any],
        have: t.Mapping[str, t.Any],
        put: t.Callable[[str, str, t.Any], None],
        drop: str,
    ) -> None:
        head = f"{aws_name(self.owner, found.part)}-"
        for name, said in wanted.items():
            if have.get(name) != said:
                put(found.id, f"{head}{name}", said)
        key = "PolicyName" if drop == "delete_scaling_policy" else "ScheduledActionName"
        items = found.raw.get("policies" if key == "PolicyName" else "actions", ())
        for item in items:
            if item[key].removeprefix(head) not in wanted:
                self._drop(drop, found.id, **{key: item[key]})

    def _put_target(self, resource: str, name: str, said: t.Mapping[str, t.Any]) -> None:
        label = {"ResourceLabel": said["label"]} if said["label"] else {}
        configuration = {
            "TargetValue": said["value"],
            "PredefinedMetricSpecification": {"PredefinedMetricType": METRICS[said["metric"]], **label},
            "ScaleOutCooldown": said["scale_out_seconds"],
            "ScaleInCooldown": said["scale_in_seconds"],
        }
        self._send(
            "put_scaling_policy",
            resource,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=configuration,
        )

    def _put_schedule(self, resource: str, name: str, said: t.Mapping[str, t.Any]) -> None:
        action = {"MinCapacity": said["min"], "MaxCapacity": said["max"]}
        self._send(
            "put_scheduled_action",
            resource,
            ScheduledActionName=name,
            Schedule=said["schedule"],
            Timezone=said["timezone"],
            ScalableTargetAction=action,
        )

    def _send(self, action: str, resource: str, **said: t.Any) -> t.Any:
        """Send what sets something, which may be repeated."""
        patience = _BUSY if action == "register_scalable_target" else _LATE
        return self.aws.call(
            "application-autoscaling", action, patience=patience, ResourceId=resource, **_COUNT, **said
        )

    def _drop(self, action: str, resource: str, **said: t.Any) -> None:
        try:
            self.aws.call("application-autoscaling", action, patience=_BUSY, ResourceId=resource, **_COUNT, **said)
        except ApiError as exc:
            if exc.code not in _GONE:
                raise


def _bounds(want: Want) -> dict[str, int]:
    return {"MinCapacity": want.fields["min"], "MaxCapacity": want.fields["max"]}


def _target(raw: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    said = raw.get("TargetTrackingScalingPolicyConfiguration")
    if not said:
        return {"type": raw["PolicyType"]}
    metric = said.get("PredefinedMetricSpecification", {})
    names = {value: key for key, value in METRICS.items()}
    kind = metric.get("PredefinedMetricType", "custom")
    return {
        "metric": names.get(kind, kind),
        "value": float(said["TargetValue"]),
        "label": metric.get("ResourceLabel", ""),
        "scale_out_seconds": said.get("ScaleOutCooldown"),
        "scale_in_seconds": said.get("ScaleInCooldown"),
    }


def _schedule(raw: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    bounds = raw.get("ScalableTargetAction", {})
    return {
        "schedule": raw["Schedule"],
        "timezone": raw.get("Timezone", "UTC"),
        "min": bounds.get("MinCapacity"),
        "max": bounds.get("MaxCapacity"),
    }
