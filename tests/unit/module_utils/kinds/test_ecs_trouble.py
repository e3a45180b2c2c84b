"""A service that does not come up says why: what was not reached, what was not there, what answered wrongly."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import MissingError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils.kinds.task_definition import TaskDefinition

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.ecs_world import LATER, PARAMETER, SECRET, TAG, World, container, service, told

PLAIN = service()
BEHIND = service(target_groups=[{"name": "guard-inner", "container": "guard", "port": 8080}])


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def failure(world: World, *services: dict[str, t.Any], **said: t.Any) -> str:
    """What a run says that fails."""
    with pytest.raises(RegionError) as caught:
        world.run(*services, **said)
    return str(caught.value)


# F3: no path to what a task needs before it runs, each told by the endpoint that is missing.
MISSING = [
    ("ecr.api", {}, "ResourceInitializationError: unable to pull secrets or registry auth", "ecr.api"),
    ("ecr.dkr", {}, "CannotPullContainerError", "ecr.dkr"),
    ("s3", {}, "CannotPullContainerError", "s3"),
    ("logs", {}, "ResourceInitializationError: failed to validate logger args", "logs"),
    (
        "secretsmanager",
        {"containers": [container(secrets={"KEY": {"secret": SECRET}})]},
        "unable to retrieve secret from asm",
        "secretsmanager",
    ),
    (
        "ssm",
        {"containers": [container(secrets={"LEVEL": {"parameter": PARAMETER}})]},
        "unable to retrieve secrets from ssm",
        "ssm",
    ),
]


@pytest.mark.parametrize(("endpoint", "change", "words", "named"), MISSING, ids=[one[0] for one in MISSING])
def test_a_missing_way_is_named_with_what_mends_it(
    world: World, endpoint: str, change: dict[str, t.Any], words: str, named: str
) -> None:
    world.lay(endpoint).supply()
    said = failure(world, service(**change))
    first = said.partition("\n")[0]
    assert "the circuit breaker gave up on its deployment" in first
    assert "Likely cause: " in first
    assert named in first.partition("Likely cause: ")[2]
    assert "What to do: " in first
    assert words in said
    assert "stopped tasks:" in said
    assert "events:" in said


def test_an_endpoint_that_lets_nobody_in_is_named(world: World) -> None:
    """F4: the endpoints' group without 443."""
    world.lay().supply()
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    world.aws.call("ec2", "revoke_security_group_ingress", GroupId=world.ids["endpoints"], IpPermissions=[rule])
    first = failure(world, PLAIN).partition("\n")[0]
    assert "443" in first.partition("Likely cause: ")[2]
    assert world.ids["endpoints"] in first or "endpoints" in first


def test_what_an_earlier_deployment_met_is_not_told_again(world: World) -> None:
    world.lay("ssm").supply()
    assert "secrets from ssm" in failure(
        world, service(containers=[container(secrets={"L": {"parameter": PARAMETER}})])
    )
    (endpoint,) = [
        one["VpcEndpointId"]
        for one in world.aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints")
        if one["ServiceName"].endswith(".ecr.api")
    ]
    world.aws.call("ec2", "delete_vpc_endpoints", VpcEndpointIds=[endpoint])
    said = failure(world, PLAIN)
    assert "ecr.api" in said.partition("Likely cause: ")[2]
    assert "secrets from ssm" not in said


def test_dns_that_is_off_is_named(world: World) -> None:
    """F2: without the VPC's DNS hostnames the endpoints' private names do not resolve."""
    world.lay().supply()
    world.aws.call("ec2", "modify_vpc_attribute", VpcId=world.vpc, EnableDnsHostnames={"Value": False})
    assert "enableDnsHostnames" in failure(world, PLAIN).partition("\n")[0]


def test_a_failed_deployment_is_tried_again_by_the_next_run(world: World) -> None:
    world.lay("logs").supply()
    failure(world, PLAIN)
    assert world.raw()["deployments"][0]["rolloutState"] == "FAILED"
    world._endpoint("logs")
    assert told(world.run(PLAIN, check=True)) == [("ECS service", "guard", "change")]
    assert told(world.run(PLAIN)) == [("ECS service", "guard", "change")]
    assert world.raw()["runningCount"] == 1


def test_a_roll_over_that_fails_goes_back_and_says_so(world: World) -> None:
    world.lay().supply()
    world.run(PLAIN)
    broken = service(containers=[container(secrets={"KEY": {"secret": SECRET, "key": "nowhere"}})])
    said = failure(world, broken)
    assert "rolled back to us-guard:1" in said
    assert "Likely cause: the secret holds no such key" in said
    assert world.raw()["runningCount"] == 1
    assert told(world.run(PLAIN))
    assert world.raw()["runningCount"] == 1


def test_targets_that_answer_wrongly_are_told_with_the_load_balancers_reason(world: World) -> None:
    world.lay().supply().balance("guard-inner")
    world.run(BEHIND)
    for interface in world.aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces"):
        if "arn:aws:ecs" in interface["Description"]:
            reason, text = "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]"
            world.lab.target_health(interface["PrivateIpAddress"], healthy=False, reason=reason, description=text)
    world.aws.call("ecs", "update_service", cluster="us-main", service="us-guard", forceNewDeployment=True)
    said = failure(world, {**BEHIND, "health_check_grace_seconds": 5}, wait_seconds=3)
    assert "Likely cause: " in said


def test_a_secret_that_is_not_there_is_refused_before_anything_is_registered(world: World) -> None:
    world.lay().supply()
    entry = service(containers=[container(secrets={"A": {"secret": "us/none"}, "B": {"parameter": "/us/none"}})])
    with pytest.raises(MissingError, match="aws secretsmanager create-secret --name us/none") as caught:
        world.run(entry)
    assert "aws ssm put-parameter --type SecureString --name /us/none" in str(caught.value)
    assert "RegisterTaskDefinition" not in world.actions()
    assert world.define(entry, check=True).changed


def test_an_image_that_is_not_there_is_refused_with_those_that_are(world: World) -> None:
    world.lay().supply()
    with pytest.raises(MissingError, match=f"holds no image nope .it holds {TAG}.; push it"):
        world.run(service(containers=[container(image={"repository": "guard", "tag": "nope"})]))
    assert "RegisterTaskDefinition" not in world.actions()


def test_a_pipelines_newer_image_is_followed(world: World) -> None:
    world.lay().supply()
    newest = service(containers=[container(image={"repository": "guard", "newest": "prod"})])
    world.run(newest)
    first = world.standing(TaskDefinition)["guard"]
    world.lab.publish("us-west-2", images=[f"us/guard:{LATER}"])
    assert told(world.run(newest)) == [("task definition", "guard", "change"), ("ECS service", "guard", "change")]
    second = world.standing(TaskDefinition)["guard"]
    assert (first.raw["revision"], second.raw["revision"]) == (1, 2)
    image = second.raw["containerDefinitions"][0]["image"]
    assert "@sha256:" in image
    assert image != first.raw["containerDefinitions"][0]["image"]
    assert told(world.run(newest)) == []
