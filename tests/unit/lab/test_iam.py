# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import typing as t

import pytest

Refused = t.Any
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
READ = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
)
TAGS = [{"Key": "cloister:region", "Value": "us"}]
MANAGED = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


@pytest.fixture
def iam(client: t.Any) -> t.Any:
    return client("iam")


@pytest.fixture
def policy(iam: t.Any) -> str:
    made = iam.create_policy(PolicyName="read", Path="/cloister/us/", PolicyDocument=READ, Tags=TAGS)
    return str(made["Policy"]["Arn"])


def make_role(iam: t.Any, name: str = "web", **more: t.Any) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, **more)


def test_managed_policies_are_there(iam: t.Any, client: t.Any) -> None:
    assert iam.get_policy(PolicyArn=MANAGED)["Policy"]["PolicyName"] == "AmazonSSMManagedInstanceCore"
    chinese = MANAGED.replace("arn:aws:", "arn:aws-cn:")
    assert client("iam", "cn-north-1").get_policy(PolicyArn=chinese)["Policy"]["Arn"] == chinese
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_things_are_tagged_at_birth(iam: t.Any, policy: str) -> None:
    make_role(iam, Tags=TAGS)
    iam.create_instance_profile(InstanceProfileName="web", Tags=TAGS)
    assert iam.get_role(RoleName="web")["Role"]["Tags"] == TAGS
    assert iam.list_role_tags(RoleName="web")["Tags"] == TAGS
    assert iam.list_policy_tags(PolicyArn=policy)["Tags"] == TAGS
    assert iam.list_instance_profile_tags(InstanceProfileName="web")["Tags"] == TAGS


def test_things_are_listed_by_path(iam: t.Any, policy: str) -> None:
    make_role(iam, Path="/cloister/us/")
    iam.create_instance_profile(InstanceProfileName="web", Path="/cloister/us/")
    for path, count in (("/cloister/us/", 1), ("/cloister/kr/", 0)):
        assert len(iam.list_roles(PathPrefix=path)["Roles"]) == count
        assert len(iam.list_instance_profiles(PathPrefix=path)["InstanceProfiles"]) == count
        assert len(iam.list_policies(Scope="Local", PathPrefix=path)["Policies"]) == count
    assert policy.endswith(":policy/cloister/us/read")


@pytest.mark.parametrize("name", ["a name", "naïve", "r" * 65])
def test_a_bad_role_name_is_refused(iam: t.Any, refused: Refused, name: str) -> None:
    with refused("ValidationError", status=400):
        make_role(iam, name)


@pytest.mark.parametrize(
    "document",
    [
        "{",
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}',
        READ,
    ],
)
def test_a_malformed_trust_policy_is_refused(iam: t.Any, refused: Refused, document: str) -> None:
    with refused("MalformedPolicyDocument"):
        iam.create_role(RoleName="web", AssumeRolePolicyDocument=document)
    make_role(iam)
    with refused("MalformedPolicyDocument"):
        iam.update_assume_role_policy(RoleName="web", PolicyDocument=document)


def test_a_malformed_policy_is_refused(iam: t.Any, refused: Refused) -> None:
    broken = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "x", "Resource": "*"}]})
    with refused("MalformedPolicyDocument"):
        iam.create_policy(PolicyName="read", PolicyDocument=broken)
    make_role(iam)
    with refused("MalformedPolicyDocument"):
        iam.put_role_policy(RoleName="web", PolicyName="read", PolicyDocument=broken)


def test_a_boundary_must_exist_and_holds_its_policy(iam: t.Any, policy: str, refused: Refused) -> None:
    with refused("NoSuchEntity", "is not attachable"):
        make_role(iam, PermissionsBoundary=policy + "-none")
    make_role(iam, PermissionsBoundary=policy)
    assert iam.get_role(RoleName="web")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)
    iam.delete_role_permissions_boundary(RoleName="web")
    iam.delete_policy(PolicyArn=policy)


def test_a_role_in_use_is_not_deleted(iam: t.Any, policy: str, refused: Refused) -> None:
    make_role(iam)
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    iam.attach_role_policy(RoleName="web", PolicyArn=MANAGED)
    iam.put_role_policy(RoleName="web", PolicyName="inline", PolicyDocument=READ)
    with refused("DeleteConflict", "must remove roles from instance profile first", status=409):
        iam.delete_role(RoleName="web")
    with refused("DeleteConflict"):
        iam.delete_instance_profile(InstanceProfileName="web")
    iam.remove_role_from_instance_profile(InstanceProfileName="web", RoleName="web")
    with refused("DeleteConflict", "must detach all policies first"):
        iam.delete_role(RoleName="web")
    iam.detach_role_policy(RoleName="web", PolicyArn=MANAGED)
    with refused("DeleteConflict", "must delete policies first"):
        iam.delete_role(RoleName="web")
    iam.delete_role_policy(RoleName="web", PolicyName="inline")
    iam.delete_role(RoleName="web")
    with refused("NoSuchEntity", status=404):
        iam.get_role(RoleName="web")


def test_a_policy_in_use_is_not_deleted(iam: t.Any, policy: str, refused: Refused) -> None:
    make_role(iam)
    iam.attach_role_policy(RoleName="web", PolicyArn=policy)
    with refused("DeleteConflict", "attached to entities"):
        iam.delete_policy(PolicyArn=policy)
    iam.detach_role_policy(RoleName="web", PolicyArn=policy)
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=READ, SetAsDefault=True)
    with refused("DeleteConflict", "more than one version"):
        iam.delete_policy(PolicyArn=policy)
    iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
    iam.delete_policy(PolicyArn=policy)


def test_what_is_not_there_is_refused(iam: t.Any, refused: Refused) -> None:
    make_role(iam)
    iam.create_instance_profile(InstanceProfileName="web")
    with refused("NoSuchEntity"):
        iam.remove_role_from_instance_profile(InstanceProfileName="web", RoleName="web")
    with refused("NoSuchEntity"):
        iam.detach_role_policy(RoleName="web", PolicyArn=MANAGED)
    with refused("NoSuchEntity"):
        iam.attach_role_policy(RoleName="web", PolicyArn="arn:aws:iam::aws:policy/NoSuch")
    with refused("EntityAlreadyExists", status=409):
        make_role(iam)
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    with refused("LimitExceeded"):
        iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
