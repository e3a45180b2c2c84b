"""Target groups and listed targets on the embedded AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._balancer_arguments import TARGET
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    OwnershipError,
    RegionError,
)

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.balancer_world import (
    Entry,
    World,
    balancer,
    changed,
    full,
    group,
    listener,
    told,
)

BEHIND: dict[str, t.Any] = {"load_balancers": [balancer()]}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def tcp(**said: t.Any) -> Entry:
    return group("edge", protocol="TCP", port=443, **said)


def checked(**said: t.Any) -> Entry:
    return group(health_check=said)


ATTRIBUTES: dict[str, tuple[Entry, Entry]] = {
    "deregistration_delay_seconds": (group(), group(deregistration_delay_seconds=60)),
    "slow_start_seconds": (group(), group(slow_start_seconds=60)),
    "algorithm": (group(), group(algorithm="least_outstanding_requests")),
    "stickiness": (group(), group(stickiness={"seconds": 600, "cookie": None})),
    "end_connections": (tcp(), tcp(end_connections=True)),
    "end_unhealthy_connections": (tcp(), tcp(end_unhealthy_connections=False)),
    "unhealthy_draining_seconds": (
        tcp(end_unhealthy_connections=False),
        tcp(end_unhealthy_connections=False, unhealthy_draining_seconds=600),
    ),
    "preserve_client_ip": (tcp(), tcp(preserve_client_ip=True)),
    "proxy_protocol_v2": (tcp(), tcp(proxy_protocol_v2=True)),
}


@pytest.mark.parametrize("field", ATTRIBUTES)
def test_an_attribute_is_changed_in_place_in_one_call(world: World, field: str) -> None:
    before, after = ATTRIBUTES[field]
    world.lay(target_groups=[before])
    assert list(changed(world.apply("target_groups", after)).values()) == [[field]]
    assert world.writes() == ["ModifyTargetGroupAttributes"]
    assert not world.apply("target_groups", after).changed


@pytest.mark.parametrize(
    ("said", "type_found"),
    [
        (group(stickiness={"seconds": 600, "cookie": None}), "lb_cookie"),
        (group(stickiness={"seconds": 600, "cookie": "session"}), "app_cookie"),
        (tcp(stickiness={"seconds": 600, "cookie": None}), "source_ip"),
    ],
)
def test_a_client_stays_by_cookie_or_by_address_and_no_longer_when_that_is_taken_back(
    world: World, said: Entry, type_found: str
) -> None:
    world.lay(target_groups=[said])
    assert world.fields("target_groups")[said["name"]]["stickiness"]["type"] == type_found
    assert not world.apply("target_groups", said).changed
    world.apply("target_groups", {**said, "stickiness": None})
    assert world.fields("target_groups")[said["name"]]["stickiness"] is None


HEALTH_CHECKS: dict[str, Entry] = {
    "protocol": {"protocol": "HTTPS"},
    "port": {"port": "8081"},
    "path": {"path": "/ready"},
    "matcher": {"matcher": "200-204"},
    "interval_seconds": {"interval_seconds": 10},
    "timeout_seconds": {"timeout_seconds": 29},
    "healthy_threshold": {"healthy_threshold": 2},
    "unhealthy_threshold": {"unhealthy_threshold": 10},
}


@pytest.mark.parametrize("key", HEALTH_CHECKS)
def test_a_health_check_is_changed_in_place_in_one_call(world: World, key: str) -> None:
    world.lay(target_groups=[group()])
    wanted = checked(**{**checked(interval_seconds=30)["health_check"], **HEALTH_CHECKS[key]})
    assert changed(world.apply("target_groups", wanted)) == {"guard": ["health_check"]}
    assert world.writes() == ["ModifyTargetGroup"]
    assert world.fields("target_groups")["guard"]["health_check"][key] == HEALTH_CHECKS[key][key]
    assert not world.apply("target_groups", wanted).changed


REFUSED: dict[str, tuple[Entry, str]] = {
    "a path without a slash": (checked(path="health"), "health_check.path: 'health' is no path"),
    "a timeout as long as the interval": (checked(interval_seconds=5, timeout_seconds=5), "below interval_seconds"),
    "a path over TCP": (tcp(health_check={"path": "/"}), "over TCP has no path"),
    "TCP for HTTP": (checked(protocol="TCP"), "not asked over TCP"),
    "a matcher of words": (checked(matcher="ok"), "no list of HTTP codes"),
    "a matcher that AWS does not take": (checked(matcher="500"), "codes from 200 to 499"),
    "an interval of a day": (checked(interval_seconds=86400), "5 to 300"),
    "no such port": (checked(port="70000"), "1 to 65535"),
    "a name that is too long": (group("g" * 30), "33 characters, and AWS takes 32"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_aws_would_refuse_is_refused_before_the_first_write(world: World, case: str) -> None:
    entry, said = REFUSED[case]
    with pytest.raises(InputError, match=said):
        world.apply("target_groups", entry)
    assert world.writes() == []


@pytest.mark.parametrize("key", ["protocol", "port", "target_type"])
def test_what_never_changes_is_refused_with_what_to_do(world: World, key: str) -> None:
    world.lay(target_groups=[group()])
    other = {"protocol": "HTTPS", "port": 9000, "target_type": "instance"}
    with pytest.raises(ImmutableError, match="list another group under a new name, let its listeners forward there"):
        world.apply("target_groups", {**group(), key: other[key]})
    assert world.writes() == []


def test_somebody_elses_of_the_same_name_is_refused_and_named(world: World) -> None:
    said = {"Protocol": "HTTP", "Port": 8080, "VpcId": world.vpc, "TargetType": "ip"}
    theirs = world.aws.make("elbv2", "create_target_group", Name="us-guard", **said)
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=theirs["TargetGroups"][0]["TargetGroupArn"]):
        world.apply("target_groups", group())
    assert world.writes() == []


def test_one_whose_run_was_killed_before_it_got_its_attributes_gets_them(world: World) -> None:
    world.lab.fail("ModifyTargetGroupAttributes", "AccessDenied", status=403)
    wanted = group(deregistration_delay_seconds=60)
    with pytest.raises(RegionError, match="AccessDenied"):
        world.apply("target_groups", wanted)
    assert told(world.apply("target_groups", wanted)) == [("guard", "change")]
    assert world.fields("target_groups")["guard"]["deregistration_delay_seconds"] == 60


def test_one_that_is_still_forwarded_to_stays_and_the_balancer_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = iter(range(0, 10000, 20))
    monkeypatch.setattr("time.monotonic", lambda: float(next(later)))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world.lay(target_groups=[group()], **BEHIND, listeners=[balancer(listeners=[listener(forward="guard")])])
    with pytest.raises(RegionError, match=r"a listener or a rule of arn:.*us-public/.* forwards to it"):
        world.apply("target_groups")


def addresses(*ips: str, port: int | None = None) -> list[Entry]:
    return [full({"ip": ip, "port": port}, TARGET) for ip in ips]


def registered(world: World, name: str) -> set[str]:
    action = "describe_target_health"
    answer = world.aws.call("elbv2", action, TargetGroupArn=world.id("target_groups", name))
    there = [one for one in answer["TargetHealthDescriptions"] if one["TargetHealth"]["State"] != "draining"]
    return {f"{one['Target']['Id']}:{one['Target']['Port']}" for one in there}


def test_exactly_the_listed_targets_are_registered(world: World) -> None:
    first = group(targets=addresses("10.0.0.9", "10.0.1.9"))
    world.lay(target_groups=[first])
    assert [action for _part, action in told(world.apply("targets", first, check=True))] == ["create", "create"]
    assert world.writes() == []
    world.apply("targets", first)
    assert registered(world, "guard") == {"10.0.0.9:8080", "10.0.1.9:8080"}
    then = group(targets=addresses("10.0.1.9", "10.0.2.9"))
    assert sorted(told(world.apply("targets", then))) == [
        ("guard 10.0.0.9:8080", "remove"),
        ("guard 10.0.1.9:8080", "keep"),
        ("guard 10.0.2.9:8080", "create"),
    ]
    assert registered(world, "guard") == {"10.0.1.9:8080", "10.0.2.9:8080"}
    world.writes()
    assert not world.apply("targets", then).changed
    assert world.writes() == []


def test_one_address_may_be_a_target_on_two_ports(world: World) -> None:
    both = group(targets=[*addresses("10.0.0.9"), *addresses("10.0.0.9", port=8081)])
    world.lay(target_groups=[both])
    world.apply("targets", both)
    assert registered(world, "guard") == {"10.0.0.9:8080", "10.0.0.9:8081"}
    assert not world.apply("targets", both).changed


def test_what_others_register_is_left_alone(world: World) -> None:
    world.lay(target_groups=[group()])
    arn = world.id("target_groups", "guard")
    world.aws.call("elbv2", "register_targets", TargetGroupArn=arn, Targets=[{"Id": "10.0.0.9", "Port": 8080}])
    assert told(world.apply("targets", group())) == []
    assert registered(world, "guard") == {"10.0.0.9:8080"}


def test_an_empty_list_takes_all_targets_out(world: World) -> None:
    one = group(targets=addresses("10.0.0.9"))
    world.lay(target_groups=[one])
    world.apply("targets", one)
    assert told(world.apply("targets", group(targets=[]))) == [("guard 10.0.0.9:8080", "remove")]
    assert registered(world, "guard") == set()


def test_a_balancer_is_a_target_by_name_once_it_listens_on_the_port(world: World) -> None:
    to_alb = group(
        "inner", protocol="TCP", port=80, target_type="alb", targets=[full({"load_balancer": "public"}, TARGET)]
    )
    world.lay(target_groups=[to_alb], **BEHIND, listeners=[balancer(listeners=[listener()])])
    assert told(world.apply("targets", to_alb)) == [("inner public:80", "create")]
    assert registered(world, "inner") == {f"{world.id('load_balancers', 'public')}:80"}
    assert not world.apply("targets", to_alb).changed
    assert not world.apply("target_groups", to_alb).changed


def test_a_target_that_names_two_places_is_refused(world: World) -> None:
    both = group(targets=[full({"ip": "10.0.0.9", "load_balancer": "public"}, TARGET)])
    with pytest.raises(InputError, match="exactly one of ip, instance, load_balancer"):
        world.apply("targets", both)
