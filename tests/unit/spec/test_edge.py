"""Each rule about edges: the one thing that is wrong is told where it is written, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _edge as edge
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.needs import needs
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import spell
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import proxies

from tests.unit.spec.described import Variables, problems, region, sound, told

ALB: Variables = {"subnets": ["private-a", "private-b"], "security_groups": ["app"], "certificates": ["public"]}
EDGE: Variables = {
    "edge_addresses": {"public-a": "edge-a", "public-b": "edge-b"},
    "edge_security_groups": ["web"],
    "edge_listeners": [{"name": "https", "port": 443}, {"name": "http", "port": 80}],
    "edge_names": [{"zone": "example.com", "name": "partner", "health_withdrawal": True}],
}
POOL: Variables = {
    "name": "proxy",
    "purpose": "plain",
    "role": "proxy",
    "image": {"id": "ami-0123456789abcdef0"},
    "instance_types": ["t3.medium"],
    "size": {"min": 4, "max": 8},
    "subnets": ["private-a", "private-b"],
    "security_groups": ["proxy"],
    "target_groups": ["edge-https", "edge-http"],
}
GROUP: Variables = {
    "name": "proxy",
    "reason": "Ends TLS",
    "ingress": [{"reason": "requests", "group": "web", "ports": ["443", "80", "8081"], "protocol": "tcp"}],
}
FIRST, NAME = ("pools_defined", 0), ("edge_names", 0)


def edged(**said: t.Any) -> Variables:
    whole = {**sound(), **copy.deepcopy(EDGE), "pools_defined": [copy.deepcopy(POOL)], **said}
    whole["security_groups_defined"].append(copy.deepcopy(GROUP))
    whole["load_balancers_defined"], whole["load_balancers_target_groups"] = [], []
    return whole


def behind_alb(**said: t.Any) -> Variables:
    certificate = {"name": "public", "source": "acm", "domains": ["partner.example.com"], "zone": "example.com"}
    whole = edged(edge_mode="nlb_alb", edge_alb=copy.deepcopy(ALB), certificates_defined=[certificate], **said)
    whole["pools_defined"][0]["target_groups"] = []
    return whole


def places(variables: Variables) -> list[tuple[str, str]]:
    """Where something is wrong, and what is said of it."""
    return [(spell(one.path), f"{one.found} {one.right}") for one in problems(variables)]


def put(variables: Variables, path: tuple[str | int, ...], value: t.Any) -> Variables:
    at: t.Any = variables
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return variables


def filled_in() -> Variables:
    """As the specification leaves it where nothing is said."""
    alb = {"subnets": [], "security_groups": [], "certificates": [], "protocol": "HTTP", "port": 80, "health_check": {}}
    return edged(edge_alb=alb, edge_health_check=dict(edge.HEALTH))


def filled_in_behind_alb() -> Variables:
    return behind_alb(edge_health_check=dict(edge.HEALTH))


@pytest.mark.parametrize("sound_one", [edged, behind_alb, filled_in, filled_in_behind_alb])
def test_a_sound_edge_has_no_problem(sound_one: t.Callable[[], Variables]) -> None:
    assert told(sound_one()) == []


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        (("edge_addresses",), {}, "edge_addresses", "no address that anybody could list"),
        (
            ("edge_addresses",),
            {"public-a": "edge-a", "private-b": "edge-b"},
            "edge_addresses.private-b",
            "a private subnet",
        ),
        (("edge_addresses",), {"public-a": "edge-a", "public-b": "edge-a"}, "edge_addresses", "already"),
        (("edge_addresses",), {"public-a": "edge-a", "public-d": "edge-b"}, "edge_addresses.public-d", "did you mean"),
        (("edge_security_groups",), [], "edge_security_groups", "never get any later"),
        (("edge_security_groups",), ["wed"], "edge_security_groups", "did you mean web?"),
        (("edge_listeners", 1, "port"), 443, "edge_listeners", "has port 443 already"),
        (("edge_listeners", 1, "port"), 65536, "edge_listeners", "is no port"),
        (("edge_names", 0, "zone"), "prod.example.internal", "edge_names[0].zone", "a private zone"),
        (("edge_names", 0, "zone"), "example.org", "edge_names", "no hosted zone called"),
        (("edge_health_check",), {"path": "up"}, "edge_health_check", "is no path"),
        (("edge_drain_seconds",), 4000, "edge_drain_seconds", "0 to 3600"),
        (("edge_alb",), copy.deepcopy(ALB), "edge_alb", "edge_mode: nlb_alb"),
        ((*FIRST, "subnets", 0), "private-b", "pools_defined[0].subnets", "Nobody stands behind the address"),
        ((*FIRST, "target_groups"), ["edge-https"], "edge_listeners[1]", "nobody answers on port 80"),
        ((*FIRST, "security_groups", 0), "app", "pools_defined[0].security_groups", "on port 443"),
    ],
)
def test_of_an_edge_one_thing_is_told(path: t.Any, value: t.Any, where: str, words: str) -> None:
    found = places(put(edged(), path, value))
    assert where in {one[0] for one in found}, found
    assert words in dict(reversed(found))[where]


def test_machines_in_a_zone_without_an_address_are_told_unless_all_addresses_send_there() -> None:
    variables = edged(edge_addresses={"public-a": "edge-a"}, edge_names=[])
    found = places(variables)
    assert [one[0] for one in found] == ["pools_defined[0].subnets[1]"], found
    assert "nothing is sent to machines there" in found[0][1]
    assert told({**variables, "edge_cross_zone": True}) == []


def test_health_is_asked_by_nobody_who_is_not_let_in() -> None:
    variables = edged()
    rule = variables["security_groups_defined"][0]["ingress"][0]
    rule["cidrs"] = ["203.0.113.64/26"]
    found = places(variables)
    assert [one[0] for one in found] == ["edge_names[0].health_withdrawal"], found
    assert "prefix_list: route53-healthchecks" in found[0][1]
    more = {"reason": "alive or not", "prefix_list": "route53-healthchecks", "ports": ["443"], "protocol": "tcp"}
    variables["security_groups_defined"][0]["ingress"].append(more)
    assert told(variables) == []


def test_one_address_has_no_other_to_take_its_place() -> None:
    one = {"edge_addresses": {"public-a": "edge-a"}, "edge_cross_zone": True}
    found = places(edged(**one))
    assert [spot for spot, _words in found] == ["edge_names[0].health_withdrawal"], found


def test_health_checks_are_let_in_too() -> None:
    found = places(put(edged(), ("security_groups_defined", 2, "ingress", 0, "ports"), ["80-443"]))
    assert [one[0] for one in found] == ["pools_defined[0].security_groups"], found
    assert "health checks of edge in, on port 8081" in found[0][1]


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        (("edge_alb", "certificates"), [], "edge_alb", "needs a certificate"),
        (("edge_alb", "subnets"), [], "edge_alb", "It stands nowhere"),
        (("edge_client_address",), "proxy_protocol", "edge_client_address", "edge_mode: nlb_nginx"),
        (("edge_health_check",), {"path": "/up"}, "edge_health_check", "edge_mode: nlb_nginx"),
        (("edge_listeners", 0, "target_port"), 8443, "edge_listeners[0].target_port", "no target_port"),
        ((*FIRST, "target_groups"), ["edge-https"], "pools_defined[0].target_groups[0]", "did you mean"),
    ],
)
def test_behind_an_application_load_balancer_one_thing_is_told(
    path: t.Any, value: t.Any, where: str, words: str
) -> None:
    found = places(put(behind_alb(), path, value))
    assert [one[0] for one in found] == [where], found
    assert words in found[0][1]


def test_what_is_not_readable_is_not_judged_twice() -> None:
    del (variables := edged())["edge_addresses"]
    variables["pools_defined"][0]["target_groups"] = []
    assert told(variables) == []


def test_its_addresses_are_among_what_is_asked_of_the_account() -> None:
    with_edge, without = needs(region(edged())), needs(region(edged(edge_addresses=None)))
    assert with_edge["elastic_ips"] - without["elastic_ips"] == 2


INSIDE_8443 = [{"name": "https", "port": 443, "target_port": 8443}, {"name": "http", "port": 80}]
KITS = {"proxy": ["node_base", "proxy"], "vllm": ["vllm"]}


def unlike(written: Variables, **said: t.Any) -> list[tuple[str, str]]:
    """What does not fit between the edge and what is written of its proxies."""
    found = proxies.rules(region(edged(**said)), KITS, lambda *_groups: written, lambda group: f"{group}.yml")
    return [(spell(one.path), one.found) for one in found]


@pytest.mark.parametrize(
    ("said", "written", "where"),
    [
        ({}, {}, []),
        ({"edge_client_address": "proxy_protocol"}, {"proxy_client_address": "proxy_protocol"}, []),
        ({"edge_client_address": "proxy_protocol"}, {"proxy_client_address": "{{ told }}"}, []),
        ({"edge_client_address": "proxy_protocol"}, {}, ["proxy_client_address"]),
        ({}, {"proxy_client_address": "x_forwarded_for"}, ["proxy_client_address"]),
        ({}, {"proxy_health_port": 8088}, ["proxy_health_port"]),
        ({"edge_health_check": {"port": 8088}}, {"proxy_health_port": 8088}, []),
        ({}, {"proxy_https_port": 8443}, ["proxy_https_port"]),
        ({"edge_mode": "nlb_alb", "edge_alb": ALB}, {"proxy_https_port": 8443}, []),
        ({"edge_listeners": INSIDE_8443}, {"proxy_https_port": 8443, "proxy_redirect_port": 443}, []),
        ({"edge_listeners": INSIDE_8443}, {"proxy_https_port": 8443}, ["proxy_redirect_port"]),
        ({"edge_listeners": INSIDE_8443[:1]}, {"proxy_https_port": 8443}, []),
    ],
)
def test_what_an_edge_sends_and_its_proxies_expect_is_the_same(
    said: Variables, written: Variables, where: list[str]
) -> None:
    assert [one[0] for one in unlike(written, **said)] == where
