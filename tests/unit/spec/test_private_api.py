"""Each rule about ways to a cluster's API: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.needs import needs
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import spell

from tests.unit.spec.described import Variables, problems, region, sound, told
from tests.unit.spec.test_eks import with_cluster

PROVIDER, CONSUMERS, MODE = "private_api_provider", "private_api_consumers", "private_api_mode"
CLUSTER, FIRST = "private_api_cluster", (CONSUMERS, 0)
LINK: Variables = {
    CLUSTER: "main",
    MODE: "privatelink",
    PROVIDER: {
        "vpc": "main",
        "subnets": ["private-a", "private-b"],
        "security_groups": ["web"],
        "health_check": {"protocol": "HTTPS", "path": "/readyz", "matcher": "200"},
        "acceptance_required": True,
        "principals": ["arn:aws:iam::999988887777:root"],
        "accepted_endpoints": [{"endpoint": "vpce-0a1b2c3d4e5f60718", "reason": "partner"}],
    },
    CONSUMERS: [
        {"name": "operator", "vpc": "operator", "subnets": ["operator-a"], "security_groups": ["api-endpoint"],
         "client_security_groups": ["operator"]},
    ],
    "private_api_sweep_minutes": 15,
    "private_api_trail_of_others": True,
}  # fmt: skip
GROUPS = [{"name": name, "vpc": "operator", "reason": name} for name in ("operator", "api-endpoint")]
PEERING = {"name": "operator-main", "vpc": "operator", "peer_vpc": "main"}


def linked(**said: t.Any) -> Variables:
    variables = {**with_cluster(), **copy.deepcopy(LINK), **said}
    variables["security_groups_defined"] += copy.deepcopy(GROUPS)
    variables["eks_cluster"]["ingress"] = [{"reason": "PrivateLink", "group": "web", "ports": ["443"]}]
    return variables


def peered() -> Variables:
    variables = linked(**{MODE: "peered", PROVIDER: {}, "network_peerings": [dict(PEERING)]})
    variables["eks_cluster"]["endpoint"] = {"private": True, "public": False}
    variables["eks_cluster"]["ingress"] = [{"reason": "kubectl", "cidrs": ["172.20.0.0/24"], "ports": ["400-500"]}]
    return variables


def forwarded() -> Variables:
    """Through a host in the cluster's own network."""
    inside = {"name": "host", "vpc": "main", "subnets": ["private-a"], "client_security_groups": ["app"]}
    host = {"name": "operator", "cluster": "main"}
    variables = linked(**{MODE: "ssm_port_forward", PROVIDER: {}, CONSUMERS: [inside], "operator_host": host})
    variables["eks_cluster"]["ingress"] = [{"reason": "kubectl", "group": "app", "ports": ["443"]}]
    return variables


def places(variables: Variables) -> list[tuple[str, str]]:
    """Where something is wrong, and what is said of it."""
    return [(spell(one.path), f"{one.found} {one.right}") for one in problems(variables)]


def put(variables: Variables, path: tuple[str | int, ...], value: t.Any) -> Variables:
    at: t.Any = variables
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return variables


