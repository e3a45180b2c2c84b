# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from tests.unit.lab.eks_world import ACCOUNT, World

Refused = t.Any
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
ISSUER = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"


@pytest.fixture
def world(client: t.Any, network: t.Any) -> World:
    made = World(client, network, out=False)
    made.cluster()
    return made


@pytest.fixture
def admin(world: World) -> str:
    return world.role("admin", "ec2.amazonaws.com")


def test_an_entry_gets_the_name_that_eks_gives(world: World, admin: str) -> None:
    made = world.eks.create_access_entry(clusterName="main", principalArn=admin, tags={"a": "1"})["accessEntry"]
    assert made["username"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/{{{{SessionName}}}}"
    assert (made["type"], made["kubernetesGroups"], made["tags"]) == ("STANDARD", [], {"a": "1"})
    assert world.eks.describe_access_entry(clusterName="main", principalArn=admin)["accessEntry"] == made
    assert world.eks.list_access_entries(clusterName="main")["accessEntries"] == [admin]
    world.eks.update_access_entry(clusterName="main", principalArn=admin, kubernetesGroups=["viewers"])
    shown = world.eks.describe_access_entry(clusterName="main", principalArn=admin)["accessEntry"]
    assert shown["kubernetesGroups"] == ["viewers"]
    world.eks.tag_resource(resourceArn=made["accessEntryArn"], tags={"b": "2"})
    world.eks.delete_access_entry(clusterName="main", principalArn=admin)
    assert world.eks.list_access_entries(clusterName="main")["accessEntries"] == []


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/none", "The specified principalArn is invalid: invalid principal."),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/me", "The principalArn parameter format is not valid"),
        (f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/eks.amazonaws.com/x", "a Service Linked Role"),
    ],
)
def test_a_principal_that_is_none_is_refused(world: World, refused: Refused, principal: str, words: str) -> None:
    with refused("InvalidParameterException", words):
        world.eks.create_access_entry(clusterName="main", principalArn=principal)


def test_a_principal_has_one_entry(world: World, admin: str, refused: Refused) -> None:
    world.eks.create_access_entry(clusterName="main", principalArn=admin)
    with refused("ResourceInUseException", "The specified access entry resource is already in use on this cluster."):
        world.eks.create_access_entry(clusterName="main", principalArn=admin)


def test_policies_come_with_a_scope_and_go(world: World, admin: str, refused: Refused) -> None:
    named = {"clusterName": "main", "principalArn": admin}
    with refused("ResourceNotFoundException", "The specified principalArn could not be found."):
        world.eks.associate_access_policy(**named, policyArn=ADMIN, accessScope={"type": "cluster"})
    world.eks.create_access_entry(**named)
    world.eks.associate_access_policy(**named, policyArn=ADMIN, accessScope={"type": "cluster"})
    scope = {"type": "namespace", "namespaces": ["apps"]}
    world.eks.associate_access_policy(**named, policyArn=ADMIN, accessScope=scope)
    found = world.eks.list_associated_access_policies(**named)["associatedAccessPolicies"]
    assert [(one["policyArn"], one["accessScope"]) for one in found] == [(ADMIN, scope)]
    with refused("InvalidParameterException", "policyArn"):
        world.eks.associate_access_policy(**named, policyArn=ADMIN + "x", accessScope={"type": "cluster"})
    with refused("InvalidParameterException", "namespace"):
        world.eks.associate_access_policy(**named, policyArn=ADMIN, accessScope={"type": "namespace"})
    world.eks.disassociate_access_policy(**named, policyArn=ADMIN)
    with refused("ResourceNotFoundException"):
        world.eks.disassociate_access_policy(**named, policyArn=ADMIN)
    names = [one["name"] for one in world.eks.list_access_policies()["accessPolicies"]]
    assert "AmazonEKSClusterAdminPolicy" in names


