"""What a name means in a VPC: zones, their associations, wildcards, aliases, endpoints and the VPC's two attributes."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.names import resolve
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import reach_service
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region

from tests.unit.module_utils.reachability.building import GUARD, REGION, Building, us


def answer(made: Building, name: str, vpc: str | None = "vpc-main") -> tuple[list[str], list[str]]:
    """(addresses, causes of what is broken) of a name."""
    found = resolve(Region(made.snapshot), vpc, name)
    return [str(place.address) for place in found.places], [step.cause for step in found.steps if not step.ok]


def zones() -> Building:
    """Zones that overlap, one of them public, and a VPC that hears some of them."""
    made = Building()
    made.vpc("main", "10.0.0.0/16")
    made.vpc("other", "10.1.0.0/16")
    made.subnet("a", "main", "10.0.1.0/24")
    made.zone(
        "example.com", "main", api=["10.0.1.1"], www=["web.example.net"], STAR=["10.0.1.9"], loop=["loop.example.com"]
    )
    made.zone("eu.example.com", "main", api=["10.0.1.2"])
    made.zone("deaf.internal", "other", api=["10.1.0.7"])
    made.zone("example.org", api=["198.51.100.1"], inner=["api.example.com"])
    return made


@pytest.mark.parametrize(
    ("name", "addresses", "causes"),
    [
        ("api.example.com", ["10.0.1.1/32"], []),
        ("API.Example.COM.", ["10.0.1.1/32"], []),
        ("api.eu.example.com", ["10.0.1.2/32"], []),
        ("new.eu.example.com", [], ["record-missing"]),  # the longer zone answers, and has it not
        ("anything.example.com", ["10.0.1.9/32"], []),
        ("deep.below.example.com", ["10.0.1.9/32"], []),
        ("below.api.example.com", ["10.0.1.9/32"], []),
        ("example.com", [], ["record-missing"]),
        ("loop.example.com", [], ["record-missing"]),
        ("www.example.com", ["0.0.0.0/0"], []),
        ("api.example.org", ["198.51.100.1/32"], []),
        ("inner.example.org", ["10.0.1.1/32"], []),
        ("api.deaf.internal", ["10.1.0.7/32"], ["zone-not-associated"]),
        ("api.nowhere.internal", [], ["name-unknown"]),
        ("short", [], ["name-unknown"]),
        ("example.net", ["0.0.0.0/0"], []),
        ("10.0.1.77", ["10.0.1.77/32"], []),
    ],
)
def test_a_name_leads_to(name: str, addresses: list[str], causes: list[str]) -> None:
    assert answer(zones(), name) == (addresses, causes)


def test_split_horizon_a_private_zone_hides_the_public_one_of_the_same_name() -> None:
    made = zones()
    made.zone("infer.example.org", inner=["198.51.100.2"], outer=["198.51.100.3"])
    assert answer(made, "outer.infer.example.org") == (["198.51.100.3/32"], [])
    made.zone("infer.example.org", "main", inner=["10.0.1.3"])
    assert answer(made, "inner.infer.example.org") == (["10.0.1.3/32"], [])
    assert answer(made, "outer.infer.example.org") == ([], ["record-missing"])
    assert answer(made, "outer.infer.example.org", None) == (["198.51.100.3/32"], [])


def test_from_the_internet_a_private_zone_has_no_say() -> None:
    assert answer(us(), "api.prod.infer.internal", None)[1] == ["name-unknown"]
    assert answer(us(), "us.infer.example.com", None) == (["203.0.113.20/32"], [])


def test_a_name_that_others_keep_is_not_judged() -> None:
    made = us()
    made.add(
        "hosted_zones", {"Id": "Z9", "Name": "partner.internal.", "PrivateZone": True, "VPCs": [{"VPCId": "vpc-main"}]}
    )
    assert answer(made, "api.partner.internal") == ([], ["zone-of-others"])


@pytest.mark.parametrize(
    ("well", "addresses", "words"),
    [
        ({}, ["198.51.100.1/32", "198.51.100.2/32"], None),
        ({"a": True, "b": True}, ["198.51.100.1/32", "198.51.100.2/32"], None),
        ({"a": False, "b": True}, ["198.51.100.2/32"], "without edge-a, which its health check withdrew"),
        ({"b": False}, ["198.51.100.1/32"], "without edge-b"),
        ({"a": False, "b": False}, ["198.51.100.1/32", "198.51.100.2/32"], "health checks find none of them well"),
    ],
)
@pytest.mark.parametrize("name", ["partner.example.org", "any.of.wild.example.org"])
def test_3_04_a_multivalue_answer_that_is_not_well_is_left_out(
    well: dict[str, bool], addresses: list[str], words: str | None, name: str
) -> None:
    made = zones()
    for label in ("partner", "\\052.wild"):
        for number, place in enumerate("ab", 1):
            made.get("hosted_zones", "ZEXAMPLEORG")["Records"].append({
                "Name": f"{label}.example.org.", "Type": "A", "SetIdentifier": f"edge-{place}", "TTL": 60,
                "ResourceRecords": [{"Value": f"198.51.100.{number}"}], "HealthCheckId": place,
                "MultiValueAnswer": True,
            })  # fmt: skip
    for place, healthy in well.items():
        made.add("health_checks", {"Id": place, "Healthy": healthy})
    assert answer(made, name, None) == (addresses, [])
    told = [step.said for step in resolve(Region(made.snapshot), None, name).steps]
    assert (words or "is in zone example.org (ZEXAMPLEORG)") in told[0]


def test_of_many_multivalue_answers_eight_are_given() -> None:
    made = zones()
    made.get("hosted_zones", "ZEXAMPLEORG")["Records"] += [
        {"Name": "many.example.org.", "Type": "A", "MultiValueAnswer": True, "SetIdentifier": str(number),
         "ResourceRecords": [{"Value": f"198.51.100.{number}"}]}
        for number in range(1, 10)
    ]  # fmt: skip
    assert len(answer(made, "many.example.org", None)[0]) == 8


def test_an_alias_of_what_is_gone_leads_nowhere() -> None:
    made = us()
    made.drop("load_balancers", "us-internal")
    assert answer(made, "api.prod.infer.internal") == ([], ["alias-leads-nowhere"])


@pytest.mark.parametrize(
    ("support", "hostnames", "zone", "service"),
    [
        (True, True, "", ""),
        (True, False, "dns-hostnames-off", "dns-hostnames-off"),
        (False, True, "dns-support-off", "dns-support-off"),
        (False, False, "dns-support-off", "dns-support-off"),
    ],
)
def test_0_17_private_names_work_with_both_attributes_only(
    support: bool, hostnames: bool, zone: str, service: str
) -> None:
    made = us()
    made.get("vpcs", "vpc-main").update(EnableDnsSupport=support, EnableDnsHostnames=hostnames)
    assert answer(made, "api.prod.infer.internal")[1] == ([zone] if zone else [])
    assert reach_service(made.snapshot, GUARD, "ecr.api").cause == service


def test_2_06_with_nat_an_endpoint_without_its_name_is_passed_by_and_nothing_fails() -> None:
    made = us()
    made.get("vpcs", "vpc-main").update(EnableDnsHostnames=False)
    made.nat("main", "public-a", "203.0.113.5")
    made.route("private-a", "nat-main", "0.0.0.0/0")
    made.get("security_groups", "sg-guard")["IpPermissionsEgress"].append(
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    )
    assert reach_service(made.snapshot, GUARD, "ecr.api").reached


@pytest.mark.parametrize(
    ("name", "first"),
    [
        (f"api.ecr.{REGION}.amazonaws.com", "10.0.16.100/32"),
        (f"111122223333.dkr.ecr.{REGION}.amazonaws.com", "10.0.16.101/32"),
        (f"dkr.ecr.{REGION}.amazonaws.com", "0.0.0.0/0"),
        (f"vpce-ecr-api-x1.{REGION}.vpce.amazonaws.com", "10.0.16.100/32"),
        (f"sqs.{REGION}.amazonaws.com", "0.0.0.0/0"),
    ],
)
def test_an_endpoint_answers_for_the_names_of_its_service(name: str, first: str) -> None:
    assert answer(us(), name)[0][0] == first


def test_a_private_zone_that_covers_the_services_name_hides_it() -> None:
    made = us()
    made.zone("amazonaws.com", "main", other=["10.0.16.1"])
    assert reach_service(made.snapshot, GUARD, "ecr.api").reached  # the endpoint's own zone is longer
    made.drop("vpc_endpoints", "vpce-ecr-api")
    assert reach_service(made.snapshot, GUARD, "ecr.api").cause == "record-missing"


@pytest.mark.parametrize(("option", "inside"), [(True, True), (False, False)])
def test_a_public_host_name_is_private_in_a_peered_vpc_when_the_peering_says_so(option: bool, inside: bool) -> None:
    made = zones()
    made.subnet("b", "other", "10.1.0.0/24")
    made.interface("web", "a", "10.0.1.5", public="203.0.113.9")
    web = made.get("network_interfaces", "eni-web")
    web["Association"]["PublicDnsName"] = name = f"ec2-203-0-113-9.{REGION}.compute.amazonaws.com"
    made.add("vpc_peerings", peering(option))
    assert answer(made, name) == (["10.0.1.5/32"], [])
    assert answer(made, name, "vpc-other") == (["10.0.1.5/32" if inside else "203.0.113.9/32"], [])


def peering(option: bool) -> dict[str, t.Any]:
    """vpc-main asked, vpc-other accepted; `option` is set on the side of vpc-main."""
    ours = {"VpcId": "vpc-main", "PeeringOptions": {"AllowDnsResolutionFromRemoteVpc": option}}
    theirs = {"VpcId": "vpc-other"}
    status = {"Code": "active"}
    return {
        "VpcPeeringConnectionId": "pcx-1", "RequesterVpcInfo": ours, "AccepterVpcInfo": theirs, "Status": status
    }  # fmt: skip
