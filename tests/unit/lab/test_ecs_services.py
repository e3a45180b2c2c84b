# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.ecs_world import World

Refused = t.Any
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


@pytest.fixture
def world(aws: EmbeddedAws, client: t.Any) -> World:
    made = World(aws, client)
    made.ready()
    made.define()
    return made


def balance(world: World, listener: bool = True, kind: str = "ip") -> str:
    """A target group at port 8080, behind a load balancer; its ARN."""
    group = world.elb.create_target_group(
        Name="guard", Protocol="HTTP", Port=8080, VpcId=world.vpc, TargetType=kind
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    inside = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": world.group}]}
    if listener:
        world.ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[inside])
        second = world.subnet_in("us-west-2b", "10.0.2.0/24")
        balancer = world.elb.create_load_balancer(
            Name="inner", Scheme="internal", Subnets=[world.subnet, second], SecurityGroups=[world.group]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        world.elb.create_listener(
            LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )  # fmt: skip
    return str(group)


def row(group: str, **changes: t.Any) -> list[dict[str, t.Any]]:
    return [{"targetGroupArn": group, "containerName": "guard", "containerPort": 8080, **changes}]


def test_a_service_begins_empty_and_is_steady_when_it_is_looked_at(world: World) -> None:
    made = world.serve(desiredCount=2)
    assert (made["runningCount"], made["deployments"][0]["rolloutState"]) == (0, "IN_PROGRESS")
    seen = world.service()
    assert (seen["runningCount"], seen["pendingCount"]) == (2, 0)
    assert [one["rolloutState"] for one in seen["deployments"]] == ["COMPLETED"]
    started, completed, steady = world.events()
    first, second = sorted(one["taskArn"].rpartition("/")[2] for one in world.tasks())
    assert started.startswith("(service guard) has started 2 tasks: (task ")
    assert first in started
    assert second in started
    assert completed == f"(service guard) (deployment {seen['deployments'][0]['id']}) deployment completed."
    assert steady == "(service guard) has reached a steady state."


def test_a_look_at_a_steady_service_changes_nothing(world: World) -> None:
    world.serve()
    assert world.service() == world.service()


def test_a_service_answers_with_what_aws_takes_for_granted(world: World) -> None:
    made = world.serve()
    assert made["deploymentConfiguration"] == {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False}, "maximumPercent": 200,
        "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
    }  # fmt: skip
    assert made["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
    assert (made["platformVersion"], made["platformFamily"], made["launchType"]) == ("LATEST", "Linux", "FARGATE")
    assert made["deploymentController"] == {"type": "ECS"}
    assert "healthCheckGracePeriodSeconds" not in made


def test_tasks_take_their_time(world: World) -> None:
    world.aws.delays(ecs_task=60, ecs_task_stop=60)
    world.serve()
    assert (world.service()["pendingCount"], world.tasks()[0]["lastStatus"]) == (1, "PENDING")
    world.aws.skip(60)
    assert world.service()["runningCount"] == 1
    world.ecs.delete_service(cluster="main", service="guard", force=True)
    assert world.service()["status"] == "DRAINING"
    assert len(world.ec2.describe_network_interfaces(Filters=[task_interfaces()])["NetworkInterfaces"]) == 1
    world.aws.skip(60)
    assert world.ec2.describe_network_interfaces(Filters=[task_interfaces()])["NetworkInterfaces"] == []
    assert world.service()["status"] == "INACTIVE"
    world.aws.delays(ecs_task=0, ecs_task_stop=0)


def task_interfaces() -> dict[str, t.Any]:
    return {"Name": "description", "Values": ["arn:aws:ecs:*:attachment/*"]}


def test_a_task_holds_an_interface_in_its_subnet(world: World) -> None:
    world.serve()
    task = world.service() and world.tasks()[0]
    details = {one["name"]: one["value"] for one in task["attachments"][0]["details"]}
    eni = world.ec2.describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])
    seen = eni["NetworkInterfaces"][0]
    assert seen["Description"] == f"arn:aws:ecs:us-west-2:123456789012:attachment/{task['attachments'][0]['id']}"
    assert (seen["SubnetId"], seen["Groups"][0]["GroupId"]) == (world.subnet, world.group)
    assert (details["privateIPv4Address"], seen["Status"]) == (seen["PrivateIpAddress"], "in-use")


def test_an_update_rolls_over_without_a_gap(world: World) -> None:
    world.serve(desiredCount=2)
    before = {one["taskArn"] for one in world.tasks()}
    second = world.define(container={"environment": [{"name": "A", "value": "b"}]})
    answered = world.ecs.update_service(cluster="main", service="guard", taskDefinition=second)["service"]
    assert [one["status"] for one in answered["deployments"]] == ["PRIMARY", "ACTIVE"]
    seen = world.service()
    assert (seen["taskDefinition"], len(seen["deployments"]), seen["runningCount"]) == (second, 1, 2)
    assert not before & {one["taskArn"] for one in world.tasks()}
    assert {one["stoppedReason"] for one in world.tasks("STOPPED")} == {
        f"Scaling activity initiated by (deployment {seen['deployments'][0]['id']})"
    }


