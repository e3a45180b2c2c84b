# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines from elsewhere that Systems Manager knows, and how nodes are asked for: filters and pages."""

from __future__ import annotations

import json
import time
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

REGION = "us-west-2"
DAY = 86400
Node = dict[str, t.Any]


class World:
    """A role that hybrid nodes may take, activations for it, and machines that register."""

    def __init__(self, aws: EmbeddedAws, client: t.Any) -> None:
        self.aws, self.ssm, self.iam = aws, client("ssm"), client("iam")
        self.role("office", "ssm.amazonaws.com")

    def role(self, name: str, principal: str) -> None:
        trust = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)

    def activation(self, **more: t.Any) -> dict[str, str]:
        answer = self.ssm.create_activation(IamRole="office", **{"RegistrationLimit": 1000, **more})
        return t.cast("dict[str, str]", answer)

    def registered(self, number: int = 1, **tags: str) -> list[str]:
        activation = self.activation(Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
        return [self.aws.register(REGION, activation, f"desk-{n}", f"192.168.0.{n}") for n in range(number)]

    def listed(self, *filters: tuple[str, str], **more: t.Any) -> list[Node]:
        which = [{"Key": key, "Values": [value]} for key, value in filters]
        answer = self.ssm.describe_instance_information(Filters=which, **more)
        return t.cast("list[Node]", answer["InstanceInformationList"])

    def ids(self, *filters: tuple[str, str]) -> list[str]:
        return [node["InstanceId"] for node in self.listed(*filters)]


@pytest.fixture
def world(aws: EmbeddedAws, client: t.Any) -> World:
    return World(aws, client)


def test_a_machine_registers_by_an_activation_and_is_a_node_with_its_tags(world: World) -> None:
    (node,) = world.registered(team="research")
    (row,) = world.listed()
    assert node.startswith("mi-0")
    assert len(node) == 20
    assert (row["InstanceId"], row["PingStatus"], row["ResourceType"]) == (node, "Online", "ManagedInstance")
    assert (row["ComputerName"], row["IPAddress"], row["IamRole"]) == ("desk-0", "192.168.0.0", "office")
    tags = world.ssm.list_tags_for_resource(ResourceType="ManagedInstance", ResourceId=node)["TagList"]
    assert tags == [{"Key": "team", "Value": "research"}]


def test_tags_of_a_node_can_be_changed_and_those_of_a_stranger_cannot(world: World, refused: t.Any) -> None:
    (node,) = world.registered(team="research")
    which = {"ResourceType": "ManagedInstance", "ResourceId": node}
    world.ssm.add_tags_to_resource(**which, Tags=[{"Key": "team", "Value": "sales"}])
    assert world.ids(("tag:team", "sales")) == [node]
    world.ssm.remove_tags_from_resource(**which, TagKeys=["team"])
    assert world.ids(("tag-key", "team")) == []
    with refused("InvalidResourceId"):
        world.ssm.list_tags_for_resource(ResourceType="ManagedInstance", ResourceId="mi-00000000000000000")


def test_an_activation_serves_as_often_and_as_long_as_it_says(world: World) -> None:
    activation = world.activation(RegistrationLimit=1)
    world.aws.register(REGION, activation, "desk", "192.168.0.1")
    with pytest.raises(ValueError, match="used as often"):
        world.aws.register(REGION, activation, "desk", "192.168.0.2")
    (seen,) = world.ssm.describe_activations()["ActivationList"]
    assert (seen["RegistrationsCount"], seen["Expired"]) == (1, False)
    assert "ActivationCode" not in seen
    world.ssm.delete_activation(ActivationId=activation["ActivationId"])
    with pytest.raises(ValueError, match="no activation"):
        world.aws.register(REGION, activation, "desk", "192.168.0.2")
    assert len(world.ids()) == 1


def test_a_wrong_code_registers_nothing(world: World) -> None:
    activation = {**world.activation(), "ActivationCode": "guessed"}
    with pytest.raises(ValueError, match="with this code"):
        world.aws.register(REGION, activation, "desk", "192.168.0.1")
    assert world.ids() == []


@pytest.mark.parametrize("role", ["nobody", "machines"])
def test_an_activation_wants_a_role_that_trusts_systems_manager(world: World, refused: t.Any, role: str) -> None:
    world.role("machines", "ec2.amazonaws.com")
    with refused("ValidationException", "missing ssm service principal", role):
        world.ssm.create_activation(IamRole=role)


def test_an_activation_ends_within_thirty_days(world: World, refused: t.Any) -> None:
    with refused("InvalidParameters", "30 days"):
        world.activation(ExpirationDate=time.time() + 31 * DAY)


def test_a_node_that_is_deregistered_is_forgotten(world: World, refused: t.Any) -> None:
    (node,) = world.registered()
    world.ssm.deregister_managed_instance(InstanceId=node)
    assert world.ids() == []
    with refused("InvalidInstanceId"):
        world.ssm.deregister_managed_instance(InstanceId=node)


def test_nodes_come_in_pages_and_each_once(world: World, refused: t.Any) -> None:
    nodes = world.registered(23)
    assert len(world.listed()) == 10, "unasked, no more than a few"
    pages = world.ssm.get_paginator("describe_instance_information").paginate(MaxResults=5)
    seen = [node["InstanceId"] for page in pages for node in page["InstanceInformationList"]]
    assert seen == sorted(nodes)
    with refused("InvalidNextToken"):
        world.ssm.describe_instance_information(NextToken="page-2")
    with refused("ValidationException", "MaxResults"):
        world.listed(MaxResults=51)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("Colour", "red", "InvalidFilterKey"),
        ("tag:", "red", "InvalidFilterKey"),
        ("PingStatus", "Away", "InvalidInstanceInformationFilterValue"),
        ("ResourceType", "Container", "InvalidInstanceInformationFilterValue"),
        ("InstanceIds", "i-xyz", "InvalidInstanceId"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(world: World, refused: t.Any, key: str, value: str, code: str) -> None:
    with refused(code):
        world.listed((key, value))


def test_tags_are_asked_for_alone(world: World, refused: t.Any) -> None:
    (node,) = world.registered(team="research", floor="2")
    assert world.ids(("tag:team", "research"), ("tag:floor", "2")) == [node]
    assert world.ids(("tag:team", "research"), ("tag:floor", "3")) == []
    with refused("InvalidFilterKey", "combined"):
        world.listed(("tag:team", "research"), ("PingStatus", "Online"))


def test_other_filters_go_together(world: World) -> None:
    first, second = sorted(world.registered(2))
    world.aws.ping(first, minutes_ago=90)
    assert world.ids(("PingStatus", "ConnectionLost"), ("ResourceType", "ManagedInstance")) == [first]
    assert world.ids(("InstanceIds", second), ("PingStatus", "ConnectionLost")) == []
    old = [{"key": "InstanceIds", "valueSet": [second]}]
    answer = world.ssm.describe_instance_information(InstanceInformationFilterList=old)
    assert [node["InstanceId"] for node in answer["InstanceInformationList"]] == [second]


def test_an_agent_that_is_silent_was_last_heard_when_it_was(world: World) -> None:
    (node,) = world.registered()
    world.aws.ping(node, minutes_ago=90)
    (row,) = world.listed()
    assert row["PingStatus"] == "ConnectionLost"
    assert 89 * 60 < time.time() - row["LastPingDateTime"].timestamp() < 91 * 60
    world.aws.ping(node, None)
    (row,) = world.listed()
    assert row["PingStatus"] == "Online"
    assert time.time() - row["LastPingDateTime"].timestamp() < 60