@pytest.mark.parametrize("sound_one", [linked, peered, forwarded])
def test_a_sound_way_has_no_problem(sound_one: t.Callable[[], Variables]) -> None:
    assert told(sound_one()) == []


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        ((CLUSTER,), "mian", "private_api_cluster", "did you mean main"),
        ((CONSUMERS,), [], "private_api_consumers", "Nobody is to reach"),
        ((*FIRST, "name"), "Ops", "private_api_consumers[0].name", "cannot be the name of a consumer"),
        ((*FIRST, "vpc"), "operators", "private_api_consumers[0].vpc", "did you mean operator"),
        ((*FIRST, "subnets"), [], "private_api_consumers[0].subnets", "empty"),
        ((*FIRST, "subnets", 0), "operator-b", "private_api_consumers[0].subnets[0]", "no subnet called"),
        ((*FIRST, "subnets", 0), "private-a", "private_api_consumers[0].subnets[0]", "lies in the VPC main"),
        ((*FIRST, "security_groups"), [], "private_api_consumers[0].security_groups", "needs a group"),
        ((*FIRST, "security_groups", 0), "api", "private_api_consumers[0].security_groups[0]", "no security group"),
        ((*FIRST, "client_security_groups", 0), "op", "private_api_consumers[0].client_security_groups[0]", "called"),
        ((PROVIDER, "vpc"), "", "private_api_provider.vpc", "needs vpc"),
        ((PROVIDER, "vpc"), "mine", "private_api_provider.vpc", "no VPC called"),
        ((PROVIDER, "subnets"), [], "private_api_provider.subnets", "needs subnets"),
        ((PROVIDER, "subnets", 1), "private-c", "private_api_provider.subnets[1]", "no subnet called"),
        ((PROVIDER, "subnets", 1), "public-a", "private_api_provider.subnets[1]", "both in us-west-2a"),
        ((PROVIDER, "subnets"), ["private-b"], "private_api_consumers[0].subnets[0]", "does not stand"),
        ((PROVIDER, "security_groups"), [], "private_api_provider.security_groups", "needs security_groups"),
        ((PROVIDER, "security_groups", 0), "app", "private_api_provider.security_groups", "no port 443"),
        ((PROVIDER, "health_check", "path"), "readyz", "private_api_provider.health_check.path", "no path"),
        ((PROVIDER, "health_check", "matcher"), "ok", "private_api_provider.health_check.matcher", "HTTP codes"),
        ((PROVIDER, "principals", 0), "999988887777", "private_api_provider.principals[0]", "nobody who could ask"),
        ((PROVIDER, "accepted_endpoints", 0, "endpoint"), "vpce-svc-1",
         "private_api_provider.accepted_endpoints[0].endpoint", "no id of an endpoint"),
        (("private_api_sweep_minutes",), 0, "private_api_sweep_minutes", "no time to look"),
        (("private_api_trail_of_others",), False, "private_api_trail_of_others", "No stack has the role audit"),
        (("eks_cluster", "ingress"), [], "private_api_provider.security_groups", "no port 443"),
        (("eks_cluster", "ingress", 0, "ports"), ["80", "8443"], "private_api_provider.security_groups", "no port 443"),
    ],
)  # fmt: skip
def test_of_private_link_one_thing_is_told(path: t.Any, value: t.Any, where: str, words: str) -> None:
    found = places(put(linked(), path, value))
    assert [one[0] for one in found] == [where], found
    assert words in found[0][1]


def test_a_cluster_whose_load_balancer_would_have_too_long_a_name_is_told() -> None:
    variables = put(put(linked(), (CLUSTER,), "m" * 30), ("eks_cluster", "name"), "m" * 30)
    found = places(variables)
    assert [one[0] for one in found] == ["private_api_cluster"], found
    assert "37 characters long" in found[0][1]


def test_everybody_is_asked_before_coming_in() -> None:
    variables = put(linked(), (PROVIDER, "principals"), ["*"])
    assert told(variables) == []
    found = places(put(variables, (PROVIDER, "acceptance_required"), False))
    assert [one[0] for one in found] == ["private_api_provider.principals[0]"]


def test_a_vpc_has_one_endpoint_and_never_the_clusters_own() -> None:
    second = {**copy.deepcopy(LINK[CONSUMERS][0]), "name": "second"}
    assert "has an endpoint in operator" in str(told(put(linked(), (CONSUMERS,), [*LINK[CONSUMERS], second])))
    inside = {**second, "vpc": "main", "subnets": ["private-a"], "security_groups": ["web"]}
    assert "its own name already" in str(told(put(linked(), (CONSUMERS,), [inside])))


def test_two_consumers_of_one_name_are_told() -> None:
    twin = copy.deepcopy(LINK[CONSUMERS][0])
    assert "there already" in str(told(put(linked(), (CONSUMERS,), [*LINK[CONSUMERS], twin])))


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        (("eks_cluster", "endpoint"), {"private": True, "public": True, "public_cidrs": ["8.8.8.0/24"]},
         "private_api_mode", "public addresses"),
        (("network_peerings",), [], "private_api_consumers[0].vpc", "no peering between operator and main"),
        (("eks_cluster", "ingress"), [], "private_api_consumers[0].name", "no port 443"),
        (("eks_cluster", "ingress", 0, "cidrs"), ["172.30.0.0/24"], "private_api_consumers[0].name", "no port 443"),
    ],
)  # fmt: skip
def test_of_a_peering_one_thing_is_told(path: t.Any, value: t.Any, where: str, words: str) -> None:
    found = places(put(peered(), path, value))
    assert [one[0] for one in found] == [where], found
    assert words in found[0][1]


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        (("operator_host", "cluster"), "", "private_api_mode", "No operator host knows the cluster main"),
        (("eks_cluster", "ingress"), [], "private_api_consumers[0].name", "no port 443"),
    ],
)
def test_of_a_port_forward_one_thing_is_told(path: t.Any, value: t.Any, where: str, words: str) -> None:
    found = places(put(forwarded(), path, value))
    assert [one[0] for one in found] == [where], found
    assert words in found[0][1]


def test_room_for_consumers_endpoints_is_asked_for() -> None:
    assert needs(region(linked()))["interface_endpoints_by_vpc"]["operator"] == 1
    assert "operator" not in needs(region(peered()))["interface_endpoints_by_vpc"]


def test_a_region_without_a_way_is_left_alone() -> None:
    assert told(sound()) == []
