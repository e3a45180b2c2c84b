# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What follows a calendar rests and starts again: the code of the function, on the embedded AWS."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._calendars import wishes
from ansible_collections.cloister.aws.plugins.module_utils._functions import Functions
from ansible_collections.cloister.aws.plugins.module_utils._like_boto import Client
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils.functions.resting import (
    RESTING,
    SCHEDULE,
    Clients,
    Which,
    act,
)

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.pool_world import ECS_IMAGE, World, pool

NIGHTS: dict[str, t.Any] = {
    "name": "nights",
    "reason": "Nobody works at night",
    "time_zone": "Asia/Seoul",
    "start": "cron(0 8 ? * MON-FRI *)",
    "stop": "cron(0 20 ? * MON-FRI *)",
    "enabled": True,
}
SIZE = {"min": 1, "max": 4, "desired": 2}
REGION = "us-west-2"


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws, tmp_path: Path) -> World:
    return World(aws, embedded_aws, tmp_path)


def do(aws: Aws, action: str, check: bool = False, calendar: str = "nights") -> list[tuple[str, str, str]]:
    clients = Clients(*(Client(aws, name) for name in Clients._fields))
    told = act(clients, Which("us", calendar), action, check)
    assert [one["failed"] for one in told if one["failed"]] == []
    return [(one["kind"], one["before"], one["after"]) for one in told]


def sizes(world: World) -> tuple[int, int, int]:
    raw = world.scaling().raw
    return raw["MinSize"], raw["DesiredCapacity"], raw["MaxSize"]


def calendar(aws: Aws) -> None:
    """Make the stack schedule, with one calendar."""
    outcome = Functions(aws, Owner("us", "schedule"), wishes([NIGHTS], "us", 30)).bring_about(check=False)
    assert outcome.errors == []


def machine(world: World, **tags: str) -> str:
    """Start a machine on its own."""
    image = world.aws.call("ssm", "get_parameter", Name=ECS_IMAGE)["Parameter"]["Value"]
    said = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    marks = {**Owner("us", "hosts").tags_for("host"), **tags}
    specification = [{"ResourceType": "instance", "Tags": tag_list(marks)}]
    subnet = world.subnets["private-a"]
    made = world.aws.make("ec2", "run_instances", SubnetId=subnet, TagSpecifications=specification, **said)
    return str(made["Instances"][0]["InstanceId"])


def state(world: World, instance: str) -> str:
    found = world.aws.pages("ec2", "describe_instances", "Reservations", InstanceIds=[instance])
    return str(found[0]["Instances"][0]["State"]["Name"])


def test_a_pool_rests_with_no_machine_and_starts_as_it_was(world: World) -> None:
    """1.21."""
    world.make(pool(size=SIZE, schedule="nights"))
    world.settle(pool(size=SIZE, schedule="nights"))
    assert all(one["ProtectedFromScaleIn"] for one in world.machines())
    world.writes()
    assert do(world.aws, "stop", check=True) == [("Auto Scaling group", "2 (1 to 4)", "0 (0 to 0)")]
    assert world.writes() == []
    do(world.aws, "stop")
    assert (sizes(world), world.machines()) == ((0, 0, 0), [])
    assert world.scaling().tags[RESTING] == "1/2/4"
    world.writes()
    assert do(world.aws, "stop") == [("Auto Scaling group", "0 (0 to 0)", "0 (0 to 0)")]
    assert world.writes() == []
    do(world.aws, "start")
    assert (sizes(world), RESTING in world.scaling().tags) == ((1, 2, 4), False)
    world.writes()
    do(world.aws, "start")
    assert world.writes() == []


def test_a_run_leaves_a_pool_alone_that_rests(world: World) -> None:
    mine = pool(size=SIZE, schedule="nights")
    world.make(mine)
    do(world.aws, "stop")
    world.writes()
    assert not world.make(mine).changed
    assert not world.settle(mine, capacity_seconds=1).changed
    assert world.writes() == []


