"""docs/connect.md grants what the client asks for, and nothing that AWS does not know."""

from __future__ import annotations

import ast
import json

import botocore.session
from botocore import xform_name

from tests.integration.playbook import ROOT

PAGE = (ROOT / "docs/connect.md").read_text(encoding="utf-8")
CLIENT = ROOT / "plugins/plugin_utils/session_manager"
SERVICES = ("ssm", "ec2-instance-connect", "kms")
# It has no action of the API: the opening of a websocket is what asks for it.
WITHOUT_ACTION = {"ssmmessages:OpenDataChannel"}


def granted() -> set[str]:
    policy = json.loads(PAGE.partition("```json")[2].partition("```")[0])
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def known() -> dict[str, str]:
    """botocore's method names and the permissions that they ask for."""
    session = botocore.session.get_session()
    return {
        xform_name(action): f"{service}:{action}"
        for service in SERVICES
        for action in session.get_service_model(service).operation_names
    }


def asked() -> set[str]:
    """The permissions that the client's calls ask for."""
    named = {
        node.value
        for file in CLIENT.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    permissions = known()
    return {permissions[name] for name in named & set(permissions)}


def test_every_call_of_the_client_is_granted_or_told_with_its_case() -> None:
    assert {"ssm:StartSession", "ec2-instance-connect:SendSSHPublicKey", "kms:GenerateDataKey"} <= asked()
    assert {action for action in asked() - granted() if f"`{action}`" not in PAGE} == set()


def test_nothing_is_granted_that_is_not_asked_for() -> None:
    assert granted() - WITHOUT_ACTION - asked() == set()
