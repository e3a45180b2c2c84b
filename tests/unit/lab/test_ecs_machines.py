# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Container instances, Auto Scaling group providers and the tasks on them."""

from __future__ import annotations

import base64
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.ecs_world import World

Refused = t.Any
JOINS = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
IMAGE = "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
GPU = {"resourceRequirements": [{"type": "GPU", "value": "1"}]}


@pytest.fixture
def world(aws: EmbeddedAws, client: t.Any) -> World:
    made = World(aws, client)
    made.ready()
    machine_role(made)
    return made


def machine_role(world: World) -> None:
    world.role("node", "ec2.amazonaws.com", JOINS)
    world.iam.create_instance_profile(InstanceProfileName="node")
    world.iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")


def data(kind: str = "t3.medium", profile: str | None = "node", cluster: str = "main") -> dict[str, t.Any]:
    text = f"#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n"
    shown = {"ImageId": IMAGE, "InstanceType": kind, "UserData": base64.b64encode(text.encode()).decode()}
    return {**shown, "IamInstanceProfile": {"Name": profile}} if profile else shown


def launch(world: World, kind: str = "t3.medium", **more: t.Any) -> str:
    """A machine in the world's subnet; its id."""
    given = data(kind, **more)
    text = base64.b64decode(given["UserData"]).decode()
    made = world.ec2.run_instances(
        **{**given, "UserData": text}, MinCount=1, MaxCount=1, SubnetId=world.subnet, SecurityGroupIds=[world.group]
    )
    return str(made["Instances"][0]["InstanceId"])


def joined(world: World) -> list[dict[str, t.Any]]:
    arns = world.ecs.list_container_instances(cluster="main")["containerInstanceArns"]
    if not arns:
        return []
    shown = world.ecs.describe_container_instances(cluster="main", containerInstances=arns)
    return t.cast("list[dict[str, t.Any]]", shown["containerInstances"])


def amounts(rows: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    return {one["name"]: one["stringSetValue"] if one["type"] == "STRINGSET" else one["integerValue"] for one in rows}


def define(world: World, container: dict[str, t.Any] | None = None, **changes: t.Any) -> str:
    return world.define(requiresCompatibilities=["EC2"], container=container or {}, **changes)


def group(world: World, kind: str = "t3.medium", most: int = 3, least: int = 0, protected: bool = False) -> str:
    """An Auto Scaling group of machines for the cluster; its ARN."""
    scaling = world.client("autoscaling")
    world.ec2.create_launch_template(
        LaunchTemplateName="pool", LaunchTemplateData={**data(kind), "SecurityGroupIds": [world.group]}
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="pool", MinSize=least, MaxSize=most, VPCZoneIdentifier=world.subnet,
        LaunchTemplate={"LaunchTemplateName": "pool"}, NewInstancesProtectedFromScaleIn=protected,
    )  # fmt: skip
    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["pool"])["AutoScalingGroups"][0]
    return str(found["AutoScalingGroupARN"])


def provide(world: World, arn: str, name: str = "pool", **more: t.Any) -> dict[str, t.Any]:
    given = {"autoScalingGroupArn": arn, "managedScaling": {"status": "ENABLED"}, **more}
    made = world.ecs.create_capacity_provider(name=name, autoScalingGroupProvider=given)["capacityProvider"]
    world.ecs.put_cluster_capacity_providers(
        cluster="main", capacityProviders=["FARGATE", name], defaultCapacityProviderStrategy=[]
    )
    return t.cast("dict[str, t.Any]", made)


def on_pool(world: World, **more: t.Any) -> dict[str, t.Any]:
    return world.serve(launchType=None, capacityProviderStrategy=[{"capacityProvider": "pool"}], **more)


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


def test_the_machine_pulls_the_image_of_its_tasks(aws: EmbeddedAws, client: t.Any) -> None:
    world = World(aws, client)
    world.endpoints("ecr.api")
    machine_role(world)
    world.image()
    world.role("execution")
    launch(world)
    define(world)
    world.serve(launchType="EC2")
    reason = world.stopped()
    assert reason.startswith("CannotPullECRContainerError: RequestError: send request failed caused by: Post ")
    assert "https://api.ecr.us-west-2.amazonaws.com/" in reason


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


def test_a_daemon_runs_once_on_each_machine(world: World) -> None:
    launch(world)
    launch(world)
    define(world, cpu="128", memory="128")
    world.serve(launchType="EC2", schedulingStrategy="DAEMON", desiredCount=None)
    assert (world.service()["desiredCount"], world.service()["runningCount"]) == (2, 2)
    assert len({one["containerInstanceArn"] for one in world.tasks()}) == 2


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