def test_a_pool_that_rests_gets_another_size_when_it_is_started(world: World) -> None:
    world.make(pool(size=SIZE, schedule="nights"))
    do(world.aws, "stop")
    larger = pool(size={"min": 3, "max": 6}, schedule="nights", warmup_seconds=60)
    world.make(larger)
    assert (sizes(world), world.scaling().tags[RESTING]) == ((0, 0, 0), "3/3/6")
    world.writes()
    assert not world.make(larger).changed
    do(world.aws, "start")
    assert sizes(world) == (3, 3, 6)


def test_a_pool_that_no_longer_follows_a_calendar_is_started_by_the_run(world: World) -> None:
    world.make(pool(size=SIZE, schedule="nights"))
    do(world.aws, "stop")
    world.make(pool(size=SIZE))
    tags = world.scaling().tags
    assert (sizes(world), RESTING in tags, SCHEDULE in tags) == ((1, 2, 4), False, False)
    world.writes()
    assert not world.make(pool(size=SIZE)).changed
    assert do(world.aws, "stop") == []
    assert world.writes() == []


@pytest.mark.parametrize("action", ["UpdateAutoScalingGroup", "SetInstanceProtection"])
def test_a_stop_that_was_killed_half_way_is_finished_by_the_next(world: World, action: str) -> None:
    world.make(pool(size=SIZE, schedule="nights"))
    world.lab.fail(action, "ResourceContention", times=1, status=400)
    with pytest.raises(AssertionError, match="ResourceContention"):
        do(world.aws, "stop")
    do(world.aws, "stop")
    assert (sizes(world), world.scaling().tags[RESTING]) == ((0, 0, 0), "1/2/4")
    do(world.aws, "start")
    assert sizes(world) == (1, 2, 4)


def test_a_machine_that_was_replaced_is_followed_like_the_one_before(world: World) -> None:
    """F10."""
    first = machine(world, **{SCHEDULE: "nights"})
    do(world.aws, "stop")
    assert state(world, first) == "stopped"
    world.aws.call("ec2", "terminate_instances", InstanceIds=[first])
    second, other, free = machine(world, **{SCHEDULE: "nights"}), machine(world, **{SCHEDULE: "days"}), machine(world)
    assert do(world.aws, "stop") == [("instance", "running", "stopped")]
    assert [state(world, one) for one in (second, other, free)] == ["stopped", "running", "running"]
    do(world.aws, "start")
    assert state(world, second) == "running"


def test_a_calendar_stops_and_starts_at_its_times(world: World) -> None:
    """1.21, with the function as it runs in AWS: with the rights of its role and no more."""
    world.make(pool(size=SIZE, schedule="nights"))
    single = machine(world, **{SCHEDULE: "nights"})
    calendar(world.aws)
    world.lab.fire(REGION, "us-schedule/nights-stop")
    world.lab.settle()
    assert (sizes(world), state(world, single)) == ((0, 0, 0), "stopped")
    world.lab.fire(REGION, "us-schedule/nights-start")
    world.lab.settle()
    assert (sizes(world), state(world, single)) == ((1, 2, 4), "running")
    groups = world.aws.pages("logs", "describe_log_streams", "logStreams", logGroupName="/us/lambda/resting")
    assert len(groups) == 2


class NodeGroups:
    """One cluster with one node group, as EKS answers."""

    def __init__(self) -> None:
        self.tags = {"cloister:region": "us", SCHEDULE: "nights", "cloister:part": "apps", "cloister:stack": "eks"}
        self.scaling = {"minSize": 1, "desiredSize": 2, "maxSize": 3}
        self.busy = False

    def get_paginator(self, action: str) -> t.Any:
        pages = {"list_clusters": {"clusters": ["us-main", "other"]}, "list_nodegroups": {"nodegroups": ["us-apps"]}}
        return type("Pages", (), {"paginate": lambda _, **__: [pages[action]]})()

    def describe_nodegroup(self, clusterName: str, nodegroupName: str) -> t.Any:  # noqa: N803 - AWS's names
        names = {"clusterName": clusterName, "nodegroupName": nodegroupName, "nodegroupArn": "arn:apps"}
        return {"nodegroup": {**names, "tags": self.tags, "scalingConfig": self.scaling}}

    def tag_resource(self, resourceArn: str, tags: dict[str, str]) -> None:  # noqa: N803
        self.tags = {**self.tags, **tags}

    def untag_resource(self, resourceArn: str, tagKeys: list[str]) -> None:  # noqa: N803
        self.tags = {key: value for key, value in self.tags.items() if key not in tagKeys}

    def update_nodegroup_config(self, scalingConfig: dict[str, int], **_: str) -> None:  # noqa: N803
        if self.busy:
            raise RuntimeError("ResourceInUseException")
        assert scalingConfig["maxSize"] >= 1
        self.scaling = scalingConfig


