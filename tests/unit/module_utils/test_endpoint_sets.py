"""From features to the interface endpoints that they need."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.cloister.aws.plugins.module_utils._endpoint_sets import SETS, Defaults, endpoints
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

ROLE = Path(__file__).parents[3] / "roles" / "endpoints"
DEFAULTS: Defaults = {
    "vpc": "main", "subnets": ["private-a", "private-b"], "security_group": "endpoints", "private_dns": True,
    "trusted_accounts": [], "trusted_organization": "",
}  # fmt: skip


def listed(*sets: str, services: t.Any = (), excepted: t.Any = (), suffix: str = "", **said: t.Any) -> dict[str, t.Any]:
    defaults = t.cast(Defaults, {**DEFAULTS, **said})
    return {entry["service"]: entry for entry in endpoints(sets, services, excepted, defaults, suffix)}


def test_the_three_endpoints_of_private_fargate_come_from_two_features() -> None:
    assert list(listed("ecr", "logs")) == ["ecr.api", "ecr.dkr", "logs"]
    assert listed("logs")["logs"] == {
        "name": "logs", "vpc": "main", "service": "logs", "subnets": ["private-a", "private-b"],
        "security_groups": ["endpoints"], "private_dns": True,
    }  # fmt: skip


def test_a_service_of_two_features_is_made_once() -> None:
    assert list(listed("eks", "sts", "kms")).count("sts") == 1


def test_a_service_of_a_set_may_differ_and_further_ones_come_behind() -> None:
    services = [{"service": "eks", "private_dns": False, "subnets": ["private-a"]}, {"service": "sqs", "name": "queue"}]
    found = listed("eks", services=services)
    assert (found["eks"]["private_dns"], found["eks"]["subnets"]) == (False, ["private-a"])
    assert list(found)[-1] == "sqs"
    assert found["sqs"]["name"] == "queue"


def test_what_is_excepted_is_left_out_and_must_have_been_there() -> None:
    assert list(listed("ssm", excepted=["ec2messages"])) == ["ssm", "ssmmessages"]
    with pytest.raises(InputError, match="ec2messages cannot be left out: no set in logs has it"):
        listed("logs", excepted=["ec2messages"])


def test_names_carry_the_suffix_of_their_stack() -> None:
    assert listed("ecr", suffix="-operator")["ecr.api"]["name"] == "ecr-api-operator"


def test_an_unknown_set_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"no endpoint set ecs2; there are: ecr, ecs"):
        listed("ecs2")


def test_trusted_accounts_become_a_policy_on_all_but_those_open_to_all() -> None:
    services = [{"service": "ecs-agent", "open_to_all": True}, {"service": "sqs", "policy": {"Statement": []}}]
    found = listed("ecs", "sts", services=services, trusted_accounts=["111122223333"])
    assert "111122223333" in found["ecs"]["policy"]
    assert "policy" not in found["ecs-agent"]
    assert json.loads(found["sqs"]["policy"]) == {"Statement": []}
    assert "AssumeRoleWithWebIdentity" in found["sts"]["policy"]
    assert "AssumeRoleWithWebIdentity" not in found["ecs"]["policy"]


def test_the_role_offers_the_sets_there_are() -> None:
    spec = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    assert spec["argument_specs"]["main"]["options"]["endpoints_sets"]["choices"] == sorted(SETS)
