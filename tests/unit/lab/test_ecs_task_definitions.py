# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

Refused = t.Any
Json = dict[str, t.Any]
ROLE = "arn:aws:iam::123456789012:role/execution"
ECR = "123456789012.dkr.ecr.us-west-2.amazonaws.com/guard:one"
LOGS = {"logDriver": "awslogs", "options": {"awslogs-region": "us-west-2", "awslogs-group": "/us/guard"}}


@pytest.fixture
def ecs(client: t.Any) -> t.Any:
    return client("ecs")


def register(ecs: t.Any, container: Json | None = None, **changes: t.Any) -> Json:
    """Register a Fargate task definition "guard" of one container; what is answered."""
    shown = {"name": "guard", "image": "nginx:1.29", **(container or {})}
    given = {
        "family": "guard", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "512",
        "memory": "1024", "containerDefinitions": [shown],
    }  # fmt: skip
    merged = {key: value for key, value in {**given, **changes}.items() if value is not None}
    return t.cast("Json", ecs.register_task_definition(**merged)["taskDefinition"])


def test_what_was_not_given_is_filled_in(ecs: t.Any) -> None:
    health = {"command": ["CMD-SHELL", "true"]}
    made = register(ecs, {"portMappings": [{"containerPort": 8080}], "healthCheck": health})
    assert made["containerDefinitions"] == [
        {
            "name": "guard", "image": "nginx:1.29", "cpu": 0, "essential": True, "environment": [], "mountPoints": [],
            "volumesFrom": [], "systemControls": [],
            "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
            "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 30, "timeout": 5, "retries": 3},
        }
    ]  # fmt: skip
    assert (made["volumes"], made["placementConstraints"], made["status"]) == ([], [], "ACTIVE")
    assert made["compatibilities"] == ["EC2", "FARGATE"]


@pytest.mark.parametrize(("cpu", "memory"), [("1 vCPU", "2 GB"), ("1vcpu", "2GB"), ("1024", "2048")])
def test_sizes_are_kept_as_units_and_mebibytes(ecs: t.Any, cpu: str, memory: str) -> None:
    made = register(ecs, cpu=cpu, memory=memory)
    assert (made["cpu"], made["memory"]) == ("1024", "2048")


def test_revisions_count_on_after_a_deletion(ecs: t.Any) -> None:
    first, second = register(ecs)["taskDefinitionArn"], register(ecs)["taskDefinitionArn"]
    assert (first[-2:], second[-2:]) == (":1", ":2")
    assert ecs.describe_task_definition(taskDefinition="guard")["taskDefinition"]["revision"] == 2
    gone = ecs.deregister_task_definition(taskDefinition=second)["taskDefinition"]
    assert (gone["status"], "deregisteredAt" in gone) == ("INACTIVE", True)
    assert ecs.describe_task_definition(taskDefinition="guard")["taskDefinition"]["revision"] == 1
    assert ecs.list_task_definitions(familyPrefix="guard")["taskDefinitionArns"] == [first]
    assert ecs.list_task_definitions(familyPrefix="guard", status="INACTIVE")["taskDefinitionArns"] == [second]
    deleted = ecs.delete_task_definitions(taskDefinitions=[first, second])
    assert [one["taskDefinitionArn"] for one in deleted["taskDefinitions"]] == [second]
    assert "still in ACTIVE status" in deleted["failures"][0]["reason"]
    assert register(ecs)["revision"] == 3


def test_a_deregistered_family_is_not_described_by_its_name(ecs: t.Any, refused: Refused) -> None:
    arn = register(ecs)["taskDefinitionArn"]
    ecs.deregister_task_definition(taskDefinition=arn)
    with refused("ClientException", "Unable to describe task definition."):
        ecs.describe_task_definition(taskDefinition="guard")
    assert ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["status"] == "INACTIVE"
    assert ecs.list_task_definition_families(status="ACTIVE")["families"] == []
    assert ecs.list_task_definition_families(status="INACTIVE")["families"] == ["guard"]


def test_tags_are_told_when_they_are_asked_for(ecs: t.Any) -> None:
    arn = register(ecs, tags=[{"key": "cloister:part", "value": "guard"}])["taskDefinitionArn"]
    assert "tags" not in ecs.describe_task_definition(taskDefinition=arn)
    shown = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])["tags"]
    assert shown == [{"key": "cloister:part", "value": "guard"}]
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "b"}])
    ecs.untag_resource(resourceArn=arn, tagKeys=["cloister:part"])
    assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "b"}]


TWICE = {"name": "a", "image": "b"}
GPU = {"resourceRequirements": [{"type": "GPU", "value": "1"}]}