class Databases:
    """Three databases of RDS, one of which follows the calendar."""

    def __init__(self) -> None:
        ours = {"cloister:region": "us", "cloister:part": "main"}
        tags = [{**ours, SCHEDULE: "nights"}, {**ours, SCHEDULE: "days"}, {}]
        self.all = [
            {
                "DBInstanceIdentifier": f"db-{number}",
                "DBInstanceArn": f"arn:db-{number}",
                "DBInstanceStatus": "available",
                "TagList": [{"Key": key, "Value": value} for key, value in one.items()],
            }
            for number, one in enumerate(tags)
        ]

    def get_paginator(self, _: str) -> t.Any:
        return type("Pages", (), {"paginate": lambda _: [{"DBInstances": self.all}]})()

    def stop_db_instance(self, DBInstanceIdentifier: str) -> None:  # noqa: N803
        self._set(DBInstanceIdentifier, "stopped")

    def start_db_instance(self, DBInstanceIdentifier: str) -> None:  # noqa: N803
        self._set(DBInstanceIdentifier, "available")

    def _set(self, name: str, status: str) -> None:
        for one in self.all:
            one["DBInstanceStatus"] = status if one["DBInstanceIdentifier"] == name else one["DBInstanceStatus"]

    def states(self) -> list[t.Any]:
        return [one["DBInstanceStatus"] for one in self.all]


class Nothing:
    """A service that has nothing of ours."""

    def get_paginator(self, _: str) -> t.Any:
        return type("Pages", (), {"paginate": lambda _, **__: []})()


def test_node_groups_rest_and_start_as_they_were() -> None:
    eks = NodeGroups()
    clients = Clients(Nothing(), Nothing(), eks, Nothing())
    [told] = act(clients, Which("us", "nights"), "stop")
    assert (told["kind"], told["part"], told["before"], told["after"]) == (
        "EKS node group",
        "apps",
        "2 (1 to 3)",
        "0 (0 to 3)",
    )
    assert eks.scaling == {"minSize": 0, "desiredSize": 0, "maxSize": 3}
    act(clients, Which("us", "nights"), "start")
    assert (eks.scaling, RESTING in eks.tags) == ({"minSize": 1, "desiredSize": 2, "maxSize": 3}, False)


def test_a_database_that_follows_the_calendar_is_stopped_and_started() -> None:
    rds = Databases()
    clients = Clients(Nothing(), Nothing(), Nothing(), rds)
    [told] = act(clients, Which("us", "nights"), "stop")
    assert (told["kind"], told["part"], told["before"], told["after"]) == ("database", "main", "available", "stopped")
    assert rds.states() == ["stopped", "available", "available"]
    [again] = act(clients, Which("us", "nights"), "stop")
    assert again["before"] == again["after"] == "stopped"
    act(clients, Which("us", "nights"), "start")
    assert rds.states() == ["available"] * 3


def test_what_fails_is_told_and_finished_by_the_next_run() -> None:
    eks = NodeGroups()
    eks.busy = True
    clients = Clients(Nothing(), Nothing(), eks, Nothing())
    [told] = act(clients, Which("us", "nights"), "stop")
    assert told["failed"] == "RuntimeError: ResourceInUseException"
    eks.busy = False
    act(clients, Which("us", "nights"), "stop")
    act(clients, Which("us", "nights"), "start")
    assert eks.scaling == {"minSize": 1, "desiredSize": 2, "maxSize": 3}


def test_an_action_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="the action pause is neither of stop, start"):
        act(Clients(Nothing(), Nothing(), Nothing(), Nothing()), Which("us", "nights"), "pause")
