"""System 3, what changes around addresses that stay: its load balancer, its mode, its machines."""

from __future__ import annotations

import typing as t
from contextlib import contextmanager

from tests.integration.systems import partner
from tests.integration.systems.built import Built
from tests.integration.systems.partner import NAME, PARTNER
from tests.integration.systems.test_system_0_services import named, one_line

LISTENERS = {("edge", "listener", "edge:443", "create"), ("edge", "listener", "edge:80", "create")}


def runs(static_ip: Built, *stacks: str) -> str:
    """Build stacks, or all; return what the run said."""
    run = static_ip.region.play("site.yml", *(("--limit", ",".join(stacks)) if stacks else ()))
    assert run.rc == 0, run.output
    return one_line(run.output)


def protect(static_ip: Built, protected: str) -> None:
    arn = partner.balancer(static_ip)["LoadBalancerArn"]
    said = [{"Key": "deletion_protection.enabled", "Value": protected}]
    static_ip.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=said)


def test_f9_3_02_a_load_balancer_that_is_rebuilt_has_the_same_addresses_and_name(static_ip: Built) -> None:
    before = (partner.addresses(static_ip), partner.resolved(static_ip), partner.allocations(static_ip))
    old = partner.balancer(static_ip)["LoadBalancerArn"]
    static_ip.client("elbv2").delete_load_balancer(LoadBalancerArn=old)
    static_ip.found_and_healed(("edge", "load balancer", "edge", "create"), *LISTENERS)
    assert partner.balancer(static_ip)["LoadBalancerArn"] != old
    assert (partner.addresses(static_ip), partner.resolved(static_ip), partner.stands_at(static_ip)) == before
    assert static_ip.reach(PARTNER, NAME).reached


def test_f9_3_02_a_teardown_keeps_the_addresses_for_the_next_one(static_ip: Built) -> None:
    before = partner.addresses(static_ip)
    gone = static_ip.region.play("playbooks/teardown.yml", "--limit", "edge", "-e", "teardown_confirm=static-ip")
    assert gone.rc == 0, gone.output
    assert "Elastic IP edge-a" in gone.output
    assert partner.addresses(static_ip) == before
    runs(static_ip, "edge")
    assert (partner.addresses(static_ip), partner.stands_at(static_ip)) == (before, partner.allocations(static_ip))
    runs(static_ip, "pools")
    assert static_ip.reach(PARTNER, NAME).reached


def test_3_02_a_protected_load_balancer_is_not_taken_away(static_ip: Built) -> None:
    static_ip.say("edge", edge_deletion_protection=True)
    plan = static_ip.drift("--limit", "edge")
    static_ip.say("edge", edge_deletion_protection=False)
    assert plan.actions == {("edge", "load balancer", "edge", "change")}
    assert "deletion_protection: False -> True" in plan.output
    protect(static_ip, "true")
    refused = static_ip.region.play("playbooks/teardown.yml", "--limit", "edge", "-e", "teardown_confirm=static-ip")
    protect(static_ip, "false")
    assert refused.rc != 0
    assert "is protected from deletion" in one_line(refused.output)
    assert refused.region_writes == []


def test_3_08_clients_addresses_in_a_header_change_the_target_groups_in_place(static_ip: Built) -> None:
    proxies = static_ip.region.inventory / "group_vars/role_proxy.yml"
    before = proxies.read_text(encoding="utf-8")
    told = "proxy_client_address: proxy_protocol\nproxy_trusted_cidrs: [10.0.1.0/24, 10.0.2.0/24]\n"
    with static_ip.saying("edge", edge_client_address="proxy_protocol"):
        alone = static_ip.region.play("site.yml", "--check", "--limit", "edge")
        proxies.write_text(before + told, encoding="utf-8")
        plan = static_ip.drift("--limit", "edge")
    proxies.write_text(before, encoding="utf-8")
    assert alone.rc != 0
    assert "proxy_client_address" in alone.output
    assert plan.actions == {("edge", "target group", f"edge-{name}", "change") for name in ("https", "http")}
    assert "proxy_protocol_v2: False -> True" in plan.output
    assert "preserve_client_ip: True -> False" in plan.output


