"""Pod identity on the embedded AWS: roles that EKS hands to pods."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.oidc_provider import OidcProvider
from ansible_collections.cloister.aws.plugins.module_utils.kinds.pod_identity_association import PodIdentityAssociation

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.eks_inner_world import World, account, told

PULLING = ["AmazonEC2ContainerRegistryReadOnly"]
IMAGES = account(
    name="images", namespace="argocd", service_account="updater", identity="pod_identity", managed_policies=PULLING
)
ROLE, LINK = ("IAM role", "main-images"), ("pod identity association", "main images")


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws).lay()


def test_an_association_lives_through_its_phases(world: World) -> None:
    assert told(world.accounts(IMAGES, check=True)) == [(*ROLE, "create"), (*LINK, "create")]
    assert world.writes() == []
    world.accounts(IMAGES)
    assert world.writes() == ["CreateRole", "AttachRolePolicy", "CreatePodIdentityAssociation"]
    for check in (False, True):
        assert told(world.accounts(IMAGES, check=check)) == [(*ROLE, "keep"), (*LINK, "keep")]
    assert world.writes() == []
    assert told(world.accounts(check=True)) == [(*LINK, "remove"), (*ROLE, "remove")]
    world.accounts()
    assert world.writes() == ["DeletePodIdentityAssociation", "DetachRolePolicy", "DeleteRole"]
    assert told(world.accounts()) == []


def test_the_role_trusts_one_service_account_of_one_cluster_and_no_provider_is_made(world: World) -> None:
    world.accounts(IMAGES)
    (said,) = world.fields(IamRole)["main-images"]["trust"]["Statement"]
    assert said["Principal"] == {"Service": ["pods.eks.amazonaws.com"]}
    assert said["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert said["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": [world.cluster()["arn"]],
        "aws:RequestTag/kubernetes-namespace": ["argocd"],
        "aws:RequestTag/kubernetes-service-account": ["updater"],
    }
    assert world.standing(OidcProvider) == {}


def test_another_service_account_gets_the_role_before_the_first_one_loses_it(world: World) -> None:
    world.accounts(IMAGES)
    world.writes()
    moved = {**IMAGES, "namespace": "images"}
    assert told(world.accounts(moved)) == [(*ROLE, "change"), (*LINK, "change")]
    writes = world.writes()
    assert writes == ["UpdateAssumeRolePolicy", "CreatePodIdentityAssociation", "DeletePodIdentityAssociation"]
    assert world.fields(PodIdentityAssociation)["main images"]["service_account"] == "images/updater"


def test_a_role_that_somebody_swapped_is_put_back(world: World) -> None:
    world.accounts(IMAGES)
    other = world.role("other", "pods.eks.amazonaws.com")
    about = {"clusterName": "us-main"}
    found = world.standing(PodIdentityAssociation)["main images"]
    said = {**about, "associationId": found.raw["associationId"], "roleArn": other}
    world.aws.call("eks", "update_pod_identity_association", **said)
    assert told(world.accounts(IMAGES, check=True)) == [(*ROLE, "keep"), (*LINK, "change")]
    world.accounts(IMAGES)
    assert world.fields(PodIdentityAssociation)["main images"]["role"].endswith("/us-main-images")


def test_a_service_account_that_has_an_association_of_others_is_refused(world: World) -> None:
    other = world.role("other", "pods.eks.amazonaws.com")
    said = {"clusterName": "us-main", "namespace": "argocd", "serviceAccount": "updater", "roleArn": other}
    world.aws.call("eks", "create_pod_identity_association", **said)
    world.writes()
    with pytest.raises(RegionError, match=r"argocd/updater in us-main has arn:\S+ already, and it is not ours"):
        told(world.accounts(IMAGES))
    assert world.writes() == []


def test_an_account_that_changes_who_vouches_for_it_keeps_its_role(world: World) -> None:
    world.accounts(IMAGES)
    world.writes()
    assert told(world.accounts({**IMAGES, "identity": "irsa"})) == [
        ("OIDC provider", "main", "create"),
        (*ROLE, "change"),
        (*LINK, "remove"),
    ]
    writes = world.writes()
    assert writes == ["CreateOpenIDConnectProvider", "UpdateAssumeRolePolicy", "DeletePodIdentityAssociation"]


def test_an_association_whose_answer_was_lost_is_there_once(world: World) -> None:
    world.lab.reset_connections("CreatePodIdentityAssociation", applied=True)
    told(world.accounts(IMAGES))
    assert list(world.standing(PodIdentityAssociation)) == ["main images"]
