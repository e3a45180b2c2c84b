# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Application Auto Scaling of ECS services."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.ecs_world import World

Refused = t.Any
TARGET = {
    "ServiceNamespace": "ecs", "ResourceId": "service/main/guard", "ScalableDimension": "ecs:service:DesiredCount",
}  # fmt: skip
CPU = {
    "TargetValue": 60.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}


@pytest.fixture
def world(aws: EmbeddedAws, client: t.Any) -> World:
    made = World(aws, client)
    made.ready()
    made.define()
    return made


@pytest.fixture
def scaling(client: t.Any) -> t.Any:
    return client("application-autoscaling")


def targets(scaling: t.Any) -> list[dict[str, t.Any]]:
    return t.cast(
        "list[dict[str, t.Any]]", scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    )


def policies(scaling: t.Any) -> list[dict[str, t.Any]]:
    shown = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=TARGET["ResourceId"])
    return t.cast("list[dict[str, t.Any]]", shown["ScalingPolicies"])


def put(scaling: t.Any, name: str = "cpu", **changes: t.Any) -> dict[str, t.Any]:
    made = scaling.put_scaling_policy(
        **TARGET, PolicyName=name, PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={**CPU, **changes},
    )  # fmt: skip
    return t.cast("dict[str, t.Any]", made)


def test_a_target_needs_its_service_and_both_ends(world: World, scaling: t.Any, refused: Refused) -> None:
    with refused("ValidationException", "ECS service doesn't exist: service/main/guard"):
        scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    world.serve()
    with refused("ValidationException", "Both MinCapacity and MaxCapacity"):
        scaling.register_scalable_target(**TARGET, MinCapacity=1)
    with refused("ValidationException", "Maximum capacity cannot be less than minimum capacity"):
        scaling.register_scalable_target(**TARGET, MinCapacity=5, MaxCapacity=4)


def test_a_target_is_tagged_at_birth_and_changed_in_place(world: World, scaling: t.Any) -> None:
    world.serve()
    made = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4, Tags={"cloister:part": "guard"})
    arn = made["ScalableTargetARN"]
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"cloister:part": "guard"}
    assert scaling.register_scalable_target(**TARGET, MaxCapacity=6)["ScalableTargetARN"] == arn
    seen = targets(scaling)[0]
    assert (seen["MinCapacity"], seen["MaxCapacity"]) == (1, 6)
    assert seen["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_ECSService")
    assert seen["SuspendedState"]["DynamicScalingInSuspended"] is False
    scaling.tag_resource(ResourceARN=arn, Tags={"a": "b"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["cloister:part"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b"}


def test_a_policy_needs_its_target(world: World, scaling: t.Any, refused: Refused) -> None:
    world.serve()
    with refused("ObjectNotFoundException", "No scalable target registered for service namespace: ecs"):
        put(scaling)


def test_a_policy_is_changed_in_place_and_goes_with_its_target(world: World, scaling: t.Any, refused: Refused) -> None:
    world.serve()
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    arn = put(scaling)["PolicyARN"]
    assert put(scaling, TargetValue=70.0, ScaleInCooldown=300)["PolicyARN"] == arn
    seen = policies(scaling)
    assert [one["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for one in seen] == [70.0]
    alarms = world.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert sorted(one["AlarmName"] for one in alarms) == sorted(one["AlarmName"] for one in seen[0]["Alarms"])
    scaling.deregister_scalable_target(**TARGET)
    assert policies(scaling) == []
    assert world.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    with refused("ObjectNotFoundException", "No scalable target found for service namespace: ecs"):
        scaling.deregister_scalable_target(**TARGET)
    with refused("ObjectNotFoundException", "No scaling policy found for service namespace: ecs"):
        scaling.delete_scaling_policy(**TARGET, PolicyName="cpu")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"PredefinedMetricSpecification": {"PredefinedMetricType": "RDSReaderAverageCPUUtilization"}},
            "Invalid value",
        ),
        ({"PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"}}, "Resource label"),
    ],
)
def test_a_policy_must_fit(world: World, scaling: t.Any, refused: Refused, changes: t.Any, words: str) -> None:
    world.serve()
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    with refused("ValidationException", words):
        put(scaling, **changes)


def test_targets_are_held_with_their_policies(world: World, scaling: t.Any) -> None:
    world.serve()
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4, Tags={"cloister:part": "guard"})

    def held() -> list[dict[str, t.Any]]:
        return [one for one in world.aws.holdings() if one["kind"] == "application-autoscaling:scalable-target"]

    first = held()[0]
    assert (first["tags"], first["name"]) == ({"cloister:part": "guard"}, "service/main/guard")
    put(scaling)
    assert held()[0]["fingerprint"] != first["fingerprint"]
    scaling.deregister_scalable_target(**TARGET)
    assert held() == []
