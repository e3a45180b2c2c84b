# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a name means in a VPC and in the internet, and how dnsmasq is told."""

from __future__ import annotations

import typing as t

import pytest

from lab.plane import resolver
from tests.unit.lab.plane import plane_world as made

EDGE_NAME, INNER_NAME = "edge.elb.r.amazonaws.com", "internal-inner.r.elb.amazonaws.com"


def record(name: str, *values: str, **more: t.Any) -> dict[str, t.Any]:
    return {"Name": f"{name}.", "Type": "A", "ResourceRecords": [{"Value": one} for one in values], **more}


def alias(name: str, to: str) -> dict[str, t.Any]:
    return {"Name": f"{name}.", "Type": "A", "AliasTarget": {"DNSName": f"{to}."}}


def zone(name: str, *records: dict[str, t.Any], vpcs: t.Sequence[str] | None = None) -> dict[str, t.Any]:
    heard = [{"VPCId": one} for one in vpcs or ()]
    return {"Id": f"Z{name}", "Name": f"{name}.", "PrivateZone": vpcs is not None, "VPCs": heard, "Records": [*records]}


@pytest.fixture
def told() -> dict[str, t.Any]:
    found = made.snapshot()
    partner = record("partner.example.com", "198.18.0.1", "198.18.0.2")
    wild = record("*.wild.example.internal", "10.0.2.30")
    found["hosted_zones"] = [
        zone("example.com", partner, alias("edge.example.com", EDGE_NAME)),
        zone("example.internal", alias("models.example.internal", INNER_NAME), wild, vpcs=[made.VPC]),
    ]
    return found


def asked(
    told: dict[str, t.Any], vpc: str | None, name: str, withdrawn: t.Collection[str] = (), **elsewhere: t.Any
) -> list[str]:
    return resolver.addresses(made.read(told), vpc, name, elsewhere, set(withdrawn))


def test_public_names_are_heard_everywhere_and_private_ones_where_their_zone_is(told: dict[str, t.Any]) -> None:
    for vpc in (None, made.VPC, made.OTHER_VPC):
        assert asked(told, vpc, "partner.example.com") == ["198.18.0.1", "198.18.0.2"]
    assert asked(told, made.VPC, "models.example.internal") == ["10.0.1.6"]
    assert asked(told, made.OTHER_VPC, "models.example.internal") == []
    assert asked(told, None, "models.example.internal") == []


@pytest.mark.parametrize("attribute", ["EnableDnsSupport", "EnableDnsHostnames"])
def test_private_names_need_both_attributes_of_the_vpc(told: dict[str, t.Any], attribute: str) -> None:
    told["vpcs"][0][attribute] = False
    assert asked(told, made.VPC, "models.example.internal") == []


def test_a_vpc_without_dns_support_has_no_resolver(told: dict[str, t.Any]) -> None:
    told["vpcs"][0]["EnableDnsSupport"] = False
    found = resolver.resolvers(made.read(told), "203.0.113.0/24", {}, set(), 60)
    assert [one.key for one in found] == ["internet", made.OTHER_VPC]


def test_a_load_balancers_name_leaves_out_what_it_withdrew_and_a_record_does_not(told: dict[str, t.Any]) -> None:
    assert asked(told, None, "edge.example.com", ["198.18.0.1"]) == ["198.18.0.2"]
    assert asked(told, None, "edge.example.com", ["198.18.0.1", "198.18.0.2"]) == ["198.18.0.1", "198.18.0.2"]
    assert asked(told, None, "partner.example.com", ["198.18.0.1"]) == ["198.18.0.1", "198.18.0.2"]


def test_a_multivalue_answer_leaves_out_whom_its_health_check_finds_ill(told: dict[str, t.Any]) -> None:
    many = [
        record("many.example.com", f"198.18.0.{n}", SetIdentifier=str(n), MultiValueAnswer=True, HealthCheckId=f"h{n}")
        for n in (1, 2)
    ]
    told["hosted_zones"][0]["Records"] += many
    told["health_checks"] = [{"Id": "h1", "Healthy": False}, {"Id": "h2", "Healthy": True}]
    assert asked(told, None, "many.example.com") == ["198.18.0.2"]


def test_a_resolver_answers_nobody_elses_names_from_its_zones_and_asks_on_for_the_rest(told: dict[str, t.Any]) -> None:
    internet, inside, other = resolver.resolvers(
        made.read(told), "203.0.113.0/24", {"app.legacy.example.org": ["203.0.113.90"]}, set(), 60
    )
    assert "listen-address=10.0.0.2" in inside.config.splitlines()
    assert "listen-address=203.0.113.2" in internet.config.splitlines()
    assert "local=/example.internal/" in inside.config
    assert "local=/example.internal/" not in other.config
    assert "address=/*.wild.example.internal/10.0.2.30" in inside.config
    assert "wild" not in internet.config + internet.hosts
    assert "10.0.1.6 models.example.internal" in inside.hosts.splitlines()
    assert all("203.0.113.90 app.legacy.example.org" in one.hosts for one in (internet, inside, other))


def test_a_machines_private_name_means_nothing_outside(told: dict[str, t.Any]) -> None:
    told["network_interfaces"][3] |= {"PrivateDnsName": "ip-10-0-1-10.ec2.internal"}
    internet, inside, _ = resolver.resolvers(made.read(told), "203.0.113.0/24", {}, set(), 60)
    assert "10.0.1.10 ip-10-0-1-10.ec2.internal" in inside.hosts
    assert "ip-10-0-1-10" not in internet.hosts


def test_a_name_that_leads_out_of_the_lab_is_where_somebody_stands_for_it(told: dict[str, t.Any]) -> None:
    away = {"Name": "app.example.com.", "Type": "CNAME", "ResourceRecords": [{"Value": "app.elsewhere.org"}]}
    told["hosted_zones"][0]["Records"].append(away)
    assert asked(told, None, "app.example.com") == []
    assert asked(told, None, "app.example.com", **{"app.elsewhere.org": ["203.0.113.90"]}) == ["203.0.113.90"]
