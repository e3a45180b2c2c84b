# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a task of the embedded ECS starts, and what it says when it does not."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.ecs_world import ACCOUNT, IMAGE, REGION, REGISTRY, World

LOGS = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/us/guard", "awslogs-region": "us-west-2", "awslogs-stream-prefix": "guard"},
}


@pytest.fixture
def world(aws: EmbeddedAws, client: t.Any) -> World:
    return World(aws, client)


def begin(world: World, *without: str, **container: t.Any) -> None:
    """A service of one task in a network that lacks the endpoints named."""
    world.endpoints(*without)
    world.image()
    world.role("execution")
    world.define(container=container)
    world.serve()


def test_a_task_with_all_endpoints_runs(world: World) -> None:
    world.client("logs").create_log_group(logGroupName="/us/guard")
    begin(world, logConfiguration=LOGS)
    assert world.service()["runningCount"] == 1
    assert world.tasks()[0]["lastStatus"] == "RUNNING"


@pytest.mark.parametrize(
    ("without", "words"),
    [
        (
            "ecr.api",
            [
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
                "failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: "
                'send request failed caused by: Post "https://api.ecr.us-west-2.amazonaws.com/": dial tcp 52.94.',
                ":443: i/o timeout. Please check your task network configuration.",
            ],
        ),
        (
            "ecr.dkr",
            [
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
                f'{IMAGE}: failed to do request: Head "https://{REGISTRY}/v2/guard/manifests/one": dial tcp ',
                ":443: i/o timeout",
            ],
        ),
        (
            "s3",
            ["CannotPullContainerError: ref pull has been retried 5 time(s)", "starport-layer-bucket", "i/o timeout"],
        ),
        (
            "logs",
            [
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
                "failed to create Cloudwatch log stream: RequestError: send request failed caused by: "
                'Post "https://logs.us-west-2.amazonaws.com/"',
                "i/o timeout : exit status 1",
            ],
        ),
    ],
)
def test_a_missing_endpoint_is_told_as_aws_tells_it(world: World, without: str, words: list[str]) -> None:
    begin(world, without, logConfiguration=LOGS)
    reason = world.stopped()
    for one in words:
        assert one in reason
    assert world.tasks("STOPPED")[-1]["stopCode"] == "TaskFailedToStart"


def test_a_vpc_without_dns_finds_no_host(world: World) -> None:
    world.ec2.modify_vpc_attribute(VpcId=world.vpc, EnableDnsHostnames={"Value": False})
    world.ec2.modify_vpc_attribute(VpcId=world.vpc, EnableDnsSupport={"Value": False})
    world.image()
    world.role("execution")
    world.define()
    world.serve()
    reason = world.stopped()
    assert "lookup api.ecr.us-west-2.amazonaws.com on 10.0.0.2:53: no such host" in reason


def test_an_endpoint_that_lets_nobody_in_is_a_timeout_at_its_address(world: World) -> None:
    world.endpoints()
    found = world.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["endpoints"]}])
    group = found["SecurityGroups"][0]
    world.ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    world.image()
    world.role("execution")
    world.define()
    world.serve()
    assert 'Post "https://api.ecr.us-west-2.amazonaws.com/": dial tcp 10.0.1.' in world.stopped()


def test_an_image_that_was_never_pushed_is_not_found(world: World) -> None:
    begin(world, image=f"{REGISTRY}/guard:two")
    assert world.stopped() == (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
        f"{REGISTRY}/guard:two: {REGISTRY}/guard:two: not found"
    )


def test_a_public_image_needs_a_way_to_the_internet(world: World) -> None:
    begin(world, image="nginx:1.29")
    assert 'Head "https://registry-1.docker.io/v2/' in world.stopped()


def test_a_log_group_that_is_not_there_is_told(world: World) -> None:
    begin(world, logConfiguration=LOGS)
    assert world.stopped() == (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed "
        "to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit "
        "status 1"
    )


def secrets(*sources: str) -> dict[str, t.Any]:
    return {"secrets": [{"name": f"S{number}", "valueFrom": one} for number, one in enumerate(sources)]}


def test_a_secret_is_asked_for_first(world: World) -> None:
    arn = f"arn:aws:secretsmanager:us-west-2:{ACCOUNT}:secret:us/key"
    begin(world, "secretsmanager", "ecr.api", **secrets(arn))
    assert world.stopped() == (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret "
        f"{arn} from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded. "
        "Please check your task network configuration."
    )


def test_a_secret_or_parameter_that_is_not_there_is_told(world: World) -> None:
    arn = f"arn:aws:secretsmanager:us-west-2:{ACCOUNT}:secret:us/key"
    begin(world, **secrets(arn))
    assert "is not authorized to perform: secretsmanager:GetSecretValue" in world.stopped()
    world.allow("execution", "secretsmanager:GetSecretValue", "ssm:GetParameters")
    assert "ResourceNotFoundException: Secrets Manager can't find the specified secret." in world.stopped()
    world.aws.publish(REGION, secrets={"us/key": '{"user": "a"}'})
    assert world.service()["runningCount"] == 1
    world.define(container=secrets(f"{arn}:token::"))
    world.ecs.update_service(cluster="main", service="guard", taskDefinition="guard")
    assert "did not contain json key token" in world.stopped()
    world.define(container=secrets("/us/parameter"))
    world.ecs.update_service(cluster="main", service="guard", taskDefinition="guard")
    assert (
        "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm" in world.stopped()
    )


def test_a_role_that_may_not_pull_is_told(world: World) -> None:
    world.endpoints()
    world.image()
    world.role("execution", policy=None)
    world.define()
    world.serve()
    assert "AccessDeniedException: User: arn:aws:sts::" in world.stopped()
    assert "ecr:GetAuthorizationToken" in world.stopped()


def test_a_role_that_trusts_no_tasks_is_an_event(world: World) -> None:
    world.endpoints()
    world.image()
    arn = world.role("execution", service="ec2.amazonaws.com")
    world.define()
    world.serve()
    assert world.service()["runningCount"] == 0
    assert f"failed to launch a task with (error ECS was unable to assume the role '{arn}'" in world.events()[0]


def test_a_network_that_is_mended_lets_the_next_task_run(world: World) -> None:
    begin(world, "s3")
    assert "starport-layer-bucket" in world.stopped()
    world.ec2.create_vpc_endpoint(
        VpcId=world.vpc, ServiceName="com.amazonaws.us-west-2.s3", RouteTableIds=[world.table]
    )
    assert world.service()["deployments"][0]["rolloutState"] == "COMPLETED"
