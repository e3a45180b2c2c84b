# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Application Auto Scaling of ECS services: scalable targets, target tracking policies, tags.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
Nothing is measured, so nothing scales; a scaled count is what UpdateService sets.
"""

from __future__ import annotations

import json
import re
import typing as t

from lab.embedded_aws.truth.patching import before, install, let_be_listed, refuser

Backend = t.Any  # moto's ApplicationAutoscalingBackend of one account and region
Response = t.Any

refuse = refuser("applicationautoscaling")

NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False,
}  # fmt: skip
PREDEFINED = ("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget")
LABEL = re.compile(r"app/[^/]+/[0-9a-f]+/targetgroup/[^/]+/[0-9a-f]+")


def invalid(message: str) -> t.NoReturn:
    refuse("ValidationException", message)


def _service(backend: Backend, resource: str) -> t.Any:
    """The ECS service of service/<cluster>/<name>, None when it is not there."""
    _, cluster, name = [*resource.split("/"), "", ""][:3]
    found = backend.ecs_backend.services.get(f"{cluster}:{name}")
    return found if found is not None and found.status == "ACTIVE" else None


def check_register(
    self: Backend,
    namespace: str,
    r_id: str,
    dimension: str,
    min_capacity: int | None,
    max_capacity: int | None,
    *_: t.Any,
    **__: t.Any,
) -> None:
    if namespace != "ecs":
        raise NotImplementedError(f"scalable targets of {namespace}")
    known = self.targets.get(dimension, {}).get(r_id)
    if known is None and (min_capacity is None or max_capacity is None):
        invalid("Both MinCapacity and MaxCapacity must be specified when a scalable target is registered.")
    least = known.min_capacity if min_capacity is None else min_capacity
    most = known.max_capacity if max_capacity is None else max_capacity
    if least > most:
        invalid("Maximum capacity cannot be less than minimum capacity")
    if least < 0:
        invalid("Minimum capacity cannot be negative")


def exists(self: Backend, r_id: str) -> bool:
    if _service(self, r_id) is None:
        invalid(f"ECS service doesn't exist: {r_id}")
    return True


def _find(backend: Backend, namespace: str, resource: str, dimension: str, word: str) -> t.Any:
    target = backend.targets.get(dimension, {}).get(resource)
    if target is None:
        refuse(
            "ObjectNotFoundException",
            f"No scalable target {word} for service namespace: {namespace}, resource ID: {resource}, scalable "
            f"dimension: {dimension}",
        )
    return target


def check_deregister(self: Backend, namespace: str, r_id: str, dimension: str) -> None:
    """The target's policies go with it."""
    _find(self, namespace, r_id, dimension, "found")
    for key, policy in list(self.policies.items()):
        if (policy.resource_id, policy.scalable_dimension) == (r_id, dimension):
            policy.delete_alarms(self.account_id, self.region_name)
            del self.policies[key]


def check_policy(policy_type: str | None, body: dict[str, t.Any] | None) -> None:
    """Refuse a target tracking configuration that AWS would not take."""
    if policy_type != "TargetTrackingScaling":
        raise NotImplementedError(f"policy type {policy_type}")
    given = body or {}
    if given.get("TargetValue") is None:
        invalid("A target value must be specified in the target tracking configuration.")
    metric = given.get("PredefinedMetricSpecification")
    if bool(metric) == bool(given.get("CustomizedMetricSpecification")):
        invalid("Exactly one of predefined and customized metric specifications must be specified.")
    if not metric:
        return
    kind, label = metric.get("PredefinedMetricType"), metric.get("ResourceLabel")
    if kind not in PREDEFINED:
        invalid(f"Invalid value '{kind}' for predefined metric type for service namespace: ecs")
    if (kind == "ALBRequestCountPerTarget") != bool(label) or (label and not LABEL.fullmatch(label)):
        invalid(
            "Resource label must be specified for ALBRequestCountPerTarget, and for no other metric: app/.../.../..."
        )


