"""Each rule about load balancers: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.spec.described import Variables, problems, sound, told
from tests.unit.spec.test_nonsense import nonsense, paths

GROUPS, BALANCERS = "load_balancers_target_groups", "load_balancers_defined"
PUBLIC, INNER, EDGE = (BALANCERS, 0), (BALANCERS, 1), (BALANCERS, 2)
GUARD, JOBS, PROXIES, TO_ALB = (GROUPS, 0), (GROUPS, 1), (GROUPS, 2), (GROUPS, 3)
HTTPS, RULE = (*PUBLIC, "listeners", 1), (*INNER, "listeners", 0, "rules", 0)
PORTS = (*EDGE, "listeners")


LISTED_GROUPS: list[Variables] = [
    {"name": "guard", "protocol": "HTTP", "port": 8080, "health_check": {"path": "/health"}},
    {"name": "jobs", "protocol": "HTTP", "port": 8000, "slow_start_seconds": 60, "stickiness": {"seconds": 60}},
    {
        "name": "proxies",
        "protocol": "TCP",
        "port": 443,
        "proxy_protocol_v2": True,
        "targets": [{"ip": "10.0.16.9"}, {"ip": "192.168.1.9", "port": 8443, "az": "all"}],
    },
    {
        "name": "to-inner",
        "protocol": "TCP",
        "port": 80,
        "target_type": "alb",
        "targets": [{"load_balancer": "inner"}],
    },
    {"name": "spare", "protocol": "HTTP", "port": 8080},
]
LISTED_BALANCERS: list[Variables] = [
    {
        "name": "public",
        "scheme": "internet-facing",
        "subnets": ["public-a", "public-b"],
        "security_groups": ["web"],
        "idle_timeout_seconds": 4000,
        "listeners": [
            {"port": 80, "protocol": "HTTP", "exposure": "public", "redirect": {"protocol": "HTTPS", "port": 443}},
            {
                "port": 443,
                "protocol": "HTTPS",
                "exposure": "public",
                "certificates": ["public", "arn:aws:acm:us-west-2:111122223333:certificate/1"],
                "forward": "guard",
            },
        ],
        "records": [{"zone": "example.com", "name": "us"}, {"zone": "example.com", "name": "@"}],
    },
    {
        "name": "inner",
        "subnets": ["private-a", "private-b"],
        "security_groups": ["app"],
        "listeners": [
            {
                "port": 80,
                "protocol": "HTTP",
                "fixed_response": {"status": 404, "body": "Nothing here."},
                "rules": [
                    {"name": "jobs", "priority": 10, "hosts": ["*.example.internal"], "forward": "jobs"},
                    {"name": "rest", "priority": 20, "paths": ["/v1/*"], "forward_weights": {"jobs": 1}},
                ],
            }
        ],
        "records": [{"zone": "prod.example.internal", "name": "jobs"}],
    },
    {
        "name": "edge",
        "type": "network",
        "scheme": "internet-facing",
        "addresses": {"public-a": "edge-a", "public-b": "edge-b"},
        "security_groups": ["web"],
        "cross_zone": True,
        "listeners": [
            {"port": 443, "protocol": "TCP", "exposure": "public", "forward": "proxies"},
            {"port": 80, "protocol": "TCP", "exposure": "public", "forward": "to-inner"},
        ],
    },
]


def listed() -> Variables:
    """Three load balancers in the sound region: one for the world, one inside, one that hands on packets."""
    variables = sound()
    variables["security_groups_vpc"] = "main"
    variables["security_groups_defined"].append({"name": "operator", "vpc": "operator", "reason": "Operators"})
    variables["dns_zones"][1]["records"] = [{"name": "@", "type": "CAA", "values": ['0 issue "amazon.com"']}]
    variables["certificates_defined"] = [{"name": "public"}, {"name": "inner"}]
    return {**variables, GROUPS: copy.deepcopy(LISTED_GROUPS), BALANCERS: copy.deepcopy(LISTED_BALANCERS)}


# What is set where; the path that the message gives; words that it has.
Case = tuple[tuple[t.Any, ...], t.Any, str, str]
P, G = f"{BALANCERS}", f"{GROUPS}"
CASES: list[Case] = [
    # where they stand
    ((*PUBLIC, "name"), "p" * 30, f"{P}[0].name", "33 characters long"),
    ((*PUBLIC, "subnets", 0), "public-z", f"{P}[0].subnets[0]", "no subnet called 'public-z'"),
    ((*PUBLIC, "subnets", 1), "public-a", f"{P}[0].subnets[1]", "lies in us-west-2a, as public-a does"),
    ((*PUBLIC, "subnets", 1), "private-b", f"{P}[0].subnets[1]", "Nothing of the internet comes to private-b"),
    ((*PUBLIC, "subnets"), ["public-a"], f"{P}[0].subnets", "at least two zones"),
    ((*PUBLIC, "subnets"), [], f"{P}[0].subnets", "stands nowhere"),
    ((*PUBLIC, "addresses"), {"public-a": "x"}, f"{P}[0].addresses", "Only network"),
    ((*EDGE, "addresses", "public-c"), "edge-c", f"{P}[2].addresses.public-c", "no subnet called"),
    ((*EDGE, "addresses", "public-b"), "edge-a", f"{P}[2].addresses.public-b", "has the Elastic IP edge-a already"),
    ((*EDGE, "subnets"), ["public-a"], f"{P}[2].subnets", "either subnets or addresses"),
    (
        EDGE,
        {**listed()[BALANCERS][2], "scheme": "internal", "listeners": []},
        f"{P}[2].addresses",
        "no public addresses",
    ),
    # who may talk to them, and how they behave
    ((*PUBLIC, "security_groups"), [], f"{P}[0].security_groups", "at least one"),
    ((*PUBLIC, "security_groups", 0), "wbe", f"{P}[0].security_groups[0]", "did you mean web?"),
    ((*PUBLIC, "security_groups", 0), "operator", f"{P}[0].security_groups[0]", "of VPC operator"),
    ((*PUBLIC, "idle_timeout_seconds"), 5000, f"{P}[0].idle_timeout_seconds", "1 to 4000"),
    ((*PUBLIC, "cross_zone"), True, f"{P}[0].cross_zone", "Only network load balancers"),
    ((*EDGE, "drop_invalid_headers"), False, f"{P}[2].drop_invalid_headers", "Only application load balancers"),
    # names
    ((*INNER, "records", 0, "zone"), "prod.example.com", f"{P}[1].records[0].zone", "no hosted zone called"),
    ((*INNER, "records", 0, "name"), "api", f"{P}[1].records[0].name", "dns_zones[0].records[0]"),
    ((*PUBLIC, "records", 1, "name"), "us", f"{P}[0].records[1].name", "is said already"),
    ((*PUBLIC, "records", 0, "name"), "a..b", f"{P}[0].records[0].name", "no name in zone example.com"),
    # listeners
    ((*HTTPS, "port"), 80, f"{P}[0].listeners[1].port", "has port 80 already"),
    ((*HTTPS, "port"), 70000, f"{P}[0].listeners[1].port", "1 to 65535"),
    ((*HTTPS, "exposure"), "internal", f"{P}[0].listeners[1].exposure", "not declared open to all"),
    ((*INNER, "listeners", 0, "exposure"), "public", f"{P}[1].listeners[0].exposure", "inner is internal"),
    ((*HTTPS, "certificates"), [], f"{P}[0].listeners[1].certificates", "HTTPS needs a certificate"),
    ((*HTTPS, "certificates", 0), "pubic", f"{P}[0].listeners[1].certificates[0]", "did you mean public?"),
    ((*HTTPS, "certificates"), ["public", "public"], f"{P}[0].listeners[1].certificates[1]", "listed twice"),
    ((*PORTS, 0, "certificates"), ["public"], f"{P}[2].listeners[0].certificates", "TCP has no use"),
    ((*PORTS, 0, "forward"), "guard", f"{P}[2].listeners[0].forward", "TCP sends to no group for HTTP"),
    ((*HTTPS, "forward"), "gaurd", f"{P}[0].listeners[1].forward", "did you mean guard?"),
    ((*HTTPS, "forward"), "jobs", f"{P}[1].listeners[0].rules[0].forward", "belongs to one load balancer"),
    ((*GUARD, "vpc"), "operator", f"{P}[0].listeners[1].forward", "of VPC operator, the load balancer of main"),
    ((*HTTPS, "redirect"), {"path": "/x"}, f"{P}[0].listeners[1]", "forward and redirect"),
    ((*HTTPS, "forward"), "", f"{P}[0].listeners[1]", "does not say what becomes of requests"),
    ((*PUBLIC, "listeners", 0, "redirect"), {"port": 80}, f"{P}[0].listeners[0].redirect", "for ever"),
    ((*INNER, "listeners", 0, "fixed_response", "status"), 302, f"{P}[1].listeners[0].fixed_response.status", "2XX"),
    (
        (*INNER, "listeners", 0, "fixed_response", "body"),
        "x" * 1025,
        f"{P}[1].listeners[0].fixed_response.body",
        "1024",
    ),
    # rules
    ((*RULE, "priority"), 20, f"{P}[1].listeners[0].rules[1].priority", "has priority 20 already"),
    ((*RULE, "priority"), 0, f"{P}[1].listeners[0].rules[0].priority", "1 to 50000"),
    ((*RULE, "name"), "rest", f"{P}[1].listeners[0].rules[1].name", "has name rest already"),
    ((*RULE, "hosts"), [], f"{P}[1].listeners[0].rules[0]", "which requests it means"),
    ((*RULE, "hosts", 0), "localhost", f"{P}[1].listeners[0].rules[0].hosts[0]", "a host name"),
    ((*RULE, "hosts"), [f"{n}.example.com" for n in "abcdef"], f"{P}[1].listeners[0].rules[0]", "6 values"),
    ((*RULE, "hosts"), ["*.*.*.*.*.*.com"], f"{P}[1].listeners[0].rules[0]", "6 wildcards"),
    ((*RULE, "paths"), ["v1"], f"{P}[1].listeners[0].rules[0].paths[0]", "starts with /"),
    ((*RULE, "methods"), ["get"], f"{P}[1].listeners[0].rules[0].methods[0]", "in capitals"),
    ((*RULE, "source_cidrs"), ["10.0.0.1"], f"{P}[1].listeners[0].rules[0].source_cidrs[0]", "10.0.0.1/32"),
    ((*RULE, "headers"), {"Host": ["x"]}, f"{P}[1].listeners[0].rules[0].headers.Host", "hosts: [...]"),
    ((*RULE, "headers"), {"x-a": "y"}, f"{P}[1].listeners[0].rules[0].headers.x-a", "not a list of values"),
    (
        (*INNER, "listeners", 0, "rules", 1, "forward_weights", "jobs"),
        1000,
        f"{P}[1].listeners[0].rules[1].forward_weights.jobs",
        "0 to 999",
    ),
    ((*RULE, "sticky_seconds"), 60, f"{P}[1].listeners[0].rules[0].sticky_seconds", "no groups to choose from"),
    ((*PORTS, 0, "rules"), [{"name": "x"}], f"{P}[2].listeners[0].rules[0]", "has no rules"),
    # target groups
    ((GROUPS, 4, "name"), "a--b", f"{G}[4].name", "two hyphens"),
    ((*GUARD, "port"), 0, f"{G}[0].port", "1 to 65535"),
    ((*GUARD, "vpc"), "mian", f"{G}[0].vpc", "did you mean main?"),
    ((*GUARD, "health_check", "path"), "health", f"{G}[0].health_check.path", "starts with /"),
    ((*GUARD, "health_check", "timeout_seconds"), 30, f"{G}[0].health_check.timeout_seconds", "below interval_seconds"),
    ((*GUARD, "health_check", "interval_seconds"), 301, f"{G}[0].health_check.interval_seconds", "5 to 300"),
    ((*GUARD, "health_check", "matcher"), "2xx", f"{G}[0].health_check.matcher", "no list of HTTP codes"),
    ((*GUARD, "health_check", "protocol"), "TCP", f"{G}[0].health_check.protocol", "not asked over TCP"),
    ((*GUARD, "deregistration_delay_seconds"), 3601, f"{G}[0].deregistration_delay_seconds", "0 to 3600"),
    ((*GUARD, "proxy_protocol_v2"), True, f"{G}[0].proxy_protocol_v2", "behind a network load balancer"),
    ((*JOBS, "slow_start_seconds"), 5, f"{G}[1].slow_start_seconds", "30 to 900"),
    ((*JOBS, "algorithm"), "weighted_random", f"{G}[1].slow_start_seconds", "round_robin only"),
    ((*JOBS, "stickiness", "cookie"), "AWSALB", f"{G}[1].stickiness.cookie", "AWS keeps"),
    ((*PROXIES, "slow_start_seconds"), 60, f"{G}[2].slow_start_seconds", "has it not"),
    ((*TO_ALB, "deregistration_delay_seconds"), 60, f"{G}[3].deregistration_delay_seconds", "keeps AWS's settings"),
    ((*TO_ALB, "port"), 81, f"{G}[3].targets[0].load_balancer", "does not listen on port 81"),
    ((*TO_ALB, "health_check"), {"protocol": "HTTPS"}, f"{G}[3].health_check", "speaks HTTP on port 80"),
    ((*TO_ALB, "targets", 0, "load_balancer"), "edge", f"{G}[3].targets[0].load_balancer", "no application"),
    ((*PROXIES, "targets", 0), {"instance": "i-0123456789abcdef0"}, f"{G}[2].targets[0]", "targets are of type ip"),
    ((*PROXIES, "targets", 0, "ip"), "8.8.8.8", f"{G}[2].targets[0].ip", "a public address"),
    ((*PROXIES, "targets", 0, "ip"), "10.0.16", f"{G}[2].targets[0].ip", "not an IPv4 address"),
    ((*PROXIES, "targets", 1, "az"), "", f"{G}[2].targets[1].az", "lies outside VPC main"),
    ((*PROXIES, "targets"), [{"ip": "10.0.16.9"}] * 2, f"{G}[2].targets[1]", "listed twice"),
]


def changed(path: tuple[t.Any, ...], value: t.Any) -> Variables:
    variables = listed()
    holder: t.Any = variables
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = copy.deepcopy(value)
    return variables


def test_sound_load_balancers_have_no_problem() -> None:
    assert told(listed()) == []


@pytest.mark.parametrize(("path", "value", "where", "words"), CASES, ids=[f"{c[2]}-{c[3]}" for c in CASES])
def test_what_is_wrong_with_a_load_balancer_is_told_once_at_its_place(
    path: tuple[t.Any, ...], value: t.Any, where: str, words: str
) -> None:
    said = told(changed(path, value))
    assert len(said) == 1, said
    assert said[0].startswith(f"{where}: "), said
    assert words in said[0]


def test_a_region_called_internal_cannot_have_load_balancers() -> None:
    said = told(changed(("region_name",), "internal"))
    assert len(said) == 3
    assert all("names that start with internal-" in text for text in said)


OWN = [path for path in paths(listed()) if path[0] in (BALANCERS, GROUPS)]


@given(st.sampled_from(OWN), nonsense)
def test_rules_bear_nonsense_anywhere(path: tuple[t.Any, ...], value: t.Any) -> None:
    assert all(problem.found and problem.right for problem in problems(changed(path, value)))
