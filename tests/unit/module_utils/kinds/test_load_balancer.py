"""Load balancers on the embedded AWS: what changes in place, what never does, addresses that stay."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.balancer_world import Entry, World, balancer, changed, told

ADDRESSES = [{"name": "edge-a"}, {"name": "edge-b"}, {"name": "edge-c"}]
PLACES = {"public-a": "edge-a", "public-b": "edge-b"}


def edge(**said: t.Any) -> Entry:
    """A network load balancer with addresses of its own."""
    return balancer("edge", **{"type": "network", "scheme": "internet-facing", "addresses": PLACES, **said})


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws).lay(elastic_ips=ADDRESSES)


def addresses(world: World) -> dict[str, str]:
    """Which Elastic IP the balancer has in which subnet, by name."""
    subnets = {found: name for name, found in world.subnets.items()}
    names = {found.id: part for part, found in world.standing("elastic_ips").items()}
    return {subnets[key]: names[value] for key, value in world.fields("load_balancers")["edge"]["addresses"].items()}


CHANGES: dict[str, tuple[Entry, str]] = {
    "subnets": (balancer(subnets=["public-b", "public-c"]), "SetSubnets"),
    "security_groups": (balancer(security_groups=["alb", "other"]), "SetSecurityGroups"),
    "idle_timeout_seconds": (balancer(idle_timeout_seconds=4000), "ModifyLoadBalancerAttributes"),
    "drop_invalid_headers": (balancer(drop_invalid_headers=False), "ModifyLoadBalancerAttributes"),
    "desync_mitigation": (balancer(desync_mitigation="strictest"), "ModifyLoadBalancerAttributes"),
    "deletion_protection": (balancer(deletion_protection=True), "ModifyLoadBalancerAttributes"),
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_field_is_changed_in_place_in_one_call(world: World, field: str) -> None:
    world.lay(load_balancers=[balancer()])
    before = world.id("load_balancers", "public")
    entry, call = CHANGES[field]
    assert changed(world.apply("load_balancers", entry)) == {"public": [field]}
    assert world.writes() == [call]
    assert world.id("load_balancers", "public") == before
    assert not world.apply("load_balancers", entry).changed


NETWORK_CHANGES: dict[str, tuple[Entry, str]] = {
    "cross_zone": (edge(cross_zone=True), "ModifyLoadBalancerAttributes"),
    "private_link_rules": (edge(private_link_rules=False), "SetSecurityGroups"),
    "security_groups": (edge(security_groups=["other"]), "SetSecurityGroups"),
}


@pytest.mark.parametrize("field", NETWORK_CHANGES)
def test_a_field_of_a_network_one_is_changed_in_place_in_one_call(world: World, field: str) -> None:
    world.lay(load_balancers=[edge()])
    entry, call = NETWORK_CHANGES[field]
    assert changed(world.apply("load_balancers", entry)) == {"edge": [field]}
    assert world.writes() == [call]
    assert not world.apply("load_balancers", entry).changed


def test_private_link_rules_are_off_from_the_start_when_that_is_asked(world: World) -> None:
    world.apply("load_balancers", edge(private_link_rules=False))
    assert not world.fields("load_balancers")["edge"]["private_link_rules"]


@pytest.mark.parametrize(
    "changes", [{"scheme": "internet-facing"}, {"type": "network"}], ids=["another scheme", "another type"]
)
def test_what_never_changes_is_refused_with_what_to_do(world: World, changes: Entry) -> None:
    world.lay(load_balancers=[balancer()])
    with pytest.raises(ImmutableError, match="list another one beside it under a new name, move its records there"):
        world.apply("load_balancers", balancer(**changes))
    assert world.writes() == []


def test_a_network_one_has_the_addresses_it_is_given_in_each_zone(world: World) -> None:
    world.apply("load_balancers", edge())
    assert addresses(world) == PLACES


def test_a_network_one_that_is_rebuilt_has_the_same_addresses(world: World) -> None:
    world.lab.delays(load_balancer_delete=30)
    world.apply("load_balancers", edge())
    before = world.id("load_balancers", "edge")
    # By hand, so that the addresses may still be held when the next run comes.
    world.aws.call("elbv2", "delete_load_balancer", LoadBalancerArn=before)
    world.apply("load_balancers", edge())
    assert world.id("load_balancers", "edge") != before
    assert addresses(world) == PLACES


def test_a_network_one_enters_a_zone_with_an_address_and_leaves_another(world: World) -> None:
    world.lay(load_balancers=[edge()])
    grown = edge(addresses={**PLACES, "public-c": "edge-c"})
    assert set(changed(world.apply("load_balancers", grown))["edge"]) == {"subnets", "addresses"}
    assert addresses(world) == {**PLACES, "public-c": "edge-c"}
    world.apply("load_balancers", edge(addresses={"public-b": "edge-b", "public-c": "edge-c"}))
    assert addresses(world) == {"public-b": "edge-b", "public-c": "edge-c"}


def test_another_address_where_a_network_one_stands_is_refused_with_what_to_do(world: World) -> None:
    world.lay(load_balancers=[edge()])
    with pytest.raises(ImmutableError, match="take the subnet off the list, run, then list it with the other address"):
        world.apply("load_balancers", edge(addresses={**PLACES, "public-b": "edge-c"}))
    assert world.writes() == []


def test_another_subnet_in_the_zone_of_a_network_one_is_refused_with_what_to_do(world: World) -> None:
    world.lay(load_balancers=[edge()])
    with pytest.raises(ImmutableError, match=r"stands in us-west-2a with .*take its subnet in that zone off the list"):
        world.apply("load_balancers", edge(addresses={"second-a": "edge-a", "public-b": "edge-b"}))
    assert world.writes() == []


def test_a_network_one_of_somebody_who_gave_it_no_groups_never_gets_any(world: World) -> None:
    tags = [{"Key": key, "Value": value} for key, value in Owner("us", "load_balancers").tags_for("edge").items()]
    said = {"Name": "us-edge", "Type": "network", "Scheme": "internal", "Subnets": [world.subnets["public-a"]]}
    world.aws.make("elbv2", "create_load_balancer", Tags=tags, **said)
    world.lab.clear_journal()
    with pytest.raises(ImmutableError, match=r"was made without security groups, and AWS gives .* none later"):
        world.apply("load_balancers", balancer("edge", type="network", subnets=["public-a"]))
    assert world.writes() == []


def test_an_address_that_something_else_uses_is_refused_before_anything_is_made(world: World) -> None:
    world.lay(load_balancers=[edge()])
    with pytest.raises(OwnershipError, match=r"Elastic IPs are in use: eipalloc-.* by ELB net/us-edge/"):
        world.apply("load_balancers", edge(), {**edge(), "name": "second"})
    assert world.writes() == []


def test_somebody_elses_of_the_same_name_is_refused_and_named(world: World) -> None:
    said = {"Subnets": [world.subnets["public-a"], world.subnets["public-b"]], "SecurityGroups": [world.groups["alb"]]}
    theirs = world.aws.make("elbv2", "create_load_balancer", Name="us-public", Scheme="internal", **said)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=theirs["LoadBalancers"][0]["LoadBalancerArn"]):
        world.apply("load_balancers", balancer())
    assert world.writes() == []


def test_one_of_another_stack_is_refused_and_its_stack_named(world: World) -> None:
    world.apply("load_balancers", balancer(), owner=Owner("us", "load_balancers-edge"))
    with pytest.raises(OwnershipError, match="stack load_balancers-edge has"):
        world.apply("load_balancers", balancer())


def test_one_whose_run_was_killed_before_it_got_its_attributes_gets_them(world: World) -> None:
    world.lab.fail("ModifyLoadBalancerAttributes", "AccessDenied", status=403)
    with pytest.raises(RegionError, match="AccessDenied"):
        world.apply("load_balancers", balancer())
    world.writes()
    assert told(world.apply("load_balancers", balancer())) == [("public", "change")]
    assert world.writes() == ["ModifyLoadBalancerAttributes"]
    assert world.fields("load_balancers")["public"]["drop_invalid_headers"]


def test_a_protected_one_is_not_removed_and_what_to_do_is_said(world: World) -> None:
    world.lay(load_balancers=[balancer(deletion_protection=True)])
    with pytest.raises(RegionError, match="list it with deletion_protection: false"):
        world.apply("load_balancers")
    assert world.writes() == []
    world.apply("load_balancers", balancer(deletion_protection=False))
    world.apply("load_balancers")
    assert world.standing("load_balancers") == {}


def test_access_logs_are_turned_on_and_off(world: World) -> None:
    world.aws.make("s3", "create_bucket", Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    _let_balancers_write(world, "logs")
    world.lay(load_balancers=[balancer()])
    wanted = {"bucket": "logs", "prefix": "us"}
    world.apply("load_balancers", balancer(access_logs=wanted))
    assert world.fields("load_balancers")["public"]["access_logs"] == wanted
    assert changed(world.apply("load_balancers", balancer())) == {"public": ["access_logs"]}
    assert world.fields("load_balancers")["public"]["access_logs"] is None


def _let_balancers_write(world: World, bucket: str) -> None:
    service = {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    statement = f'"Action": "s3:PutObject", "Resource": "arn:aws:s3:::{bucket}/*"'
    policy = (
        f'{{"Statement": [{{"Effect": "Allow", "Principal": {str(service).replace(chr(39), chr(34))}, {statement}}}]}}'
    )
    world.aws.call("s3", "put_bucket_policy", Bucket=bucket, Policy=policy)


def test_one_that_is_started_is_not_waited_for_unless_that_is_wanted(world: World) -> None:
    world.lab.delays(load_balancer=60)
    world.apply("load_balancers", balancer(), wait=False)
    assert world.standing("load_balancers")["public"].raw["State"]["Code"] == "provisioning"
    assert not world.apply("load_balancers", balancer()).changed
    assert world.standing("load_balancers")["public"].raw["State"]["Code"] == "active"


REFUSED: dict[str, tuple[Entry, str]] = {
    "a name that is too long": (balancer("a" * 30), "33 characters, and AWS takes 32"),
    "one zone": (balancer(subnets=["public-a"]), "at least two zones"),
    "two subnets of a zone": (balancer(subnets=["public-a", "second-a"]), "are both in us-west-2a"),
    "no groups": (balancer(security_groups=[]), "can only get them when it is made"),
    "no subnets": (balancer(subnets=[]), "give subnets or, for a network one, addresses"),
    "addresses of an application one": (balancer(subnets=[], addresses=PLACES), "for a network one, addresses"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_aws_would_refuse_is_refused_before_the_first_write(world: World, case: str) -> None:
    entry, said = REFUSED[case]
    with pytest.raises(InputError, match=said):
        world.apply("load_balancers", entry)
    assert world.writes() == []


def test_it_shows_what_an_alias_record_needs(world: World) -> None:
    shows = world.apply("load_balancers", balancer()).members[0].shows
    assert shows["dns_name"].endswith(".us-west-2.elb.amazonaws.com")
    assert shows["zone_id"].startswith("Z")


class Slow:
    """An AWS in which a load balancer comes to a bad end."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._aws, name)

    def call(self, service: str, action: str, **said: t.Any) -> t.Any:
        answer = self._aws.call(service, action, **said)
        if action == "describe_load_balancers" and "LoadBalancerArns" in said:
            answer["LoadBalancers"][0]["State"] = {"Code": "failed", "Reason": "no addresses left"}
        return answer


def test_one_that_failed_is_told_with_the_reason_and_what_to_do(world: World) -> None:
    world.aws = t.cast(Aws, Slow(world.aws))
    with pytest.raises(RegionError, match="failed: no addresses left; take it off the list, run"):
        world.apply("load_balancers", balancer())
