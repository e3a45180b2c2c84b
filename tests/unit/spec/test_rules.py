"""Each rule between variables: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import typing as t

import pytest

from tests.unit.spec.described import Variables, sound, told

VPCS, SUBNETS, GROUPS = "network_vpcs", "network_subnets", "security_groups_defined"
ZONES, ROLES = "dns_zones", "identity_roles"
STATEMENT = (ROLES, 0, "policies", 0, "statements", 0)
INGRESS = (GROUPS, 0, "ingress", 0)
RECORD = (ZONES, 0, "records", 0)

# What is set where; the path that the message gives, when it is another; words that the message has.
Case = tuple[tuple[t.Any, ...], t.Any, str, str]
CASES: list[Case] = [
    # shared
    (("region_name",), "US", "region_name", "lowercase"),
    (("region_name",), "a-name-of-17-chars", "region_name", "1 to 16"),
    (("region_aws_region",), "us-wset-2", "region_aws_region", "did you mean us-west-2"),
    (("region_aws_region",), "us-west-2a", "region_aws_region", "availability zone"),
    (("region_partition",), "aws-cn", "region_partition", "us-west-2 lies in the partition aws"),
    (("region_allowed_account_ids",), [], "region_allowed_account_ids", "No account"),
    (("region_allowed_account_ids", 0), "1111-2222-3333", "region_allowed_account_ids[0]", "12 digits"),
    (("region_allowed_account_ids", 0), "11112222333", "region_allowed_account_ids[0]", "12 digits"),
    (("region_tags",), {f"k{n}": "v" for n in range(41)}, "region_tags", "at most 40"),
    (("region_tags", "aws:x"), "v", "region_tags.aws:x", "not for an inventory"),
    (("region_tags", "cloister:part"), "v", "region_tags.cloister:part", "not for an inventory"),
    (("region_tags", "Name"), "v", "region_tags.Name", "not for an inventory"),
    (("region_tags", "k" * 129), "v", "region_tags." + "k" * 129, "128"),
    (("region_tags", "team"), "a*b", "region_tags.team", "value of a tag"),
    (("region_tags", "team"), ["a"], "region_tags.team", "a text"),
    (("region_adopted",), {"VPC": {"shared": "subnet-1"}}, "region_adopted.VPC.shared", "vpc-..."),
    (("region_adopted",), {"vpc": {"shared": "vpc-0123456789abcdef0"}}, "region_adopted.vpc", "one of VPC, subnet"),
    (("region_adopted",), {"VPC": ["vpc-0123456789abcdef0"]}, "region_adopted.VPC", "not a dict"),
    # addresses
    ((VPCS, 0, "cidr"), "10.0.0.0", f"{VPCS}[0].cidr", "no size"),
    ((VPCS, 0, "cidr"), "10.0.0.0/33", f"{VPCS}[0].cidr", "not an IPv4 range"),
    ((VPCS, 0, "cidr"), "10.0.300.0/16", f"{VPCS}[0].cidr", "not an IPv4 range"),
    ((VPCS, 0, "cidr"), "fd00::/64", f"{VPCS}[0].cidr", "not an IPv4 range"),
    ((VPCS, 1, "cidr"), "172.20.0.1/16", f"{VPCS}[1].cidr", "172.20.0.0/16"),
    ((VPCS, 1, "cidr"), "172.16.0.0/12", f"{VPCS}[1].cidr", "/16 to /28"),
    ((VPCS, 1, "cidr"), "169.254.0.0/16", f"{VPCS}[1].cidr", "no VPC can use"),
    ((VPCS, 0, "secondary_cidrs", 0), "10.9.32.0/19", f"{VPCS}[0].secondary_cidrs[0]", "of region_peer_cidrs[0].cidr"),
    ((VPCS, 0, "secondary_cidrs"), ["10.2.0.0/16", "192.168.0.0/24"], f"{VPCS}[0].secondary_cidrs[1]", "AWS does not"),
    ((VPCS, 0, "secondary_cidrs"), ["10.2.0.0/16", "10.0.128.0/17"], f"{VPCS}[0].secondary_cidrs[1]", "overlaps"),
    ((SUBNETS, 0, "cidr"), "10.0.1.0/29", f"{SUBNETS}[0].cidr", "/16 to /28"),
    ((SUBNETS, 0, "cidr"), "10.1.1.0/24", f"{SUBNETS}[0].cidr", "outside VPC main"),
    ((SUBNETS, 1, "cidr"), "10.0.1.128/25", f"{SUBNETS}[1].cidr", "overlaps 10.0.1.0/24"),
    ((SUBNETS, 2, "cidr"), "10.0.0.0/20", f"{SUBNETS}[2].cidr", "such as 10.0.16.0/20"),
    (("region_peer_cidrs", 0, "cidr"), "10.9.0.1/16", "region_peer_cidrs[0].cidr", "10.9.0.0/16"),
    # names and references
    ((VPCS, 0, "name"), "Main", f"{VPCS}[0].name", "lowercase"),
    ((SUBNETS, 0, "name"), "public-b", f"{SUBNETS}[1].name", "there already"),
    ((GROUPS, 1, "name"), "web", f"{GROUPS}[1].name", "there already"),
    ((SUBNETS, 0, "vpc"), "mian", f"{SUBNETS}[0].vpc", "did you mean main"),
    ((ROLES, 0, "name"), "n" * 62, f"{ROLES}[0].name", "at most 61"),
    # zones
    ((SUBNETS, 4, "az"), "us-east-1a", f"{SUBNETS}[4].az", "us-west-2a"),
    ((SUBNETS, 4, "az"), "us-west-2", f"{SUBNETS}[4].az", "not a zone"),
    ((SUBNETS, 4, "az"), "usw2-az1", f"{SUBNETS}[4].az", "zone id"),
    ((SUBNETS, 4, "vpc"), None, f"{SUBNETS}[4].vpc", "does not say"),
    ((VPCS, 0, "nat_az"), "us-west-2c", f"{VPCS}[0].nat_az", "one of us-west-2a, us-west-2b"),
    ((VPCS, 1, "nat"), "single", f"{VPCS}[1].nat", "VPC operator has none"),
    # endpoints
    (("endpoints_subnets", 0), "private-x", "endpoints_subnets[0]", "did you mean private-"),
    (("endpoints_subnets", 0), "public-b", "endpoints_subnets[1]", "one interface in a zone"),
    (("endpoints_subnets", 0), "operator-a", "endpoints_subnets[0]", "VPC operator"),
    (("endpoints_sets",), ["ecr", "ecr"], "endpoints_sets[1]", "twice"),
    # security groups
    ((*INGRESS, "ports", 0), "0", f"{GROUPS}[0].ingress[0].ports[0]", "1 to 65535"),
    ((*INGRESS, "ports", 0), "70000", f"{GROUPS}[0].ingress[0].ports[0]", "1 to 65535"),
    ((*INGRESS, "ports", 0), "https", f"{GROUPS}[0].ingress[0].ports[0]", "not a port"),
    ((*INGRESS, "ports", 0), "90-80", f"{GROUPS}[0].ingress[0].ports[0]", "80-90"),
    ((*INGRESS, "ports"), ["443", "400-500"], f"{GROUPS}[0].ingress[0].ports[1]", "overlaps"),
    ((*INGRESS, "ports"), [], f"{GROUPS}[0].ingress[0].ports", "needs ports"),
    ((*INGRESS, "protocol"), "all", f"{GROUPS}[0].ingress[0].ports", "has no ports"),
    ((*INGRESS, "group"), "app", f"{GROUPS}[0].ingress[0]", "exactly one"),
    ((*INGRESS, "cidrs"), [], f"{GROUPS}[0].ingress[0]", "whom it lets"),
    ((*INGRESS, "cidrs"), ["0.0.0.0/0", "10.0.0.1/8"], f"{GROUPS}[0].ingress[0].cidrs[1]", "10.0.0.0/8"),
    ((*INGRESS, "cidrs"), ["10.0.0.0/8", "10.0.0.0/8"], f"{GROUPS}[0].ingress[0].cidrs[1]", "twice"),
    ((*INGRESS, "cidrs"), [f"10.{n}.0.0/16" for n in range(61)], f"{GROUPS}[0].ingress", "61 rules"),
    ((*INGRESS, "reason"), "clients' door", f"{GROUPS}[0].ingress[0].reason", "does not take"),
    ((GROUPS, 0, "reason"), "Zugang für alle", f"{GROUPS}[0].reason", "does not take"),
    ((GROUPS, 0, "reason"), "x" * 256, f"{GROUPS}[0].reason", "256 characters"),
    ((GROUPS, 0, "egress", 0, "group"), "apps", f"{GROUPS}[0].egress[0].group", "did you mean app"),
    # dns
    ((ZONES, 0, "name"), "prod..internal", f"{ZONES}[0].name", "not the name of a zone"),
    ((ZONES, 0, "name"), "internal", f"{ZONES}[0].name", "not the name of a zone"),
    ((ZONES, 0, "vpcs"), [], f"{ZONES}[0].vpcs", "none"),
    ((ZONES, 0, "vpcs", 0), "mains", f"{ZONES}[0].vpcs[0]", "did you mean main"),
    ((ZONES, 1, "vpcs"), ["main"], f"{ZONES}[1].vpcs", "public zone"),
    ((*RECORD, "values", 0), "10.0.1", f"{ZONES}[0].records[0].values[0]", "an IPv4 address"),
    ((*RECORD, "values", 0), "host.example.com", f"{ZONES}[0].records[0].values[0]", "an IPv4 address"),
    ((*RECORD, "values"), [], f"{ZONES}[0].records[0].values", "says nothing"),
    ((*RECORD, "ttl_seconds"), -1, f"{ZONES}[0].records[0].ttl_seconds", "time to live"),
    ((*RECORD, "ttl_seconds"), 2**31, f"{ZONES}[0].records[0].ttl_seconds", "time to live"),
    ((*RECORD, "name"), "a b", f"{ZONES}[0].records[0].name", "no name in zone"),
    ((*RECORD, "name"), "api.other.com.", f"{ZONES}[0].records[0].name", "outside the zone"),
    # identity
    ((ROLES, 0, "trusted_services"), [], f"{ROLES}[0].trusted_services", "Nobody may take"),
    ((ROLES, 0, "trusted_services", 0), "EC2", f"{ROLES}[0].trusted_services[0]", "short name"),
    ((ROLES, 0, "managed_policies", 0), "Amazon SSM", f"{ROLES}[0].managed_policies[0]", "not a managed policy"),
    ((ROLES, 0, "managed_policies"), ["A", "A"], f"{ROLES}[0].managed_policies[1]", "twice"),
    ((ROLES, 0, "managed_policies"), [f"P{n}" for n in range(11)], f"{ROLES}[0].managed_policies", "attaches 10"),
    ((ROLES, 0, "reason"), "für 漢字", f"{ROLES}[0].reason", "Latin-1"),
    (STATEMENT, {"actions": ["*"], "resources": ["*"]}, f"{ROLES}[0].policies[0].statements[0]", "every action"),
    ((*STATEMENT, "actions", 0), "GetObject", f"{ROLES}[0].policies[0].statements[0].actions[0]", "service:Action"),
    ((*STATEMENT, "resources", 0), "models", f"{ROLES}[0].policies[0].statements[0].resources[0]", "not an ARN"),
    ((*STATEMENT, "resources"), [], f"{ROLES}[0].policies[0].statements[0].resources", "names no resources"),
    ((*STATEMENT, "resources", 0), "arn:aws-cn:s3:::m", f"{ROLES}[0].policies[0].statements[0].resources[0]", "aws-cn"),
]


def put(variables: Variables, path: tuple[t.Any, ...], value: t.Any) -> None:
    holder: t.Any = variables
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value


def test_a_sound_region_has_no_problem() -> None:
    assert told(sound()) == []


@pytest.mark.parametrize(("path", "value", "place", "words"), CASES, ids=lambda part: str(part)[:40])
def test_what_is_wrong_is_told_at_its_place(path: tuple[t.Any, ...], value: t.Any, place: str, words: str) -> None:
    variables = sound()
    put(variables, path, value)
    found = told(variables)
    assert [line for line in found if line.startswith(f"{place}: ") and words in line], found


def test_a_group_named_by_an_adopted_vpc_is_known() -> None:
    variables = sound()
    variables["region_adopted"] = {"VPC": {"old": "vpc-0123456789abcdef0"}}
    variables[ZONES][0]["vpcs"] = ["main", "old"]
    assert told(variables) == []


def test_a_reference_is_not_judged_while_the_names_are_broken() -> None:
    variables = sound()
    del variables[VPCS][0]["name"]
    assert [line for line in told(variables) if "There is no VPC" in line] == []


def test_two_zones_of_one_name_are_told_but_not_a_public_beside_a_private_one() -> None:
    variables = sound()
    public = {"name": "prod.example.internal", "private": False, "vpcs": [], "records": [], "part": "public"}
    variables[ZONES].append(public)
    assert told(variables) == []
    assert any(
        "goes by the name" in line
        for line in told({**variables, ZONES: [*variables[ZONES][:2], {**public, "part": None}]})
    )
    variables[ZONES].append(
        {"name": "prod.example.internal", "part": "again", "private": True, "vpcs": ["main"], "records": []}
    )
    assert any("there already" in line for line in told(variables))


def test_a_cname_stands_alone() -> None:
    variables = sound()
    variables[ZONES][0]["records"].append({"name": "api", "type": "CNAME", "values": ["host.example.com"]})
    assert any("stands alone" in line for line in told(variables))


@pytest.mark.parametrize(
    ("value", "kind", "good"),
    [
        ("fd00::1", "AAAA", True),
        ("10.0.0.1", "AAAA", False),
        ("host.example.com.", "CNAME", True),
        ("host", "CNAME", False),
        ("anything at all", "TXT", True),
        ("x" * 4001, "TXT", False),
        ("漢", "TXT", False),
    ],
)
def test_a_record_says_what_its_type_says(value: str, kind: str, good: bool) -> None:
    variables = sound()
    variables[ZONES][0]["records"] = [{"name": "x", "type": kind, "values": [value]}]
    assert (told(variables) == []) is good


def test_zones_of_local_and_wavelength_kind_are_zones() -> None:
    for zone in ("us-west-2-lax-1a", "us-west-2-wl1-las-wlz-1"):
        variables = sound()
        variables[SUBNETS][4]["az"] = zone
        assert told(variables) == []
