"""docs/permissions.md grants what the modules ask for, and nothing that AWS does not know."""

from __future__ import annotations

import ast
import json
import typing as t
from collections import defaultdict

import botocore.session
from botocore import xform_name

from tests.integration.playbook import ROOT

SERVICES = {
    "acm": "acm",
    "application-autoscaling": "application-autoscaling",
    "autoscaling": "autoscaling",
    "cloudtrail": "cloudtrail",
    "ec2": "ec2",
    "ecr": "ecr",
    "ecs": "ecs",
    "eks": "eks",
    "elbv2": "elasticloadbalancing",
    "events": "events",
    "iam": "iam",
    "lambda": "lambda",
    "logs": "logs",
    "rds": "rds",
    "route53": "route53",
    "s3": "s3",
    "scheduler": "scheduler",
    "secretsmanager": "secretsmanager",
    "service-quotas": "servicequotas",
    "servicediscovery": "servicediscovery",
    "ssm": "ssm",
    "sts": "sts",
}
# Where a permission is called otherwise than the action that asks for it.
ASKED_AS = {
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
# Permissions without an API action of that name; the page says who asks for them.
WITHOUT_ACTION = {
    "ec2:DeleteSnapshot",
    "iam:PassRole",
    "kms:DescribeKey",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "s3:DeleteObjectVersion",
    "s3:TagResource",
}

# Fields of ours that are spelled like an action of AWS and are none.
FIELDS = {"execute_command"}


def policy() -> dict[str, t.Any]:
    """The policy of the page."""
    text = (ROOT / "docs/permissions.md").read_text(encoding="utf-8")
    return t.cast("dict[str, t.Any]", json.loads(text.partition("```json")[2].partition("```")[0]))


def granted() -> set[str]:
    """The actions it grants."""
    return {action for statement in policy()["Statement"] for action in statement["Action"]}


def known() -> dict[str, set[str]]:
    """botocore's method names, each with the permissions it may stand for."""
    methods: dict[str, set[str]] = defaultdict(set)
    session = botocore.session.get_session()
    for service, prefix in SERVICES.items():
        for action in session.get_service_model(service).operation_names:
            name = f"{prefix}:{action}"
            methods[xform_name(action)].add(ASKED_AS.get(name, name))
    return methods


def test_every_action_that_a_module_names_is_granted() -> None:
    methods = known()
    named = {
        node.value
        for folder in ("module_utils", "modules")
        for file in (ROOT / "plugins" / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {name for name in (named - FIELDS) & set(methods) if not methods[name] & granted()} == set()


def test_every_granted_action_exists() -> None:
    actions = {action for names in known().values() for action in names}
    assert granted() - WITHOUT_ACTION <= actions


def test_no_statement_grants_a_wildcard_of_actions() -> None:
    assert [action for action in granted() if "*" in action] == []
