"""IAM roles and instance profiles against the embedded AWS."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import text, trust
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds import iam_role, instance_profile

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.dns_world import plan, whole

OWNER = Owner("us", "identity", {"owner": "platform"})
SSM, READ = "AmazonSSMManagedInstanceCore", "ReadOnlyAccess"
TRUST = text(trust(["ec2"], [], {}, [], "aws"))
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def statement(**said: t.Any) -> dict[str, t.Any]:
    entry = {"sid": None, "effect": "Allow", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::models/*"]}
    return {**entry, "conditions": {}, **said}


def role(name: str = "node", **said: t.Any) -> dict[str, t.Any]:
    entry: dict[str, t.Any] = {
        "name": name, "reason": "Every instance", "trusted_services": ["ec2"], "trusted_arns": [],
        "trust_conditions": {}, "trust_statements": [], "managed_policies": [SSM], "permissions_boundary": "",
        "session_seconds": 3600, "policies": [{"name": "models", "statements": [statement()]}],
    }  # fmt: skip
    return {**entry, **said}


class World:
    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab

    def roles(self, *entries: dict[str, t.Any], check: bool = False, owner: Owner = OWNER, **more: str) -> Outcome:
        wanted = [iam_role.want(entry, owner, self.aws.partition, **more) for entry in entries]
        return whole(reconcile(iam_role.IamRole(self.aws, owner), wanted, check))

    def profiles(self, *names: str, check: bool = False) -> Outcome:
        wanted = [instance_profile.want(name, OWNER) for name in names]
        return whole(reconcile(instance_profile.InstanceProfile(self.aws, OWNER), wanted, check))

    def writes(self) -> list[str]:
        done = [write["action"].split(":")[-1] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done

    def names(self) -> list[str]:
        return sorted(item["RoleName"] for item in self.aws.pages("iam", "list_roles", "Roles") if "us-" in item["Arn"])

    def inside(self, profile: str) -> list[str]:
        answer = self.aws.call("iam", "get_instance_profile", InstanceProfileName=profile)
        return [item["RoleName"] for item in answer["InstanceProfile"]["Roles"]]


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def test_seven_phases_of_roles_hold(world: World) -> None:
    some = role(), role("guard", trusted_services=["ecs-tasks"], policies=[], managed_policies=[])
    predicted = world.roles(*some, check=True)
    assert world.writes() == []
    made = world.roles(*some)
    assert plan(made) == plan(predicted)
    assert sorted(world.writes()) == ["AttachRolePolicy", "CreateRole", "CreateRole", "PutRolePolicy"]
    assert made.ids["node"].endswith(":role/cloister/us/identity/us-node")
    assert not world.roles(*some).changed
    assert not world.roles(*some, check=True).changed
    assert world.writes() == []

    less = role(session_seconds=7200), some[1]
    assert plan(world.roles(*less, check=True)) == [("node", "change", ["session_seconds"])]
    assert world.writes() == []
    world.roles(*less)
    assert world.writes() == ["UpdateRole"]

    assert {member.action for member in world.roles(check=True).members} == {"remove"}
    assert world.writes() == []
    world.roles()
    assert world.names() == []
    world.writes()
    assert not world.roles().changed
    assert world.writes() == []


@pytest.mark.parametrize(
    ("change", "fields", "writes"),
    [
        ({"reason": "Another"}, ["description"], ["UpdateRole"]),
        ({"trusted_services": ["ec2", "ecs-tasks"]}, ["trust"], ["UpdateAssumeRolePolicy"]),
        ({"managed_policies": [READ]}, ["managed_policies"], ["AttachRolePolicy", "DetachRolePolicy"]),
        ({"permissions_boundary": READ}, ["boundary"], ["PutRolePermissionsBoundary"]),
        ({"policies": []}, ["policies"], ["DeleteRolePolicy"]),
        (
            {"policies": [{"name": "other", "statements": [statement()]}]},
            ["policies"],
            ["PutRolePolicy", "DeleteRolePolicy"],
        ),
        (
            {"policies": [{"name": "models", "statements": [statement(effect="Deny")]}]},
            ["policies"],
            ["PutRolePolicy"],
        ),
    ],
)
def test_each_field_changes_and_comes_back(
    world: World, change: dict[str, t.Any], fields: list[str], writes: list[str]
) -> None:
    world.roles(role())
    world.writes()
    assert plan(world.roles(role(**change), check=True)) == [("node", "change", fields)]
    world.roles(role(**change))
    assert world.writes() == writes
    assert not world.roles(role(**change)).changed
    assert plan(world.roles(role())) == [("node", "change", fields)]
    assert not world.roles(role()).changed


def test_one_boundary_bounds_all_that_name_none(world: World) -> None:
    world.roles(role(), role("own", permissions_boundary=SSM), boundary=READ)
    arns = {
        name: world.aws.call("iam", "get_role", RoleName=f"us-{name}")["Role"]["PermissionsBoundary"]
        for name in ("node", "own")
    }
    assert {name: said["PermissionsBoundaryArn"].rpartition("/")[2] for name, said in arns.items()} == {
        "node": READ,
        "own": SSM,
    }


def test_what_a_person_added_goes(world: World) -> None:
    world.roles(role())
    world.aws.call("iam", "put_role_policy", RoleName="us-node", PolicyName="hand", PolicyDocument=ANYTHING)
    world.aws.call("iam", "attach_role_policy", RoleName="us-node", PolicyArn=f"arn:aws:iam::aws:policy/{READ}")
    world.aws.call("iam", "untag_role", RoleName="us-node", TagKeys=["owner"])
    assert plan(world.roles(role())) == [("node", "change", ["policies", "managed_policies", "tag owner"])]
    assert not world.roles(role()).changed


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("write", ["CreateRole", "PutRolePolicy", "AttachRolePolicy"])
def test_a_run_that_ends_at_any_write_is_finished_by_the_next(world: World, write: str, applied: bool) -> None:
    world.lab.fail(write, "AccessDenied", applied=applied)
    with pytest.raises(RegionError, match="Injected"):
        world.roles(role())
    world.roles(role())
    assert not world.roles(role()).changed
    assert world.names() == ["us-node"]


@pytest.mark.parametrize("write", ["DeleteRolePolicy", "DetachRolePolicy", "DeleteRole"])
def test_a_removal_that_ends_at_any_write_is_finished_by_the_next(world: World, write: str) -> None:
    world.roles(role())
    world.lab.fail(write, "AccessDenied")
    with pytest.raises(RegionError, match="Injected"):
        world.roles()
    world.roles()
    assert world.names() == []


def test_a_role_whose_answer_was_lost_is_finished(world: World) -> None:
    world.lab.reset_connections("CreateRole", applied=True)
    world.roles(role())
    assert not world.roles(role()).changed


def test_a_role_that_listings_do_not_show_yet_is_ours_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.roles(role())
    with monkeypatch.context() as late:
        late.setattr(iam_role.IamRole, "find", lambda self: [])
        world.roles(role(policies=[]))
    assert not world.roles(role(policies=[])).changed


def test_a_role_of_others_is_refused(world: World) -> None:
    world.aws.make("iam", "create_role", RoleName="us-node", AssumeRolePolicyDocument=TRUST)
    world.writes()
    with pytest.raises(OwnershipError, match="role/us-node has its place and is not ours"):
        world.roles(role())
    world.roles()
    assert world.writes() == []


def test_a_role_under_our_path_without_our_tags_is_not_ours(world: World) -> None:
    path = "/cloister/us/identity/"
    world.aws.make("iam", "create_role", RoleName="us-node", Path=path, AssumeRolePolicyDocument=TRUST)
    world.writes()
    assert world.roles().members == []
    with pytest.raises(OwnershipError, match="not ours"):
        world.roles(role())
    assert world.writes() == []


def test_a_policy_that_does_not_exist_is_named_before_anything_is_written(world: World) -> None:
    world.roles(role())
    world.writes()
    for entries in ((role(managed_policies=["AmazonSSM"]),), (role(), role("b", permissions_boundary="Nothing"))):
        with pytest.raises(InputError, match=r"no managed policy arn:aws:iam::aws:policy/(AmazonSSM|Nothing)"):
            world.roles(*entries)
    assert world.writes() == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "x" * 62}, "at most 64"),
        ({"name": "a b"}, "letters, digits"),
        ({"reason": "漢"}, "Latin-1"),
        ({"policies": [{"name": "p", "statements": [statement(actions=["*"], resources=["*"])]}]}, "every action"),
        ({"policies": [{"name": "p", "statements": [statement()]}] * 2}, "one name"),
        ({"policies": [{"name": "p", "statements": [statement(resources=["x" * 10300])]}]}, "10240"),
        ({"managed_policies": [f"p{number}" for number in range(26)]}, "at most"),
        ({"trusted_arns": [f"arn:aws:iam::111122223333:role/{'x' * 90}{number}" for number in range(80)]}, "8192"),
    ],
)
def test_what_cannot_be_a_role_is_refused(world: World, change: dict[str, t.Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        world.roles(role(**change))
    assert world.writes() == []


def test_seven_phases_of_profiles_hold(world: World) -> None:
    world.roles(role(), role("other"))
    world.writes()
    predicted = world.profiles("node", check=True)
    assert world.writes() == []
    made = world.profiles("node")
    assert plan(made) == plan(predicted)
    assert made.ids == {"node": "us-node"}
    assert world.writes() == ["CreateInstanceProfile", "AddRoleToInstanceProfile"]
    assert not world.profiles("node").changed
    assert not world.profiles("node", check=True).changed

    world.aws.call("iam", "remove_role_from_instance_profile", InstanceProfileName="us-node", RoleName="us-node")
    world.aws.call("iam", "add_role_to_instance_profile", InstanceProfileName="us-node", RoleName="us-other")
    assert plan(world.profiles("node", check=True)) == [("node", "change", ["role"])]
    world.profiles("node")
    assert world.inside("us-node") == ["us-node"]

    assert plan(world.profiles(check=True)) == [("node", "remove", [])]
    world.profiles()
    world.writes()
    assert not world.profiles().changed
    assert world.writes() == []


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("write", ["CreateInstanceProfile", "AddRoleToInstanceProfile"])
def test_a_profile_left_unfinished_is_finished(world: World, write: str, applied: bool) -> None:
    world.roles(role())
    world.lab.fail(write, "AccessDenied", applied=applied)
    with pytest.raises(RegionError, match="Injected"):
        world.profiles("node")
    world.profiles("node")
    assert world.inside("us-node") == ["us-node"]
    assert not world.profiles("node").changed


def test_a_profile_of_others_is_refused(world: World) -> None:
    world.roles(role())
    world.aws.make("iam", "create_instance_profile", InstanceProfileName="us-node")
    world.writes()
    with pytest.raises(OwnershipError, match="instance-profile/us-node has its place"):
        world.profiles("node")
    assert world.writes() == []


def test_a_role_leaves_our_profile_by_itself(world: World) -> None:
    world.roles(role())
    world.profiles("node")
    world.roles()
    world.profiles()
    assert world.names() == []


def test_a_role_in_a_profile_of_others_stays_and_it_is_named(world: World) -> None:
    world.roles(role())
    world.aws.make("iam", "create_instance_profile", InstanceProfileName="theirs")
    world.aws.call("iam", "add_role_to_instance_profile", InstanceProfileName="theirs", RoleName="us-node")
    world.writes()
    with pytest.raises(OwnershipError, match="instance-profile/theirs"):
        world.roles(check=True)
    with pytest.raises(OwnershipError, match="take it out of them by hand"):
        world.roles()
    assert world.writes() == []
