"""Routes between VPCs and out of them, network load balancers, and the parts that each judgement is made of."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.acls import open_ports, stopped_by
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import INTERNET, Internet, Vantage, reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.routes import route_to, target_of
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, network

from tests.unit.module_utils.reachability.building import OPEN, Building, entry, rule

OPERATOR = Vantage("vpc-operator", "subnet-operator-a", ("sg-operator",), "172.20.1.10")
Break = t.Callable[[Building], t.Any]


def peered() -> Building:
    """An operator's VPC beside the region's, with a server of the region to look after."""
    made = Building()
    made.vpc("main", "10.0.0.0/16")
    made.vpc("operator", "172.20.0.0/16")
    made.subnet("private-a", "main", "10.0.16.0/20", pcx_1="172.20.0.0/16")
    made.subnet("operator-a", "operator", "172.20.1.0/24", pcx_1="10.0.0.0/16")
    sides = {"RequesterVpcInfo": {"VpcId": "vpc-operator"}, "AccepterVpcInfo": {"VpcId": "vpc-main"}}
    made.add("vpc_peerings", {"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, **sides})
    made.group("operator", vpc="operator")
    made.group("server", [rule(22, "172.20.0.0/16")])
    made.interface("server", "private-a", "10.0.16.30", "server")
    return made


def test_over_a_peering_both_sides_reach_each_other() -> None:
    assert reach(peered().snapshot, OPERATOR, "10.0.16.30", 22).reached


@pytest.mark.parametrize(
    ("cause", "damage"),
    [
        ("no-route", lambda made: made.get("route_tables", "rtb-operator-a")["Routes"].pop()),
        ("no-return-route", lambda made: made.get("route_tables", "rtb-private-a")["Routes"].pop()),
        ("no-return-route",
         lambda made: made.get("route_tables", "rtb-private-a")["Routes"][-1].update(State="blackhole")),
        ("peering-not-active",
         lambda made: made.get("vpc_peerings", "pcx-1").update(Status={"Code": "pending-acceptance"})),
        ("ingress-closed", lambda made: made.get("security_groups", "sg-server")["IpPermissions"].clear()),
    ],
)  # fmt: skip
def test_f12_a_peering_that_lacks_something_is_named(cause: str, damage: Break) -> None:
    made = peered()
    damage(made)
    found = reach(made.snapshot, OPERATOR, "10.0.16.30", 22)
    assert found.cause == cause, found.told()


def test_a_group_may_name_a_group_of_the_peered_vpc() -> None:
    made = peered()
    made.get("security_groups", "sg-server")["IpPermissions"] = [rule(22, "sg-operator")]
    assert reach(made.snapshot, OPERATOR, "10.0.16.30", 22).reached


def test_what_goes_through_a_transit_gateway_is_said_not_to_be_known() -> None:
    made = peered()
    made.route("operator-a", "tgw-1", "192.168.0.0/16")
    found = reach(made.snapshot, OPERATOR, "192.168.4.4", 443)
    assert (found.reached, found.cause, found.judged) == (False, "not-modelled", False)
    assert "tgw-1" in found.said


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("10.0.16.30", "local"),
        ("172.20.1.10", "pcx-1"),
        ("172.20.9.9", "eni-1"),
        ("8.8.8.8", "nat-1"),
        ("52.218.128.1", "vpce-s3"),
        ("52.0.0.1", "nat-1"),
        ("2600::1", ""),
    ],
)
def test_the_longest_prefix_wins(address: str, target: str) -> None:
    made = peered()
    made.route("private-a", "nat-1", "0.0.0.0/0")
    made.route("private-a", "eni-1", "172.20.9.0/24")
    made.gateway_endpoint("s3", "private-a")
    route = route_to(Region(made.snapshot), "subnet-private-a", network(address))
    assert (target_of(route) if route else "") == target


def test_a_subnet_without_a_table_of_its_own_uses_the_main_one() -> None:
    made = peered()
    made.get("route_tables", "rtb-operator-a")["Associations"] = [{"Main": True}]
    assert reach(made.snapshot, OPERATOR, "10.0.16.30", 22).reached


ACL = {
    "Entries": [
        entry(100, "allow", (443, 443)),
        entry(110, "deny", (22, 22), "203.0.113.0/24"),
        entry(120, "allow", (20, 30)),
        entry(32767, "deny"),
    ]
}


@pytest.mark.parametrize(
    ("peer", "ports", "stopped"),
    [
        ("198.51.100.1/32", (443, 443), None),
        ("198.51.100.1/32", (22, 22), None),
        ("203.0.113.1/32", (22, 22), "rule 110"),
        ("203.0.113.1/32", (20, 30), "rule 110"),
        ("0.0.0.0/0", (20, 30), None),
        ("198.51.100.1/32", (20, 31), "its last rule, which denies all the rest"),
        ("2600::/12", (443, 443), "having no rule for it"),
    ],
)
def test_rules_of_an_acl_hold_in_their_order(peer: str, ports: tuple[int, int], stopped: str | None) -> None:
    assert stopped_by(ACL, "in", network(peer), "tcp", ports) == stopped


def test_what_an_acl_leaves_of_a_range_of_ports() -> None:
    assert open_ports(ACL, "in", network("203.0.113.0/24"), "tcp", (0, 65535)) == [(20, 21), (23, 30), (443, 443)]
    assert open_ports(ACL, "out", network("203.0.113.0/24"), "tcp", (0, 65535)) == []
    assert open_ports(None, "in", network("203.0.113.0/24"), "tcp", (1, 2)) == [(1, 2)]


def behind_nlb(client_ip: bool, *ingress: dict[str, t.Any], group: str = "nlb") -> Building:
    """A network load balancer before a server."""
    made = Building()
    made.vpc("main", "10.0.0.0/16")
    made.subnet("public-a", "main", "10.0.1.0/24", igw_main="0.0.0.0/0")
    made.subnet("private-a", "main", "10.0.16.0/20", igw_main="0.0.0.0/0")
    made.group("nlb", [rule(443, "0.0.0.0/0")])
    made.group("server", ingress)
    made.interface("server", "private-a", "10.0.16.30", "server")
    attributes = [{"Key": "preserve_client_ip.enabled", "Value": str(client_ip).lower()}]
    arn = made.targets("server", 443, "10.0.16.30", Attributes=attributes, Protocol="TCP")
    listener = {"Port": 443, "Protocol": "TCP", "ListenerArn": "l"}
    listener["DefaultActions"] = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn}]}}]
    made.balancer("edge", group, listener, scheme="internet-facing", public_a="10.0.1.20/203.0.113.20", kind="network")
    for interface in made.snapshot["network_interfaces"]:
        if str(interface["Description"]).startswith("ELB"):
            t.cast("t.Any", interface)["InterfaceType"] = "network_load_balancer"
    return made


@pytest.mark.parametrize(
    ("client_ip", "ingress", "reached"),
    [
        (False, rule(443, "10.0.1.0/24"), True),
        (True, rule(443, "10.0.1.0/24"), False),
        (True, rule(443, "198.51.100.0/24"), True),
        (False, rule(443, "198.51.100.0/24"), False),
        (True, rule(443, "sg-nlb"), True),
        (False, rule(443, "sg-nlb"), True),
    ],
)
def test_whose_address_a_target_sees_follows_client_ip_preservation(
    client_ip: bool, ingress: dict[str, t.Any], reached: bool
) -> None:
    made = behind_nlb(client_ip, ingress)
    found = reach(made.snapshot, Internet("198.51.100.7"), "edge-1.us-west-2.elb.amazonaws.com", 443)
    assert found.reached is reached, found.told()


def test_a_network_load_balancer_without_groups_lets_all_in() -> None:
    made = behind_nlb(True, OPEN, group="")
    assert reach(made.snapshot, INTERNET, "edge-1.us-west-2.elb.amazonaws.com", 443).reached
    assert reach(made.snapshot, INTERNET, "edge-1.us-west-2.elb.amazonaws.com", 80).cause == "no-listener"


def test_a_network_load_balancer_may_lead_to_an_application_one() -> None:
    made = behind_nlb(False, OPEN)
    face = made.targets("face", 8000, "10.0.16.30")
    inner = {"Port": 80, "Protocol": "HTTP", "DefaultActions": [{"Type": "forward", "TargetGroupArn": face}]}
    made.group("alb", [rule(443, "sg-nlb")])
    arn = made.balancer("inner", "alb", inner, private_a="10.0.16.40")["LoadBalancerArn"]
    made.get("target_groups", "us-server").update(TargetType="alb", Targets=[
        {"Target": {"Id": arn, "Port": 443}, "TargetHealth": {"State": "healthy"}}
    ])  # fmt: skip
    name = "edge-1.us-west-2.elb.amazonaws.com"
    assert reach(made.snapshot, INTERNET, name, 443).reached
    made.get("security_groups", "sg-alb")["IpPermissions"].clear()
    assert reach(made.snapshot, INTERNET, name, 443).cause == "target-not-reached"


def test_a_machine_with_a_public_address_is_reached_from_where_its_group_lets_in() -> None:
    made = behind_nlb(False)
    made.group("web", [rule(22, "198.51.100.0/24")])
    made.interface("web", "public-a", "10.0.1.9", "web", public="203.0.113.9")
    assert reach(made.snapshot, Internet("198.51.100.7"), "203.0.113.9", 22).reached
    assert reach(made.snapshot, INTERNET, "203.0.113.9", 22).cause == "ingress-closed"
    made.get("route_tables", "rtb-public-a")["Routes"].pop()
    assert reach(made.snapshot, Internet("198.51.100.7"), "203.0.113.9", 22).cause == "no-return-route"
