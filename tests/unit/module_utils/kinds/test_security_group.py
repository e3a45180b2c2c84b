"""Security groups on the embedded AWS: rules by group, in circles, and nothing open that is not listed."""

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
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._security_wants import wants
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup

from lab.embedded_aws.client import EmbeddedAws

OWNER = Owner("us", "security_groups", {"owner": "platform"})
OPEN_EGRESS = {"all, range 0.0.0.0/0": "everywhere"}


def rule(reason: str, **said: t.Any) -> dict[str, t.Any]:
    entry = {"protocol": "tcp", "ports": [], "group": None, "vpc": None, "cidrs": [], "prefix_list": None}
    return {**entry, "reason": reason, **said}


def group(
    name: str, ingress: t.Sequence[t.Any] = (), egress: t.Sequence[t.Any] = (), **said: t.Any
) -> dict[str, t.Any]:
    entry = {"name": name, "vpc": "main", "reason": f"The {name}", "ingress": list(ingress), "egress": list(egress)}
    return {**entry, **said}


# The app and its database name each other: a circle.
APP = group(
    "app",
    ingress=[rule("clients", cidrs=["0.0.0.0/0"], ports=["443"])],
    egress=[rule("queries", group="database", ports=["3306"])],
)
DATABASE = group("database", ingress=[rule("queries", group="app", ports=["3306"])])


class World:
    """A region with a VPC and one stack of security groups."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.vpc = self.make_vpc("main", "10.0.0.0/16")
        lab.clear_journal()

    def make_vpc(self, name: str, cidr: str) -> str:
        tags = [{"ResourceType": "vpc", "Tags": tag_list(Owner("us", "network").tags_for(name))}]
        return str(self.aws.make("ec2", "create_vpc", CidrBlock=cidr, TagSpecifications=tags)["Vpc"]["VpcId"])

    def wanted(self, *groups: dict[str, t.Any], check: bool = False, adopted: t.Any = None) -> t.Any:
        return wants(groups, "us", Names(self.aws, "us", check, adopted), self.aws)

    def apply(self, *groups: dict[str, t.Any], check: bool = False, owner: Owner = OWNER, **more: t.Any) -> Outcome:
        outcome = reconcile(SecurityGroup(self.aws, owner), self.wanted(*groups, check=check, **more), check)
        assert outcome.errors == []
        return outcome

    def actions(self) -> list[str]:
        return [write["action"].split(":")[-1] for write in self.lab.writes()]

    def standing(self) -> dict[str, dict[str, t.Any]]:
        kind = SecurityGroup(self.aws, OWNER)
        return {found.part: kind.fields(found) for found in kind.find()}


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


def test_on_an_empty_account_ranges_of_a_vpc_are_told_as_a_marker(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    entries = [group("endpoints", ingress=[rule("inside", vpc="main", ports=["443"])])]
    outcome = reconcile(SecurityGroup(aws, OWNER), wants(entries, "us", Names(aws, "us", check=True), aws), check=True)
    assert outcome.members[0].action == "create"
    assert outcome.members[0].changes[2]["after"] == {
        "tcp 443, range (known after apply: ranges of VPC main)": "inside"
    }
