"""Listeners and their rules on the embedded AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError, RegionError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.balancer_world import Entry, World, balancer, changed, group, listener, rule, told

REDIRECT = {"protocol": "HTTPS", "port": 443, "host": None, "path": None, "query": None, "status": 301}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    made = World(aws, embedded_aws)
    return made.lay(target_groups=[group(), group("next")], load_balancers=[balancer()])


def web(*listeners: Entry) -> Entry:
    return balancer(listeners=list(listeners))


ACTIONS: dict[str, Entry] = {
    "a group": {"forward": "guard"},
    "two groups by weight": {"forward_weights": {"guard": 90, "next": 10}},
    "two groups, and clients stay": {"forward_weights": {"guard": 90, "next": 10}, "sticky_seconds": 600},
    "another address": {"redirect": REDIRECT},
    "its own answer": {"fixed_response": {"status": 503, "content_type": "application/json", "body": "{}"}},
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_listener_sends_where_it_is_told_and_the_second_run_writes_nothing(world: World, action: str) -> None:
    wanted = web(listener(**{"fixed_response": None, **ACTIONS[action]}))
    world.apply("listeners", wanted)
    world.writes()
    assert not world.apply("listeners", wanted).changed
    assert world.writes() == []


@pytest.mark.parametrize("action", list(ACTIONS)[1:])
def test_where_a_listener_sends_is_changed_in_place_in_one_call(world: World, action: str) -> None:
    world.lay(listeners=[web(listener(forward="guard"))])
    wanted = web(listener(**{"fixed_response": None, **ACTIONS[action]}))
    assert changed(world.apply("listeners", wanted)) == {"public:80": ["action"]}
    assert world.writes() == ["ModifyListener"]
    assert not world.apply("listeners", wanted).changed


def test_a_listener_has_a_default_certificate_and_more_by_name_of_host(world: World) -> None:
    first, second, third = (world.certificate(name) for name in ("first", "second", "third"))
    world.apply("listeners", web(listener(443, "HTTPS", certificates=[first, second])))
    assert world.fields("listeners")["public:443"] | {"action": None} == {
        "protocol": "HTTPS",
        "action": None,
        "tls_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "certificate": first,
        "more_certificates": [second],
    }
    world.writes()
    then = web(listener(443, "HTTPS", certificates=[first, third]))
    world.apply("listeners", then)
    assert world.writes() == ["AddListenerCertificates", "RemoveListenerCertificates"]
    assert not world.apply("listeners", then).changed


def test_the_default_certificate_and_another_one_change_places(world: World) -> None:
    first, second = world.certificate("first"), world.certificate("second")
    world.lay(listeners=[web(listener(443, "HTTPS", certificates=[first, second]))])
    turned = web(listener(443, "HTTPS", certificates=[second, first]))
    world.apply("listeners", turned)
    assert not world.apply("listeners", turned).changed


def test_the_tls_policy_is_changed_in_place(world: World) -> None:
    arn = world.certificate("first")
    world.lay(listeners=[web(listener(443, "HTTPS", certificates=[arn]))])
    newer = web(listener(443, "HTTPS", certificates=[arn], tls_policy="ELBSecurityPolicy-TLS13-1-3-2021-06"))
    assert changed(world.apply("listeners", newer)) == {"public:443": ["tls_policy"]}
    assert not world.apply("listeners", newer).changed


def test_a_port_turns_to_tls_and_back(world: World) -> None:
    arns = [world.certificate("first"), world.certificate("second")]
    world.lay(listeners=[web(listener(8443))])
    before = world.id("listeners", "public:8443")
    for said in ({"protocol": "HTTPS", "certificates": arns}, {"protocol": "HTTP"}):
        wanted = web(listener(8443, **said))
        world.apply("listeners", wanted)
        assert not world.apply("listeners", wanted).changed
    assert world.id("listeners", "public:8443") == before


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"protocol": "HTTPS"}, "HTTPS needs certificates"),
        ({"certificates": ["arn:aws:acm:x"]}, "HTTP takes no certificates"),
        ({"fixed_response": None}, "give exactly one of forward"),
        ({"forward": "guard", "redirect": REDIRECT}, "not forward and redirect"),
    ],
)
def test_a_listener_that_cannot_be_is_refused_before_the_first_write(world: World, said: Entry, words: str) -> None:
    with pytest.raises(InputError, match=words):
        world.apply("listeners", web(listener(**said)))
    assert world.writes() == []


def test_somebody_elses_listener_on_the_port_is_refused_and_named(world: World) -> None:
    theirs = by_hand(world)
    with pytest.raises(OwnershipError, match=theirs):
        world.apply("listeners", web(listener()))
    assert world.writes() == []


def test_somebody_elses_listener_on_another_port_is_left_alone(world: World) -> None:
    by_hand(world)
    assert told(world.apply("listeners", web(listener(8080)))) == [("public:8080", "create")]


def by_hand(world: World) -> str:
    """A listener that a person put on port 80."""
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    where = world.id("load_balancers", "public")
    made = world.aws.make(
        "elbv2", "create_listener", LoadBalancerArn=where, Port=80, Protocol="HTTP", DefaultActions=[answer]
    )
    world.lab.clear_journal()
    return str(made["Listeners"][0]["ListenerArn"])


CONDITIONS: dict[str, Entry] = {
    "hosts": {"hosts": ["API.example.internal", "*.example.internal"]},
    "paths": {"paths": ["/v1/*", "/webhook"]},
    "methods": {"methods": ["GET", "HEAD"]},
    "headers": {"headers": {"X-Tenant": ["b", "a"], "x-beta": ["yes"]}},
    "source_cidrs": {"source_cidrs": ["10.0.0.0/8", "172.16.0.0/12"]},
    "all": {
        "hosts": ["a.b"],
        "paths": ["/x"],
        "methods": ["GET"],
        "headers": {"x": ["y"]},
        "source_cidrs": ["10.0.0.0/8"],
    },
}


@pytest.mark.parametrize("means", CONDITIONS)
def test_a_rule_means_what_it_is_told_and_the_second_run_writes_nothing(world: World, means: str) -> None:
    wanted = web(listener(rules=[rule("jobs", 10, forward="guard", **CONDITIONS[means])]))
    world.lay(listeners=[wanted], rules=[web(listener(rules=[rule("jobs", 10, forward="guard", paths=["/"])]))])
    assert changed(world.apply("rules", wanted)) == {"public:80/jobs": ["conditions"]}
    assert world.writes() == ["ModifyRule"]
    assert not world.apply("rules", wanted).changed


@pytest.mark.parametrize("action", ACTIONS)
def test_where_a_rule_sends_is_changed_in_place_in_one_call(world: World, action: str) -> None:
    first = web(listener(rules=[rule("jobs", 10, hosts=["a.b"], forward="next")]))
    world.lay(listeners=[first], rules=[first])
    wanted = web(listener(rules=[rule("jobs", 10, hosts=["a.b"], **ACTIONS[action])]))
    assert changed(world.apply("rules", wanted)) == {"public:80/jobs": ["action"]}
    assert world.writes() == ["ModifyRule"]
    assert not world.apply("rules", wanted).changed


def ordered(*names: str) -> Entry:
    """Rules in the order of their names, asked first to last."""
    said = {name: {"hosts": [f"{name}.example.internal"], "forward": "guard"} for name in names}
    return web(listener(rules=[rule(name, 10 * (n + 1), **said[name]) for n, name in enumerate(names)]))


def order(world: World) -> list[str]:
    priorities = {part: fields["priority"] for part, fields in world.fields("rules").items()}
    return sorted((part.split("/")[1] for part in priorities), key=lambda name: priorities[f"public:80/{name}"])


REORDERED = {
    "two change places": "ba",
    "a new one takes the first place": "xab",
    "one goes and a new one has its place": "xb",
    "all at once": "bx",
}


@pytest.mark.parametrize("case", REORDERED)
def test_rules_change_places_in_one_call(world: World, case: str) -> None:
    world.lay(listeners=[ordered("a", "b")], rules=[ordered("a", "b")])
    wanted = ordered(*REORDERED[case])
    world.apply("rules", wanted)
    assert world.writes().count("SetRulePriorities") == 1
    assert order(world) == list(REORDERED[case])
    assert not world.apply("rules", wanted).changed


def test_a_rule_whose_run_was_killed_before_it_got_its_place_gets_it(world: World) -> None:
    world.lay(listeners=[ordered("a")], rules=[ordered("a")])
    world.lab.fail("SetRulePriorities", "AccessDenied", times=2, status=403)
    with pytest.raises(RegionError, match="AccessDenied"):
        world.apply("rules", ordered("x", "a"))
    assert order(world) == ["a", "x"]
    world.apply("rules", ordered("x", "a"))
    assert order(world) == ["x", "a"]


def test_somebody_elses_rule_of_the_same_priority_is_refused_and_named(world: World) -> None:
    world.lay(listeners=[web(listener())])
    said: dict[str, t.Any] = {
        "Conditions": [{"Field": "host-header", "Values": ["their.example.internal"]}],
        "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    }
    arn = world.id("listeners", "public:80")
    theirs = world.aws.make("elbv2", "create_rule", ListenerArn=arn, Priority=10, **said)["Rules"][0]["RuleArn"]
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match=theirs):
        world.apply("rules", ordered("a"))
    assert world.writes() == []


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([rule("a", 10, forward="guard")], "say which requests it means"),
        ([rule(name, 10, hosts=["a.b"], forward="guard") for name in "ab"], "a and b both have priority 10"),
    ],
)
def test_rules_that_cannot_be_are_refused(world: World, rules: list[Entry], words: str) -> None:
    with pytest.raises(InputError, match=words):
        world.apply("rules", web(listener(rules=rules)))
