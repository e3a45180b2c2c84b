"""Rules of ours in a group that EKS made, on the embedded AWS."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, MissingError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_rule import ClusterRule

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.eks_inner_world import World, rule, told

PART = "main tcp 443 group operator"
WHOLE = {"reason": "web", "group": None, "vpc": "main"}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws).lay()


def test_a_rule_lives_through_its_phases(world: World) -> None:
    assert told(world.rules(rule(), check=True)) == [("cluster rule", PART, "create")]
    assert world.writes() == []
    assert told(world.rules(rule())) == [("cluster rule", PART, "create")]
    assert world.writes() == ["AuthorizeSecurityGroupIngress"]
    assert told(world.rules(rule())) == told(world.rules(rule(), check=True)) == [("cluster rule", PART, "keep")]
    again = rule(reason="kubectl from people")
    assert told(world.rules(again, check=True)) == [("cluster rule", PART, "change")]
    assert world.writes() == []
    world.rules(again)
    assert world.writes() == ["UpdateSecurityGroupRuleDescriptionsIngress"]
    assert world.fields(ClusterRule)[PART]["reason"] == "kubectl from people"
    assert told(world.rules(check=True)) == [("cluster rule", PART, "remove")]
    world.rules()
    assert world.writes() == ["RevokeSecurityGroupIngress"]
    assert told(world.rules()) == []
    assert world.writes() == []


def test_4_22_a_rule_lies_in_the_group_that_eks_made_and_carries_our_tags(world: World) -> None:
    world.rules(rule(), rule(**WHOLE))
    found = world.standing(ClusterRule)
    assert sorted(found) == ["main tcp 443 group operator", "main tcp 443 range 10.0.0.0/16"]
    group = world.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert {one.raw["GroupId"] for one in found.values()} == {group}
    assert found[PART].tags["cloister:stack"] == "eks"
    assert found[PART].raw["ReferencedGroupInfo"]["GroupId"] == world.groups["operator"]


def test_what_eks_and_others_put_into_the_group_is_left_alone(world: World) -> None:
    group = world.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    theirs = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}
    world.aws.call("ec2", "authorize_security_group_ingress", GroupId=group, IpPermissions=[theirs])
    filters = [{"Name": "group-id", "Values": [group]}]
    before = world.aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters)
    world.rules(rule())
    world.rules()
    after = world.aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters)
    assert after == before


def test_a_rule_that_somebody_made_already_is_refused_and_named(world: World) -> None:
    group = world.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    peer = [{"GroupId": world.groups["operator"]}]
    theirs = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": peer}
    world.aws.call("ec2", "authorize_security_group_ingress", GroupId=group, IpPermissions=[theirs])
    world.writes()
    with pytest.raises(OwnershipError, match=r"lets tcp 443, group operator in by sgr-\w+ already, which is not ours"):
        world.rules(rule())
    assert world.writes() == []


def test_a_rule_that_somebody_took_away_comes_back(world: World) -> None:
    world.rules(rule())
    found = world.standing(ClusterRule)[PART]
    ids = [found.id]
    action = "revoke_security_group_ingress"
    world.aws.call("ec2", action, GroupId=found.raw["GroupId"], SecurityGroupRuleIds=ids)
    assert told(world.rules(rule(), check=True)) == [("cluster rule", PART, "create")]
    world.rules(rule())
    assert list(world.standing(ClusterRule)) == [PART]


def test_rules_of_a_cluster_that_is_to_come_are_predicted(world: World) -> None:
    world.aws.call("eks", "delete_cluster", name="us-main")
    assert told(world.rules(rule(), check=True)) == [("cluster rule", PART, "create")]
    with pytest.raises(MissingError, match=r"no EKS cluster called main \(us-main\); eks makes it"):
        world.rules(rule())


def test_two_entries_of_one_rule_are_refused(world: World) -> None:
    with pytest.raises(InputError, match="a rule has one reason"):
        world.rules(rule(), rule(reason="once more"))
    assert world.writes() == []


def test_a_rule_whose_answer_was_lost_is_there_once(world: World) -> None:
    world.lab.reset_connections("AuthorizeSecurityGroupIngress", applied=True)
    told(world.rules(rule()))
    assert list(world.standing(ClusterRule)) == [PART]


def test_ranges_of_a_vpc_that_the_inventory_tells_are_predicted(world: World) -> None:
    outcome = world.rules(rule(**WHOLE), check=True, ranges={"main": ["10.0.0.0/16", "10.1.0.0/16"]})
    assert [part for _kind, part, _action in told(outcome)] == [
        "main tcp 443 range 10.0.0.0/16",
        "main tcp 443 range 10.1.0.0/16",
    ]
