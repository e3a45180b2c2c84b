"""What security groups refuse, before the first write and with what to do."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    MissingError,
    OwnershipError,
)
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.security_world import APP, DATABASE, OWNER, World, group, rule


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def test_a_group_that_nobody_makes_is_refused_before_the_first_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(MissingError, match="no security group called ghost"):
        world.apply(APP, DATABASE, group("web", egress=[rule("haunted", group="ghost", ports=["1"])]))
    assert world.lab.writes() == []


def test_an_unknown_prefix_list_is_refused_with_those_there_are(world: World) -> None:
    with pytest.raises(InputError, match=r"no prefix list s4 in us-west-2; there are: .*s3"):
        world.apply(group("app", egress=[rule("layers", prefix_list="s4", ports=["443"])]))
    assert world.lab.writes() == []


def test_a_foreign_group_of_the_name_is_refused_in_any_case(world: World) -> None:
    foreign = world.aws.make("ec2", "create_security_group", GroupName="US-App", Description="x", VpcId=world.vpc)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=foreign["GroupId"]):
        world.apply(APP, DATABASE)
    assert world.lab.writes() == []


def test_a_name_that_another_stack_has_taken_is_refused_naming_it(world: World) -> None:
    world.apply(group("app"), owner=Owner("us", "endpoints"))
    with pytest.raises(OwnershipError, match="stack endpoints has sg-"):
        world.apply(group("app"))


def test_two_groups_of_one_name_are_refused_with_both_ids(world: World) -> None:
    world.apply(group("app"))
    twin = {"ResourceType": "security-group", "Tags": tag_list(OWNER.tags_for("app"))}
    other = world.aws.make(
        "ec2", "create_security_group", GroupName="twin", Description="x", VpcId=world.vpc, TagSpecifications=[twin]
    )
    with pytest.raises(OwnershipError, match=other["GroupId"]):
        world.apply(group("app"))


def test_reason_and_vpc_of_a_living_group_are_refused_with_what_to_do(world: World) -> None:
    world.make_vpc("other", "10.9.0.0/16")
    world.apply(group("app"))
    with pytest.raises(ImmutableError, match="keeps a group's description for life") as refused:
        world.apply(group("app", reason="Another", vpc="other"))
    assert f"vpc is {world.vpc}" in str(refused.value)


def test_the_group_of_a_living_instance_is_not_deleted(world: World) -> None:
    world.apply(group("app"))
    group_id = SecurityGroup(world.aws, OWNER).find()[0].id
    subnet = world.aws.make("ec2", "create_subnet", VpcId=world.vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    image = world.aws.pages("ec2", "describe_images", "Images", Owners=["amazon"])[0]["ImageId"]
    world.aws.make(
        "ec2", "run_instances", ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=subnet,
        SecurityGroupIds=[group_id],
    )  # fmt: skip
    with pytest.raises(OwnershipError, match=r"i-\w+ still use it"):
        world.apply()
    assert list(world.standing()) == ["app"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (rule("naïve", cidrs=["10.0.0.0/8"], ports=["80"]), "has ï"),
        (rule("x" * 256, cidrs=["10.0.0.0/8"], ports=["80"]), "1 to 255"),
        (rule("no ports", cidrs=["10.0.0.0/8"]), "ports are missing"),
        (rule("ports", protocol="icmp", cidrs=["10.0.0.0/8"], ports=["8"]), "icmp has no ports"),
        (rule("backwards", cidrs=["10.0.0.0/8"], ports=["90-80"]), "no port or range"),
        (rule("too high", cidrs=["10.0.0.0/8"], ports=["65536"]), "no port or range"),
        (rule("a word", cidrs=["10.0.0.0/8"], ports=["https"]), "no port or range"),
        (rule("host bits", cidrs=["10.0.0.5/16"], ports=["80"]), "write 10.0.0.0/16"),
        (rule("no range", cidrs=["ten"], ports=["80"]), "no address range"),
        (rule("nobody", ports=["80"]), "found none"),
        (rule("two peers", group="app", cidrs=["10.0.0.0/8"], ports=["80"]), "found group, cidrs"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_naming_group_and_direction(
    world: World, entry: dict[str, t.Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as refused:
        world.apply(group("app", ingress=[entry]))
    assert str(refused.value).startswith("security group app, ingress")


def test_a_rule_listed_twice_is_refused_with_both_reasons(world: World) -> None:
    twice = [rule("one", group="app", ports=["80", "81"]), rule("two", group="app", ports=["81"])]
    with pytest.raises(InputError, match="rule 'two': 'one' lists tcp 81, group app already"):
        world.apply(group("app", ingress=twice))
