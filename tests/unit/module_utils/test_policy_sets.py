"""What well-known controllers may do: documents that IAM takes, in every partition, and no wider than they must be."""

from __future__ import annotations

import json

import botocore.session
import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import document, everything, text
from ansible_collections.cloister.aws.plugins.module_utils._policy_sets import POLICY_SETS, Place, rendered
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import MOST_POLICY_CHARACTERS

PLACE = Place("aws-cn", "cn-north-1", "111122223333", "kr", "kr-main")
NAMES = sorted(POLICY_SETS)
# Permissions without an action of that name: WAF asks for it.
PERMISSIONS = {"elasticloadbalancing:SetWebAcl"}
MODELS = {"elasticloadbalancing": ("elb", "elbv2"), "autoscaling": ("autoscaling",)}


@pytest.mark.parametrize("name", NAMES)
def test_a_set_says_where_it_comes_from_and_allows_something(name: str) -> None:
    known = POLICY_SETS[name]
    assert known.source.startswith("https://")
    assert bool(known.managed) != bool(known.policies)


@pytest.mark.parametrize("name", NAMES)
def test_1_19_a_set_lies_in_the_partition_of_its_region_and_names_its_place(name: str) -> None:
    said = json.dumps([*rendered(name, PLACE).policies, *rendered(name, PLACE).managed])
    assert "arn:aws:" not in said
    assert "{" not in said.replace('{"', "").replace(": {}", "")
    assert "arn:aws-cn:" in said or "arn:" not in said


@pytest.mark.parametrize("name", NAMES)
def test_a_set_fits_into_a_role_and_allows_no_more_than_actions_by_name(name: str) -> None:
    known = rendered(name, PLACE)
    documents = [document(policy["statements"]) for policy in known.policies]
    assert sum(len(text(one)) for one in documents) <= MOST_POLICY_CHARACTERS
    for policy in known.policies:
        assert everything(policy["statements"]) == []
        assert not [action for said in policy["statements"] for action in said["actions"] if "*" in action]
        sids = [said["sid"] for said in policy["statements"]]
        assert len(set(sids)) == len(sids)


@pytest.mark.parametrize("name", NAMES)
def test_each_action_is_one_that_aws_has(name: str) -> None:
    session = botocore.session.get_session()
    for policy in rendered(name, PLACE).policies:
        for action in (one for said in policy["statements"] for one in said["actions"]):
            service, _, operation = action.partition(":")
            models = MODELS.get(service, (service,))
            known = {one for model in models for one in session.get_service_model(model).operation_names}
            assert operation in known or action in PERMISSIONS, action


def test_what_changes_a_load_balancer_wants_the_controllers_tag_on_it() -> None:
    (policy,) = rendered("load_balancer_controller", PLACE).policies
    by_sid = {said["sid"]: said for said in policy["statements"]}
    for sid in ("Change", "DeleteGroups"):
        assert by_sid[sid]["conditions"] == {"Null": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "false"}}


def test_secrets_are_those_of_the_region_alone() -> None:
    (policy,) = rendered("external_secrets", PLACE).policies
    assert [said["resources"] for said in policy["statements"]] == [
        ["arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:kr/*"],
        ["arn:aws-cn:ssm:cn-north-1:111122223333:parameter/kr/*"],
    ]


def test_the_autoscaler_moves_groups_of_its_own_cluster_alone() -> None:
    (policy,) = rendered("cluster_autoscaler", PLACE).policies
    tags = {"aws:ResourceTag/k8s.io/cluster-autoscaler/kr-main": "owned"}
    assert policy["statements"][1]["conditions"] == {"StringEquals": tags}


def test_a_set_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="there is no policy set helm; there are: cert_manager"):
        rendered("helm", PLACE)
