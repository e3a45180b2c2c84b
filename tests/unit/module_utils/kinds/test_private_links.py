"""PrivateLink on the embedded AWS: offered, asked for, let in; changed in place; cut off and taken down."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_connection import EndpointConnection
from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_service import EndpointService

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients
from tests.unit.module_utils.kinds.balancer_world import changed, told
from tests.unit.module_utils.kinds.link_world import OTHER_ACCOUNT, OWNER, World, endpoint, service

OTHER = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
MADE = ["CreateVpcEndpointServiceConfiguration", "CreateVpcEndpoint", "AcceptVpcEndpointConnections"]


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def stranger(world: World, aws: EmbeddedAws) -> str:
    """Make an endpoint of another account that asks to be let in to the service of the world."""
    ec2 = Clients(aws.account_keys(OTHER_ACCOUNT))("ec2")
    vpc = ec2.create_vpc(CidrBlock="172.30.0.0/16")["Vpc"]["VpcId"]
    place: t.Any = {"VpcId": vpc, "CidrBlock": "172.30.1.0/24", "AvailabilityZone": "us-west-2a"}
    subnet = ec2.create_subnet(**place)["Subnet"]["SubnetId"]
    name = EndpointService(world.aws, OWNER).find()[0].raw["ServiceName"]
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=name, VpcEndpointType="Interface", SubnetIds=[subnet])
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def test_they_live_through_all_seven_phases(world: World) -> None:
    listed = ([service()], [endpoint()])
    predicted = world.apply(*listed, check=True)
    assert told(predicted) == [("api", "create"), ("api-operator", "create"), ("api api-operator", "create")]
    assert world.writes() == []
    assert told(world.apply(*listed)) == told(predicted)
    assert world.writes() == MADE
    assert list(world.states().values()) == ["available"]
    for check in (False, True):
        assert not world.apply(*listed, check=check).changed
    gone = world.apply([], [], check=True)
    assert told(gone) == [("api-operator", "remove"), ("api api-operator", "remove"), ("api", "remove")]
    assert world.writes() == []
    world.apply([], [])
    assert world.writes()[-1] == "DeleteVpcEndpointServiceConfigurations"
    assert not world.apply([], []).changed
    assert world.writes() == []


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"principals": [OTHER]}, ["principals"]),
        ({"acceptance_required": False}, ["acceptance_required"]),
        ({"load_balancer": "api2"}, ["load_balancers"]),
    ],
)
def test_a_service_is_changed_in_place(world: World, change: dict[str, t.Any], fields: list[str]) -> None:
    world.lay([service()], [endpoint()])
    predicted = world.apply([service(**change)], [endpoint()], check=True)
    assert changed(predicted)["api"] == fields
    assert world.writes() == []
    world.apply([service(**change)], [endpoint()])
    assert not world.apply([service(**change)], [endpoint()]).changed
    assert changed(world.apply([service()], [endpoint()]))["api"] == fields


def test_an_endpoint_is_not_waited_for_unless_asked_to_be(world: World) -> None:
    world.lab.delays(vpc_endpoint=60)
    world.apply([service()], [endpoint()], wait=False)
    assert list(world.states().values()) == ["pending"]
    assert not world.apply([service()], [endpoint()], wait=False).changed
    world.lab.delays(vpc_endpoint=0)


def test_a_run_that_died_before_it_accepted_is_taken_up(world: World) -> None:
    world.lab.fail("ec2:AcceptVpcEndpointConnections", "UnauthorizedOperation", times=1)
    assert world.links([service()], [endpoint()]).bring_about().errors
    assert list(world.states().values()) == ["pendingAcceptance"]
    world.apply([service()], [endpoint()])
    assert list(world.states().values()) == ["available"]


def test_services_and_endpoints_that_are_listed_late_are_waited_for(world: World) -> None:
    world.lab.hide_new_ids(calls=2)
    world.apply([service()], [endpoint()])
    assert [write["action"] for write in world.lab.writes() if not write["error"]] == MADE


def test_an_endpoint_of_others_is_told_let_in_by_name_and_cut_off(world: World) -> None:
    offered = service(principals=[OTHER])
    world.lay([offered], [])
    other = stranger(world, world.lab)
    links = world.links([offered], [])
    assert not links.bring_about().changed
    assert [one["endpoint"] for one in links.waiting()] == [other]
    assert links.waiting()[0]["account"] == OTHER_ACCOUNT
    accepted = {**offered, "accepted_endpoints": [other]}
    assert told(world.apply([accepted], [])) == [("api", "keep"), (f"api {other}", "create")]
    assert world.states()[other] == "available"
    assert not world.apply([accepted], []).changed
    assert told(world.apply([offered], [])) == [("api", "keep"), (f"api {other}", "remove")]
    assert world.states()[other] == "rejected"


def test_a_service_goes_though_others_ask_for_it(world: World) -> None:
    offered = service(principals=[OTHER])
    world.lay([offered], [])
    other = stranger(world, world.lab)
    world.apply([], [])
    assert "RejectVpcEndpointConnections" in world.writes()
    assert EndpointService(world.aws, OWNER).find() == []
    assert other not in world.states()


def test_a_load_balancer_that_serves_a_stranger_is_refused(world: World) -> None:
    arn = world.aws.call("elbv2", "describe_load_balancers", Names=["us-api"])["LoadBalancers"][0]["LoadBalancerArn"]
    made = world.aws.make("ec2", "create_vpc_endpoint_service_configuration", NetworkLoadBalancerArns=[arn])
    theirs = made["ServiceConfiguration"]["ServiceId"]
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=theirs):
        world.apply([service()], [])
    assert world.writes() == []


def test_a_full_subnet_is_refused_before_anything_is_made(world: World) -> None:
    subnet = world.aws.pages(
        "ec2", "describe_subnets", "Subnets", Filters=[{"Name": "cidr-block", "Values": ["172.20.1.0/28"]}]
    )[0]
    for _ in range(subnet["AvailableIpAddressCount"]):
        world.aws.make("ec2", "create_network_interface", SubnetId=subnet["SubnetId"])
    world.lab.clear_journal()
    with pytest.raises(InputError, match=f"{subnet['SubnetId']} has no free address"):
        world.apply([service()], [endpoint()])
    assert world.writes() == []


def test_connections_of_a_stack_alone_are_found(world: World) -> None:
    world.lay([service()], [endpoint()])
    found = EndpointConnection(world.aws, OWNER).find()
    assert [(one.part, one.stack) for one in found] == [("api api-operator", "private_api")]
    assert found[0].raw["VpcEndpointState"] == "available"
