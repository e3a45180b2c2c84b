# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What CreateService, UpdateService and DeleteService refuse."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.ecs_world import World

Refused = t.Any
Json = dict[str, t.Any]
INVALID = "InvalidParameterException"
ON_SPOT = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]


@pytest.fixture
def world(aws: EmbeddedAws, client: t.Any) -> World:
    made = World(aws, client)
    made.ready()
    made.define()
    return made


def network(world: World, **changes: t.Any) -> Json:
    return {"awsvpcConfiguration": {"subnets": [world.subnet], "securityGroups": [world.group], **changes}}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"cluster": "other"}, "ClusterNotFoundException", "Cluster not found."),
        ({"taskDefinition": "other"}, "ClientException", "TaskDefinition not found."),
        ({"capacityProviderStrategy": ON_SPOT}, INVALID, "Specifying both a launch type and capacity provider"),
        (
            {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "pool", "weight": 1}]}, INVALID,
            "cannot contain a capacity provider that is not associated with the cluster.",
        ),
        ({"networkConfiguration": None}, INVALID, "Network Configuration must be provided when networkMode 'awsvpc'"),
        ({"desiredCount": None}, INVALID, "The desired count must be specified"),
        ({"schedulingStrategy": "DAEMON", "desiredCount": None}, INVALID, "DAEMON is not supported on AWS Fargate."),
        ({"schedulingStrategy": "DAEMON"}, INVALID, "does not support a desired count for services."),
        ({"healthCheckGracePeriodSeconds": 10}, INVALID, "Health check grace period is only valid for services config"),
        ({"enableExecuteCommand": True}, INVALID, "because a valid taskRoleArn is not being used."),
        ({"platformVersion": "2.0.0"}, "PlatformUnknownException", "The specified platform does not exist."),
        ({"serviceName": "a b"}, INVALID, "Invalid service name"),
        (
            {"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}}, INVALID,
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ),
        ({"placementStrategy": [{"type": "random"}]}, INVALID, "not supported with FARGATE launch type."),
        ({"tags": [{"key": "aws:a", "value": "b"}]}, INVALID, "System tag keys start with 'aws:'"),
    ],
)  # fmt: skip
def test_a_service_must_fit(world: World, refused: Refused, changes: Json, code: str, words: str) -> None:
    with refused(code, words):
        world.serve(**changes)


def test_subnets_and_groups_must_be_there_and_in_one_vpc(world: World, refused: Refused) -> None:
    with refused(INVALID, "Error retrieving subnet information for [subnet-0123456789abcdef0]", "does not exist"):
        world.serve(networkConfiguration=network(world, subnets=["subnet-0123456789abcdef0"]))
    with refused(INVALID, "[sg-0123456789abcdef0]", "(ErrorCode: InvalidGroup.NotFound)"):
        world.serve(networkConfiguration=network(world, securityGroups=["sg-0123456789abcdef0"]))
    other = world.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = world.ec2.create_security_group(GroupName="other", Description="a test", VpcId=other)["GroupId"]
    with refused(INVALID, f"Security Group {group} does not appear to belong to the same VPC"):
        world.serve(networkConfiguration=network(world, securityGroups=[group]))
    with refused(INVALID, "subnets can not be empty."):
        world.serve(networkConfiguration=network(world, subnets=[]))


