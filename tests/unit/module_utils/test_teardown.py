"""Teardown, against the embedded AWS: all of ours goes, nothing of others, and what is in the way is named."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Connection
from ansible_collections.cloister.aws.plugins.module_utils._errors import OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._owner import REGION, Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._snapshot import facts, snapshot
from ansible_collections.cloister.aws.plugins.module_utils._teardown import tear_down

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.region_of_things import NETWORK, Things, lay_network


@pytest.fixture
def things(aws: Aws, embedded_aws: EmbeddedAws) -> Things:
    things = lay_network(aws)
    embedded_aws.clear_journal()
    return things


@pytest.fixture
def hurried(embedded_aws: EmbeddedAws) -> Aws:
    """AWS for those who do not wait until a neighbour goes."""
    return Aws(Connection("us-west-2"), bears_seconds=0.5)


def down(aws: Aws, check: bool = False, owner: Owner = NETWORK, release: t.Collection[str] = ()) -> Outcome:
    return tear_down(aws, owner, {}, release, check)


def standing(aws: Aws) -> list[str]:
    return sorted(owned.found.part for owned in snapshot(aws, Owner("us"), {}))


def deleted(lab: EmbeddedAws) -> list[str]:
    return [write["action"] for write in lab.writes() if not write["error"]]


def test_all_of_a_stack_goes_but_what_is_kept(things: Things, aws: Aws) -> None:
    outcome = down(aws)
    assert outcome.errors == []
    assert {member.part: member.action for member in outcome.members if member.action == "keep"} == {"nat-a": "keep"}
    assert standing(aws) == ["nat-a"]


def test_what_is_kept_goes_when_that_is_asked_for(things: Things, aws: Aws) -> None:
    assert down(aws, release=["static_ips"]).errors == []
    assert standing(aws) == []


def test_a_plan_is_held_up_by_no_machine_of_the_region_as_those_go_before(things: Things, aws: Aws) -> None:
    parameter = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    image = aws.call("ssm", "get_parameter", Name=parameter)["Parameter"]["Value"]
    where = {"SubnetId": things["private-a"], "SecurityGroupIds": [things["app"]], "MinCount": 1, "MaxCount": 1}
    said = [{"ResourceType": "instance", "Tags": tag_list(Owner("us", "pools").tags_for("cpu"))}]
    made = aws.make("ec2", "run_instances", ImageId=image, InstanceType="t3.micro", TagSpecifications=said, **where)
    assert down(aws, check=True).errors == []
    aws.call("ec2", "delete_tags", Resources=[made["Instances"][0]["InstanceId"]], Tags=[{"Key": REGION}])
    with pytest.raises(OwnershipError, match="instances that are not its own"):
        down(aws, check=True)


def test_check_predicts_what_goes_and_writes_nothing(things: Things, aws: Aws, embedded_aws: EmbeddedAws) -> None:
    predicted = {(member.kind, member.part, member.action) for member in down(aws, check=True).members}
    assert embedded_aws.writes() == []
    assert {(member.kind, member.part, member.action) for member in down(aws).members} == predicted


def test_a_second_teardown_finds_nothing_and_writes_nothing(
    things: Things, aws: Aws, embedded_aws: EmbeddedAws
) -> None:
    down(aws)
    embedded_aws.clear_journal()
    again = down(aws)
    assert not again.changed
    assert embedded_aws.writes() == []


def test_two_of_one_name_both_go(things: Things, aws: Aws) -> None:
    things.make("main", "create_vpc", "vpc", CidrBlock="10.9.0.0/16")
    assert down(aws).errors == []
    assert standing(aws) == ["nat-a"]


def test_other_stacks_other_regions_and_half_tagged_things_are_not_touched(
    things: Things, aws: Aws, embedded_aws: EmbeddedAws
) -> None:
    theirs = [
        things.make("main", "create_vpc", "vpc", Owner("eu", "network"), CidrBlock="10.0.0.0/16"),
        things.make("second", "create_vpc", "vpc", Owner("us", "other"), CidrBlock="10.0.0.0/16"),
        things.make("bare", "create_vpc", "vpc", None, CidrBlock="10.0.0.0/16"),
    ]
    half = [{"Key": "cloister:region", "Value": "us"}, {"Key": "cloister:stack", "Value": "network"}]
    aws.call("ec2", "create_tags", Resources=[theirs[2]], Tags=half)
    embedded_aws.clear_journal()
    assert down(aws).errors == []
    assert [write for write in embedded_aws.writes() if set(theirs) & set(write["named"])] == []
    found = {vpc["VpcId"] for vpc in aws.pages("ec2", "describe_vpcs", "Vpcs")}
    assert set(theirs) <= found


def test_an_instance_of_others_in_a_subnet_stops_it_before_the_first_write(
    things: Things, aws: Aws, embedded_aws: EmbeddedAws
) -> None:
    image = aws.pages("ec2", "describe_images", "Images", Owners=["amazon"])[0]["ImageId"]
    answer = aws.make("ec2", "run_instances", ImageId=image, MinCount=1, MaxCount=1, SubnetId=things["private-a"])
    instance = answer["Instances"][0]["InstanceId"]
    aws.call("ec2", "create_tags", Resources=[instance], Tags=[{"Key": "Name", "Value": "bobs-test"}])
    embedded_aws.clear_journal()
    for check in (True, False):
        with pytest.raises(OwnershipError, match=f"nothing was deleted.*{instance}.*bobs-test.*not of region us"):
            down(aws, check)
    assert embedded_aws.writes() == []


def test_an_interface_of_others_is_named_once_patience_ends(things: Things, aws: Aws, hurried: Aws) -> None:
    eni = things.make(
        "theirs",
        "create_network_interface",
        "network-interface",
        None,
        SubnetId=things["private-a"],
        Description="bob's",
    )
    (error,) = down(hurried).errors
    assert str(error).startswith(f"subnet private-a: {things['private-a']} cannot be deleted because of")
    for part in (eni, "bob's", "not of region us", "account 1234"):
        assert part in str(error)
    assert {"main", "private-a"} <= set(standing(aws))
    aws.call("ec2", "delete_network_interface", NetworkInterfaceId=eni)
    assert down(aws).errors == []
    assert standing(aws) == ["nat-a"]


def test_a_group_of_others_in_the_vpc_is_named(things: Things, aws: Aws, hurried: Aws) -> None:
    group = things.make(
        "theirs",
        "create_security_group",
        "security-group",
        Owner("us", "endpoints"),
        GroupName="theirs",
        Description="theirs",
        VpcId=things["main"],
    )
    (error,) = down(hurried).errors
    assert f"{group} (called us-theirs, of stack endpoints)" in str(error)
    assert standing(aws) == ["main", "nat-a", "theirs"]


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "InternalError"])
def test_each_deletion_survives_what_passes(things: Things, aws: Aws, embedded_aws: EmbeddedAws, code: str) -> None:
    embedded_aws.fail("ec2:De*", code, times=1, each=True)
    assert down(aws).errors == []
    assert standing(aws) == ["nat-a"]


def test_a_lost_answer_to_each_deletion_is_no_error(things: Things, aws: Aws, embedded_aws: EmbeddedAws) -> None:
    embedded_aws.reset_connections("ec2:Delete*", applied=True, each=True)
    assert down(aws).errors == []
    assert standing(aws) == ["nat-a"]


def test_one_that_stopped_at_any_deletion_goes_on_from_there(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    lay_network(aws)
    embedded_aws.clear_journal()
    down(aws)
    for number in range(1, len(embedded_aws.writes())):
        embedded_aws.reset()
        lay_network(aws)
        embedded_aws.expire_credentials(after_writes=number)
        outcome = down(aws)
        assert outcome.errors, f"nothing stopped at write {number}"
        embedded_aws.expire_credentials(None)
        assert down(aws).errors == []
        assert standing(aws) == ["nat-a"], f"after a stop at write {number}"


def test_facts_tell_ids_by_kind_and_name_what_is_kept_and_where_calls_leave_from(things: Things, aws: Aws) -> None:
    told = facts(snapshot(aws, Owner("us"), {}))
    assert told["by_name"]["subnet"]["private-a"]["id"] == things["private-a"]
    assert told["by_name"]["vpc_peering"] == {}
    assert [thing["part"] for thing in told["kept"]] == ["nat-a"]
    assert told["kept"][0]["kept_as"] == "static_ips"
    assert told["egress_ips"] == [told["kept"][0]["shows"]["public_ip"]]
    assert set(told["stacks"]) == {"network"}
    assert {thing["part"] for thing in told["things"]} >= {"main", "private-a", "way-out", "app", "database"}
