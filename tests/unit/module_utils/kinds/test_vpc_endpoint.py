"""VPC endpoints on the embedded AWS: interfaces and routes, changed in place, waited for side by side."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._endpoint_policy import OPEN, canonical, trusting
from ansible_collections.cloister.aws.plugins.module_utils._endpoint_wants import wants
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_endpoint import VpcEndpoint

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.conftest import Waiting
from tests.unit.module_utils.kinds.endpoint_world import OWNER, World, gateway, interface


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def told(outcome: Outcome) -> list[tuple[t.Any, ...]]:
    return [(member.part, member.action, member.changes) for member in outcome.members]


def test_they_live_through_all_seven_phases(world: World) -> None:
    entries = [interface("ecr.api"), interface("logs"), gateway("private")]
    predicted = world.apply(*entries, check=True)
    assert world.lab.writes() == []
    made = world.apply(*entries)
    assert told(made) == told(predicted)
    assert world.actions() == ["CreateVpcEndpoint"] * 3
    assert world.standing()["logs"] == {
        "vpc": world.vpc, "service": "logs", "type": "interface", "policy": OPEN, "private_dns": True,
        "subnets": sorted([world.subnets["private-a"], world.subnets["private-b"]]),
        "security_groups": [made.members[1].changes[5]["after"][0]], "route_tables": [],
    }  # fmt: skip
    world.lab.clear_journal()
    for check in (False, True):
        assert not world.apply(*entries, check=check).changed
    assert world.apply(check=True).changed
    assert world.lab.writes() == []
    assert [member.action for member in world.apply().members] == ["remove"] * 3
    world.lab.clear_journal()
    assert not world.apply().changed
    assert world.lab.writes() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subnets": ["private-a"]}, "subnets"),
        ({"subnets": ["other-a", "private-b"]}, "subnets"),
        ({"subnets": ["other-a"]}, "subnets"),
        ({"security_groups": ["others"]}, "security_groups"),
        ({"security_groups": ["endpoints", "others"]}, "security_groups"),
        ({"private_dns": False}, "private_dns"),
        ({"policy": json.dumps(trusting(["111122223333"]))}, "policy"),
    ],
)
def test_each_field_of_an_interface_endpoint_changes_in_place_and_back(
    world: World, change: dict[str, t.Any], field: str
) -> None:
    first = world.apply(interface("logs")).ids
    predicted = world.apply(interface("logs", **change), check=True)
    assert [item["field"] for item in predicted.members[0].changes] == [field]
    assert world.apply(interface("logs", **change)).ids == first
    assert not world.apply(interface("logs", **change)).changed
    world.apply(interface("logs"))
    assert not world.apply(interface("logs"), check=True).changed
    assert "DeleteVpcEndpoints" not in world.actions()


def test_a_subnet_gives_way_to_another_of_its_zone_before_that_comes(world: World) -> None:
    world.apply(interface("logs"))
    world.lab.clear_journal()
    world.apply(interface("logs", subnets=["other-a", "private-b"]))
    assert world.actions() == ["ModifyVpcEndpoint", "ModifyVpcEndpoint"]


def test_a_gateway_endpoint_follows_its_route_tables(world: World) -> None:
    world.apply(gateway("private"))
    world.apply(gateway("private", "isolated"))
    assert world.standing()["s3"]["route_tables"] == sorted(world.tables.values())
    world.apply(gateway("isolated"))
    assert world.standing()["s3"]["route_tables"] == [world.tables["isolated"]]


def test_a_renamed_endpoint_only_gets_new_tags(world: World) -> None:
    first = world.apply(interface("logs")).ids["logs"]
    world.lab.clear_journal()
    assert world.apply(interface("logs", name="cloudwatch")).ids == {"cloudwatch": first}
    assert world.actions() == ["CreateTags"]


def test_all_are_started_before_one_is_waited_for(world: World, waiting: Waiting) -> None:
    world.lab.delays(vpc_endpoint=60)
    services = [f"{name}" for name in ("logs", "ssm", "sts", "ecr.api", "ecr.dkr", "kms", "ec2", "eks", "ecs", "sqs")]
    world.apply(*[interface(service) for service in services])
    assert 60 <= waiting.seconds < 2 * 60
    assert {raw["State"] for raw in world.aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints")} == {"available"}


def test_what_a_killed_run_left_pending_is_waited_for(world: World) -> None:
    world.lab.delays(vpc_endpoint=60)
    world.apply(interface("logs"), wait=False)
    assert not world.apply(interface("logs")).changed
    assert VpcEndpoint(world.aws, OWNER).find()[0].raw["State"] == "available"


def test_a_pending_endpoint_is_waited_for_before_it_is_changed(world: World) -> None:
    world.lab.delays(vpc_endpoint=60)
    world.apply(interface("logs"), wait=False)
    world.apply(interface("logs", private_dns=False))
    assert world.standing()["logs"]["private_dns"] is False


def test_a_removed_endpoint_is_gone_when_the_module_ends(world: World) -> None:
    world.apply(interface("logs"))
    world.lab.delays(vpc_endpoint_delete=60)
    world.apply()
    assert world.aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints") == []


def test_ids_that_aws_shows_late_are_waited_for(world: World) -> None:
    world.lab.hide_new_ids(3)
    world.apply(interface("logs"), gateway("private"))
    world.lab.clear_faults()
    assert not world.apply(interface("logs"), gateway("private")).changed


def test_a_create_with_a_lost_answer_makes_one_endpoint(world: World) -> None:
    world.lab.reset_connections("CreateVpcEndpoint", applied=True)
    world.apply(interface("logs", private_dns=False))
    assert len(world.aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints")) == 1


def test_on_an_empty_account_all_is_predicted(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    names = Names(aws, "us", check=True)
    wanted = wants([interface("logs"), gateway("private")], names, aws.region)
    outcome = reconcile(VpcEndpoint(aws, OWNER), wanted, check=True)
    assert [member.action for member in outcome.members] == ["create", "create"]


def test_the_china_prefix_is_found_by_asking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[t.Any] = []

    def pages(service: str, action: str, result: str, **params: t.Any) -> list[t.Any]:
        asked.append(params["Filters"][0]["Values"])
        name = "cn.com.amazonaws.us-west-2.ecr.api"
        return [{"ServiceName": name, "ServiceType": [{"ServiceType": "Interface"}]}]

    kind = VpcEndpoint(world.aws, OWNER)
    monkeypatch.setattr(world.aws, "pages", pages)
    assert kind._services.service("ecr.api", "interface")["ServiceName"].startswith("cn.com.amazonaws")
    assert asked == [["com.amazonaws.us-west-2.ecr.api", "cn.com.amazonaws.us-west-2.ecr.api"]]


def test_pulling_images_without_a_way_to_s3_is_warned_of(world: World) -> None:
    names = Names(world.aws, "us", check=True)
    wanted = wants([interface("logs"), interface("ecr.dkr")], names, "us-west-2")
    assert "none for s3" in next(VpcEndpoint(world.aws, OWNER).notes(wanted))
    world.apply(gateway("private"))
    assert list(VpcEndpoint(world.aws, OWNER).notes(wanted)) == []


def test_policies_that_say_the_same_are_equal() -> None:
    default = '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
    assert canonical(default) == canonical(None) == canonical("") == OPEN
    one = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:Put", "s3:Get"], "Resource": ["x"]}]}
    other = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": ["s3:Get", "s3:Put"], "Resource": "x"}}
    assert canonical(one) == canonical(json.dumps(other)) != OPEN


def test_a_trusting_policy_names_accounts_and_organization_and_leaves_first_credentials_open() -> None:
    policy = trusting(["222233334444", "111122223333"], "o-abc", ["sts:AssumeRoleWithWebIdentity"])
    assert policy is not None
    conditions = [statement.get("Condition", {}).get("StringEquals") for statement in policy["Statement"]]
    assert conditions == [
        {"aws:PrincipalAccount": ["111122223333", "222233334444"]}, {"aws:PrincipalOrgID": "o-abc"}, None,
    ]  # fmt: skip
    assert policy["Statement"][2]["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert trusting() is None
