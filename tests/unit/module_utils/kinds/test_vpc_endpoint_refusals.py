"""What VPC endpoints refuse, and how what never comes up is told."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._endpoint_policy import trusting
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_endpoint import VpcEndpoint

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.endpoint_world import NETWORK, OWNER, World, gateway, interface


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def test_a_refusal_inside_a_good_answer_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply(interface("logs"))
    call = world.aws.call

    def refusing(service: str, action: str, **params: t.Any) -> t.Any:
        if action == "delete_vpc_endpoints":
            return {
                "Unsuccessful": [{"ResourceId": "vpce-1", "Error": {"Code": "InvalidParameter", "Message": "busy"}}]
            }
        return call(service, action, **params)

    monkeypatch.setattr(world.aws, "call", refusing)
    with pytest.raises(RegionError, match=r"DeleteVpcEndpoints\(vpce-\w+\) was refused: InvalidParameter: busy"):
        world.apply()


@pytest.mark.parametrize("state", ["failed", "rejected", "expired"])
def test_an_endpoint_that_never_comes_up_is_named_with_its_state(
    world: World, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    world.apply(interface("logs"))
    pages = world.aws.pages

    def ended(service: str, action: str, result: str, **params: t.Any) -> list[t.Any]:
        return [
            {**raw, "State": state} if result == "VpcEndpoints" else raw
            for raw in pages(service, action, result, **params)
        ]

    raw = {
        **pages("ec2", "describe_vpc_endpoints", "VpcEndpoints")[0],
        "State": state,
        "LastError": {"Message": "no room"},
    }
    monkeypatch.setattr(world.aws, "pages", ended)
    monkeypatch.setattr(world.aws, "call", lambda *args, **params: {"VpcEndpoints": [raw]})
    with pytest.raises(RegionError, match=f"for logs is {state}: no room"):
        world.apply(interface("logs"))


def test_one_that_its_owner_never_accepts_is_said_to_wait_for_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.apply(interface("logs"))
    kind = VpcEndpoint(world.aws, OWNER)
    found = kind.find()[0]
    answer = {"VpcEndpoints": [{**found.raw, "State": "pendingAcceptance"}]}
    monkeypatch.setattr(world.aws, "call", lambda *args, **params: answer)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr("time.monotonic", iter(range(0, 100000, 400)).__next__)
    with pytest.raises(RegionError, match="the owner of logs has to accept it"):
        kind.settle(found)


def test_vpc_service_and_type_of_a_living_endpoint_are_refused(world: World) -> None:
    world.apply(interface("logs"))
    with pytest.raises(ImmutableError, match="service is logs and cannot become ssm"):
        world.apply(interface("ssm", name="logs"))


def test_a_service_that_the_region_does_not_offer_is_refused_before_the_first_write(world: World) -> None:
    with pytest.raises(InputError, match="us-west-2 offers the service ecr not at all"):
        world.apply(interface("logs"), interface("ecr"))
    with pytest.raises(InputError, match="as interface only"):
        world.apply(gateway("private", service="logs"))
    assert world.lab.writes() == []


def test_two_subnets_of_a_zone_are_refused_naming_both(world: World) -> None:
    with pytest.raises(InputError, match="are both in us-west-2a"):
        world.apply(interface("logs", subnets=["private-a", "other-a"]))


def test_a_zone_without_the_service_is_refused_naming_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = world.aws.pages

    def narrow(service: str, action: str, result: str, **params: t.Any) -> list[t.Any]:
        found = pages(service, action, result, **params)
        return [{**raw, "AvailabilityZones": ["us-west-2b"]} for raw in found] if result == "ServiceDetails" else found

    monkeypatch.setattr(world.aws, "pages", narrow)
    with pytest.raises(InputError, match="is not offered in us-west-2a") as refused:
        world.apply(interface("logs"))
    assert "only in us-west-2b" in str(refused.value)


def test_private_names_in_a_vpc_without_dns_are_refused_naming_the_attributes(world: World) -> None:
    world.dns(False)
    world.lab.clear_journal()
    with pytest.raises(InputError, match="has EnableDnsSupport and EnableDnsHostnames off"):
        world.apply(interface("logs"))
    assert world.lab.writes() == []
    world.apply(interface("logs", private_dns=False))


def test_a_foreign_endpoint_with_the_private_name_is_refused(world: World) -> None:
    other = world.foreign(
        ServiceName="com.amazonaws.us-west-2.logs", VpcEndpointType="Interface", PrivateDnsEnabled=True,
        SubnetIds=[world.subnets["private-a"]],
    )  # fmt: skip
    with pytest.raises(OwnershipError, match=other):
        world.apply(interface("logs"))
    assert world.lab.writes() == []
    world.apply(interface("logs", private_dns=False))


def test_a_foreign_endpoint_in_the_route_table_is_refused(world: World) -> None:
    other = world.foreign(
        ServiceName="com.amazonaws.us-west-2.s3", VpcEndpointType="Gateway", RouteTableIds=[world.tables["private"]]
    )
    with pytest.raises(OwnershipError, match=other):
        world.apply(gateway("private"))
    world.apply(gateway("isolated"))


def test_the_endpoint_of_another_stack_is_refused_naming_the_stack(world: World) -> None:
    world.apply(gateway("private"), owner=NETWORK)
    with pytest.raises(OwnershipError, match="stack network has vpce-"):
        world.apply(gateway("private"))


def test_a_policy_where_the_service_takes_none_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = world.aws.pages

    def simple(service: str, action: str, result: str, **params: t.Any) -> list[t.Any]:
        found = pages(service, action, result, **params)
        return [{**raw, "VpcEndpointPolicySupported": False} for raw in found] if result == "ServiceDetails" else found

    monkeypatch.setattr(world.aws, "pages", simple)
    with pytest.raises(InputError, match="takes no endpoint policy"):
        world.apply(interface("logs", policy=json.dumps(trusting(["111122223333"]))))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (interface("logs", subnets=[]), "interface endpoints need subnets"),
        (interface("logs", security_groups=[]), "interface endpoints need security_groups"),
        (interface("logs", route_tables=["private"]), "interface endpoints take no route_tables"),
        (gateway(), "gateway endpoints need route_tables"),
        (gateway("private", subnets=["private-a"]), "gateway endpoints take no subnets"),
        (interface("logs", policy="{"), "is no JSON"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(world: World, entry: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        world.apply(entry)
