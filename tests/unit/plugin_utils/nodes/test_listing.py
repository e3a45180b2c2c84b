# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which nodes a place has, with few and with many, against the embedded AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes import listing
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.listing import Wanted, nodes
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Node, Place

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.plugin_utils.nodes.world import ACCOUNT, World

PLACE = Place("us-west-2")


@pytest.fixture
def world(embedded_aws: EmbeddedAws) -> World:
    return World(embedded_aws)


@pytest.fixture
def listed(aws: Aws) -> t.Callable[..., list[Node]]:
    def listed(**wanted: t.Any) -> list[Node]:
        return nodes(aws, PLACE, ACCOUNT, Wanted(**wanted))

    return listed


Listed = t.Callable[..., list[Node]]


def ids(found: t.Iterable[Node]) -> list[str]:
    return [one["id"] for one in found]


def test_an_empty_account_has_no_nodes(world: World, listed: Listed) -> None:
    assert listed() == []


def test_machines_of_ec2_and_from_elsewhere_are_listed_with_their_tags(world: World, listed: Listed) -> None:
    machine = world.machine(cloister_role="vllm", team="inference")
    (desk,) = world.hybrid(cloister_role="kiosk")
    found = {one["id"]: one for one in listed()}
    assert set(found) == {machine, desk}
    assert (found[machine]["role"], found[machine]["ping"]) == ("vllm", "Online")
    assert found[machine]["tags"] == {"cloister:role": "vllm", "team": "inference"}
    assert (found[machine]["instance_type"], found[machine]["state"]) == ("t3.micro", "running")
    assert (found[machine]["zone"][:-1], found[machine]["account"]) == ("us-west-2", ACCOUNT)
    assert (found[desk]["role"], found[desk]["computer_name"]) == ("kiosk", "desk-0")


def test_a_region_has_its_own_nodes_alone(world: World, listed: Listed) -> None:
    ours, desk = world.machine(cloister_region="us"), world.hybrid(cloister_region="us")[0]
    world.machine(cloister_region="kr")
    world.machine()
    world.hybrid(2, cloister_region="kr")
    assert ids(listed(region_name="us")) == sorted([ours, desk])


def test_tags_are_compared_and_are_no_patterns(world: World, listed: Listed) -> None:
    star, plain = world.machine(team="a*"), world.machine(team="ab")
    desk = world.hybrid(team="a*")[0]
    assert ids(listed(tags={"team": ["a*"]})) == sorted([star, desk])
    assert ids(listed(tags={"team": ["ab", "c"]})) == [plain]


def test_platforms_and_resource_types_choose(world: World, listed: Listed) -> None:
    machine, desk = world.machine(), world.hybrid()[0]
    assert ids(listed(resource_types=["ManagedInstance"])) == [desk]
    assert ids(listed(resource_types=["EC2Instance"])) == [machine]
    assert ids(listed(platforms=["Windows"])) == []
    assert ids(listed(platforms=["Linux"])) == sorted([machine, desk])


def test_machines_that_do_not_run_or_are_not_known_say_so_and_ended_ones_are_gone(world: World, listed: Listed) -> None:
    running, stopped, ended = (world.machine() for _ in range(3))
    stranger = world.machine(profile="")
    world.ec2.stop_instances(InstanceIds=[stopped])
    world.ec2.terminate_instances(InstanceIds=[ended])
    world.lab.ping(running, "ConnectionLost")
    found = {one["id"]: one["ping"] for one in listed()}
    assert found == {running: "ConnectionLost", stopped: "Stopped", stranger: "Unmanaged"}


def test_few_nodes_cost_one_look_at_each_service(world: World, listed: Listed) -> None:
    world.machine()
    world.lab.clear_journal()
    listed()
    assert world.lab.reads()["actions"] == {"ec2:DescribeInstances": 1, "ssm:DescribeInstanceInformation": 1}


def test_many_nodes_are_asked_for_side_by_side_and_none_is_missing(
    world: World, listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "A_PAGE", 5)
    machines = [world.machine() for _ in range(8)]
    desks = world.hybrid(7, team="sales")
    found = {one["id"]: one for one in listed()}
    assert sorted(found) == sorted([*machines, *desks])
    assert {found[desk]["tags"]["team"] for desk in desks} == {"sales"}
    assert {one["ping"] for one in found.values()} == {"Online"}


def test_an_id_that_is_gone_meanwhile_spoils_nothing(
    world: World, listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "A_PAGE", 5)
    machines = [world.machine() for _ in range(7)]
    world.lab.clear_journal()
    # The first page comes first of all, so what is refused is a question by ids.
    refused = iter([True])
    real = listing._rows

    def rows(aws: Aws, key: str, values: t.Sequence[str]) -> list[t.Any]:
        if key == "InstanceIds" and next(refused, False):
            raise ApiError("DescribeInstanceInformation", "InvalidInstanceId", "gone")
        return t.cast("list[t.Any]", real(aws, key, values))

    monkeypatch.setattr(listing, "_rows", rows)
    assert ids(listed()) == sorted(machines)


@pytest.mark.parametrize("action", ["DescribeInstances", "DescribeInstanceInformation", "ListTagsForResource"])
def test_a_question_that_is_refused_gives_no_half_of_a_list(world: World, listed: Listed, action: str) -> None:
    world.machine()
    world.hybrid()
    world.lab.fail(action, "AccessDeniedException", times=20)
    with pytest.raises(Exception, match="AccessDeniedException"):
        listed()
    world.lab.clear_faults()


def test_throttling_is_borne(world: World, listed: Listed) -> None:
    machine = world.machine()
    world.lab.fail("DescribeInstances", "RequestLimitExceeded", times=2)
    world.lab.fail("DescribeInstanceInformation", "ThrottlingException", times=2)
    assert ids(listed()) == [machine]
