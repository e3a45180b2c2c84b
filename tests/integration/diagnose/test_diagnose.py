"""What `playbooks/diagnose.yml` says of three regions as they were built, and of what somebody broke in them."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from tests.integration.playbook import ROOT, Run
from tests.integration.systems import private
from tests.integration.systems.broken_ways import the_zone_is_another_vpcs
from tests.integration.systems.built import Built


def look(one: Built, *asked: str) -> Run:
    """Diagnose; `asked` are variables such as flow=guard-to-api."""
    run = one.region.play("playbooks/diagnose.yml", *(word for said in asked for word in ("-e", said)))
    assert run.writes == []
    return run


def said(run: Run) -> str:
    """What it printed, on a line."""
    return " ".join(run.output.split())


def declared(one: Built) -> dict[str, dict[str, t.Any]]:
    """The flows of its inventory, by name."""
    text = (one.region.inventory / "group_vars/all/flows.yml").read_text(encoding="utf-8")
    return {flow["name"]: flow for flow in yaml.safe_load(text)["region_flows"]}


@pytest.mark.parametrize("inventory", ["us", "kr", "private_eks"])
def test_every_flow_of_a_region_as_it_was_built_is_as_expected(inventory: str, request: pytest.FixtureRequest) -> None:
    one: Built = request.getfixturevalue(inventory)
    run = look(one)
    assert run.rc == 0, run.output
    flows = declared(one)
    told = [line.strip() for line in run.output.splitlines() if line.strip().endswith(", as expected")]
    assert [line.partition(":")[0] for line in told] == list(flows)
    for line, flow in zip(told, flows.values(), strict=True):
        assert f" is {flow.get('expected', 'reached')}" in line


@pytest.mark.parametrize(
    ("source", "to", "port"),
    [
        ("pool/vllm", "cluster/main", 443),
        ("pool/vllm", "node-group/apps", 30080),
        ("node-group/apps", "pool/vllm", 22),
        ("operator/operator", "pool/vllm", 8002),
        ("database/main", "node-group/apps", 9094),
        ("internet", "operator/operator", 22),
    ],
)
def test_1_23_what_nobody_declared_is_closed(kr: Built, source: str, to: str, port: int) -> None:
    run = look(kr, f"from={source}", f"to={to}", f"port={port}", "expected=blocked")
    assert run.rc == 0, run.output
    assert f"{source} -> {to} {port}/tcp is blocked" in said(run)


def test_a_request_that_nobody_declared_and_does_not_get_through_fails_with_its_cause(kr: Built) -> None:
    run = look(kr, "from=pool/vllm", "to=database/main", "port=3306")
    assert run.rc != 0
    assert "broken: security_group: egress-closed: ai-node (sg-" in said(run)
    assert "what to do: add an egress rule in security_groups_defined" in said(run)


def test_4_23_the_way_to_the_api_is_told_with_its_evidence(private_eks: Built) -> None:
    run = look(private_eks, "flow=operator-to-eks-api")
    assert run.rc == 0, run.output
    (address,) = private.resolved(private_eks, private.host(private_eks))
    for evidence in (private.host(private_eks).lower(), address, "is let in to endpoint service", "2 of 2 targets"):
        assert evidence in said(run)


def test_whoever_only_looks_is_granted_every_call(kr: Built, us: Built) -> None:
    page = (ROOT / "docs/permissions.md").read_text(encoding="utf-8").partition("```json")[2].partition("```")[0]
    looks = [one for one in json.loads(page)["Statement"] if one["Sid"].startswith("Look")]
    for one in (kr, us):
        one.region.lab.clear_journal()
        assert look(one).rc == 0
        called = set(one.region.lab.reads()["actions"])
        assert {"ec2:DescribeVpcs", "elasticloadbalancing:DescribeLoadBalancers"} <= called
        assert called - {action for statement in looks for action in statement["Action"]} == set()


def test_f1_a_zone_that_is_not_associated_is_named_and_what_was_first_suspected_cleared(us: Built) -> None:
    with the_zone_is_another_vpcs(us):
        run = look(us, "flow=guard-to-api")
    assert run.rc != 0
    assert "broken: dns: zone-not-associated: api.prod.infer.example.internal" in said(run)
    assert us.id("main") in said(run)
    for stage in ("route", "security_group", "tcp", "tls", "http", "target"):
        assert f"cleared: {stage}: " in said(run)
    assert look(us, "flow=guard-to-api").rc == 0


def test_f4_endpoints_whose_group_lets_nobody_in_are_named(us: Built) -> None:
    endpoints = us.described("describe_vpc_endpoints", "VpcEndpoints").values()
    endpoint = next(one for one in endpoints if one["ServiceName"].endswith(".ecr.api"))
    (group,) = [one["GroupId"] for one in endpoint["Groups"]]
    (found,) = us.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    rules = {"GroupId": group, "IpPermissions": found["IpPermissions"]}
    us.ec2.revoke_security_group_ingress(**rules)
    run = look(us)
    us.ec2.authorize_security_group_ingress(**rules)
    assert run.rc != 0
    assert "broken: security_group: endpoint-group-closed: " in said(run)
    assert group in said(run)
    marks = [line.split(":")[0].strip() for line in run.output.splitlines() if line.endswith("EXPECTED TO BE REACHED")]
    assert marks == ["guard-to-images", "face-generator-to-images", "nodes-to-cluster"]
    assert look(us).rc == 0


def test_f11_an_endpoint_that_the_services_owner_shut_out_is_named(private_eks: Built) -> None:
    service, endpoint = private.service(private_eks), private.endpoint(private_eks)
    named = {"ServiceId": service["ServiceId"], "VpcEndpointIds": [endpoint["VpcEndpointId"]]}
    private_eks.ec2.reject_vpc_endpoint_connections(**named)
    run = look(private_eks, "flow=operator-to-eks-api")
    private_eks.ec2.accept_vpc_endpoint_connections(**named)
    assert run.rc != 0
    assert "broken: tcp: connection-rejected: " in said(run)
    assert endpoint["VpcEndpointId"] in said(run)


def test_f12_a_missing_return_route_is_named_and_comes_back(private_eks: Built) -> None:
    tables = private_eks.described("describe_route_tables", "RouteTables")
    (peering,) = private_eks.described("describe_vpc_peering_connections", "VpcPeeringConnections").values()
    for zone in "abc":
        where = {"RouteTableId": tables[f"eks-private-{zone}"]["RouteTableId"]}
        private_eks.ec2.delete_route(**where, DestinationCidrBlock="172.20.0.0/16")
    run = look(private_eks, "flow=operator-to-nodes")
    for zone in "abc":
        where = {"RouteTableId": tables[f"eks-private-{zone}"]["RouteTableId"]}
        way = {"VpcPeeringConnectionId": peering["VpcPeeringConnectionId"]}
        private_eks.ec2.create_route(**where, DestinationCidrBlock="172.20.0.0/16", **way)
    assert run.rc != 0
    assert "broken: route: no-return-route: " in said(run)
    assert "cleared: security_group: " in said(run)
    assert look(private_eks, "flow=operator-to-nodes").rc == 0


def test_a_flow_that_must_not_be_and_is_open_fails_with_what_lets_it_by(kr: Built) -> None:
    group = kr.described("describe_security_groups", "SecurityGroups")["operator"]["GroupId"]
    rules = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
    nodes = kr.described("describe_security_groups", "SecurityGroups")["eks-node"]["GroupId"]
    kr.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rules)
    kr.ec2.authorize_security_group_ingress(GroupId=nodes, IpPermissions=rules)
    run = look(kr, "flow=operator-to-nodes")
    kr.ec2.revoke_security_group_ingress(GroupId=nodes, IpPermissions=rules)
    kr.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=rules)
    assert run.rc != 0
    assert "is reached, EXPECTED TO BE BLOCKED" in said(run)
    assert f"lets it by: security_group: operator ({group}) lets it out to" in said(run)


def test_what_is_not_there_is_said_and_never_counts_as_blocked(kr: Built) -> None:
    run = look(kr, "from=node-group/gpu", "to=database/main", "port=3306", "expected=blocked")
    assert run.rc != 0
    assert "node-group/gpu is not there in region kr" in said(run)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["flow=guard-to-apj"], "There is no flow called guard-to-apj in region_flows of region us"),
        (["from=guard", "to=10.0.0.9", "port=443"], "no request comes from 'guard'"),
        (["from=internet", "to=10.0.0.9"], "0 is no port"),
        (["from=internet", "to=aws/ecr.api", "port=443"], "is judged from inside of a VPC"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(us: Built, asked: list[str], words: str) -> None:
    run = look(us, *asked)
    assert run.rc != 0
    assert words in said(run)
