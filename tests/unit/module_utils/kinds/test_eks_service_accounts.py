"""Roles of service accounts on the embedded AWS: who vouches, who may take them, what is refused."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.oidc_provider import OidcProvider

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.eks_inner_world import ACCOUNT_ID, World, account, told

EBS = account(managed_policies=["service-role/AmazonEBSCSIDriverPolicy"])
PROVIDER, ROLE = ("OIDC provider", "main"), ("IAM role", "main-ebs-csi")


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws).lay()


def issuer(world: World) -> str:
    return str(world.cluster()["identity"]["oidc"]["issuer"]).removeprefix("https://")


def statement(world: World, part: str = "main-ebs-csi") -> dict[str, t.Any]:
    (said,) = world.fields(IamRole)[part]["trust"]["Statement"]
    return t.cast("dict[str, t.Any]", said)


def test_a_role_by_token_lives_through_its_phases(world: World) -> None:
    assert told(world.accounts(EBS, check=True)) == [(*PROVIDER, "create"), (*ROLE, "create")]
    assert world.writes() == []
    assert told(world.accounts(EBS)) == [(*PROVIDER, "create"), (*ROLE, "create")]
    assert world.writes() == ["CreateOpenIDConnectProvider", "CreateRole", "AttachRolePolicy"]
    for check in (False, True):
        assert told(world.accounts(EBS, check=check)) == [(*PROVIDER, "keep"), (*ROLE, "keep")]
    moved = {**EBS, "namespace": "storage"}
    assert told(world.accounts(moved, check=True)) == [(*PROVIDER, "keep"), (*ROLE, "change")]
    assert world.writes() == []
    world.accounts(moved)
    assert world.writes() == ["UpdateAssumeRolePolicy"]
    assert told(world.accounts(check=True)) == [(*ROLE, "remove"), (*PROVIDER, "remove")]
    assert world.writes() == []
    world.accounts()
    assert world.writes() == ["DetachRolePolicy", "DeleteRole", "DeleteOpenIDConnectProvider"]
    assert told(world.accounts()) == []
    assert world.writes() == []


def test_only_the_service_account_may_take_its_role(world: World) -> None:
    world.accounts(EBS)
    said = statement(world)
    assert said["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert said["Principal"] == {"Federated": [f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{issuer(world)}"]}
    assert said["Condition"]["StringEquals"] == {
        f"{issuer(world)}:aud": ["sts.amazonaws.com"],
        f"{issuer(world)}:sub": ["system:serviceaccount:kube-system:ebs-csi-controller-sa"],
    }


def test_1_18_the_provider_is_of_the_cluster_and_its_thumbprint_is_left_to_iam(world: World) -> None:
    world.accounts(EBS)
    found = world.standing(OidcProvider)["main"]
    assert world.fields(OidcProvider)["main"] == {"issuer": issuer(world), "audiences": ["sts.amazonaws.com"]}
    assert (found.tags["cloister:stack"], found.tags["cloister:home"]) == ("eks", "us-west-2")
    about = {"OpenIDConnectProviderArn": found.id, "ThumbprintList": ["0123456789" * 4]}
    world.aws.call("iam", "update_open_id_connect_provider_thumbprint", **about)
    assert told(world.accounts(EBS))[0] == (*PROVIDER, "keep")


def test_audiences_that_somebody_changed_come_back(world: World) -> None:
    world.accounts(EBS)
    arn = world.standing(OidcProvider)["main"].id
    about = {"OpenIDConnectProviderArn": arn}
    world.aws.call("iam", "add_client_id_to_open_id_connect_provider", ClientID="somebody", **about)
    assert told(world.accounts(EBS, check=True))[0] == (*PROVIDER, "change")
    world.accounts(EBS)
    assert world.fields(OidcProvider)["main"]["audiences"] == ["sts.amazonaws.com"]


def test_a_provider_that_others_made_for_the_cluster_is_refused(world: World) -> None:
    world.aws.make("iam", "create_open_id_connect_provider", Url=f"https://{issuer(world)}", ClientIDList=["other"])
    world.writes()
    with pytest.raises(RegionError, match=r"OIDC provider main cannot be made: arn:aws:iam::.*is not ours"):
        told(world.accounts(EBS))
    assert world.writes() == []


def test_a_cluster_that_was_made_anew_gets_a_provider_of_its_own(world: World) -> None:
    world.accounts(EBS)
    first = world.standing(OidcProvider)["main"].id
    world.aws.call("eks", "delete_cluster", name="us-main")
    world.begin()
    assert told(world.accounts(EBS)) == [(*PROVIDER, "change"), (*ROLE, "change")]
    second = world.standing(OidcProvider)["main"].id
    assert second != first
    assert statement(world)["Principal"] == {"Federated": [second]}


def test_roles_of_a_cluster_that_is_to_come_are_predicted(world: World) -> None:
    world.aws.call("eks", "delete_cluster", name="us-main")
    pods = account(name="images", identity="pod_identity")
    predicted = told(world.accounts(EBS, pods, check=True))
    assert [action for _kind, _part, action in predicted] == ["create"] * 4


def test_a_policy_that_is_not_there_is_refused_before_anything_is_made(world: World) -> None:
    with pytest.raises(RegionError, match="there is no managed policy"):
        told(world.accounts(account(managed_policies=["NoSuchPolicy"])))
    assert world.writes() == []


def test_1_17_the_load_balancer_controller_gets_its_policy_and_a_role_by_token(world: World) -> None:
    controller = {"name": "lbc", "service_account": "aws-load-balancer-controller"}
    told(world.accounts(account(**controller, policy_set="load_balancer_controller")))
    (said,) = world.fields(IamRole)["main-lbc"]["policies"].values()
    actions = {one for allowed in said["Statement"] for one in allowed["Action"]}
    assert {"elasticloadbalancing:CreateLoadBalancer", "ec2:DescribeSubnets"} < actions
    subject = statement(world, "main-lbc")["Condition"]["StringEquals"][f"{issuer(world)}:sub"]
    assert subject == ["system:serviceaccount:kube-system:aws-load-balancer-controller"]


def test_a_controller_is_given_what_its_policy_set_says(world: World) -> None:
    controller = account(name="secrets", policy_set="external_secrets")
    world.accounts(controller)
    (said,) = world.fields(IamRole)["main-secrets"]["policies"].values()
    resources = {one for statement in said["Statement"] for one in statement["Resource"]}
    assert resources == {
        f"arn:aws:secretsmanager:us-west-2:{ACCOUNT_ID}:secret:us/*",
        f"arn:aws:ssm:us-west-2:{ACCOUNT_ID}:parameter/us/*",
    }


def test_a_boundary_bounds_every_role(world: World) -> None:
    world.accounts(EBS, boundary="PowerUserAccess")
    assert world.fields(IamRole)["main-ebs-csi"]["boundary"] == "arn:aws:iam::aws:policy/PowerUserAccess"


def test_a_provider_whose_answer_was_lost_is_there_once(world: World) -> None:
    world.lab.reset_connections("CreateOpenIDConnectProvider", applied=True)
    told(world.accounts(EBS))
    assert list(world.standing(OidcProvider)) == ["main"]
    assert told(world.accounts(EBS)) == [(*PROVIDER, "keep"), (*ROLE, "keep")]


def test_a_run_that_was_killed_before_the_role_had_its_policy_is_taken_up(world: World) -> None:
    world.lab.fail("AttachRolePolicy", "AccessDenied", status=403)
    with pytest.raises(RegionError, match="AccessDenied"):
        told(world.accounts(EBS))
    assert told(world.accounts(EBS)) == [(*PROVIDER, "keep"), (*ROLE, "change")]
    assert told(world.accounts(EBS)) == [(*PROVIDER, "keep"), (*ROLE, "keep")]
