# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What nftables is told of security groups is what they are judged to say where flows are."""

from __future__ import annotations

import ipaddress
import itertools
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.groups import Peer, admitting
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, network

from lab.plane import filters, world
from tests.unit.lab.plane import plane_world as made

RULES = {
    "a range": [made.rule(443, **made.ranges("203.0.113.64/26"))],
    "ranges that overlap": [made.rule(443, **made.ranges("10.0.0.0/16", "10.0.1.0/24"))],
    "ports": [made.rule(80, 443, **made.ranges("0.0.0.0/0"))],
    "everything": [made.rule(None, protocol="-1", **made.ranges("10.0.0.0/8"))],
    "another protocol": [made.rule(443, protocol="udp", **made.ranges("0.0.0.0/0"))],
    "by number": [made.rule(443, protocol="6", **made.ranges("10.0.0.0/8"))],
    "members of a group": [made.rule(443, **made.members("sg-edge"))],
    "a prefix list": [made.rule(443, PrefixListIds=[{"PrefixListId": "pl-1"}])],
    "two rules": [made.rule(22, **made.ranges("10.0.0.0/8")), made.rule(443, **made.ranges("10.0.1.0/24"))],
    "none": [],
}
PEERS = ("203.0.113.70", "203.0.113.9", "10.0.1.5", "10.0.2.5", "10.0.1.10", "10.9.0.4", "15.177.0.9", "198.18.0.1")


def region_with(rules: list[t.Any]) -> Region:
    told = made.snapshot()
    told["security_groups"].append({"GroupId": "sg-x", "IpPermissions": rules})
    told["prefix_lists"] = [{"PrefixListId": "pl-1", "Cidrs": ["15.177.0.0/18", "2600::/16"]}]
    return Region(t.cast("t.Any", told))


@pytest.mark.parametrize("said", RULES)
def test_who_is_let_in_is_who_is_judged_to_be(said: str) -> None:
    region = region_with(RULES[said])
    for address, port in itertools.product(PEERS, (22, 80, 81, 443)):
        holder = region.interface_at(address, made.VPC)
        private = holder is not None and holder["PrivateIpAddress"] == address
        groups = frozenset(one["GroupId"] for one in holder["Groups"]) if private and holder else frozenset()
        judged = admitting(region, ["sg-x"], "in", Peer(network(address), address, groups), port, "tcp") is not None
        ranges = [ipaddress.ip_network(one) for one in filters.sources(region, ["sg-x"], port)]
        assert any(ipaddress.ip_address(address) in one for one in ranges) == judged, (address, port)


def rules(told: dict[str, t.Any]) -> dict[str, list[str]]:
    """Lines by chain."""
    chains: dict[str, list[str]] = {}
    for line in filters.ruleset(made.read(told), "eth0", "eth1").splitlines():
        if line.startswith("  chain "):
            chains[line.split()[1]] = []
        elif line.startswith("    "):
            chains[list(chains)[-1]].append(line.strip())
    return chains


def test_only_listeners_ports_lead_in_to_a_load_balancer() -> None:
    chains = rules(made.snapshot())
    assert chains["in_eni_1"] == ["tcp dport != { 443 } drop", "jump in_sg_edge", "drop"]
    assert chains["in_sg_edge"] == ["ip saddr { 203.0.113.64/26 } tcp dport 443 accept"]
    assert "10.0.1.5 : goto in_eni_1" in chains["input"][-1]
    assert "198.18.0.1 : goto in_eni_1" in chains["input"][-1]


def test_a_network_load_balancer_without_groups_lets_all_in_and_an_interface_without_does_not() -> None:
    told = made.snapshot()
    for one in told["network_interfaces"]:
        one["Groups"] = []
    chains = rules(told)
    assert chains["in_eni_1"] == ["tcp dport != { 443 } drop", "accept", "drop"]
    assert chains["in_eni_i_1"] == ["drop"]


def test_targets_that_name_the_load_balancers_group_take_its_clients() -> None:
    told = made.snapshot()
    assert "ip daddr 10.0.1.10 tcp dport 443 accept" in rules(told)["output"]
    told["security_groups"][1]["IpPermissions"] = [made.rule(443, **made.ranges("10.0.1.5/32"))]
    assert "ip daddr 10.0.1.10 tcp dport 443 accept" not in rules(told)["output"]


def test_clients_of_the_same_network_are_answered_by_way_of_the_load_balancer() -> None:
    seen = rules(made.snapshot())["seen"]
    assert any("10.0.2.10 . 443" in one and one.endswith("snat to 10.0.2.5") for one in seen)
    told = made.snapshot()
    told["target_groups"][0]["Attributes"] = made.pairs(preserve_client_ip__enabled="false")
    assert not any("10.0.2.10" in one for one in rules(told)["seen"])


def test_machines_are_seen_with_their_gateways_address_and_get_nowhere_without_one() -> None:
    told = made.snapshot()
    told["route_tables"] = [
        {
            "RouteTableId": "rtb-1", "VpcId": made.VPC, "Associations": [{"SubnetId": "subnet-a"}],
            "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}],
        }
    ]  # fmt: skip
    told["nat_gateways"] = [{"NatGatewayId": "nat-1", "NatGatewayAddresses": [{"PublicIp": "198.18.0.9"}]}]
    told["network_interfaces"][4]["Association"] = {"PublicIp": "198.18.0.7"}
    chains = rules(told)
    assert 'oifname "eth0" snat to ip saddr map { 10.0.1.0/24 : 198.18.0.9 }' in chains["seen"]
    assert 'oifname "eth0" snat to ip saddr map { 10.0.2.10 : 198.18.0.7 }' in chains["seen"]
    (shut,) = [one for one in chains["shut"] if "saddr" in one]
    nowhere = [ipaddress.ip_network(one.strip()) for one in shut.partition("{")[2].partition("}")[0].split(",")]
    assert not any(
        ipaddress.ip_address("10.0.2.10") in one or ipaddress.ip_address("10.0.1.9") in one for one in nowhere
    )
    assert any(ipaddress.ip_address("10.0.2.11") in one for one in nowhere)


def test_networks_reach_each_other_once_they_are_peered() -> None:
    told = made.snapshot()
    apart = "ip saddr 10.0.0.0/16 ip daddr { 10.9.0.0/16 } drop"
    assert apart in rules(told)["forward"]
    sides = {"RequesterVpcInfo": {"VpcId": made.VPC}, "AccepterVpcInfo": {"VpcId": made.OTHER_VPC}}
    told["vpc_peerings"] = [{"VpcPeeringConnectionId": "pcx-1", **sides}]
    assert apart not in rules(told)["forward"]


def test_a_target_that_leaves_is_let_through_as_long_as_it_is_sent_to() -> None:
    told = made.snapshot()
    there = made.read(told)
    (group,) = [one for one in there.groups if one.arn == made.PROXIES]
    told["target_groups"][0]["Targets"] = []
    lets = "ip daddr 10.0.1.10 tcp dport 443 accept"
    assert lets not in filters.ruleset(made.read(told), "eth0", "eth1")
    assert lets in filters.ruleset(world.with_targets(made.read(told), {group.arn: group.targets}), "eth0", "eth1")


def test_where_nobody_is_behind_a_listener_a_client_is_refused() -> None:
    said = filters.ruleset(made.read(made.snapshot()), "eth0", "eth1", {("198.18.0.1", 443)})
    assert "ip daddr . tcp dport { 198.18.0.1 . 443 } reject with tcp reset" in said
