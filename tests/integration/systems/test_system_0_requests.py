"""System 0, who reaches whom: client -> guard -> face-generator -> webhook, and nobody else. Judged from a snapshot."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.exposure import exposed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import INTERNET
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

from tests.integration.systems.broken_ways import FAULTS, Fault, the_zone_is_another_vpcs
from tests.integration.systems.built import Built

OUTER = "us.infer.example.com"
API, WEBHOOK = "api.prod.infer.example.internal", "guard.prod.infer.example.internal"


def ends_at(us: Built, verdict: Verdict, service: str) -> bool:
    """Whether a request gets through to a target group whose healthy targets are the tasks of this service, all."""
    assert verdict.reached, verdict.told()
    (group,) = [one for one in verdict.steps[-1].evidence if ":targetgroup/" in one]
    told = us.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    healthy = {one["Target"]["Id"] for one in told if one["TargetHealth"]["State"] == "healthy"}
    return healthy == {interface["PrivateIpAddress"] for interface in us.interfaces(service)}


def test_0_07_a_client_outside_reaches_guard_through_the_public_load_balancer(us: Built) -> None:
    assert ends_at(us, us.reach(INTERNET, OUTER), "guard")
    plain = us.reach(INTERNET, OUTER, 80)
    assert (plain.reached, "are sent on to HTTPS" in plain.said) == (True, True)


def test_0_08_guard_reaches_face_generator_by_its_inner_name(us: Built) -> None:
    verdict = us.reach("guard", API)
    assert ends_at(us, verdict, "face-generator")
    assert any("load balancer internal" in step.said for step in verdict.steps)


def test_0_09_face_generator_reaches_guards_webhook_by_its_inner_name(us: Built) -> None:
    verdict = us.reach("face-generator", WEBHOOK)
    assert ends_at(us, verdict, "guard")
    assert any("load balancer internal" in step.said for step in verdict.steps)


def test_0_09_face_generator_cannot_send_results_out_and_back_in(us: Built) -> None:
    verdict = us.reach("face-generator", OUTER)
    assert (verdict.stage, verdict.cause) == ("security_group", "egress-closed")
    assert "face-generator (sg-" in verdict.said


def test_0_02_the_internet_finds_the_public_load_balancer_and_partners_the_edge_and_nothing_else(us: Built) -> None:
    ways = [(way.kind, way.part, way.ports, way.open_to) for way in exposed(us.snapshot)]
    assert ways == [
        ("load balancer", part, (port,), (who,))
        for part, who in (("edge", "203.0.113.64/26"), ("public", "0.0.0.0/0"))
        for port in ("443", "80")
    ]
    tasks = [
        interface["PrivateIpAddress"] for service in ("guard", "face-generator") for interface in us.interfaces(service)
    ]
    inside = [("api", 443), ("guard", 443), *((address, port) for address in tasks for port in (8080, 8000))]
    names = {"api": API, "guard": WEBHOOK}
    for destination, port in inside:
        assert not us.reach(INTERNET, names.get(destination, destination), port).reached, destination


def test_0_05_the_inner_name_resolves_inside_the_vpc_only(us: Built) -> None:
    assert us.reach("face-generator", API).stage != "dns"
    outside = us.reach(INTERNET, API)
    assert (outside.stage, outside.cause) == ("dns", "name-unknown")


def test_0_14_0_15_a_zone_that_is_not_associated_is_the_verdict_and_what_was_first_suspected_is_cleared(
    us: Built,
) -> None:
    guard = us.vantage("guard")
    with the_zone_is_another_vpcs(us):
        verdict = us.reach(guard, API)
    assert (verdict.stage, verdict.cause) == ("dns", "zone-not-associated")
    assert us.id("main") in verdict.said
    cleared = {step.stage: step.said for step in verdict.cleared}
    assert {"route", "security_group", "tcp", "tls", "http", "target"} <= set(cleared)
    assert "1 of 1 targets of face-generator" in cleared["target"]
    assert us.reach(guard, API).reached


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.cause)
def test_0_19_how_far_a_request_gets_names_the_stage_that_broke(us: Built, fault: Fault) -> None:
    guard = us.vantage("guard")
    with fault.breaking(us):
        verdict = reach(us.snapshot, guard, API, 443)
    assert (verdict.reached, verdict.stage, verdict.cause) == (False, fault.stage, fault.cause), verdict.told()
    assert verdict.fix
    assert us.reach(guard, API).reached


def test_0_19_an_answer_that_finds_no_way_back_is_a_broken_route(us: Built) -> None:
    table = us.described("describe_route_tables", "RouteTables")["main-public"]
    where = {"RouteTableId": table["RouteTableId"], "DestinationCidrBlock": "0.0.0.0/0"}
    gateway = us.id("main", "describe_internet_gateways", "InternetGateways", "InternetGatewayId")
    us.ec2.delete_route(**where)
    verdict = us.reach(INTERNET, OUTER)
    us.ec2.create_route(**where, GatewayId=gateway)
    assert (verdict.stage, verdict.cause) == ("route", "no-return-route"), verdict.told()
    assert us.reach(INTERNET, OUTER).reached


def test_0_19_what_was_broken_and_mended_by_hand_is_as_the_inventory_says(us: Built) -> None:
    assert us.drift().actions == set()
