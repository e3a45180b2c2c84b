"""Access entries on the embedded AWS: who may use a cluster, where, and what is refused."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError, InputError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_access_entry import EVERYWHERE, EksAccessEntry

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.eks_inner_world import World, entry, told, trusting

ADMIN = [{"policy": "AmazonEKSClusterAdminPolicy", "namespaces": []}]
VIEW = [{"policy": "AmazonEKSViewPolicy", "namespaces": ["web", "apps"]}]
PART = ("EKS access entry", "main platform")


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    made = World(aws, embedded_aws).lay()
    made.people = made.role("platform-admin", "ec2.amazonaws.com")
    embedded_aws.clear_journal()
    return made


def test_an_entry_lives_through_its_phases(world: World) -> None:
    people = entry(principal=world.people, policies=ADMIN)
    assert told(world.entries(people, check=True)) == [(*PART, "create")]
    assert world.writes() == []
    world.entries(people)
    assert world.writes() == ["CreateAccessEntry", "AssociateAccessPolicy"]
    for check in (False, True):
        assert told(world.entries(people, check=check)) == [(*PART, "keep")]
    less = entry(principal=world.people, policies=VIEW, groups=["readers"])
    assert told(world.entries(less, check=True)) == [(*PART, "change")]
    assert world.writes() == []
    world.entries(less)
    assert world.writes() == ["UpdateAccessEntry", "AssociateAccessPolicy", "DisassociateAccessPolicy"]
    fields = world.fields(EksAccessEntry)["main platform"]
    assert fields["policies"] == {"AmazonEKSViewPolicy": ["apps", "web"]}
    assert fields["groups"] == ["readers"]
    assert told(world.entries(check=True)) == [(*PART, "remove")]
    world.entries()
    assert world.writes() == ["DeleteAccessEntry"]
    assert told(world.entries()) == []
    assert world.writes() == []


def test_an_entry_carries_our_tags_from_the_start_and_its_name_is_left_to_eks(world: World) -> None:
    world.entries(entry(principal=world.people, policies=ADMIN))
    found = world.standing(EksAccessEntry)["main platform"]
    assert (found.tags["cloister:stack"], found.tags["Name"]) == ("eks", "us-main platform")
    assert found.raw["username"].endswith("assumed-role/platform-admin/{{SessionName}}")


def test_a_policy_that_moves_to_namespaces_holds_there_only(world: World) -> None:
    policy = "AmazonEKSEditPolicy"
    world.entries(entry(principal=world.people, policies=[{"policy": policy, "namespaces": []}]))
    assert world.fields(EksAccessEntry)["main platform"]["policies"] == {policy: EVERYWHERE}
    world.writes()
    world.entries(entry(principal=world.people, policies=[{"policy": policy, "namespaces": ["web"]}]))
    assert world.writes() == ["AssociateAccessPolicy"]
    assert world.fields(EksAccessEntry)["main platform"]["policies"] == {policy: ["web"]}


def test_a_role_of_the_region_is_named_without_its_arn(world: World) -> None:
    tags = tag_list(Owner("us", "identity").tags_for("operator"))
    said = {"Path": "/cloister/us/identity/", "RoleName": "us-operator", "Tags": tags}
    made = world.aws.make("iam", "create_role", AssumeRolePolicyDocument=trusting("ec2.amazonaws.com"), **said)
    world.entries(entry(role="operator", policies=ADMIN))
    assert world.fields(EksAccessEntry)["main platform"]["principal"] == made["Role"]["Arn"]


def test_another_principal_gets_its_entry_before_the_first_one_loses_its_own(world: World) -> None:
    world.entries(entry(principal=world.people, policies=ADMIN))
    other = world.role("other-admin", "ec2.amazonaws.com")
    world.writes()
    assert told(world.entries(entry(principal=other, policies=ADMIN))) == [(*PART, "change")]
    assert world.writes() == ["CreateAccessEntry", "AssociateAccessPolicy", "DeleteAccessEntry"]
    assert world.fields(EksAccessEntry)["main platform"]["principal"] == other


def test_an_entry_for_nodes_has_neither_groups_nor_policies(world: World) -> None:
    nodes = entry(name="nodes", principal=world.people, type="EC2_LINUX")
    world.entries(nodes)
    assert world.writes() == ["CreateAccessEntry"]
    assert told(world.entries(nodes)) == [("EKS access entry", "main nodes", "keep")]
    with pytest.raises(InputError, match="EKS itself says what a EC2_LINUX may do"):
        world.entries({**nodes, "policies": ADMIN})
    with pytest.raises(ImmutableError, match="take the entry off the list, run, and list it again"):
        world.entries({**nodes, "type": "STANDARD"})
    assert world.writes() == []


def test_an_entry_that_eks_or_somebody_made_is_refused_with_what_to_do(world: World) -> None:
    world.aws.call("eks", "create_access_entry", clusterName="us-main", principalArn=world.people)
    world.writes()
    with pytest.raises(OwnershipError, match=r"has an access entry in us-main already.*delete-access-entry"):
        world.entries(entry(principal=world.people, policies=ADMIN))
    assert world.writes() == []


def test_a_policy_that_eks_does_not_have_is_refused_with_those_that_it_has(world: World) -> None:
    strange = [{"policy": "AmazonEKSGodPolicy", "namespaces": []}]
    with pytest.raises(InputError, match=r"no access policy AmazonEKSGodPolicy; there are: .*AmazonEKSViewPolicy"):
        world.entries(entry(principal=world.people, policies=strange))
    assert world.writes() == []


def test_a_policy_that_somebody_took_away_comes_back(world: World) -> None:
    people = entry(principal=world.people, policies=ADMIN)
    world.entries(people)
    arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    about = {"clusterName": "us-main", "principalArn": world.people, "policyArn": arn}
    world.aws.call("eks", "disassociate_access_policy", **about)
    assert told(world.entries(people, check=True)) == [(*PART, "change")]
    world.entries(people)
    assert told(world.entries(people, check=True)) == [(*PART, "keep")]


def test_an_entry_whose_run_was_killed_before_its_policies_gets_them(world: World) -> None:
    people = entry(principal=world.people, policies=ADMIN)
    world.lab.fail("AssociateAccessPolicy", "AccessDeniedException", status=403)
    with pytest.raises(Exception, match="AccessDeniedException"):
        told(world.entries(people))
    assert told(world.entries(people)) == [(*PART, "change")]
    assert told(world.entries(people)) == [(*PART, "keep")]


def test_an_entry_whose_answer_was_lost_is_there_once(world: World) -> None:
    world.lab.reset_connections("CreateAccessEntry", applied=True)
    told(world.entries(entry(principal=world.people, policies=ADMIN)))
    assert list(world.standing(EksAccessEntry)) == ["main platform"]