def put_scaling_policy(
    self: Backend,
    policy_name: str,
    service_namespace: str,
    resource_id: str,
    scalable_dimension: str,
    policy_body: dict[str, t.Any],
    policy_type: str | None,
) -> t.Any:
    """A policy that is there is changed: its ARN stays, its alarms are made anew."""
    from moto.applicationautoscaling.models import FakeApplicationAutoscalingPolicy as Policy

    _find(self, service_namespace, resource_id, scalable_dimension, "registered")
    key = Policy.formulate_key(service_namespace, resource_id, scalable_dimension, policy_name)
    old = self.policies.get(key)
    kind = policy_type or (old.policy_type if old else None)
    body = policy_body or (old._policy_body if old else None)
    check_policy(kind, body)
    whole = {"DisableScaleIn": False, **t.cast("dict[str, t.Any]", body)}
    policy = Policy(
        self.account_id, self.region_name, policy_name, service_namespace, resource_id, scalable_dimension, kind, whole
    )
    if old is not None:
        old.delete_alarms(self.account_id, self.region_name)
        policy.policy_arn, policy.creation_time = old.policy_arn, old.creation_time
    self.policies[key] = policy
    return policy


def check_delete_policy(
    self: Backend, policy_name: str, service_namespace: str, resource_id: str, scalable_dimension: str
) -> None:
    key = f"{service_namespace}\t{resource_id}\t{scalable_dimension}\t{policy_name}"
    if key not in self.policies:
        refuse(
            "ObjectNotFoundException",
            f"No scaling policy found for service namespace: {service_namespace}, resource ID: {resource_id}, scalable "
            f"dimension: {scalable_dimension}, policy name: {policy_name}",
        )


def _tagged(response: Response, arn: str) -> t.Any:
    backend = response.applicationautoscaling_backend
    for table in backend.targets.values():
        for target in table.values():
            if target.arn == arn:
                return target
    refuse("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")


def tag_resource(self: Response) -> str:
    given = json.loads(self.body)
    _tags(_tagged(self, given["ResourceARN"])).update(given["Tags"])
    return "{}"


def untag_resource(self: Response) -> str:
    given = json.loads(self.body)
    for key in given["TagKeys"]:
        _tags(_tagged(self, given["ResourceARN"])).pop(key, None)
    return "{}"


def list_tags_for_resource(self: Response) -> str:
    return json.dumps({"Tags": _tags(_tagged(self, json.loads(self.body)["ResourceARN"]))})


def _tags(target: t.Any) -> dict[str, str]:
    return t.cast("dict[str, str]", target.__dict__.setdefault("tags", {}))


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    """Scalable targets, with their policies in what is shown of them."""
    from moto.core.resource_tagging import TaggedResource

    for table in self.targets.values():
        for target in table.values():
            mine = [one for one in self.policies.values() if one.resource_id == target.resource_id]
            shown = [target.min_capacity, target.max_capacity, target.suspended_state]
            more = {
                "shown": [*shown, *([one.policy_name, one._policy_body] for one in mine)],
                "name": target.resource_id,
            }
            kind = "application-autoscaling:scalable-target"
            yield TaggedResource(target.arn, dict(_tags(target)), kind, more)


def apply() -> None:
    from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, FakeScalableTarget
    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

    from lab.embedded_aws import truth
    from lab.embedded_aws.truth.ecs import scheduler

    truth.apply("ecs")
    begin, register = FakeScalableTarget.__init__, ApplicationAutoScalingResponse.register_scalable_target
    dispatch = ApplicationAutoScalingResponse.call_action

    def __init__(self: t.Any, *given: t.Any, **named: t.Any) -> None:  # noqa: N807
        begin(self, *given, **named)
        backend = self.applicationautoscaling_backend
        where = f"arn:{backend.partition}:iam::{backend.account_id}:role/aws-service-role"
        role = "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
        self.role_arn, self.suspended_state = f"{where}/{role}", self.suspended_state or NOT_SUSPENDED

    def register_scalable_target(self: Response) -> str:
        answer = str(register(self))
        given = self._get_param("Tags")
        if given:
            _tags(_tagged(self, json.loads(answer)["ScalableTargetARN"])).update(given)
        return answer

    def call_action(self: Response) -> t.Any:
        scheduler.advance(self.applicationautoscaling_backend.ecs_backend)
        return dispatch(self)

    FakeScalableTarget.__init__ = __init__
    ApplicationAutoScalingResponse.call_action = call_action
    ApplicationAutoscalingBackend._ecs_service_exists_for_target = exists
    let_be_listed(ApplicationAutoscalingBackend, "application-autoscaling", iter_tagged_resources)
    before(ApplicationAutoscalingBackend, "register_scalable_target", check_register)
    before(ApplicationAutoscalingBackend, "deregister_scalable_target", check_deregister)
    before(ApplicationAutoscalingBackend, "delete_scaling_policy", check_delete_policy)
    install(ApplicationAutoscalingBackend, put_scaling_policy)
    install(
        ApplicationAutoScalingResponse, register_scalable_target, tag_resource, untag_resource, list_tags_for_resource
    )
