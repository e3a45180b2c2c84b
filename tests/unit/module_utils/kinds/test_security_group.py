"""Security groups on the embedded AWS: rules by group, in circles, and nothing open that is not listed."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._security_wants import wants
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.security_world import APP, DATABASE, OPEN_EGRESS, OWNER, World, group, rule


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def told(outcome: Outcome) -> list[tuple[t.Any, ...]]:
    return [(member.part, member.action, member.changes) for member in outcome.members]


def test_it_lives_through_all_seven_phases(world: World) -> None:
    predicted = world.apply(APP, DATABASE, check=True)
    assert predicted.changed
    assert world.lab.writes() == []
    made = world.apply(APP, DATABASE)
    assert told(made) == told(predicted)
    assert world.standing()["app"]["egress"] == {"tcp 3306, group database": "queries"}
    assert world.standing()["database"] == {
        "vpc": world.vpc, "reason": "The database", "ingress": {"tcp 3306, group app": "queries"}, "egress": {},
    }  # fmt: skip
    world.lab.clear_journal()
    for check in (False, True):
        assert not world.apply(APP, DATABASE, check=check).changed
    assert world.apply(check=True).changed
    assert world.lab.writes() == []
    assert [member.action for member in world.apply().members] == ["remove", "remove"]
    assert world.standing() == {}
    world.lab.clear_journal()
    assert not world.apply().changed
    assert world.lab.writes() == []


def test_a_group_is_tagged_in_the_call_that_makes_it_and_named_after_the_region(world: World) -> None:
    world.apply(DATABASE | {"ingress": []})
    raw = world.aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=OWNER.filters())[0]
    assert raw["GroupName"] == "us-database"
    assert {tag["Key"] for tag in raw["Tags"]} == {
        "Name",
        "cloister:part",
        "cloister:region",
        "cloister:stack",
        "owner",
    }
    assert "CreateTags" not in world.actions()


def test_a_new_group_talks_to_nobody_unless_that_is_listed(world: World) -> None:
    world.apply(group("closed"), group("open", egress=[rule("everywhere", protocol="all", cidrs=["0.0.0.0/0"])]))
    assert world.standing()["closed"]["egress"] == {}
    assert world.standing()["open"]["egress"] == OPEN_EGRESS


def test_every_shape_of_rule_reaches_aws_and_is_read_back_equal(world: World) -> None:
    shapes = [
        rule("several ports", group="app", ports=["80", "8000-8002"]),
        rule("names", protocol="udp", cidrs=["10.0.0.0/16", "10.1.0.0/16"], ports=["53"]),
        rule("ping", protocol="icmp", cidrs=["10.0.0.0/8"]),
        rule("neighbours", protocol="icmpv6", cidrs=["fd00::/8"]),
        rule("each other", protocol="all", group="app"),
        rule("layers", prefix_list="s3", ports=["443"]),
        rule("inside", vpc="main", ports=["22"]),
    ]
    world.apply(group("app", ingress=shapes))
    assert set(world.standing()["app"]["ingress"]) == {
        "tcp 80, group app", "tcp 8000-8002, group app", "udp 53, range 10.0.0.0/16", "udp 53, range 10.1.0.0/16",
        "icmp, range 10.0.0.0/8", "icmpv6, range fd00::/8", "all, group app", "tcp 443, prefix list s3",
        "tcp 22, range 10.0.0.0/16",
    }  # fmt: skip
    assert not world.apply(group("app", ingress=shapes)).changed


def test_a_whole_vpc_means_its_secondary_ranges_too(world: World) -> None:
    world.aws.call("ec2", "associate_vpc_cidr_block", VpcId=world.vpc, CidrBlock="10.1.0.0/16")
    world.apply(group("endpoints", ingress=[rule("inside", vpc="main", ports=["443"])]))
    assert set(world.standing()["endpoints"]["ingress"]) == {"tcp 443, range 10.0.0.0/16", "tcp 443, range 10.1.0.0/16"}


def test_new_rules_are_let_in_before_old_ones_are_shut_out(world: World) -> None:
    world.apply(group("app", ingress=[rule("old", cidrs=["10.0.0.0/16"], ports=["80"])]))
    world.lab.clear_journal()
    outcome = world.apply(group("app", ingress=[rule("new", cidrs=["10.0.0.0/16"], ports=["8080"])]))
    assert world.actions() == ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]
    assert outcome.members[0].changes == [
        {
            "field": "ingress",
            "before": {"tcp 80, range 10.0.0.0/16": "old"},
            "after": {"tcp 8080, range 10.0.0.0/16": "new"},
        }
    ]


def test_another_reason_changes_the_description_and_cuts_no_traffic(world: World) -> None:
    world.apply(group("app", ingress=[rule("old", group="app", ports=["80"])]))
    world.lab.clear_journal()
    world.apply(group("app", ingress=[rule("new", group="app", ports=["80"])]))
    assert world.actions() == ["UpdateSecurityGroupRuleDescriptionsIngress"]
    assert world.standing()["app"]["ingress"] == {"tcp 80, group app": "new"}


def test_rules_made_by_hand_are_seen_in_check_mode_and_removed(world: World) -> None:
    world.apply(group("app"))
    found = SecurityGroup(world.aws, OWNER).find()[0]
    ssh = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    world.aws.call("ec2", "authorize_security_group_ingress", GroupId=found.id, IpPermissions=ssh)
    drift = world.apply(group("app"), check=True).members[0].changes
    assert drift == [{"field": "ingress", "before": {"tcp 22, range 0.0.0.0/0": ""}, "after": {}}]
    world.apply(group("app"))
    assert world.standing()["app"]["ingress"] == {}


def test_a_group_made_by_a_killed_run_gets_its_rules(world: World) -> None:
    kind = SecurityGroup(world.aws, OWNER)
    kind.create(world.wanted(DATABASE, APP)[0], OWNER.tags_for("database"))
    world.apply(APP, DATABASE)
    assert world.standing()["database"]["ingress"] == {"tcp 3306, group app": "queries"}
    assert world.standing()["database"]["egress"] == {}


def test_ids_that_aws_shows_late_are_waited_for(world: World) -> None:
    world.lab.hide_new_ids(2)
    world.apply(APP, DATABASE)
    world.lab.clear_faults()
    assert not world.apply(APP, DATABASE).changed


def test_a_lost_answer_to_a_rule_is_no_error(world: World) -> None:
    world.lab.fail("AuthorizeSecurityGroupIngress", "InternalError", status=500, applied=True)
    world.apply(group("app", ingress=APP["ingress"]))
    assert world.standing()["app"]["ingress"] == {"tcp 443, range 0.0.0.0/0": "clients"}


def test_a_group_that_others_name_goes_with_the_rules_that_name_it(world: World) -> None:
    world.apply(APP, DATABASE)
    world.apply(group("app", ingress=APP["ingress"]))
    assert list(world.standing()) == ["app"]
    assert world.standing()["app"]["egress"] == {}


def test_groups_of_another_stack_are_named_and_stay(world: World) -> None:
    endpoints = Owner("us", "endpoints")
    world.apply(group("endpoints"), owner=endpoints)
    world.apply(group("app", egress=[rule("AWS", group="endpoints", ports=["443"])]))
    assert world.standing()["app"]["egress"] == {"tcp 443, group endpoints": "AWS"}
    assert not world.apply(group("app", egress=[rule("AWS", group="endpoints", ports=["443"])])).changed
    world.apply()
    assert len(SecurityGroup(world.aws, endpoints).find()) == 1


def test_an_adopted_group_is_named_and_never_touched(world: World) -> None:
    foreign = world.aws.make("ec2", "create_security_group", GroupName="old", Description="by hand", VpcId=world.vpc)
    adopted = {"security group": {"legacy": foreign["GroupId"]}}
    entry = group("app", egress=[rule("the old world", group="legacy", ports=["80"])])
    world.apply(entry, adopted=adopted)
    assert not world.apply(entry, adopted=adopted).changed
    world.apply()
    assert world.aws.call("ec2", "describe_security_groups", GroupIds=[foreign["GroupId"]])["SecurityGroups"]


def test_on_an_empty_account_ranges_of_a_vpc_are_told_as_a_marker(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    entries = [group("endpoints", ingress=[rule("inside", vpc="main", ports=["443"])])]
    outcome = reconcile(SecurityGroup(aws, OWNER), wants(entries, "us", Names(aws, "us", check=True), aws), check=True)
    assert outcome.members[0].action == "create"
    assert outcome.members[0].changes[2]["after"] == {
        "tcp 443, range (known after apply: ranges of VPC main)": "inside"
    }


def test_ranges_that_the_inventory_says_come_before_those_that_stand(aws: Aws, world: World) -> None:
    entries = [group("endpoints", ingress=[rule("inside", vpc="main", ports=["443"])])]
    said = {"main": ["10.1.0.0/16", "10.0.0.0/16"]}
    made = wants(entries, "us", Names(aws, "us", check=False), aws, said)[0]
    assert made.fields["ingress"] == {"tcp 443, range 10.0.0.0/16": "inside", "tcp 443, range 10.1.0.0/16": "inside"}
    adopted = Names(aws, "us", check=False, adopted={"VPC": {"main": world.vpc}})
    assert wants(entries, "us", adopted, aws, said)[0].fields["ingress"] == {"tcp 443, range 10.0.0.0/16": "inside"}