@pytest.mark.parametrize(
    ("container", "changes", "words"),
    [
        (GPU, {}, "Tasks using the Fargate launch type do not support GPU resource requirements."),
        ({}, {"networkMode": "bridge"}, "Fargate only supports network mode"),
        ({"memory": 128}, {"cpu": None}, "Fargate requires that 'cpu' be defined at the task level."),
        ({"memory": 128}, {"memory": None}, "Fargate requires that 'memory' be defined at the task level."),
        (
            {},
            {"cpu": "512", "memory": "8192"},
            "No Fargate configuration exists for given values: 512 CPU, 8192 memory.",
        ),
        ({"image": ECR}, {}, "Fargate requires task definition to have execution role ARN to support ECR images."),
        ({"logConfiguration": LOGS}, {}, "to have execution role ARN to support log driver awslogs."),
        ({"privileged": True}, {}, "Fargate compatible task definitions do not support privileged"),
        ({"logConfiguration": {"logDriver": "syslog"}}, {}, "do not support the log driver syslog"),
        ({}, {"ephemeralStorage": {"sizeInGiB": 20}}, "must be between 21 GiB and 200 GiB."),
        ({}, {"volumes": [{"name": "a", "host": {"sourcePath": "/a"}}]}, "do not support sourcePath"),
        ({}, {"pidMode": "host"}, "do not support pidMode 'host'"),
    ],
)
def test_fargate_refuses(ecs: t.Any, refused: Refused, container: Json, changes: Json, words: str) -> None:
    with refused("ClientException", words):
        register(ecs, container, **changes)


@pytest.mark.parametrize(
    ("container", "changes", "words"),
    [
        ({"name": ""}, {}, "Container.name should not be null or empty."),
        ({"image": "a b"}, {}, "Container.image contains invalid characters."),
        ({"memory": 4096}, {}, "The 'memory' setting for container is greater than for the task."),
        ({"memory": 128, "memoryReservation": 256}, {}, "The hard limits should be higher than soft limits"),
        ({"cpu": 1024}, {}, "The sum of the container 'cpu' settings is greater than for the task."),
        (
            {"portMappings": [{"containerPort": 80, "hostPort": 8080}]}, {},
            "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
        ),
        ({"portMappings": [{"containerPort": 80}, {"containerPort": 80}]}, {}, "Duplicate port mapping"),
        ({"logConfiguration": {"logDriver": "awslogs"}}, {}, "Log driver awslogs requires options: awslogs-re"),
        ({"secrets": [{"name": "A", "valueFrom": "/a"}]}, {"executionRoleArn": None}, "also specify a value for 'exe"),
        ({"secrets": [{"name": "A", "valueFrom": "arn:aws:s3:::a"}]}, {}, "The ARN specified for secret A is invalid."),
        ({"secrets": [{"name": "A", "valueFrom": "a b"}]}, {}, "The Systems Manager parameter name specified for sec"),
        (
            {"environment": [{"name": "A", "value": "b"}], "secrets": [{"name": "A", "valueFrom": "/a"}]}, {},
            "The secret name must be unique and not shared with any new or existing environment variables",
        ),
        ({"mountPoints": [{"sourceVolume": "a", "containerPath": "/a"}]}, {}, "Unknown volume 'a'."),
        ({"healthCheck": {"command": ["CMD", "true"], "interval": 1}}, {}, "interval must be between 5 and 300"),
        ({"essential": False}, {}, "At least one container in a task definition must be essential."),
        ({}, {"family": "a b"}, "Family contains invalid characters."),
        ({}, {"cpu": "many"}, "Invalid 'cpu' setting for task."),
        ({}, {"taskRoleArn": "guard"}, "Role is not valid"),
        ({}, {"containerDefinitions": []}, "Container list cannot be empty."),
        ({}, {"containerDefinitions": [TWICE, TWICE]}, "Duplicate container name"),
    ],
)  # fmt: skip
def test_no_launch_type_takes(ecs: t.Any, refused: Refused, container: Json, changes: Json, words: str) -> None:
    with refused("ClientException", words):
        register(ecs, container, **{"executionRoleArn": ROLE, **changes})


def test_ec2_takes_what_fargate_does_not(ecs: t.Any) -> None:
    made = register(
        ecs, {**GPU, "memory": 512, "portMappings": [{"containerPort": 80}]},
        requiresCompatibilities=["EC2"], networkMode=None, cpu=None, memory=None,
    )  # fmt: skip
    assert (made["networkMode"], made["compatibilities"]) == ("bridge", ["EC2"])
    assert made["containerDefinitions"][0]["portMappings"][0]["hostPort"] == 0


def test_on_ec2_a_container_needs_memory(ecs: t.Any, refused: Refused) -> None:
    with refused("ClientException", "Invalid setting for container 'guard'. At least one of 'memory' or 'memoryReserv"):
        register(ecs, requiresCompatibilities=["EC2"], cpu=None, memory=None)
