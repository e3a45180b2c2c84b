"""VPCs and subnets on the embedded AWS: what is healed, what is refused, what is renamed."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError, InputError, OwnershipError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.network_world import MAIN, PRIVATE_A, PUBLIC_A, World, told


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def default_group(world: World) -> dict[str, t.Any]:
    filters = [{"Name": "group-name", "Values": ["default"]}, {"Name": "vpc-id", "Values": [world.id("vpcs", "main")]}]
    return t.cast(
        "dict[str, t.Any]", world.aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)[0]
    )


def test_a_new_vpc_resolves_names_and_its_default_group_lets_nothing_by(world: World) -> None:
    world.lay(vpcs=[MAIN])
    assert world.fields("vpcs")["main"] == {
        "cidr": "10.0.0.0/16",
        "dns_support": True,
        "dns_hostnames": True,
        "default_security_group_closed": True,
    }
    assert default_group(world)["IpPermissions"] == default_group(world)["IpPermissionsEgress"] == []


@pytest.mark.parametrize("attribute", ["EnableDnsSupport", "EnableDnsHostnames"])
def test_a_dns_attribute_that_was_turned_off_comes_back(world: World, attribute: str) -> None:
    world.lay(vpcs=[MAIN])
    off: dict[str, t.Any] = {attribute: {"Value": False}}
    world.aws.call("ec2", "modify_vpc_attribute", VpcId=world.id("vpcs", "main"), **off)
    assert told(world.apply("vpcs", MAIN, check=True)) == [("main", "change")]
    world.apply("vpcs", MAIN)
    assert world.fields("vpcs")["main"]["dns_support"] is world.fields("vpcs")["main"]["dns_hostnames"] is True


def test_a_rule_that_was_added_to_the_default_group_goes(world: World) -> None:
    world.lay(vpcs=[MAIN])
    rule = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    group = default_group(world)["GroupId"]
    world.aws.call("ec2", "authorize_security_group_ingress", GroupId=group, IpPermissions=rule)
    changes = world.apply("vpcs", MAIN).members[0].changes
    assert changes == [{"field": "default_security_group_closed", "before": False, "after": True}]
    assert default_group(world)["IpPermissions"] == []


def test_the_default_group_is_left_alone_when_that_is_wanted(world: World) -> None:
    world.lay(vpcs=[{**MAIN, "default_security_group_closed": False}])
    assert default_group(world)["IpPermissionsEgress"]


def test_a_vpc_whose_run_was_killed_after_its_create_is_completed(world: World) -> None:
    world.lab.fail("ModifyVpcAttribute", "UnauthorizedOperation", status=403)
    with pytest.raises(Exception, match="UnauthorizedOperation"):
        world.apply("vpcs", MAIN)
    assert told(world.apply("vpcs", MAIN)) == [("main", "change")]
    assert world.fields("vpcs")["main"]["dns_hostnames"] is True


def test_secondary_ranges_come_and_go(world: World) -> None:
    world.lay(vpcs=[MAIN], vpc_ranges=[{"name": "main", "secondary_cidrs": ["10.2.0.0/16", "10.1.0.0/16"]}])
    assert set(world.standing("vpc_ranges")) == {"main 10.1.0.0/16", "main 10.2.0.0/16"}
    world.apply("vpc_ranges", {"name": "main", "secondary_cidrs": ["10.2.0.0/16"]})
    assert set(world.standing("vpc_ranges")) == {"main 10.2.0.0/16"}


def test_another_first_range_is_refused_and_nothing_is_written(world: World) -> None:
    world.lay(vpcs=[MAIN])
    with pytest.raises(ImmutableError, match=r"cidr is 10\.0\.0\.0/16 and cannot become 10\.9\.0\.0/16"):
        world.apply("vpcs", {**MAIN, "cidr": "10.9.0.0/16"})
    assert world.actions() == []


@pytest.mark.parametrize(
    "changed", [{"az": "us-west-2b"}, {"cidr": "10.0.9.0/24"}], ids=["another zone", "another range"]
)
def test_a_subnet_cannot_move(world: World, changed: t.Any) -> None:
    world.lay(vpcs=[MAIN], subnets=[PRIVATE_A])
    with pytest.raises(ImmutableError, match="give the new subnet another name"):
        world.apply("subnets", {**PRIVATE_A, **changed})
    assert world.actions() == []


def test_a_subnet_under_another_name_is_renamed_and_keeps_its_id(world: World) -> None:
    world.lay(vpcs=[MAIN], subnets=[PRIVATE_A])
    before = world.id("subnets", "private-a")
    assert told(world.apply("subnets", {**PRIVATE_A, "name": "apps-a"})) == [("apps-a", "change")]
    assert world.actions() == ["CreateTags"]
    assert world.id("subnets", "apps-a") == before


@pytest.mark.parametrize("ours", [True, False])
def test_a_range_that_another_subnet_holds_is_refused_before_anything_is_written(world: World, ours: bool) -> None:
    world.lay(vpcs=[MAIN], subnets=[PRIVATE_A] if ours else [])
    if not ours:
        where: dict[str, t.Any] = {"VpcId": world.id("vpcs", "main"), "AvailabilityZone": "us-west-2a"}
        world.aws.make("ec2", "create_subnet", CidrBlock="10.0.3.0/26", **where)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match="our private-a" if ours else "not ours"):
        world.apply("subnets", PUBLIC_A, {**PRIVATE_A, "name": "wide", "cidr": "10.0.2.0/23"})
    assert world.actions() == []


def test_a_subnet_is_marked_for_one_kind_of_balancer_and_never_for_both(world: World) -> None:
    world.lay(vpcs=[MAIN], subnets=[{**PUBLIC_A, "kubernetes_role": "elb"}])
    tags = world.standing("subnets")["public-a"].tags
    assert tags["kubernetes.io/role/elb"] == "1"
    world.apply("subnets", {**PUBLIC_A, "tier": "private", "kubernetes_role": "internal-elb"})
    tags = world.standing("subnets")["public-a"].tags
    assert "kubernetes.io/role/elb" not in tags
    assert tags["kubernetes.io/role/internal-elb"] == "1"
    world.apply("subnets", {**PUBLIC_A, "kubernetes_role": "none"})
    assert not [key for key in world.standing("subnets")["public-a"].tags if "kubernetes" in key]


def test_marks_of_others_stay_where_no_cluster_is_told_of(world: World) -> None:
    world.lay(vpcs=[MAIN], subnets=[PUBLIC_A])
    mark = [{"Key": "kubernetes.io/role/elb", "Value": "1"}]
    world.aws.call("ec2", "create_tags", Resources=[world.id("subnets", "public-a")], Tags=mark)
    assert not world.apply("subnets", PUBLIC_A).changed


def test_a_subnet_in_which_an_instance_lives_does_not_go(world: World) -> None:
    world.lay(vpcs=[MAIN], subnets=[PRIVATE_A])
    image = world.aws.pages("ec2", "describe_images", "Images", Owners=["amazon"])[0]["ImageId"]
    where: dict[str, t.Any] = {"SubnetId": world.id("subnets", "private-a"), "ImageId": image, "MinCount": 1}
    instance = world.aws.make("ec2", "run_instances", MaxCount=1, InstanceType="t3.micro", **where)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=f"{instance['Instances'][0]['InstanceId']} still live in it"):
        world.apply("subnets")
    assert world.actions() == []


def test_a_name_listed_twice_is_refused(world: World) -> None:
    world.lay(vpcs=[MAIN])
    with pytest.raises(InputError, match="subnet private-a: listed more than once"):
        world.apply("subnets", PRIVATE_A, {**PRIVATE_A, "cidr": "10.0.9.0/24"})
    assert world.actions() == []


def test_two_of_one_name_stop_the_run_and_are_named(world: World) -> None:
    world.lay(vpcs=[MAIN])
    there = world.standing("vpcs")["main"]
    twin = world.aws.make("ec2", "create_vpc", CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
    tags = [{"Key": key, "Value": value} for key, value in there.tags.items()]
    world.aws.call("ec2", "create_tags", Resources=[twin], Tags=tags)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match="there are 2 of VPC main") as refused:
        world.apply("vpcs", MAIN)
    assert twin in str(refused.value)
    assert there.id in str(refused.value)
    assert world.actions() == []


def test_a_foreign_vpc_of_the_same_range_is_left_alone(world: World) -> None:
    foreign = world.aws.make("ec2", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    world.lay(vpcs=[MAIN])
    world.apply("vpcs")
    assert [vpc["VpcId"] for vpc in world.aws.pages("ec2", "describe_vpcs", "Vpcs") if not vpc["IsDefault"]] == [
        foreign
    ]