def test_a_change_of_network_is_a_new_deployment_and_the_same_again_is_none(world: World) -> None:
    world.serve()
    first = world.service()["deployments"][0]["id"]
    second = world.subnet_in("us-west-2b", "10.0.2.0/24")
    network = {"awsvpcConfiguration": {"subnets": [second], "securityGroups": [world.group]}}
    world.ecs.update_service(cluster="main", service="guard", networkConfiguration=network)
    seen = world.service()["deployments"]
    assert (len(seen), seen[0]["id"] == first) == (1, False)
    assert seen[0]["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == [second]
    world.ecs.update_service(cluster="main", service="guard", networkConfiguration=network, desiredCount=2)
    again = world.service()
    assert (again["deployments"][0]["id"], again["runningCount"]) == (seen[0]["id"], 2)


def test_a_deployment_that_does_not_start_is_rolled_back(world: World) -> None:
    world.serve(deploymentConfiguration=BREAKER)
    first = world.service()["deployments"][0]["id"]
    bad = world.define(container={"image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/guard:never"})
    answered = world.ecs.update_service(cluster="main", service="guard", taskDefinition=bad)["service"]
    failed = answered["deployments"][0]["id"]
    seen = world.service()
    assert (seen["deployments"][0]["id"], seen["deployments"][0]["rolloutState"]) == (first, "COMPLETED")
    assert seen["runningCount"] == 1
    events = "\n".join(world.events())
    assert "is unable to consistently start tasks successfully. For more information" in events
    assert f"(deployment {failed}) deployment failed: tasks failed to start." in events
    assert f"rolling back to (deployment {first})." in events


def test_a_first_deployment_that_does_not_start_fails(world: World) -> None:
    world.define(container={"image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/guard:never"})
    world.serve(deploymentConfiguration=BREAKER)
    seen = world.service()["deployments"][0]
    assert (seen["rolloutState"], seen["failedTasks"]) == ("FAILED", 3)
    assert seen["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."


def test_without_a_breaker_it_is_tried_again_and_again(world: World) -> None:
    world.define(container={"image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/guard:never"})
    world.serve()
    failed = [world.service()["deployments"][0]["failedTasks"] for _ in range(3)]
    assert failed == [4, 5, 6]
    assert world.service()["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_a_stopped_task_is_replaced(world: World) -> None:
    world.serve()
    task = world.service() and world.tasks()[0]["taskArn"]
    stopped = world.ecs.stop_task(cluster="main", task=task, reason="a test")["task"]
    assert (stopped["desiredStatus"], stopped["stopCode"], stopped["stoppedReason"]) == (
        "STOPPED", "UserInitiated", "a test",
    )  # fmt: skip
    assert world.service()["runningCount"] == 1
    assert world.tasks()[0]["taskArn"] != task


def test_tasks_are_targets_while_they_run(world: World) -> None:
    group = balance(world)
    made = world.serve(loadBalancers=row(group), healthCheckGracePeriodSeconds=30)
    assert made["healthCheckGracePeriodSeconds"] == 30
    assert world.service()["deployments"][0]["rolloutState"] == "COMPLETED"
    address = world.tasks()[0]["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    seen = world.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [(one["Target"]["Id"], one["Target"]["Port"]) for one in seen] == [(address, 8080)]
    world.ecs.update_service(cluster="main", service="guard", desiredCount=0)
    world.service()
    assert world.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"] == []


def test_a_task_that_the_load_balancer_finds_unhealthy_is_replaced(world: World) -> None:
    group = balance(world)
    world.serve(loadBalancers=row(group))
    task = world.service() and world.tasks()[0]
    address = task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    world.aws.target_health(address, healthy=False)
    world.service()
    assert world.tasks("STOPPED")[0]["stoppedReason"] == f"Task failed ELB health checks in (target-group {group})"
    assert any(
        f"(port 8080) is unhealthy in (target-group {group}) due to (reason Health checks failed)" in one
        for one in world.events()
    )


def test_a_task_that_lets_no_load_balancer_in_is_never_healthy(world: World) -> None:
    group = balance(world)
    inside = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": world.group}]}
    world.ec2.revoke_security_group_ingress(GroupId=world.group, IpPermissions=[inside])
    world.serve(loadBalancers=row(group), deploymentConfiguration=BREAKER)
    assert world.service()["deployments"][0]["rolloutState"] == "FAILED"
    assert any("is unhealthy in (target-group" in one and "Request timed out" in one for one in world.events())
    assert world.stopped() == f"Task failed ELB health checks in (target-group {group})"


def test_the_limit_of_fargate_vcpus_holds_tasks_back_once_set(world: World) -> None:
    world.aws.limits(fargate_vcpus=1)
    world.serve(desiredCount=3)
    assert world.service()["runningCount"] == 2
    assert world.events()[-1] == (
        "(service guard) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can "
        "run concurrently."
    )


def test_a_target_group_must_lead_somewhere_and_fit(world: World, refused: Refused) -> None:
    alone = balance(world, listener=False)
    with refused("InvalidParameterException", f"{alone} does not have an associated load balancer."):
        world.serve(loadBalancers=row(alone))
    world.elb.delete_target_group(TargetGroupArn=alone)
    with refused("InvalidParameterException", "Unable to assume role and validate the specified targetGroupArn."):
        world.serve(loadBalancers=row(alone))
    group = balance(world)
    with refused("InvalidParameterException", "The container face does not exist in the task definition."):
        world.serve(loadBalancers=row(group, containerName="face"))
    with refused("InvalidParameterException", "did not have a container port 80 defined."):
        world.serve(loadBalancers=row(group, containerPort=80))


def test_a_target_group_of_instances_takes_no_awsvpc_task(world: World, refused: Refused) -> None:
    group = balance(world, kind="instance")
    with refused("InvalidParameterException", "has target type instance, which is incompatible with the awsvpc"):
        world.serve(loadBalancers=row(group))
