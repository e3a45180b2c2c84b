# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Capacity providers: Auto Scaling groups that tasks run on and that grow for them."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.ecs_pool import define, group, joined, machine_role, on_pool, provide
from tests.unit.lab.ecs_world import World

Refused = t.Any


@pytest.fixture
def world(aws: EmbeddedAws, client: t.Any) -> World:
    made = World(aws, client)
    made.ready()
    machine_role(made)
    return made


def test_a_group_grows_for_tasks_that_wait(world: World) -> None:
    provide(world, group(world))
    define(world, cpu="1024", memory="3000")
    on_pool(world, desiredCount=2)
    assert world.service()["deployments"][0]["rolloutState"] == "COMPLETED"
    assert {one["capacityProviderName"] for one in joined(world)} == {"pool"}
    assert {one["capacityProviderName"] for one in world.tasks()} == {"pool"}
    found = world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert found["DesiredCapacity"] == 2
    assert {"Key": "AmazonECSManaged", "Value": ""}.items() <= found["Tags"][0].items()


def test_a_group_grows_no_further_than_its_maximum(world: World) -> None:
    provide(world, group(world, most=1))
    define(world, cpu="1024", memory="3000")
    on_pool(world, desiredCount=2)
    assert (world.service()["runningCount"], world.service()["pendingCount"]) == (1, 1)
    assert sorted(one["lastStatus"] for one in world.tasks()) == ["PROVISIONING", "RUNNING"]


def test_a_provider_is_given_what_aws_takes_for_granted(world: World) -> None:
    arn = group(world)
    made = world.ecs.create_capacity_provider(name="pool", autoScalingGroupProvider={"autoScalingGroupArn": arn})
    assert made["capacityProvider"]["autoScalingGroupProvider"] == {
        "autoScalingGroupArn": arn, "managedTerminationProtection": "DISABLED", "managedDraining": "ENABLED",
        "managedScaling": {
            "status": "DISABLED", "targetCapacity": 0, "minimumScalingStepSize": 1, "maximumScalingStepSize": 10000,
            "instanceWarmupPeriod": 300,
        },
    }  # fmt: skip


def test_a_provider_needs_a_group_of_its_own_that_fits(world: World, refused: Refused) -> None:
    arn = group(world)
    create = world.ecs.create_capacity_provider
    with refused("ClientException", 'The name cannot be prefixed with "aws", "ecs", or "fargate".'):
        create(name="ecs-pool", autoScalingGroupProvider={"autoScalingGroupArn": arn})
    with refused("ClientException", "The specified Auto Scaling group ARN is invalid."):
        create(name="pool", autoScalingGroupProvider={"autoScalingGroupArn": arn.replace("pool", "pond")})
    protected = {"autoScalingGroupArn": arn, "managedTerminationProtection": "ENABLED"}
    with refused("ClientException", "managed scaling must be enabled."):
        create(name="pool", autoScalingGroupProvider=protected)
    with refused("ClientException", "the Auto Scaling group must have instance protection from scale in enabled."):
        create(name="pool", autoScalingGroupProvider={**protected, "managedScaling": {"status": "ENABLED"}})
    create(name="pool", autoScalingGroupProvider={"autoScalingGroupArn": arn})
    with refused("ClientException", "The specified capacity provider already exists."):
        create(name="pool", autoScalingGroupProvider={"autoScalingGroupArn": arn})
    with refused("ClientException", "is already being used by another capacity provider."):
        create(name="pool2", autoScalingGroupProvider={"autoScalingGroupArn": arn})


def test_a_provider_in_use_stays(world: World, refused: Refused) -> None:
    provide(world, group(world))
    define(world)
    on_pool(world)
    put = world.ecs.put_cluster_capacity_providers
    with refused("ResourceInUseException", "The specified capacity provider is in use and cannot be removed."):
        put(cluster="main", capacityProviders=[], defaultCapacityProviderStrategy=[])
    kept = world.ecs.delete_capacity_provider(capacityProvider="pool")["capacityProvider"]
    assert (kept["status"], kept["updateStatus"]) == ("ACTIVE", "DELETE_FAILED")
    assert "it is associated with cluster: main" in kept["updateStatusReason"]
    world.ecs.delete_service(cluster="main", service="guard", force=True)
    put(cluster="main", capacityProviders=[], defaultCapacityProviderStrategy=[])
    assert world.ecs.delete_capacity_provider(capacityProvider="pool")["capacityProvider"]["updateStatus"] == (
        "DELETE_IN_PROGRESS"
    )
    gone = world.ecs.describe_capacity_providers(capacityProviders=["pool"])["capacityProviders"][0]
    assert (gone["status"], gone["updateStatus"]) == ("INACTIVE", "DELETE_COMPLETE")


def test_a_cluster_is_busy_while_its_providers_are_attached(world: World, refused: Refused) -> None:
    world.aws.delays(ecs_attachment=30)
    provide(world, group(world))
    seen = world.ecs.describe_clusters(clusters=["main"], include=["ATTACHMENTS"])["clusters"][0]
    assert (seen["attachmentsStatus"], seen["attachments"][0]["type"]) == ("UPDATE_IN_PROGRESS", "as_policy")
    with refused("UpdateInProgressException", "Cluster attachments must be in UPDATE_COMPLETE or UPDATE_FAILED state"):
        world.ecs.put_cluster_capacity_providers(
            cluster="main", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
        )
    world.aws.delays(ecs_attachment=0)
