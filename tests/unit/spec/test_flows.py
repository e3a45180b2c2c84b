"""Flows that cannot be are told at their path; sound ones, and such of stacks that an inventory has not, are not."""

from __future__ import annotations

import typing as t

import pytest

from tests.unit.spec.described import Variables, sound, told

FLOW: dict[str, t.Any] = {
    "name": "app-to-api", "reason": "requests", "from": "subnet/private-a/app", "to": "api.prod.example.internal",
    "port": 443, "protocol": "tcp", "expected": "reached",
}  # fmt: skip


def with_flows(*flows: Variables) -> Variables:
    variables = sound()
    variables["pools_defined"] = []
    variables["eks_cluster"] = {"name": "main"}
    variables["region_flows"] = [{**FLOW, **flow} for flow in flows]
    return variables


def of_flows(variables: Variables) -> list[str]:
    return [line for line in told(variables) if line.startswith("region_flows")]


@pytest.mark.parametrize(
    "flow",
    [
        {},
        {"from": "internet", "to": "10.0.16.9"},
        {"from": "internet/203.0.113.64/26", "to": "10.0.16.9"},
        {"from": "internet/203.0.113.70", "to": "10.0.16.9"},
        {"from": "internet", "to": "2001:db8::1"},
        {"from": "cluster/main", "to": "cluster/main"},
        {"from": "service/somebody", "to": "database/elsewhere"},
        {"to": "aws/ecr.api"},
        {"from": "subnet/private-a/app,web"},
    ],
)
def test_a_sound_flow_is_taken(flow: Variables) -> None:
    assert of_flows(with_flows(flow)) == []


@pytest.mark.parametrize(
    ("flow", "key", "words"),
    [
        ({"name": "App to API"}, "name", "cannot be the name of a flow"),
        ({"port": 0}, "port", "0 is no port"),
        ({"port": 65536}, "port", "from 1 to 65535"),
        ({"from": "internet/203.0.113.64/24"}, "from", "No request comes from 'internet/203.0.113.64/24'"),
        ({"from": "guard"}, "from", "No request comes from 'guard'. internet, internet/<range>"),
        ({"from": "subnet/private-a"}, "from", "No request comes from"),
        ({"from": "subnet/private-x/app"}, "from", "There is no subnet called"),
        ({"from": "subnet/private-a/ap"}, "from", "did you mean app?"),
        ({"from": "pool/gpu"}, "from", "There is no pool called 'gpu'."),
        ({"to": "cluster/mian"}, "to", "did you mean main?"),
        ({"to": "internet"}, "to", "No request goes to 'internet'"),
        ({"to": "pool/"}, "to", "No request goes to"),
        ({"to": "10.0.0.300"}, "to", "No request goes to"),
        ({"to": "aws/ecr.api", "port": 80}, "to", "port 443, not 80"),
        ({"to": "aws/ecr.api", "from": "internet"}, "to", "from inside of a VPC"),
    ],
)
def test_a_flow_that_cannot_be_is_told(flow: Variables, key: str, words: str) -> None:
    (line,) = of_flows(with_flows(flow))
    assert line.startswith(f"region_flows[0].{key}: ")
    assert words in line


def test_two_flows_of_one_name_are_told() -> None:
    (line,) = of_flows(with_flows({}, {"port": 80}))
    assert line.startswith("region_flows[1].name: The flow app-to-api is there already.")
