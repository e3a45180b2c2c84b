# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Container instances and the tasks on them."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.ecs_pool import amounts, define, joined, launch, machine_role
from tests.unit.lab.ecs_world import REGION, World

Refused = t.Any
GPU = {"resourceRequirements": [{"type": "GPU", "value": "1"}]}


@pytest.fixture
def world(aws: EmbeddedAws, client: t.Any) -> World:
    made = World(aws, client)
    made.ready()
    machine_role(made)
    return made


def test_a_machine_joins_the_cluster_its_user_data_names(world: World) -> None:
    machine = launch(world, "g5.xlarge")
    seen = joined(world)[0]
    assert (seen["ec2InstanceId"], seen["status"], seen["agentConnected"]) == (machine, "ACTIVE", True)
    assert seen["containerInstanceArn"].startswith("arn:aws:ecs:us-west-2:123456789012:container-instance/main/")
    has = amounts(seen["registeredResources"])
    assert (has["CPU"], len(has["GPU"])) == (4096, 1)
    assert 15000 < has["MEMORY"] < 16384
    world.ec2.terminate_instances(InstanceIds=[machine])
    assert joined(world) == []


def test_a_machine_joins_a_cluster_that_is_made_later(world: World) -> None:
    launch(world, cluster="late")
    world.ecs.create_cluster(clusterName="late")
    assert len(world.ecs.list_container_instances(cluster="late")["containerInstanceArns"]) == 1


@pytest.mark.parametrize("without", ["ecs", "ecs-agent", "ecs-telemetry"])
def test_a_machine_that_cannot_reach_ecs_does_not_join(aws: EmbeddedAws, client: t.Any, without: str) -> None:
    world = World(aws, client)
    world.endpoints(without)
    machine_role(world)
    launch(world)
    assert joined(world) == []


def test_a_machine_without_the_role_does_not_join(world: World) -> None:
    launch(world, profile=None)
    assert joined(world) == []


def test_a_task_takes_its_gpu_and_memory_from_the_machine(world: World) -> None:
    launch(world, "g5.xlarge")
    define(world, GPU, cpu="1024", memory="8192")
    world.serve(launchType="EC2", desiredCount=2)
    assert world.service()["runningCount"] == 1
    left = amounts(joined(world)[0]["remainingResources"])
    assert (left["CPU"], left["GPU"]) == (3072, [])
    task = world.tasks()[0]
    assert (task["launchType"], len(task["containers"][0]["gpuIds"])) == ("EC2", 1)
    assert task["containerInstanceArn"] == joined(world)[0]["containerInstanceArn"]
    assert (
        "was unable to place a task because no container instance met all of its requirements. Reason: The closest "
        in (world.events()[-1])
    )
    assert "has insufficient memory available" in world.events()[-1]


def test_without_machines_the_event_says_so(world: World) -> None:
    define(world)
    world.serve(launchType="EC2")
    assert world.events()[-1] == (
        "(service guard) was unable to place a task because no container instance met all of its requirements. Reason: "
        "No Container Instances were found in your cluster. For more information, see the Troubleshooting section of "
        "the Amazon ECS Developer Guide."
    )
    assert len(world.events()) == 1


def test_awsvpc_tasks_end_where_the_machine_has_no_interface_left(world: World) -> None:
    launch(world)
    define(world, cpu="128", memory="128")
    world.serve(launchType="EC2", desiredCount=3)
    assert world.service()["runningCount"] == 2
    assert 'encountered error "RESOURCE:ENI"' in world.events()[-1]


def test_a_draining_machine_gives_its_tasks_to_another(world: World) -> None:
    launch(world)
    define(world)
    world.serve(launchType="EC2")
    first = world.service() and world.tasks()[0]["containerInstanceArn"]
    launch(world)
    world.ecs.update_container_instances_state(cluster="main", containerInstances=[first], status="DRAINING")
    assert world.service()["runningCount"] == 1
    assert world.tasks()[0]["containerInstanceArn"] != first
    world.ecs.deregister_container_instance(cluster="main", containerInstance=first)
    assert len(joined(world)) == 1


def test_a_machine_with_tasks_is_deregistered_by_force_only(world: World, refused: Refused) -> None:
    launch(world)
    define(world)
    world.serve(launchType="EC2")
    arn = world.service() and world.tasks()[0]["containerInstanceArn"]
    with refused("InvalidParameterException", "Found running tasks on the instance."):
        world.ecs.deregister_container_instance(cluster="main", containerInstance=arn)
    world.ecs.deregister_container_instance(cluster="main", containerInstance=arn, force=True)
    assert world.tasks("STOPPED")[0]["stoppedReason"] == "Container instance deregistration forced by user"


LOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "/us/guard", "awslogs-region": "us-west-2"}}


@pytest.mark.parametrize(
    ("without", "words"),
    [
        (
            "ecr.api",
            'CannotPullECRContainerError: RequestError: send request failed caused by: Post "https://api.ecr.us-',
        ),
        ("ecr.dkr", "CannotPullContainerError: Error response from daemon: Get "),
        ("s3", "CannotPullContainerError: Error response from daemon: Get "),
        (
            "ssm",
            "ResourceInitializationError: Fetching secret data from SSM Parameter Store in us-west-2: RequestError: ",
        ),
        (
            "logs",
            "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to ",
        ),
    ],
)
def test_the_machine_asks_for_its_tasks_and_says_so(aws: EmbeddedAws, client: t.Any, without: str, words: str) -> None:
    world = World(aws, client)
    world.endpoints(without)
    machine_role(world)
    world.image()
    world.role("execution")
    world.allow("execution", "ssm:GetParameters")
    world.aws.publish(REGION, parameters={"/us/key": "a"})
    launch(world)
    define(world, {"logConfiguration": LOGS, "secrets": [{"name": "KEY", "valueFrom": "/us/key"}]})
    world.serve(launchType="EC2")
    assert world.stopped().startswith(words)
    assert "i/o timeout" in world.stopped()


def test_a_daemon_runs_once_on_each_machine(world: World) -> None:
    launch(world)
    launch(world)
    define(world, cpu="128", memory="128")
    world.serve(launchType="EC2", schedulingStrategy="DAEMON", desiredCount=None)
    assert (world.service()["desiredCount"], world.service()["runningCount"]) == (2, 2)
    assert len({one["containerInstanceArn"] for one in world.tasks()}) == 2
