"""Clusters and what they run on: capacity providers of pools, tasks on GPUs, and letting go in the right order."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds.capacity_provider import CapacityProvider
from ansible_collections.cloister.aws.plugins.module_utils.kinds.ecs_cluster import EcsCluster

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.ecs_machines import add_pool
from tests.unit.module_utils.kinds.ecs_world import OWNER, World, cluster, container, service, told

WITH_POOL = cluster(pools=["gpu"])
MODEL = service(cpu=None, memory_mib=4096, capacity=[{"provider": "gpu"}], containers=[container(gpus=1)])
DRAINING = {
    "enabled": True,
    "target_percent": 80,
    "warmup_seconds": 60,
    "termination_protection": False,
    "draining": False,
}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    made = World(aws, embedded_aws).lay().supply()
    add_pool(made)
    made.clusters = [WITH_POOL]
    return made


def providers(world: World) -> list[str]:
    raw = world.aws.call("ecs", "describe_clusters", clusters=["us-main"])["clusters"][0]
    return sorted(raw["capacityProviders"])


def test_a_cluster_with_a_pool_goes_through_its_phases(world: World) -> None:
    made = [("capacity provider", "gpu", "create"), ("ECS cluster", "main", "create")]
    assert told(world.make_clusters(WITH_POOL, check=True)) == made
    assert world.actions() == []
    assert told(world.make_clusters(WITH_POOL)) == made
    assert providers(world) == ["FARGATE", "FARGATE_SPOT", "us-gpu"]
    world.lab.clear_journal()
    for check in (False, True):
        assert told(world.make_clusters(WITH_POOL, check=check)) == []
    assert world.actions() == []
    changed = cluster(pools=["gpu"], managed_scaling=DRAINING, container_insights="enhanced", fargate=False)
    moved = [("capacity provider", "gpu", "change"), ("ECS cluster", "main", "change")]
    assert told(world.make_clusters(changed, check=True))[:2] == moved
    world.make_clusters(changed)
    assert providers(world) == ["us-gpu"]
    assert told(world.make_clusters(changed)) == []
    gone = [("capacity provider", "gpu", "remove"), ("ECS cluster", "main", "remove")]
    assert told(world.make_clusters(check=True)) == gone
    assert told(world.make_clusters()) == gone
    assert told(world.make_clusters()) == []


def test_a_task_that_needs_a_gpu_runs_on_a_machine_that_has_one(world: World) -> None:
    world.run(MODEL)
    raw = world.raw()
    assert (raw["runningCount"], raw["capacityProviderStrategy"][0]["capacityProvider"]) == (1, "us-gpu")
    assert told(world.run(MODEL)) == []


def test_a_gpu_on_fargate_is_refused_without_a_write(world: World) -> None:
    """F7, for who calls the module by itself."""
    with pytest.raises(InputError, match="asks for GPUs and Fargate has none; let it run on a pool"):
        world.define(service(containers=[container(gpus=1)]))
    assert world.actions() == []


def test_a_size_that_fargate_has_not_is_refused_without_a_write(world: World) -> None:
    with pytest.raises(InputError, match="no tasks of 512 CPU units with 8192 MiB"):
        world.define(service(memory_mib=8192))
    assert world.actions() == []


def test_a_service_moves_from_fargate_to_a_pool_and_back_while_it_lives(world: World) -> None:
    plain = service()
    world.run(plain)
    arn = world.raw()["serviceArn"]
    there = {**plain, "capacity": [{"provider": "gpu", "weight": 1, "base": 0}]}
    world.run(there)
    assert world.raw()["serviceArn"] == arn
    assert (world.raw()["runningCount"], world.raw()["capacityProviderStrategy"][0]["capacityProvider"]) == (
        1,
        "us-gpu",
    )
    world.run(plain)
    assert world.raw()["capacityProviderStrategy"][0]["capacityProvider"] == "FARGATE"


def test_tasks_that_find_no_place_tell_of_the_pool(world: World) -> None:
    with pytest.raises(RegionError) as caught:
        world.run({**MODEL, "desired": 3}, wait_seconds=3)
    first = str(caught.value).partition("\n")[0]
    assert "Likely cause: tasks wait for machines of their pool" in first
    assert "machines of us-gpu have joined us-main, Auto Scaling group us-gpu wants" in first


def test_a_pool_whose_machines_do_not_join_is_told(world: World) -> None:
    world.aws.call("iam", "detach_role_policy", RoleName="us-machine", PolicyArn=JOINING)
    with pytest.raises(RegionError, match="Likely cause: tasks wait for machines of their pool; 0 machines of"):
        world.run(MODEL, wait_seconds=3)


JOINING = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"


def test_a_pool_is_let_go_of_after_its_services(world: World) -> None:
    world.run(MODEL)
    world.lab.clear_journal()
    world.clusters = [cluster()]
    gone = {
        ("ECS service", "guard", "remove"),
        ("ECS cluster", "main", "change"),
        ("capacity provider", "gpu", "remove"),
        ("task definition", "guard", "remove"),
    }
    assert set(told(world.run(check=True))) == gone
    assert world.actions() == []
    assert set(told(world.run())) == gone
    assert providers(world) == ["FARGATE", "FARGATE_SPOT"]
    order = [name for name in world.actions() if name.startswith(("DeleteS", "PutClusterC", "DeleteC"))]
    assert order == ["DeleteService", "PutClusterCapacityProviders", "DeleteCapacityProvider"]


def test_everything_goes_in_the_order_that_ecs_allows(world: World) -> None:
    world.run(MODEL)
    world.clusters = []
    world.lab.clear_journal()
    world.run()
    steps = ("DeleteService", "DeregisterContainerInstance", "DeleteCapacityProvider", "DeleteCluster", "DeleteTaskDef")
    done = [next((step for step in steps if name.startswith(step)), "") for name in world.actions()]
    assert [step for step in done if step] == list(steps)


def test_a_cluster_that_holds_services_of_others_stays(world: World) -> None:
    world.run(MODEL)
    theirs = {"cluster": "us-main", "serviceName": "theirs", "taskDefinition": "us-guard", "desiredCount": 0}
    where: dict[str, t.Any] = {"awsvpcConfiguration": {"subnets": [world.ids["private-a"]]}}
    strategy = [{"capacityProvider": "us-gpu", "weight": 1}]
    world.aws.call("ecs", "create_service", networkConfiguration=where, capacityProviderStrategy=strategy, **theirs)
    world.lab.clear_journal()
    with pytest.raises(RegionError, match="holds services that are not this stack's: theirs; delete them or move"):
        world.make_clusters()
    assert world.actions() == []


def test_a_cluster_of_that_name_that_is_not_ours_is_left_alone(world: World) -> None:
    world.aws.call("ecs", "create_cluster", clusterName="us-main")
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match="cluster/us-main has its place and is not ours"):
        world.make_clusters(cluster())
    assert world.actions() == []


def test_another_group_behind_a_capacity_provider_is_refused(world: World) -> None:
    world.make_clusters(WITH_POOL)
    group = {"AutoScalingGroupName": "us-gpu", "ForceDelete": True}
    world.aws.call("autoscaling", "delete_auto_scaling_group", **group)
    world.aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    world.aws.call("ec2", "delete_launch_template", LaunchTemplateName="us-gpu")
    add_pool(world)
    with pytest.raises(ImmutableError, match="take its pool off the cluster and its services, run, and list it again"):
        world.make_clusters(WITH_POOL)


def test_attachments_that_take_their_time_are_waited_for(world: World) -> None:
    world.lab.delays(ecs_attachment=60)
    world.make_clusters(WITH_POOL)
    assert EcsCluster(world.aws, OWNER).settled(world.standing(EcsCluster)["main"])
    assert CapacityProvider(world.aws, OWNER).settled(world.standing(CapacityProvider)["gpu"])
