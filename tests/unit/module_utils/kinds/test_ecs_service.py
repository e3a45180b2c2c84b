"""Services in their life: moved, taken over, found by each other, replaced; what is not ours is left alone."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    MissingError,
    OwnershipError,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds.service_namespace import ServiceNamespace
from ansible_collections.cloister.aws.plugins.module_utils.kinds.task_definition import KEPT_REVISIONS, TaskDefinition

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.ecs_world import SECRET, World, cluster, container, service, told

PLAIN = service()
CALLED = {"container": "guard", "port": 8080, "name": "guard", "client_port": 80, "client_name": None}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws).lay().supply()


def public_subnet(world: World) -> None:
    """A subnet with a way to the internet."""
    made = world.make("public-a", "subnet", "create_subnet", VpcId=world.vpc, CidrBlock="10.0.9.0/24", **ZONE_A)
    gateway = world.make("main", "internet-gateway", "create_internet_gateway")["InternetGateway"]["InternetGatewayId"]
    world.aws.call("ec2", "attach_internet_gateway", InternetGatewayId=gateway, VpcId=world.vpc)
    table = world.make("public", "route-table", "create_route_table", VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    world.aws.call(
        "ec2", "create_route", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )  # fmt: skip
    world.aws.call("ec2", "associate_route_table", RouteTableId=table, SubnetId=made["Subnet"]["SubnetId"])


ZONE_A = {"AvailabilityZone": "us-west-2a"}


def test_a_service_moves_from_public_into_private_subnets_and_its_cluster_is_untouched(world: World) -> None:
    """Row 2.01: by rolling over, the same service all along."""
    public_subnet(world)
    world.run({**PLAIN, "desired": 2, "subnets": ["public-a"], "assign_public_ip": True})
    before = world.raw()
    world.lab.clear_journal()
    moved = {**PLAIN, "desired": 2}
    outcome = world.run(moved, check=True)
    assert {change["field"] for one in outcome.members for change in one.changes} == {"subnets", "assign_public_ip"}
    assert told(world.run(moved)) == [("ECS service", "guard", "change")]
    after = world.raw()
    assert world.actions() == ["UpdateService"]
    assert (after["serviceArn"], after["clusterArn"], after["runningCount"]) == (
        before["serviceArn"], before["clusterArn"], 2,
    )  # fmt: skip
    private = sorted(world.ids[f"private-{letter}"] for letter in "ab")
    network = after["networkConfiguration"]["awsvpcConfiguration"]
    assert (sorted(network["subnets"]), network["assignPublicIp"]) == (private, "DISABLED")
    tasks = world.aws.pages("ecs", "list_tasks", "taskArns", cluster="us-main")
    assert len(tasks) == 2
    assert [one["rolloutState"] for one in after["deployments"]] == ["COMPLETED"]


def test_another_cluster_is_refused_unless_the_service_may_be_replaced(world: World) -> None:
    world.run(PLAIN)
    first = world.raw()["clusterArn"]
    world.clusters = [cluster(), cluster(name="other")]
    with pytest.raises(ImmutableError, match="say replace: true to have it drained and made anew there"):
        world.run(PLAIN, cluster="other")
    assert told(world.run({**PLAIN, "replace": True}, cluster="other")) == [("ECS service", "guard", "change")]
    assert world.raw()["status"] == "INACTIVE"
    there = world.aws.call("ecs", "describe_services", cluster="us-other", services=["us-guard"])["services"][0]
    assert (there["status"], there["runningCount"]) == ("ACTIVE", 1)
    assert there["clusterArn"] != first
    assert told(world.run({**PLAIN, "replace": True}, cluster="other")) == []


def test_a_name_is_taken_until_its_predecessor_has_drained(world: World) -> None:
    world.lab.delays(ecs_task_stop=30)
    world.run(PLAIN)
    world.aws.call("ecs", "delete_service", cluster="us-main", service="us-guard", force=True)
    assert told(world.run(PLAIN, check=True)) == [("ECS service", "guard", "create")]
    world.run(PLAIN)
    assert world.raw()["status"] == "ACTIVE"


def test_a_service_of_that_name_that_is_not_ours_is_left_alone(world: World) -> None:
    world.make_clusters(cluster())
    world.define(PLAIN)
    where: dict[str, t.Any] = {"awsvpcConfiguration": {"subnets": [world.ids["private-a"]]}}
    theirs = {"serviceName": "us-guard", "taskDefinition": world.definitions["guard"], "launchType": "FARGATE"}
    world.aws.call("ecs", "create_service", cluster="us-main", networkConfiguration=where, desiredCount=0, **theirs)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match="service/us-main/us-guard has its place and is not ours"):
        world.serve(PLAIN)
    assert world.actions() == []


def test_a_family_of_that_name_that_is_not_ours_is_left_alone(world: World) -> None:
    one = {"name": "x", "image": "public.ecr.aws/x/y:1", "memory": 64}
    world.aws.call("ecs", "register_task_definition", family="us-guard", containerDefinitions=[one])
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match="task-definition/us-guard:1 has its place and is not ours"):
        world.define(PLAIN)
    assert world.actions() == []


def test_only_the_last_revisions_stay(world: World) -> None:
    for number in range(KEPT_REVISIONS + 2):
        world.define(service(containers=[container(environment={"NUMBER": str(number)})]))
    arns = world.aws.pages("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix="us-guard")
    assert [int(arn.rpartition(":")[2]) for arn in arns] == [3, 4, 5, 6, 7]
    assert world.standing(TaskDefinition)["guard"].raw["revision"] == 7
    inactive = {"familyPrefix": "us-guard", "status": "INACTIVE"}
    assert world.aws.pages("ecs", "list_task_definitions", "taskDefinitionArns", **inactive) == []


def test_a_revision_that_a_pipeline_registered_is_taken_over(world: World) -> None:
    world.run(PLAIN)
    raw = world.aws.call("ecs", "describe_task_definition", taskDefinition="us-guard")["taskDefinition"]
    keys = ("networkMode", "cpu", "memory", "executionRoleArn", "requiresCompatibilities", "runtimePlatform")
    same = {key: raw[key] for key in ("containerDefinitions", *keys)}
    new = world.aws.call("ecs", "register_task_definition", family="us-guard", **same)["taskDefinition"]
    arn = new["taskDefinitionArn"]
    world.aws.call("ecs", "update_service", cluster="us-main", service="us-guard", taskDefinition=arn)
    world.raw()
    outcome = world.run(PLAIN)
    assert [(one.part, one.id) for one in outcome.members if one.kind == "task definition"] == [("guard", arn)]
    assert world.raw()["taskDefinition"] == arn
    tags = world.aws.call("ecs", "list_tags_for_resource", resourceArn=arn)["tags"]
    assert {"key": "cloister:part", "value": "guard"} in tags
    assert told(world.run(PLAIN)) == []


def test_a_revision_that_somebody_registered_otherwise_is_put_right(world: World) -> None:
    world.run(PLAIN)
    one = {"name": "x", "image": "public.ecr.aws/x/y:1", "memory": 64, "dockerLabels": {"by": "hand"}}
    world.aws.call("ecs", "register_task_definition", family="us-guard", containerDefinitions=[one])
    assert told(world.run(PLAIN)) == [("task definition", "guard", "change"), ("ECS service", "guard", "change")]
    assert world.raw()["taskDefinition"].endswith("us-guard:3")
    assert told(world.run(PLAIN)) == []


def test_services_find_each_other_in_the_clusters_namespace(world: World) -> None:
    world.clusters = [cluster(namespace="services")]
    callee = {**PLAIN, "service_connect": {"ports": [CALLED]}}
    caller = service(name="caller", service_connect={"ports": []})
    made = told(world.run(callee, caller, namespace="services"))
    assert ("service namespace", "services", "create") in made
    settings = world.raw()["deployments"][0]["serviceConnectConfiguration"]
    alias = {"port": 80, "dnsName": "guard.us-services"}
    assert settings["services"] == [{"portName": "guard-8080", "discoveryName": "guard", "clientAliases": [alias]}]
    assert told(world.run(callee, caller, namespace="services")) == []
    alone = told(world.run(PLAIN, caller, namespace="services"))
    assert alone == [("ECS service", "guard", "change")]
    world.clusters = []
    world.run()
    assert world.standing(ServiceNamespace) == {}


def test_service_connect_without_a_namespace_is_refused(world: World) -> None:
    world.make_clusters(cluster())
    world.define(PLAIN)
    with pytest.raises(InputError, match="needs a namespace: name one in the cluster"):
        world.serve({**PLAIN, "service_connect": {"ports": []}})


def test_a_service_without_a_task_definition_is_refused(world: World) -> None:
    world.make_clusters(cluster())
    with pytest.raises(MissingError, match="has no task definition; cloister"):
        world.serve(PLAIN)


def test_what_ecs_fills_in_is_no_difference(world: World) -> None:
    rich = container(
        secrets={"KEY": {"secret": SECRET}},
        command=["serve", "--port", "8080"],
        health_check={"command": ["CMD-SHELL", "true"], "interval_seconds": 10},
        ulimits={"nofile": 65536},
        mounts=[{"volume": "scratch", "path": "/scratch"}],
        read_only_root=True,
        drop_capabilities=["NET_RAW", "MKNOD"],
        stop_seconds=60,
        user="1000",
        working_directory="/srv",
    )
    side = container(name="side", ports=[], essential=False, depends_on=[{"container": "guard"}])
    entry = service(containers=[rich, side], volumes=[{"name": "scratch"}], ephemeral_storage_gib=30)
    world.define(entry)
    world.lab.clear_journal()
    assert told(world.define(entry)) == []
    assert world.actions() == []
    changes = world.define(service(containers=[rich, side], volumes=[{"name": "scratch"}]), check=True).members
    told_fields = [change["field"] for one in changes for change in one.changes]
    assert told_fields == ["ephemeral_storage"]


def test_two_services_of_one_name_are_refused(world: World) -> None:
    with pytest.raises(InputError, match="task definition guard: listed more than once"):
        world.define(PLAIN, PLAIN)


def test_scaling_by_requests_names_the_load_balancer_and_the_group(world: World) -> None:
    world.balance("guard-inner")
    target = {"metric": "requests", "count": 500, "target_group": "guard-inner"}
    night = {"name": "night", "schedule": "cron(0 22 * * ? *)", "timezone": "Asia/Seoul", "min": 0, "max": 1}
    scaling = {"min": 1, "max": 4, "targets": [target], "schedules": [night]}
    entry = service(scaling=scaling, target_groups=[{"name": "guard-inner", "container": "guard", "port": 8080}])
    world.run(entry)
    found = world.scaling()["guard"]
    assert found["targets"]["requests"]["label"].startswith("app/us-inner/")
    assert "/targetgroup/us-guard-inner/" in found["targets"]["requests"]["label"]
    assert found["schedules"] == {"night": {key: night[key] for key in ("schedule", "timezone", "min", "max")}}
    assert told(world.run(entry)) == []
    less = {**entry, "scaling": {**entry["scaling"], "schedules": [], "max": 5}}
    assert told(world.run(less)) == [("scaling policy", "guard", "change")]
    assert world.scaling()["guard"]["schedules"] == {}
    assert told(world.run(less)) == []
