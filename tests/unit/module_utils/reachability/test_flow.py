"""How far a request gets in the region `us`, and the first thing that stops it when one thing is broken."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import INTERNET, Internet, Source, reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

from tests.unit.module_utils.reachability.building import FACE, GUARD, Building, entry, rule, us

API, WEBHOOK, PUBLIC = "api.prod.infer.internal", "guard.prod.infer.internal", "us.infer.example.com"
Break = t.Callable[[Building], t.Any]


@pytest.mark.parametrize(
    ("source", "name", "port"),
    [
        (INTERNET, PUBLIC, 443),
        (INTERNET, PUBLIC, 80),
        (Internet("198.51.100.7"), PUBLIC, 443),
        (GUARD, API, 80),
        (FACE, WEBHOOK, 80),
        (GUARD, "10.0.16.20", 80),
    ],
)
def test_what_the_region_is_for_is_reached(source: Source, name: str, port: int) -> None:
    made = us()
    if name == "10.0.16.20":  # an address matches no rule for a name
        made.get("load_balancers", "us-internal")["Listeners"][0]["DefaultActions"] = face(made)
    found = reach(made.snapshot, source, name, port)
    assert found.reached, found.told()
    assert found.cleared == found.steps


def face(made: Building) -> list[dict[str, t.Any]]:
    return [{"Type": "forward", "TargetGroupArn": made.get("target_groups", "us-face")["TargetGroupArn"]}]


def rules_of(made: Building, group: str, key: str) -> list[dict[str, t.Any]]:
    return t.cast("list[dict[str, t.Any]]", made.get("security_groups", f"sg-{group}")[key])


def routes_of(made: Building, subnet: str) -> list[dict[str, t.Any]]:
    return t.cast("list[dict[str, t.Any]]", made.get("route_tables", f"rtb-{subnet}")["Routes"])


def acl(made: Building, subnet: str, *entries: dict[str, t.Any]) -> None:
    made.get("network_acls", f"acl-{subnet}")["Entries"][:0] = entries


def health(made: Building, group: str, **said: str) -> None:
    made.get("target_groups", f"us-{group}")["Targets"][0]["TargetHealth"] = said


BROKEN: dict[str, tuple[Source, str, int, str, Break]] = {
    "the client's groups let nothing out": (
        GUARD, API, 80, "egress-closed", lambda us: rules_of(us, "guard", "IpPermissionsEgress").clear()),
    "the client's groups let another port out": (
        GUARD, API, 80, "egress-closed",
        lambda us: rules_of(us, "guard", "IpPermissionsEgress").__setitem__(0, rule(443, "sg-internal-alb"))),
    "the balancer's groups let the client not in": (
        GUARD, API, 80, "balancer-group-closed", lambda us: rules_of(us, "internal-alb", "IpPermissions").pop(0)),
    "the rule is for another protocol": (
        GUARD, API, 80, "balancer-group-closed",
        lambda us: rules_of(us, "internal-alb", "IpPermissions").__setitem__(0, rule(80, "sg-guard", protocol="udp"))),
    "the public balancer's group is closed": (
        INTERNET, PUBLIC, 443, "balancer-group-closed",
        lambda us: rules_of(us, "public-alb", "IpPermissions").pop(0)),
    "the public balancer's group is open to others only": (
        INTERNET, PUBLIC, 443, "balancer-group-closed",
        lambda us: rules_of(us, "public-alb", "IpPermissions").__setitem__(0, rule(443, "203.0.113.0/24"))),
    "the public subnet has no way to the internet": (
        INTERNET, PUBLIC, 443, "no-return-route", lambda us: routes_of(us, "public-a").pop()),
    "the internet gateway is detached": (
        INTERNET, PUBLIC, 443, "no-return-route",
        lambda us: us.get("internet_gateways", "igw-main")["Attachments"].clear()),
    "the ACL of the public subnet stops requests": (
        INTERNET, PUBLIC, 443, "acl-closed-in", lambda us: acl(us, "public-a", entry(50, "deny", (443, 443)))),
    "the ACL of the public subnet stops answers": (
        INTERNET, PUBLIC, 443, "acl-closed-in",
        lambda us: acl(us, "public-a", entry(50, "deny", (1024, 65535), Egress=True))),
    "the ACL of the public subnet stops some answers": (
        INTERNET, PUBLIC, 443, "acl-closed-in",
        lambda us: acl(us, "public-a", entry(50, "deny", (6000, 6100), Egress=True))),
    "the ACL of the client's subnet stops requests to the other zone": (
        FACE, API, 80, "acl-closed-out",
        lambda us: acl(us, "private-b", entry(50, "deny", (80, 80), "10.0.16.0/20", Egress=True))),
    "the ACL of the client's subnet stops answers": (
        FACE, API, 80, "acl-closed-out",
        lambda us: acl(us, "private-b", entry(50, "deny", (32768, 60999), "10.0.16.0/20"))),
    "the balancer has no listener on the port": (
        GUARD, API, 80, "no-listener", lambda us: us.get("load_balancers", "us-internal")["Listeners"].clear()),
    "the balancer does not stand yet": (
        GUARD, API, 80, "balancer-not-active",
        lambda us: us.get("load_balancers", "us-internal").update(State={"Code": "provisioning"})),
    "the balancer has no interface yet": (
        GUARD, API, 80, "balancer-not-active",
        lambda us: [us.drop("network_interfaces", f"eni-internal-private_{zone}") for zone in "ab"]),
    "no rule is for the name": (
        GUARD, API, 80, "no-rule-for-name",
        lambda us: us.get("load_balancers", "us-internal")["Listeners"][0]["Rules"].pop(0)),
    "nothing is registered": (
        GUARD, API, 80, "no-targets", lambda us: us.get("target_groups", "us-face")["Targets"].clear()),
    "the balancer's groups let nothing out to the target": (
        GUARD, API, 80, "target-not-reached",
        lambda us: rules_of(us, "internal-alb", "IpPermissionsEgress").clear()),
    "the target's groups let the balancer not in": (
        GUARD, API, 80, "target-not-reached", lambda us: rules_of(us, "face", "IpPermissions").clear()),
    "the health check's port is closed": (
        GUARD, API, 80, "target-not-reached",
        lambda us: us.get("target_groups", "us-face").update(HealthCheckPort="9000")),
    "the target's subnet stops the balancer's answers": (
        GUARD, API, 80, "target-not-reached",
        lambda us: acl(us, "private-b", entry(50, "deny", (1024, 65535), "10.0.16.0/20", Egress=True))),
    "the targets are unhealthy": (
        GUARD, API, 80, "targets-unhealthy",
        lambda us: health(us, "face", State="unhealthy", Description="Health checks failed with these codes: [404]")),
    "the targets are just starting": (
        GUARD, API, 80, "targets-unhealthy", lambda us: health(us, "face", State="initial")),
    "nobody has the address": (GUARD, "10.0.32.99", 8000, "nobody-there", lambda us: rules_of(
        us, "guard", "IpPermissionsEgress").append(rule(8000, "10.0.0.0/16"))),
    "the target takes nobody but the balancer": (GUARD, "10.0.32.10", 8000, "ingress-closed", lambda us: rules_of(
        us, "guard", "IpPermissionsEgress").append(rule(8000, "sg-face"))),
    "an inner address is asked for from the internet": (
        INTERNET, "10.0.32.10", 8000, "address-not-public", lambda us: None),
    "an inner balancer is asked for from the internet": (
        INTERNET, "internal-1.us-west-2.elb.amazonaws.com", 80, "address-not-public", lambda us: None),
    "face-generator asks for the public name": (FACE, PUBLIC, 443, "no-route", lambda us: None),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_the_first_broken_thing_is_named(case: str) -> None:
    source, name, port, cause, damage = BROKEN[case]
    made = us()
    damage(made)
    found = reach(made.snapshot, source, name, port)
    assert found.cause == cause, found.told()
    assert found.said
    assert found.fix
    assert not found.reached


def test_0_15_what_is_innocent_is_cleared_also_beyond_what_is_broken() -> None:
    made = us()
    made.get("hosted_zones", "ZPRODINFERINTERNAL")["VPCs"].clear()
    found = reach(made.snapshot, GUARD, API, 80)
    assert (found.stage, found.cause) == ("dns", "zone-not-associated")
    assert {step.stage for step in found.cleared} == {"route", "security_group", "tcp", "http", "target"}
    told = found.told()
    assert told["broken"] == [f"dns: {found.said}"]
    assert any("targets of us-face" in line for line in told["cleared"])


def test_0_14_the_verdict_names_zone_vpc_and_variable() -> None:
    made = us()
    made.get("hosted_zones", "ZPRODINFERINTERNAL")["VPCs"] = [{"VPCId": "vpc-operator"}]
    found = reach(made.snapshot, GUARD, API, 80)
    for word in ("prod.infer.internal (ZPRODINFERINTERNAL)", "vpc-operator", "main (vpc-main)"):
        assert word in found.said
    assert found.fix == "add the VPC to vpcs of prod.infer.internal in dns_zones"


def test_0_06_a_bad_health_path_is_told_in_the_words_of_aws() -> None:
    made = us()
    health(made, "face", State="unhealthy", Description="Health checks failed with these codes: [404]")
    found = reach(made.snapshot, GUARD, API, 80)
    assert found.stage == "target"
    assert "unhealthy (Health checks failed with these codes: [404])" in found.said
    assert "health_check" in found.fix


def test_one_healthy_target_is_enough() -> None:
    made = us()
    group = made.get("target_groups", "us-face")
    made.interface("face-2", "private-a", "10.0.16.11", "face")
    second = {"Target": {"Id": "10.0.16.11", "Port": 8000}, "TargetHealth": {"State": "unhealthy"}}
    group["Targets"].append(second)
    found = reach(made.snapshot, GUARD, API, 80)
    assert found.reached
    assert "1 of 2 targets" in found.said


def test_an_address_out_of_several_that_fails_is_said_to_be_one_of_several() -> None:
    made = us()
    acl(made, "private-b", entry(50, "deny", (80, 80)))
    found = reach(made.snapshot, GUARD, API, 80)
    assert found.cause == "acl-closed-in"
    assert found.said.startswith("of 2 addresses of api.prod.infer.internal, 1 cannot be reached: ")


def test_0_09_face_generator_does_not_reach_the_public_balancer_even_through_nat() -> None:
    made = us()
    made.nat("main", "public-a", "203.0.113.5")
    made.route("private-b", "nat-main", "0.0.0.0/0")
    found = reach(made.snapshot, FACE, PUBLIC, 443)
    assert found.cause == "egress-closed"
    rules_of(made, "face", "IpPermissionsEgress").append(rule(443, "0.0.0.0/0"))
    assert reach(made.snapshot, FACE, PUBLIC, 443).reached


def test_verdicts_come_in_the_order_in_which_a_request_meets_things() -> None:
    made = us()
    rules_of(made, "guard", "IpPermissionsEgress").clear()
    health(made, "face", State="unhealthy")
    found: Verdict = reach(made.snapshot, GUARD, API, 80)
    assert [step.cause for step in found.steps if not step.ok] == ["egress-closed", "targets-unhealthy"]
    assert found.cause == "egress-closed"
