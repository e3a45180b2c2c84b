"""System 3, partners reach us at two fixed addresses: what stands, and who gets where."""

from __future__ import annotations

from tests.integration.systems import partner
from tests.integration.systems.built import Built
from tests.integration.systems.partner import NAME, PARTNER, STRANGER


def test_3_01_3_18_one_command_builds_it_and_a_second_leaves_it_as_it_is(static_ip: Built) -> None:
    again = static_ip.region.play("site.yml")
    assert again.actions == set()
    assert again.region_writes == []


def test_3_01_a_partner_comes_to_the_proxies_and_they_to_the_service(static_ip: Built) -> None:
    came = static_ip.reach(PARTNER, NAME)
    assert came.reached, came.told()
    machines = partner.proxies(static_ip)
    for name in ("edge-https", "edge-http"):
        assert partner.targets(static_ip, name) == dict.fromkeys(machines, "healthy")
    assert static_ip.reach(partner.proxy(static_ip), "198.51.100.20", 80).reached


def test_3_02_each_zone_has_an_address_that_is_kept_and_made_apart_from_the_load_balancer(static_ip: Built) -> None:
    assert partner.stands_at(static_ip) == partner.allocations(static_ip)
    kept = static_ip.described("describe_addresses", "Addresses")
    for part in partner.PARTS:
        assert {"Key": "cloister:keep", "Value": "true"} in kept[part]["Tags"]


def test_3_03_the_name_answers_with_both_addresses(static_ip: Built) -> None:
    assert partner.resolved(static_ip) == set(partner.addresses(static_ip).values())


def test_3_04_a_dead_zone_is_withdrawn_from_the_name_and_comes_back(static_ip: Built) -> None:
    both = partner.addresses(static_ip)
    lab, (first, second) = static_ip.region.lab, both.values()
    try:
        lab.target_health(first)
        assert partner.resolved(static_ip) == {second}
        lab.target_health(second)
        assert partner.resolved(static_ip) == {first, second}, "with all of them dead, none is withdrawn"
    finally:
        for address in (first, second):
            lab.target_health(address, healthy=None)
    assert partner.resolved(static_ip) == {first, second}


def test_3_04_health_checkers_come_in_where_they_ask_and_nowhere_else(static_ip: Built) -> None:
    checks = static_ip.client("route53").list_health_checks()["HealthChecks"]
    asked = {(one["HealthCheckConfig"]["IPAddress"], one["HealthCheckConfig"]["Port"]) for one in checks}
    assert asked == {(address, 443) for address in partner.addresses(static_ip).values()}
    checker = partner.Internet("15.177.0.10")
    assert static_ip.reach(checker, NAME).reached
    assert static_ip.reach(checker, NAME, 80).cause == "balancer-group-closed"


def test_3_05_four_proxies_are_spread_over_the_zones_and_may_become_more(static_ip: Built) -> None:
    machines = partner.proxies(static_ip).values()
    zones = [machine["Placement"]["AvailabilityZone"] for machine in machines]
    assert sorted(zones) == ["ap-northeast-2a"] * 2 + ["ap-northeast-2c"] * 2
    (pool,) = static_ip.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (pool["MinSize"], pool["DesiredCapacity"], pool["MaxSize"]) == (4, 4, 8)


def test_3_06_tls_passes_the_load_balancer_and_ends_at_the_proxies(static_ip: Built) -> None:
    for port, listener in partner.listeners(static_ip).items():
        assert (listener["Protocol"], listener.get("Certificates", [])) == ("TCP", []), port
    assert static_ip.client("acm").list_certificates()["CertificateSummaryList"] == []


def test_3_08_proxies_see_the_clients_own_address_and_keep_what_has_come(static_ip: Built) -> None:
    for name in ("edge-https", "edge-http"):
        said = partner.attributes(static_ip, name)
        assert (said["preserve_client_ip.enabled"], said["proxy_protocol_v2.enabled"]) == ("true", "false")
        assert said["deregistration_delay.connection_termination.enabled"] == "false"
        assert said["target_health_state.unhealthy.connection_termination.enabled"] == "false"


def test_3_09_the_load_balancer_has_a_group_from_its_first_moment_that_lets_partners_in_alone(static_ip: Built) -> None:
    group = static_ip.described("describe_security_groups", "SecurityGroups")["edge"]["GroupId"]
    assert partner.balancer(static_ip)["SecurityGroups"] == [group]
    made = [write for write in static_ip.region.lab.writes() if write["action"] == "CreateLoadBalancer"]
    assert group in str(made[0]["named"])
    assert static_ip.reach(STRANGER, NAME).cause == "balancer-group-closed"


def test_3_09_proxies_let_in_what_comes_by_way_of_the_load_balancer_and_nobody_else(static_ip: Built) -> None:
    group = static_ip.described("describe_security_groups", "SecurityGroups")["proxy"]
    rules = {"GroupId": group["GroupId"], "IpPermissions": group["IpPermissions"]}
    assert not any(rule["IpRanges"] for rule in group["IpPermissions"])
    static_ip.ec2.revoke_security_group_ingress(**rules)
    try:
        found = static_ip.reach(PARTNER, NAME)
    finally:
        static_ip.ec2.authorize_security_group_ingress(**rules)
    assert (found.stage, found.cause) == ("target", "target-not-reached")


def test_3_16_partners_are_told_both_lists_and_calls_leave_from_kept_addresses(static_ip: Built) -> None:
    told = static_ip.region.play("site.yml").output
    found = static_ip.described("describe_addresses", "Addresses")
    for words, names in (
        ("partners reach the region at", partner.PARTS),
        ("calls leave the region from", ("main-nat-a", "main-nat-c")),
    ):
        (line,) = [line for line in told.splitlines() if line.strip().startswith(words)]
        assert {found[name]["PublicIp"] for name in names} == {
            word.strip(",") for word in line.removeprefix(f"  {words}").split("(")[0].split()
        }
        for name in names:
            assert {"Key": "cloister:keep", "Value": "true"} in found[name]["Tags"]


def test_all_declared_flows_are_as_expected_and_nothing_else_is_open(static_ip: Built) -> None:
    for playbook in ("playbooks/diagnose.yml", "playbooks/exposure.yml"):
        run = static_ip.region.play(playbook)
        assert run.rc == 0, run.output
        assert run.writes == []
