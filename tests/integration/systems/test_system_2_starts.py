"""System 2, tasks that do not start: F3, F4 and rows 2.03, 2.05 to 2.07. The error names AWS's reason and the cause.

Each time somebody breaks the network by hand and rolls the service over, without a look at the other stacks.
"""

from __future__ import annotations

import typing as t
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import reach_service
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import vantage_of
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

from tests.integration.playbook import Run
from tests.integration.systems.built import Built

ECR = "https://api.ecr.ap-northeast-2.amazonaws.com/"
REGISTRY_AUTH = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable "
    "to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused "
    f'by: Post "{ECR}":'
)
LAYERS = "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open"


@contextmanager
def nobody_gets_into_the_endpoints(fargate: Built) -> t.Iterator[None]:
    group = fargate.described("describe_security_groups", "SecurityGroups")["endpoints"]
    rules = {"GroupId": group["GroupId"], "IpPermissions": group["IpPermissions"]}
    fargate.ec2.revoke_security_group_ingress(**rules)
    yield
    fargate.ec2.authorize_security_group_ingress(**rules)


@contextmanager
def nobody_resolves(fargate: Built) -> t.Iterator[None]:
    vpc = fargate.id("main")
    fargate.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    yield
    fargate.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})


def without(part: str) -> t.Callable[[Built], AbstractContextManager[None]]:
    """An endpoint is deleted; a run of the whole region brings it back."""

    @contextmanager
    def gone(fargate: Built) -> t.Iterator[None]:
        endpoint = fargate.id(part, "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId")
        fargate.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        yield
        healed = fargate.region.play("site.yml")
        assert healed.rc == 0, healed.output

    return gone


@dataclass(frozen=True)
class Fault:
    """What is broken, which service is then not reached and why, what AWS says of it, what the error must say."""

    breaking: t.Callable[[Built], AbstractContextManager[None]]
    service: str
    cause: str
    reason: str


FAULTS = {
    "f4_2_07_an_endpoint_group_without_443": Fault(
        nobody_gets_into_the_endpoints, "ecr.api", "endpoint-group-closed", REGISTRY_AUTH
    ),
    "2_06_a_vpc_that_resolves_nothing": Fault(nobody_resolves, "ecr.api", "dns-support-off", REGISTRY_AUTH),
    "f3_2_03_no_way_to_ecr": Fault(without("ecr-api"), "ecr.api", "no-endpoint-and-no-nat", REGISTRY_AUTH),
    "2_05_three_endpoints_without_s3": Fault(without("main-s3"), "s3", "s3-gateway-missing", LAYERS),
}


def roll(fargate: Built, name: str) -> Run:
    """Roll the service over by a new variable of its container."""
    (service,) = fargate.said("ecs", "ecs_services")
    service["containers"][0]["environment"] = {"RELEASE": name}
    fargate.say("ecs", ecs_services=[service])
    return fargate.region.play("site.yml", "--limit", "ecs", "-e", "ecs_wait_seconds=60")


def verdicts(fargate: Built, service: str) -> list[Verdict]:
    """How far requests of a task that is about to be would get, in each subnet of the service."""
    places = [replace(vantage_of(one), private_ip=None) for one in fargate.interfaces("app")]
    return [reach_service(fargate.snapshot, place, service) for place in places]


@pytest.mark.parametrize("name", FAULTS)
def test_a_task_that_does_not_start_is_explained(fargate: Built, name: str) -> None:
    fault = FAULTS[name]
    tasks = {task["taskArn"] for task in fargate.tasks("app")}
    with fault.breaking(fargate):
        judged = verdicts(fargate, fault.service)
        run = roll(fargate, name)
        serving = {task["taskArn"] for task in fargate.tasks("app")}
    assert {(verdict.reached, verdict.cause) for verdict in judged} == {(False, fault.cause)}
    assert run.rc != 0
    said = " ".join(run.output.split())
    assert fault.reason in said, run.output
    likely = [f"Likely cause: {verdict.said}. What to do: {verdict.fix}." for verdict in judged]
    assert any(one in said for one in likely), run.output
    assert serving == tasks, "the tasks of before serve on"


def test_when_all_ways_are_open_again_nothing_differs(fargate: Built) -> None:
    assert fargate.drift().actions == set()
