# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What whoever brings containers to tasks is told: where each runs, and with what."""

from __future__ import annotations

import json
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.ecs_world import ACCOUNT, IMAGE, REGION, World


@pytest.fixture
def world(aws: EmbeddedAws, client: t.Any) -> World:
    made = World(aws, client)
    role = made.ready()
    made.allow(role.rpartition("/")[2], "secretsmanager:GetSecretValue", "ssm:GetParameters")
    return made


def secrets(world: World) -> list[dict[str, str]]:
    """A whole secret, one key of another, and a parameter."""
    brought = world.aws.publish(
        REGION, secrets={"plain": "whole", "json": json.dumps({"key": "one of them"})}, parameters={"/us/x": "a value"}
    )["secrets"]
    return [
        {"name": "WHOLE", "valueFrom": brought["plain"]},
        {"name": "KEY", "valueFrom": f"{brought['json']}:key::"},
        {"name": "PARAMETER", "valueFrom": "/us/x"},
    ]


def test_a_task_is_told_of_with_its_address_and_what_its_containers_get(world: World, aws: EmbeddedAws) -> None:
    plain = [{"name": "URL", "value": "https://api"}]
    world.define(container={"environment": plain, "secrets": secrets(world)})
    world.serve()
    (told,) = aws.tasks()
    (running,) = world.tasks()
    details = {one["name"]: one["value"] for one in running["attachments"][0]["details"]}
    assert (told["id"], told["address"]) == (running["taskArn"].rpartition("/")[2], details["privateIPv4Address"])
    assert (told["account"], told["region"], told["service"]) == (ACCOUNT, REGION, "guard")
    assert (told["vpc"], told["vpc_cidr"]) == (world.vpc, "10.0.0.0/16")
    environment = {"URL": "https://api", "WHOLE": "whole", "KEY": "one of them", "PARAMETER": "a value"}
    assert told["containers"] == [{"name": "guard", "image": IMAGE, "ports": [8080], "environment": environment}]


@pytest.mark.parametrize("text", ["{}", "[]", "no JSON"])
def test_a_key_that_a_secret_has_no_more_is_empty_for_a_task_that_runs(
    world: World, aws: EmbeddedAws, client: t.Any, text: str
) -> None:
    world.define(container={"secrets": secrets(world)})
    world.serve()
    client("secretsmanager").put_secret_value(SecretId="json", SecretString=text)
    (told,) = aws.tasks()
    assert told["containers"][0]["environment"] == {"WHOLE": "whole", "KEY": "", "PARAMETER": "a value"}


def test_what_a_task_alone_is_told_goes_before_its_definition(world: World, aws: EmbeddedAws) -> None:
    world.define(container={"environment": [{"name": "STAGE", "value": "prod"}]})
    network = {"awsvpcConfiguration": {"subnets": [world.subnet], "securityGroups": [world.group]}}
    override = {"name": "guard", "environment": [{"name": "STAGE", "value": "once"}]}
    world.ecs.run_task(
        cluster="main", taskDefinition="guard", launchType="FARGATE", networkConfiguration=network,
        overrides={"containerOverrides": [override]},
    )  # fmt: skip
    (told,) = aws.tasks()
    assert (told["service"], told["containers"][0]["environment"]) == ("", {"STAGE": "once"})


def test_a_service_is_brought_to_where_it_should_be_without_a_call_of_its_region(
    world: World, aws: EmbeddedAws
) -> None:
    world.define()
    world.serve(desiredCount=2)
    assert len({one["address"] for one in aws.tasks()}) == 2
    world.ecs.update_service(cluster="main", service="guard", desiredCount=0)
    assert aws.tasks() == []


def test_the_private_cas_of_the_region_are_told_and_nothing_else_of_its_parameters(
    world: World, aws: EmbeddedAws
) -> None:
    said = {"/cloister/us/ca/inner/certificate": "PEM", "/cloister/us/ca/inner/key": "hidden", "/us/x": "y"}
    aws.publish(REGION, parameters=said)
    world.define()
    world.serve()
    assert [one["authorities"] for one in aws.tasks()] == [["PEM"]]


def test_no_task_is_told_of_where_there_is_none(aws: EmbeddedAws) -> None:
    assert aws.tasks() == []


def test_a_task_that_is_brought_containers_runs_once_it_has_them(world: World, aws: EmbeddedAws) -> None:
    aws.await_tasks(True)
    world.define()
    world.serve()
    assert (world.service()["runningCount"], world.service()["pendingCount"]) == (0, 1)
    (told,) = aws.tasks()
    aws.bring_task(told["id"])
    assert (world.service()["runningCount"], world.service()["pendingCount"]) == (1, 0)
    assert [one["id"] for one in aws.tasks()] == [told["id"]]


def test_a_task_that_is_stopped_while_it_waits_never_runs(world: World, aws: EmbeddedAws) -> None:
    aws.await_tasks(True)
    world.define()
    world.serve()
    (told,) = aws.tasks()
    world.ecs.update_service(cluster="main", service="guard", desiredCount=0)
    aws.bring_task(told["id"])
    assert (aws.tasks(), world.service()["runningCount"]) == ([], 0)


def test_tasks_run_as_ever_once_nobody_brings_them_anything_more(world: World, aws: EmbeddedAws) -> None:
    aws.await_tasks(True)
    world.define()
    world.serve(desiredCount=2)
    assert world.service()["runningCount"] == 0
    aws.await_tasks(False)
    assert world.service()["runningCount"] == 2
