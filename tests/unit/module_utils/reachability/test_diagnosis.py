"""Ends of flows as an inventory writes them, what has which interfaces, and when a flow is as expected."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability import ends
from ansible_collections.cloister.aws.plugins.module_utils.reachability.diagnosis import (
    Flow,
    as_expected,
    complaints,
    diagnose,
    lines,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.ends import End
from ansible_collections.cloister.aws.plugins.module_utils.reachability.holders import Holders
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict, broken, passed, verdict

from tests.unit.module_utils.reachability.building import Building, rule


def tagged(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key.replace("_", ":", 1).replace("_", "-"), "Value": value} for key, value in tags.items()]


def machine(made: Building, name: str, subnet: str, address: str, tags: list[dict[str, str]], state: str) -> None:
    made.interface(name, subnet, address, name.partition("-")[0], Attachment={"InstanceId": f"i-{name}"})
    made.add("instances", {"InstanceId": f"i-{name}", "State": {"Name": state}, "Tags": tags})


@pytest.fixture
def made() -> Building:
    """A node of EKS, a machine of a pool that it may call, and one that is stopped."""
    building = Building()
    building.vpc("main", "10.0.0.0/16")
    building.subnet("private-a", "main", "10.0.1.0/24")
    building.subnet("private-b", "main", "10.0.2.0/24")
    building.group("node")
    building.group("ai", [rule(8002, "sg-node")])
    node = tagged(eks_cluster_name="us-main", eks_nodegroup_name="apps")
    pool = tagged(cloister_region="us", cloister_part="vllm")
    machine(building, "node-1", "private-a", "10.0.1.10", node, "running")
    machine(building, "ai-1", "private-b", "10.0.2.10", pool, "running")
    machine(building, "ai-2", "private-a", "10.0.1.11", pool, "stopped")
    return building


def asked(made: Building, source: str, to: str, port: int = 8002, expected: str = "reached") -> dict[str, t.Any]:
    start, end = ends.source(source), ends.destination(to)
    assert start is not None
    assert end is not None
    holders = Holders(Region(made.snapshot), "us", {"service/guard": ["eni-ai-2", "eni-gone"]})
    return diagnose(made.snapshot, holders, Flow("one", start, end, port, "tcp", expected))


@pytest.mark.parametrize("text", ["internet", "pool/vllm", "service/a", "subnet/private-a/x,y", "cluster/main"])
def test_a_source_is_spelled_as_it_was_written(text: str) -> None:
    found = ends.source(text)
    assert found is not None
    assert found.spelled == text


@pytest.mark.parametrize("text", ["api.example.internal", "10.0.0.9", "2001:db8::1", "aws/ecr.api", "load-balancer/x"])
def test_a_destination_is_spelled_as_it_was_written(text: str) -> None:
    found = ends.destination(text)
    assert found is not None
    assert found.spelled == text


@pytest.mark.parametrize(
    "text", ["", "vllm", "pool", "pool/", "pool/A", "subnet/a", "subnet/a/", "subnet//x", "aws/s3"]
)
def test_nothing_comes_from_there(text: str) -> None:
    assert ends.source(text) is None


@pytest.mark.parametrize("text", ["", "internet", "api", "10.0.0.256", "10.0.0", "pool/", "aws/", "subnet/a/b", "a..b"])
def test_nothing_goes_there(text: str) -> None:
    assert ends.destination(text) is None


def test_machines_that_run_are_both_ends(made: Building) -> None:
    found = asked(made, "node-group/apps", "pool/vllm")
    assert (found["reached"], found["as_expected"]) == (True, True), found
    assert "sg-ai" in found["evidence"]
    assert lines([found], whole=False) == [
        "one: node-group/apps -> pool/vllm 8002/tcp is reached, as expected",
    ]
    assert complaints([found]) == []


def test_what_is_closed_is_said_with_what_is_cleared_and_what_to_do(made: Building) -> None:
    found = asked(made, "node-group/apps", "pool/vllm", 22)
    assert (found["stage"], found["cause"], found["as_expected"]) == ("security_group", "ingress-closed", False)
    told = complaints([found])
    assert any(line.startswith("  cleared: route: ") for line in told)
    assert any(line.startswith("  broken: security_group: ingress-closed: ai") for line in told)
    assert told[-1].startswith("  what to do: ")
    assert asked(made, "node-group/apps", "pool/vllm", 22, "blocked")["as_expected"]


def test_what_is_open_and_must_not_be_is_said_with_what_lets_it_by(made: Building) -> None:
    found = asked(made, "node-group/apps", "pool/vllm", expected="blocked")
    assert not found["as_expected"]
    assert any(line.startswith("  lets it by: security_group: ") for line in complaints([found]))


def test_one_closed_address_of_many_is_enough(made: Building) -> None:
    made.get("instances", "i-ai-2")["State"]["Name"] = "running"
    made.get("network_interfaces", "eni-ai-2")["Groups"] = [{"GroupId": "sg-node"}]
    found = asked(made, "node-group/apps", "pool/vllm")
    assert (found["reached"], found["cause"]) == (False, "ingress-closed")


def test_interfaces_that_others_tell_of_count_and_those_that_have_gone_do_not(made: Building) -> None:
    assert "10.0.1.11" in asked(made, "node-group/apps", "service/guard")["said"]


@pytest.mark.parametrize("expected", ["reached", "blocked"])
@pytest.mark.parametrize(("source", "to"), [("pool/gone", "10.0.2.10"), ("node-group/apps", "database/gone")])
def test_what_is_not_there_is_never_as_expected(made: Building, source: str, to: str, expected: str) -> None:
    found = asked(made, source, to, expected=expected)
    assert (found["cause"], found["as_expected"]) == ("not-there", False)
    assert "gone is not there in region us" in found["said"]


@pytest.mark.parametrize(
    ("judged", "blocked"),
    [
        (verdict([passed("dns", "fine")]), False),
        (verdict([broken("egress-closed", "shut", "open")]), True),
        (verdict([broken("targets-unhealthy", "ill", "heal")]), False),
        (verdict([broken("not-modelled", "who knows", "look")]), False),
    ],
)
def test_blocked_is_what_something_closes(judged: Verdict, blocked: bool) -> None:
    flow = Flow("one", End("internet"), End("host", "10.0.0.1"), 1, "tcp", "blocked")
    assert as_expected(flow, judged) is blocked
