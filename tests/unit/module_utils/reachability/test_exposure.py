"""Every way in that the internet finds, and how it stands beside what the inventory declares."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.filter.declared_entrances import declared_entrances
from ansible_collections.cloister.aws.plugins.module_utils.reachability.declared import Declared, compare
from ansible_collections.cloister.aws.plugins.module_utils.reachability.exposure import exposed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.telling import complaints, table

from tests.unit.module_utils.reachability.building import OPEN, Building, entry, rule, us

DECLARED: list[Declared] = [
    {"load_balancer": "public", "port": 443, "protocol": "tcp"},
    {"load_balancer": "public", "port": 80, "protocol": "tcp"},
]
OURS = [{"Key": "cloister:region", "Value": "us"}, {"Key": "cloister:part", "Value": "public"}]


def region() -> Building:
    """The region `us`, its load balancer tagged as ours."""
    made = us()
    made.get("load_balancers", "us-public")["Tags"] = OURS
    return made


def found(made: Building) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    return [(one.kind, one.protocol, one.ports, one.open_to) for one in exposed(made.snapshot)]


HTTPS = ("load balancer", "tcp", ("443",), ("0.0.0.0/0",))
HTTP = ("load balancer", "tcp", ("80",), ("0.0.0.0/0",))


def test_0_02_the_region_has_its_two_doors_and_no_other() -> None:
    assert found(region()) == [HTTPS, HTTP]
    told = compare(region().snapshot, "us", DECLARED)
    assert (told["undeclared"], told["closed"]) == ([], [])
    assert [one["declared"] for one in told["entrances"]] == [True, True]


def test_a_way_in_says_what_opens_it_from_the_outside_in() -> None:
    path = exposed(region().snapshot)[0].path
    assert [
        word in line
        for word, line in zip(["203.0.113.20", "igw-main", "sg-public-alb", "listener 443"], path, strict=True)
    ]


def shut(made: Building) -> t.Any:
    return made.get("security_groups", "sg-public-alb")["IpPermissions"]


def web(made: Building, *ingress: dict[str, t.Any], public: str = "203.0.113.9", **said: t.Any) -> None:
    """A machine in the public subnet."""
    made.group("web", ingress)
    made.interface("web", "public-a", "10.0.1.9", "web", public=public, **said)


CASES: dict[str, tuple[t.Callable[[Building], t.Any], list[t.Any]]] = {
    "no group lets anybody in": (lambda us: shut(us).clear(), []),
    "a group lets one range in": (
        lambda us: shut(us).__setitem__(0, rule(443, "203.0.113.0/24")),
        [("load balancer", "tcp", ("443",), ("203.0.113.0/24",)), HTTP]),
    "a group lets the VPC in": (lambda us: shut(us).__setitem__(0, rule(443, "10.0.0.0/16")), [HTTP]),
    "a range that is not all private": (
        lambda us: shut(us).__setitem__(0, rule(443, "10.0.0.0/7")),
        [("load balancer", "tcp", ("443",), ("10.0.0.0/7",)), HTTP]),
    "everybody by way of a prefix list": (
        lambda us: (us.add("prefix_lists", {"PrefixListId": "pl-all", "Cidrs": ["203.0.113.0/25", "10.0.0.0/8"]}),
                    shut(us).__setitem__(0, rule(443, "pl-all"))),
        [("load balancer", "tcp", ("443",), ("203.0.113.0/25",)), HTTP]),
    "no route to an internet gateway": (lambda us: us.get("route_tables", "rtb-public-a")["Routes"].pop(), []),
    "the internet gateway is gone": (
        lambda us: us.get("route_tables", "rtb-public-a")["Routes"][-1].update(State="blackhole"), []),
    "the ACL stops a port": (
        lambda us: us.get("network_acls", "acl-public-a")["Entries"].insert(0, entry(50, "deny", (443, 443))), [HTTP]),
    "the ACL stops all answers": (
        lambda us: us.get("network_acls", "acl-public-a")["Entries"].insert(0, entry(50, "deny", Egress=True)), []),
    "the ACL lets a part of the world in": (
        lambda us: us.get("network_acls", "acl-public-a")["Entries"].__setitem__(
            0, entry(100, "allow", cidr="198.51.100.0/24")),
        [("load balancer", "tcp", ("443",), ("198.51.100.0/24",)),
         ("load balancer", "tcp", ("80",), ("198.51.100.0/24",))]),
    "a listener less": (lambda us: us.get("load_balancers", "us-public")["Listeners"].pop(0), [HTTP]),
    "a group with a wider rule than the listeners": (
        lambda us: shut(us).__setitem__(0, rule((400, 500), "0.0.0.0/0")), [HTTPS, HTTP]),
    "a public machine with closed groups": (lambda us: web(us), [HTTPS, HTTP]),
    "a public machine with open groups": (
        lambda us: web(us, rule(22, "0.0.0.0/0"), Attachment={"InstanceId": "i-1", "DeviceIndex": 0}),
        [("instance", "tcp", ("22",), ("0.0.0.0/0",)), HTTPS, HTTP]),
    "a machine open for everything": (
        lambda us: web(us, OPEN, Attachment={"InstanceId": "i-1"}),
        [("instance", "all", ("all",), ("0.0.0.0/0",)), HTTPS, HTTP]),
    "a machine with open groups and no public address": (
        lambda us: web(us, OPEN, public=""), [HTTPS, HTTP]),
    "a machine with an address of the new internet": (
        lambda us: (web(us, rule((8000, 8002), "::/0"), public="", Ipv6Addresses=[{"Ipv6Address": "2600::9"}]),
                    us.get("route_tables", "rtb-public-a")["Routes"].append(
                        {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-main", "State": "active"}),
                    us.get("network_acls", "acl-public-a")["Entries"].extend(
                        [{**entry(101, "allow", Egress=out), "CidrBlock": "", "Ipv6CidrBlock": "::/0"}
                         for out in (True, False)])),
        [HTTPS, HTTP, ("network interface", "tcp", ("8000-8002",), ("::/0",))]),
    "a public task": (
        lambda us: web(us, rule(80, "0.0.0.0/0"), Description="arn:aws:ecs:us-west-2:111122223333:attachment/1"),
        [("ECS task", "tcp", ("80",), ("0.0.0.0/0",)), HTTPS, HTTP]),
    "a public database": (
        lambda us: web(us, rule(3306, "0.0.0.0/0"), Description="RDSNetworkInterface"),
        [("database", "tcp", ("3306",), ("0.0.0.0/0",)), HTTPS, HTTP]),
    "a public NAT gateway": (lambda us: us.nat("main", "public-a", "203.0.113.5"), [HTTPS, HTTP]),
    "a service for every account": (
        lambda us: us.add("endpoint_services", {"ServiceId": "vpce-svc-1", "AllowedPrincipals": ["*"]}),
        [("endpoint service", "tcp", (), ("every AWS account",)), HTTPS, HTTP]),
    "a service for one account": (
        lambda us: us.add("endpoint_services", {"ServiceId": "vpce-svc-1", "AllowedPrincipals": ["111122223333"]}),
        [HTTPS, HTTP]),
    "an inner load balancer with open groups": (
        lambda us: us.get("security_groups", "sg-internal-alb").update(IpPermissions=[OPEN]), [HTTPS, HTTP]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_the_internet_finds(case: str) -> None:
    change, expected = CASES[case]
    made = region()
    change(made)
    assert found(made) == expected


def test_what_nobody_declared_is_led_back_to_what_opens_it() -> None:
    told = compare(region().snapshot, "us", DECLARED[:1])
    assert [one["ports"] for one in told["undeclared"]] == [["80"]]
    lines = complaints(told)
    assert lines[0].startswith("load balancer public, 80/tcp, is open to 0.0.0.0/0 at public-1.us-west-2.elb")
    assert any("sg-public-alb" in line for line in lines)
    assert "exposure: public at listener 80 of public in load_balancers_defined" in lines[-1]


def test_a_thing_of_others_is_undeclared_whatever_it_is_called() -> None:
    made = us()
    made.get("load_balancers", "us-public")["Tags"] = [{"Key": "cloister:part", "Value": "public"}]
    told = compare(made.snapshot, "us", DECLARED)
    assert len(told["undeclared"]) == 2
    assert "nothing of region us made it" in told["undeclared"][0]["advice"]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda us: shut(us).pop(0), "does not let the internet in to port 443/tcp"),
        (
            lambda us: us.get("load_balancers", "us-public")["Listeners"].pop(0),
            "listens on 80 (HTTP) and not on 443/tcp",
        ),
        (lambda us: us.drop("load_balancers", "us-public"), "load balancer public does not stand"),
    ],
)
def test_a_declared_listener_that_is_closed_says_why(damage: t.Callable[[Building], t.Any], why: str) -> None:
    made = region()
    damage(made)
    closed = compare(made.snapshot, "us", DECLARED)["closed"]
    assert closed[0]["port"] == 443
    assert why in closed[0]["why"]


def test_the_table_has_a_line_for_each_and_says_when_there_is_nothing() -> None:
    lines = table(compare(region().snapshot, "us", [*DECLARED[:1], {**DECLARED[0], "port": 8443}]))
    assert [line.split()[0] for line in lines] == ["state", "declared", "UNDECLARED", "closed"]
    assert table(compare({}, "us", [])) == ["nothing"]


def test_the_inventory_declares_by_listener_and_a_protocol_for_two_counts_twice() -> None:
    balancers = [
        {"name": "public", "listeners": [{"port": 443, "protocol": "HTTPS", "exposure": "public"}, {"port": 8443}]},
        {"name": "dns", "listeners": [{"port": 53, "protocol": "TCP_UDP", "exposure": "public"}]},
        {"name": "bare"},
    ]
    assert declared_entrances(balancers) == [
        {"load_balancer": "public", "port": 443, "protocol": "tcp"},
        {"load_balancer": "dns", "port": 53, "protocol": "tcp"},
        {"load_balancer": "dns", "port": 53, "protocol": "udp"},
    ]