def test_entries_want_a_cluster_where_they_count(world: World, admin: str, refused: Refused) -> None:
    world.cluster("old", accessConfig={"authenticationMode": "CONFIG_MAP"})
    with refused("InvalidRequestException", "must be set to one of [API, API_AND_CONFIG_MAP] to perform this"):
        world.eks.create_access_entry(clusterName="old", principalArn=admin)
    world.eks.update_cluster_config(name="old", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    found = world.eks.list_access_entries(clusterName="old")["accessEntries"]
    assert found == [f"arn:aws:iam::{ACCOUNT}:user/rehearsal"]
    policies = world.eks.list_associated_access_policies(clusterName="old", principalArn=found[0])
    assert [one["policyArn"] for one in policies["associatedAccessPolicies"]] == [ADMIN]


def test_a_service_account_has_one_role(world: World, refused: Refused) -> None:
    role = world.role("pods", "pods.eks.amazonaws.com")
    wanted = {"clusterName": "main", "namespace": "argocd", "serviceAccount": "updater", "roleArn": role}
    made = world.eks.create_pod_identity_association(**wanted, tags={"a": "1"})["association"]
    assert (made["roleArn"], made["tags"], made["disableSessionTags"]) == (role, {"a": "1"}, False)
    with refused("ResourceInUseException", f"Association already exists: {made['associationId']}", status=409):
        world.eks.create_pod_identity_association(**wanted)
    with refused("InvalidParameterException", "Trust policy of the role provided is invalid."):
        world.eks.create_pod_identity_association(**{**wanted, "serviceAccount": "b", "roleArn": world.node_role})
    named = {"clusterName": "main", "associationId": made["associationId"]}
    other = world.role("other", "pods.eks.amazonaws.com")
    world.eks.update_pod_identity_association(**named, roleArn=other)
    assert world.eks.describe_pod_identity_association(**named)["association"]["roleArn"] == other
    found = world.eks.list_pod_identity_associations(clusterName="main", namespace="argocd")["associations"]
    assert [one["associationId"] for one in found] == [made["associationId"]]
    world.eks.delete_pod_identity_association(**named)
    with refused("ResourceNotFoundException", status=404):
        world.eks.describe_pod_identity_association(**named)


def test_an_identity_provider_needs_no_thumbprint(world: World, refused: Refused) -> None:
    made = world.iam.create_open_id_connect_provider(
        Url=ISSUER, ClientIDList=["sts.amazonaws.com"], Tags=[{"Key": "a", "Value": "1"}]
    )
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER.removeprefix('https://')}"
    shown = world.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (shown["Url"], shown["ClientIDList"]) == (ISSUER.removeprefix("https://"), ["sts.amazonaws.com"])
    assert len(shown["ThumbprintList"][0]) == 40
    assert shown["Tags"] == [{"Key": "a", "Value": "1"}]
    with refused("EntityAlreadyExists", f"Provider with url {ISSUER} already exists.", status=409):
        world.iam.create_open_id_connect_provider(Url=ISSUER)
    world.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="other")
    world.iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="sts.amazonaws.com")
    assert world.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["other"]
    world.iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    tags = world.iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
    assert {one["Key"] for one in tags} == {"a", "b"}
    world.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    world.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with refused("NoSuchEntity", "OpenIDConnect Provider not found", status=404):
        world.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Url": "http://example.com"}, "ValidationError"),
        ({"Url": ISSUER, "ThumbprintList": ["x" * 40]}, "ValidationError"),
        ({"Url": ISSUER, "ThumbprintList": ["a" * 40] * 6}, "InvalidInput"),
        ({"Url": ISSUER, "ClientIDList": [f"c{one}" for one in range(101)]}, "LimitExceeded"),
    ],
)
def test_an_identity_provider_that_cannot_be_is_refused(
    world: World, refused: Refused, given: t.Any, code: str
) -> None:
    with refused(code):
        world.iam.create_open_id_connect_provider(**given)
