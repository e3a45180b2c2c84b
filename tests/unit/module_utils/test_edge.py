"""What an inventory says of an edge, worked out into load balancers and target groups."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _edge as edge

ADDRESSES = {"public-a": "edge-a", "public-b": "edge-b"}
ALB = {"subnets": ["private-a", "private-b"], "security_groups": ["alb"], "certificates": ["public"], "port": 8080}


def parts(**said: t.Any) -> dict[str, list[dict[str, t.Any]]]:
    variables = {"edge_addresses": ADDRESSES, "edge_security_groups": ["edge"], **said}
    return edge.parts(edge.said(variables))


def groups(**said: t.Any) -> dict[str, dict[str, t.Any]]:
    return {group["name"]: group for group in parts(**said)["target_groups"]}


def test_what_is_not_said_is_the_default_and_what_is_anothers_is_ignored() -> None:
    said = edge.said({"edge_name": "partners", "edge_mode": None, "pools_defined": [], "edge_of_the_world": 1})
    assert said == {**edge.DEFAULTS, "name": "partners"}


def test_the_balancer_stands_at_its_addresses_with_groups_and_open_ports() -> None:
    (balancer,) = parts()["load_balancers"]
    assert (balancer["type"], balancer["scheme"], balancer["addresses"]) == ("network", "internet-facing", ADDRESSES)
    assert balancer["security_groups"] == ["edge"]
    assert [(one["port"], one["protocol"], one["exposure"], one["forward"]) for one in balancer["listeners"]] == [
        (443, "TCP", "public", "edge-https"),
        (80, "TCP", "public", "edge-http"),
    ]


def test_proxies_are_asked_on_their_own_port_and_keep_what_has_come_to_them() -> None:
    for group, port in (("edge-https", 443), ("edge-http", 80)):
        made = groups()[group]
        assert (made["target_type"], made["port"]) == ("instance", port)
        check = made["health_check"]
        assert (check["protocol"], check["port"], check["path"], check["matcher"]) == ("HTTP", "8081", "/health", "200")
        assert (made["end_connections"], made["end_unhealthy_connections"]) == (False, False)


@pytest.mark.parametrize(("said", "seen"), [("preserved", (True, False)), ("proxy_protocol", (False, True))])
def test_clients_are_seen_in_the_connection_or_in_a_header(said: str, seen: tuple[bool, bool]) -> None:
    for group in groups(edge_client_address=said).values():
        assert (group["preserve_client_ip"], group["proxy_protocol_v2"]) == seen


def test_machines_may_listen_elsewhere_and_be_asked_otherwise() -> None:
    listeners = [{"name": "https", "port": 443, "target_port": 8443}]
    (group,) = groups(edge_listeners=listeners, edge_health_check={"path": "/up", "port": None}).values()
    assert (group["port"], group["health_check"]["path"], group["health_check"]["port"]) == (8443, "/up", "8081")


def test_a_name_has_all_the_addresses_in_one_record_or_one_that_is_asked_for_each() -> None:
    names = [{"zone": "z", "name": "plain"}, {"zone": "z", "name": "asked", "health_withdrawal": True}]
    plain, asked = parts(edge_names=names)["load_balancers"][0]["records"]
    assert plain == {"zone": "z", "name": "plain", "values": ["edge-a", "edge-b"]}
    assert [one["address"] for one in asked["multivalue"]] == ["edge-a", "edge-b"]
    assert {(one["health_check"]["protocol"], one["health_check"]["port"]) for one in asked["multivalue"]} == {
        ("TCP", 443)
    }


def test_behind_an_application_load_balancer_tls_ends_there_and_groups_are_others() -> None:
    made = parts(edge_mode="nlb_alb", edge_alb=ALB)
    outer, inner = made["load_balancers"]
    assert outer["addresses"] == ADDRESSES
    assert (inner["name"], inner["subnets"], inner["security_groups"]) == ("edge-alb", ALB["subnets"], ["alb"])
    https, http = inner["listeners"]
    assert (https["protocol"], https["certificates"], https["forward"]) == ("HTTPS", ["public"], "edge-service")
    assert http["redirect"] == {"protocol": "HTTPS", "port": 443}
    by_name = {group["name"]: group for group in made["target_groups"]}
    assert {name: group["target_type"] for name, group in by_name.items()} == {
        "edge-alb-https": "alb",
        "edge-alb-http": "alb",
        "edge-service": "ip",
    }
    assert [one["forward"] for one in outer["listeners"]] == ["edge-alb-https", "edge-alb-http"]
    assert by_name["edge-alb-https"]["targets"] == [{"load_balancer": "edge-alb"}]
    asked = {name: by_name[name]["health_check"]["protocol"] for name in ("edge-alb-https", "edge-alb-http")}
    assert asked == {"edge-alb-https": "HTTPS", "edge-alb-http": "HTTP"}
    assert by_name["edge-service"]["port"] == 8080


def test_who_comes_without_tls_is_led_to_the_port_that_has_it() -> None:
    listeners = [{"name": "https", "port": 8443}, {"name": "http", "port": 80}]
    _outer, inner = parts(edge_mode="nlb_alb", edge_alb=ALB, edge_listeners=listeners)["load_balancers"]
    assert [one.get("redirect") for one in inner["listeners"]] == [None, {"protocol": "HTTPS", "port": 8443}]


def test_all_groups_stand_in_the_vpc_that_is_said() -> None:
    assert {group["vpc"] for group in groups(edge_vpc="front").values()} == {"front"}