def test_a_public_address_is_for_fargate(world: World, refused: Refused) -> None:
    with refused(INVALID, "Assign public IP is not supported for this launch type."):
        world.serve(launchType="EC2", networkConfiguration=network(world, assignPublicIp="ENABLED"))
    made = world.serve(networkConfiguration=network(world, assignPublicIp="ENABLED"))
    assert made["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"


def test_a_definition_for_machines_runs_on_no_fargate(world: World, refused: Refused) -> None:
    world.define(requiresCompatibilities=["EC2"], networkMode="bridge")
    with refused(INVALID, "Task definition does not support launch_type FARGATE."):
        world.serve()
    with refused(INVALID, "Network Configuration is not valid for the given networkMode of this task definition."):
        world.serve(launchType="EC2")


def test_an_inactive_definition_runs_no_more(world: World, refused: Refused) -> None:
    arn = world.define()
    world.ecs.deregister_task_definition(taskDefinition=arn)
    with refused("ClientException", "TaskDefinition is inactive"):
        world.serve(taskDefinition=arn)


def test_the_same_request_again_is_the_same_service(world: World, refused: Refused) -> None:
    first = world.serve()
    assert world.serve()["createdAt"] == first["createdAt"]
    with refused(INVALID, "Creation of service was not idempotent."):
        world.serve(desiredCount=2)


def test_a_strategy_is_changed_by_force_only(world: World, refused: Refused) -> None:
    world.serve(launchType=None, capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}])
    update = world.ecs.update_service
    with refused(INVALID, "you must force a new deployment."):
        update(cluster="main", service="guard", capacityProviderStrategy=ON_SPOT)
    update(cluster="main", service="guard", capacityProviderStrategy=ON_SPOT, forceNewDeployment=True)
    seen = world.service()
    assert seen["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    assert {one["capacityProviderName"] for one in world.tasks()} == {"FARGATE_SPOT"}


def test_a_strategy_spreads_by_base_and_weight(world: World) -> None:
    strategy = [
        {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    world.serve(launchType=None, desiredCount=5, capacityProviderStrategy=strategy)
    used = sorted(one["capacityProviderName"] for one in world.service() and world.tasks())
    assert used == ["FARGATE", "FARGATE", "FARGATE_SPOT", "FARGATE_SPOT", "FARGATE_SPOT"]


def test_a_scaled_service_is_deleted_by_force(world: World, refused: Refused) -> None:
    world.serve()
    with refused(INVALID, "The service cannot be stopped while the primary deployment is scaled above 0."):
        world.ecs.delete_service(cluster="main", service="guard")
    world.ecs.update_service(cluster="main", service="guard", desiredCount=0)
    assert world.ecs.delete_service(cluster="main", service="guard")["service"]["status"] == "DRAINING"
    assert world.service()["status"] == "INACTIVE"
    assert world.ecs.list_services(cluster="main")["serviceArns"] == []
    with refused("ServiceNotActiveException", "Service was not ACTIVE."):
        world.ecs.update_service(cluster="main", service="guard", desiredCount=1)
    assert world.serve()["status"] == "ACTIVE"


def test_a_draining_service_is_not_made_anew(world: World, refused: Refused) -> None:
    world.aws.delays(ecs_task_stop=30)
    world.serve()
    world.ecs.delete_service(cluster="main", service="guard", force=True)
    with refused(INVALID, "Unable to Start a service that is still Draining."):
        world.serve()
    world.aws.delays(ecs_task_stop=0)


def test_unknown_services_are_missing(world: World, refused: Refused) -> None:
    shown = world.ecs.describe_services(cluster="main", services=["guard"])
    assert shown["failures"] == [
        {"arn": "arn:aws:ecs:us-west-2:123456789012:service/main/guard", "reason": "MISSING"}
    ]  # fmt: skip
    with refused("ServiceNotFoundException", "Service not found."):
        world.ecs.update_service(cluster="main", service="guard", desiredCount=1)


def test_services_are_listed_ten_at_a_time(world: World) -> None:
    for number in range(11):
        world.serve(f"s{number}", desiredCount=0)
    first = world.ecs.list_services(cluster="main")
    assert len(first["serviceArns"]) == 10
    rest = world.ecs.list_services(cluster="main", nextToken=first["nextToken"])
    assert len(rest["serviceArns"]) == 1


def connect(**changes: t.Any) -> Json:
    alias = {"port": 80, "dnsName": "guard"}
    offered = {"portName": "http", "discoveryName": "guard", "clientAliases": [alias]}
    return {"enabled": True, "namespace": "inner", "services": [offered], **changes}


def test_service_connect_needs_its_namespace_and_a_named_port(world: World, refused: Refused) -> None:
    with refused("NamespaceNotFoundException", "inner"):
        world.serve(serviceConnectConfiguration=connect())
    world.client("servicediscovery").create_http_namespace(Name="inner")
    with refused(INVALID, "The portName grpc does not match any named port mapping"):
        world.serve(serviceConnectConfiguration=connect(services=[{"portName": "grpc"}]))
    world.serve(serviceConnectConfiguration=connect())
    shown = world.service()["deployments"][0]
    assert shown["serviceConnectConfiguration"]["namespace"].startswith("arn:aws:servicediscovery:us-west-2:")
    assert shown["serviceConnectResources"][0]["discoveryName"] == "guard"
    map_services = world.client("servicediscovery").list_services()["Services"]
    assert [one["Arn"] for one in map_services] == [shown["serviceConnectResources"][0]["discoveryArn"]]
    world.ecs.delete_service(cluster="main", service="guard", force=True)
    world.service()
    assert world.client("servicediscovery").list_services()["Services"] == []


def test_a_namespace_is_tagged_filtered_and_kept_while_it_is_used(world: World, refused: Refused) -> None:
    cloud_map = world.client("servicediscovery")
    cloud_map.create_http_namespace(Name="inner", Tags=[{"Key": "cloister:part", "Value": "inner"}])
    with refused("NamespaceAlreadyExists", "already exists"):
        cloud_map.create_http_namespace(Name="inner")
    only = {"Name": "HTTP_NAME", "Values": ["inner"], "Condition": "EQ"}
    found = cloud_map.list_namespaces(Filters=[only])["Namespaces"]
    assert [one["Name"] for one in found] == ["inner"]
    assert cloud_map.list_namespaces(Filters=[{**only, "Values": ["outer"]}])["Namespaces"] == []
    held = [one for one in world.aws.holdings() if one["kind"] == "servicediscovery:namespace"]
    assert held[0]["tags"] == {"cloister:part": "inner"}
    world.serve(serviceConnectConfiguration=connect())
    with refused("ResourceInUse"):
        cloud_map.delete_namespace(Id=found[0]["Id"])
    with refused("NotModelled"):
        cloud_map.create_private_dns_namespace(Name="a.internal", Vpc=world.vpc)