def test_3_09_a_load_balancer_that_somebody_made_without_groups_is_named_and_not_taken(static_ip: Built) -> None:
    elb, old = static_ip.client("elbv2"), partner.balancer(static_ip)
    tags = elb.describe_tags(ResourceArns=[old["LoadBalancerArn"]])["TagDescriptions"][0]["Tags"]
    places = [
        {"SubnetId": zone["SubnetId"], "AllocationId": zone["LoadBalancerAddresses"][0]["AllocationId"]}
        for zone in old["AvailabilityZones"]
    ]
    elb.delete_load_balancer(LoadBalancerArn=old["LoadBalancerArn"])
    said = {"Type": "network", "Scheme": "internet-facing", "SubnetMappings": places, "Tags": tags}
    bare = elb.create_load_balancer(Name=old["LoadBalancerName"], **said)["LoadBalancers"][0]["LoadBalancerArn"]
    refused = static_ip.region.play("site.yml", "--limit", "edge")
    assert refused.rc != 0
    assert "was made without security groups, and AWS gives a network load balancer none later" in one_line(
        refused.output
    )
    elb.delete_load_balancer(LoadBalancerArn=bare)
    runs(static_ip, "edge")
    assert static_ip.reach(PARTNER, NAME).reached


@contextmanager
def behind_alb(static_ip: Built) -> t.Iterator[None]:
    """The same addresses before an application load balancer, and then before the proxies again."""
    groups, pools = (
        static_ip.said("security_groups", "security_groups_defined"),
        static_ip.said("pools", "pools_defined"),
    )
    named(groups, "edge")["egress"] = [{"reason": "requests", "group": "edge-alb", "ports": [443, 80]}]
    named(groups, "proxy")["ingress"] = [{"reason": "requests", "group": "edge-alb", "ports": [80]}]
    named(pools, "proxy")["target_groups"] = ["edge-service"]
    alb = {
        "name": "edge-alb",
        "reason": "Ends TLS for partners",
        "ingress": [{"reason": "by way of the addresses", "group": "edge", "ports": [443, 80]}],
        "egress": [{"reason": "requests", "group": "proxy", "ports": [80]}],
    }
    said = {
        "subnets": ["private-a", "private-c"],
        "security_groups": ["edge-alb"],
        "certificates": [partner.certificate(static_ip)],
        "tls_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "target_type": "instance",
    }
    try:
        with (
            static_ip.saying("security_groups", security_groups_defined=[*groups, alb]),
            static_ip.saying("pools", pools_defined=pools),
            static_ip.saying("edge", edge_mode="nlb_alb"),
        ):
            static_ip.say("edge", edge_alb=said)
            runs(static_ip, "security_groups", "edge", "pools")
            yield
    finally:
        static_ip.say("edge", edge_alb={})
        runs(static_ip, "edge", "pools")
        runs(static_ip, "security_groups")


def test_3_11_3_15_an_application_load_balancer_behind_the_same_addresses_in_one_run_and_back(static_ip: Built) -> None:
    old, before = partner.balancer(static_ip)["LoadBalancerArn"], partner.addresses(static_ip)
    with behind_alb(static_ip):
        assert partner.balancer(static_ip)["LoadBalancerArn"] == old
        assert partner.addresses(static_ip) == before
        inner = partner.balancer(static_ip, "edge-alb")
        assert (inner["Type"], inner["Scheme"]) == ("application", "internal")
        for name in ("edge-alb-https", "edge-alb-http"):
            assert partner.group(static_ip, name)["TargetType"] == "alb"
            assert partner.targets(static_ip, name) == {inner["LoadBalancerArn"]: "healthy"}
        listeners = partner.listeners(static_ip, "edge-alb")
        assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"
        assert listeners[80]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
        found = static_ip.reach(PARTNER, NAME)
        assert found.reached, found.told()
        assert static_ip.drift().actions == set()
    assert static_ip.reach(PARTNER, NAME).reached


def test_3_13_blue_gives_way_to_green_behind_the_same_addresses_and_target_groups(static_ip: Built) -> None:
    before = (partner.balancer(static_ip)["LoadBalancerArn"], partner.addresses(static_ip))
    (blue,) = static_ip.said("pools", "pools_defined")
    green = {**blue, "name": "proxy-green"}
    with static_ip.saying("pools", pools_defined=[blue]):
        static_ip.say("pools", pools_defined=[blue, green])
        runs(static_ip, "pools")
        both = {**partner.proxies(static_ip), **partner.proxies(static_ip, "proxy-green")}
        assert (len(both), set(partner.targets(static_ip, "edge-https"))) == (8, set(both))
        # Blue stands by, for a way back, until it is taken off the list.
        static_ip.say("pools", pools_defined=[{**blue, "target_groups": []}, green])
        runs(static_ip, "pools")
        assert set(partner.targets(static_ip, "edge-https")) == set(partner.proxies(static_ip, "proxy-green"))
        assert len(partner.proxies(static_ip)) == 4
        assert static_ip.reach(PARTNER, NAME).reached
    assert (partner.balancer(static_ip)["LoadBalancerArn"], partner.addresses(static_ip)) == before
    runs(static_ip, "pools")
    assert set(partner.targets(static_ip, "edge-https")) == set(partner.proxies(static_ip))


def test_when_all_is_healed_nothing_differs(static_ip: Built) -> None:
    assert static_ip.drift().actions == set()
