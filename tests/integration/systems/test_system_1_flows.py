"""System 1: who reaches whom. Rows 1.14, 1.16 and 1.23, as inventory kr has them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import INTERNET

from tests.integration.systems import seoul
from tests.integration.systems.built import Built, tags

# Everything that is declared, and what is nearest to it and is not.
DECLARED = [
    ("nodes", "database", 3306),
    ("nodes", "vllm", 8002),
    ("nodes", "fastapi", 8000),
    ("nodes", "fastapi", 8001),
    ("vllm", "nodes", 9094),
    ("nodes", "nodes", 10250),
    ("nodes", "cluster", 443),
    ("cluster", "nodes", 10250),
    ("operator", "cluster", 443),
    ("operator", "database", 3306),
]
UNDECLARED: list[tuple[t.Any, str, int]] = [
    (INTERNET, "nodes", 30080),
    (INTERNET, "vllm", 8002),
    (INTERNET, "operator", 22),
    (INTERNET, "database", 3306),
    (INTERNET, "cluster", 443),
    ("vllm", "database", 3306),
    ("vllm", "cluster", 443),
    ("vllm", "nodes", 30080),
    ("vllm", "fastapi", 8000),
    ("nodes", "vllm", 22),
    ("nodes", "vllm", 8003),
    ("operator", "nodes", 22),
    ("operator", "vllm", 8002),
    ("database", "nodes", 9094),
]
# Group, direction, protocol, ports, and who is there.
RULES = {
    ("public-alb", "in", "tcp 443-443", "0.0.0.0/0"),
    ("public-alb", "out", "tcp 30000-32767", "eks-node"),
    ("eks-node", "in", "all", "eks-node"),
    ("eks-node", "in", "tcp 30000-32767", "public-alb"),
    ("eks-node", "in", "tcp 9094-9094", "ai-node"),
    ("eks-node", "out", "all", "0.0.0.0/0"),
    ("ai-node", "in", "tcp 8000-8002", "eks-node"),
    ("ai-node", "out", "tcp 9094-9094", "eks-node"),
    ("ai-node", "out", "tcp 443-443", "0.0.0.0/0"),
    ("database", "in", "tcp 3306-3306", "eks-node"),
    ("database", "in", "tcp 3306-3306", "operator"),
    ("operator", "out", "tcp 443-443", "0.0.0.0/0"),
    ("operator", "out", "tcp 3306-3306", "database"),
}


def test_1_23_every_declared_flow_passes_and_every_other_fails(kr: Built) -> None:
    passed = seoul.flows(kr, DECLARED)
    assert {flow: found.told() for flow, found in passed.items() if not found.reached} == {}
    refused = seoul.flows(kr, UNDECLARED)
    assert {flow for flow, found in refused.items() if found.reached} == set()


def test_1_14_the_groups_have_these_rules_and_no_other(kr: Built) -> None:
    groups = kr.described("describe_security_groups", "SecurityGroups")
    names = {group["GroupId"]: name for name, group in groups.items()}
    found = set()
    for name in {rule[0] for rule in RULES}:
        for direction, key in (("in", "IpPermissions"), ("out", "IpPermissionsEgress")):
            for rule in groups[name][key]:
                ports = f"{rule['IpProtocol']} {rule['FromPort']}-{rule['ToPort']}" if "FromPort" in rule else "all"
                peers = [names[pair["GroupId"]] for pair in rule.get("UserIdGroupPairs", ())]
                peers += [one["CidrIp"] for one in rule.get("IpRanges", ())]
                found |= {(name, direction, ports, peer) for peer in peers}
    assert found == RULES


def test_1_14_each_rule_says_why_it_is_there(kr: Built) -> None:
    ids = [group["GroupId"] for group in kr.described("describe_security_groups", "SecurityGroups").values()]
    filters = [{"Name": "group-id", "Values": ids}]
    rules = kr.ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    assert rules
    assert [rule["SecurityGroupRuleId"] for rule in rules if not rule.get("Description")] == []


def test_1_16_the_public_zone_answers_outside_and_the_inner_one_only_inside(kr: Built) -> None:
    route53 = kr.client("route53")
    zones = {zone["Name"]: zone for zone in route53.list_hosted_zones()["HostedZones"]}
    assert not zones["infer.example.store."]["Config"]["PrivateZone"]
    assert zones["prod.kr.example.internal."]["Config"]["PrivateZone"]
    public = route53.get_hosted_zone(Id=zones["infer.example.store."]["Id"])
    assert len(public["DelegationSet"]["NameServers"]) == 4
    inner = route53.get_hosted_zone(Id=zones["prod.kr.example.internal."]["Id"])
    assert [vpc["VPCId"] for vpc in inner["VPCs"]] == [kr.id("main")]


@pytest.mark.parametrize("which", ["nodes", "vllm", "fastapi", "operator"])
def test_1_23_machines_have_no_address_of_the_internet(kr: Built, which: str) -> None:
    found = seoul.machines(kr, which)
    assert found
    assert [tags(machine) for machine in found if machine.get("PublicIpAddress")] == []
