"""IAM documents, without AWS."""

from __future__ import annotations

import json
import typing as t
from urllib.parse import quote

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import (
    canonical,
    document,
    everything,
    faults,
    policy_arn,
    service_principal,
    trust,
)

STATEMENT = {"sid": None, "effect": "Allow", "actions": ["s3:GetObject"], "resources": ["*"], "conditions": {}}
ROLE: dict[str, t.Any] = {
    "name": "node", "policies": [], "managed_policies": [], "trusted_services": ["ec2"], "trusted_arns": [],
    "trust_statements": [],
}  # fmt: skip


def test_documents_that_mean_the_same_are_equal() -> None:
    ours = document(
        [
            {**STATEMENT, "actions": ["b:B", "a:A"], "conditions": {"Bool": {"aws:SecureTransport": True}}},
            {**STATEMENT, "effect": "Deny", "sid": "No"},
        ]
    )
    theirs = {
        "Statement": [
            {"Sid": "No", "Resource": "*", "Action": "s3:GetObject", "Effect": "Deny"},
            {
                "Condition": {"Bool": {"aws:SecureTransport": ["true"]}},
                "Resource": ["*"],
                "Effect": "Allow",
                "Action": ["a:A", "b:B"],
            },
        ],
        "Version": "2012-10-17",
    }
    assert canonical(theirs) == ours
    assert canonical(quote(json.dumps(theirs))) == ours


@pytest.mark.parametrize(
    "other",
    [
        {"actions": ["s3:PutObject"]},
        {"resources": ["arn:x"]},
        {"effect": "Deny"},
        {"conditions": {"Bool": {"a": True}}},
        {"sid": "x"},
    ],
)
def test_documents_that_mean_something_else_differ(other: dict[str, t.Any]) -> None:
    assert document([STATEMENT]) != document([{**STATEMENT, **other}])


def test_a_single_statement_may_stand_alone() -> None:
    alone = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    assert canonical(alone) == document([STATEMENT])


@pytest.mark.parametrize(
    ("name", "partition", "principal"),
    [
        ("ec2", "aws", "ec2.amazonaws.com"),
        ("ec2", "aws-cn", "ec2.amazonaws.com.cn"),
        ("ec2", "aws-us-gov", "ec2.amazonaws.com"),
        ("ecs-tasks", "aws-cn", "ecs-tasks.amazonaws.com"),
        ("states.us-west-2.amazonaws.com", "aws", "states.us-west-2.amazonaws.com"),
    ],
)
def test_a_service_has_the_principal_of_its_partition(name: str, partition: str, principal: str) -> None:
    assert service_principal(name, partition) == principal


def test_an_account_number_is_its_root() -> None:
    said = trust([], ["111122223333"], {"StringEquals": {"sts:ExternalId": "x"}}, [], "aws-cn")
    (statement,) = said["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws-cn:iam::111122223333:root"]}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": ["x"]}}


def test_a_policy_of_aws_lies_in_the_region_s_partition() -> None:
    assert policy_arn("service-role/X", "aws-us-gov") == "arn:aws-us-gov:iam::aws:policy/service-role/X"
    assert policy_arn("arn:aws-cn:iam::111122223333:policy/x", "aws") == "arn:aws-cn:iam::111122223333:policy/x"


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ({"actions": ["*"], "resources": ["*"]}, True),
        ({"actions": ["s3:GetObject", "*:*"], "resources": ["arn:x", "*"]}, True),
        ({"actions": ["*"], "resources": ["arn:x"]}, False),
        ({"actions": ["ecr:GetAuthorizationToken"], "resources": ["*"]}, False),
        ({"effect": "Deny", "actions": ["*"], "resources": ["*"]}, False),
    ],
)
def test_everything_on_everything_is_seen(statement: dict[str, t.Any], refused: bool) -> None:
    assert bool(everything([statement])) is refused


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"policies": [{"name": "p", "statements": [{"actions": ["*"], "resources": ["*"]}]}]},
            "policy p: statement 1",
        ),
        ({"managed_policies": ["AdministratorAccess"]}, "AdministratorAccess"),
        ({"managed_policies": ["arn:aws:iam::aws:policy/AdministratorAccess"]}, "attach what is needed"),
        ({"trusted_arns": ["*"]}, "everybody in every account"),
        ({"trust_statements": [{"principals": {"AWS": "*"}, "conditions": {}}]}, "everybody in every account"),
        ({"trusted_services": []}, "nobody may take it"),
    ],
)
def test_an_unsafe_role_is_named(change: dict[str, t.Any], why: str) -> None:
    assert faults(ROLE) == []
    (fault,) = faults({**ROLE, **change})
    assert why in fault
