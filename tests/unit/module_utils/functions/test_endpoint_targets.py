"""The function that keeps targets what a cluster's interfaces are: by events, by sweeps, whatever else fires."""

from __future__ import annotations

import ast
import sys
import typing as t
from pathlib import Path

import boto3
import pytest
from ansible_collections.cloister.aws.plugins.module_utils.functions import endpoint_targets
from ansible_collections.cloister.aws.plugins.module_utils.functions.endpoint_targets import Watch, reconcile

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.functions.recorded import ADDRESS, CLUSTER, NOISE, SWEEP, VPC, by_eks

WATCH = Watch(CLUSTER, VPC, "arn:targets", 443)


class Ec2:
    """Interfaces by address, of the cluster that is asked for."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.filters: list[dict[str, t.Any]] = []

    def get_paginator(self, _name: str) -> Ec2:
        return self

    def paginate(self, **said: t.Any) -> list[dict[str, t.Any]]:
        self.filters = said["Filters"]
        return [{"NetworkInterfaces": [{"PrivateIpAddress": one}]} for one in self.addresses]


class Elb:
    """Targets with states; what is told is kept."""

    def __init__(self, **states: str) -> None:
        self.states = {key.replace("_", ".").lstrip("."): value for key, value in states.items()}
        self.told: list[tuple[str, list[str]]] = []

    def describe_target_health(self, **_said: t.Any) -> dict[str, t.Any]:
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": one, "Port": 443}, "TargetHealth": {"State": state}}
                for one, state in self.states.items()
            ]
        }

    def register_targets(self, **said: t.Any) -> None:
        self.told.append(("register", [one["Id"] for one in said["Targets"]]))

    def deregister_targets(self, **said: t.Any) -> None:
        self.told.append(("deregister", [one["Id"] for one in said["Targets"]]))


def test_a_new_interface_is_a_target_after_one_event_even_before_aws_lists_it() -> None:
    elb = Elb()
    assert reconcile(Ec2(), elb, WATCH, by_eks())["registered"] == [ADDRESS]
    assert elb.told == [("register", [ADDRESS])]


@pytest.mark.parametrize("event", NOISE.values(), ids=NOISE.keys())
def test_noise_registers_nothing(event: dict[str, t.Any]) -> None:
    elb = Elb(_192_168_1_10="healthy")
    assert reconcile(Ec2("192.168.1.10"), elb, WATCH, event) == {"registered": [], "removed": [], "kept": []}
    assert elb.told == []


def test_a_sweep_registers_what_events_missed_and_removes_what_is_dead() -> None:
    elb = Elb(_192_168_1_10="healthy", _192_168_1_11="unhealthy")
    told = reconcile(Ec2("192.168.1.10", "192.168.2.10"), elb, WATCH, SWEEP)
    assert told == {"registered": ["192.168.2.10"], "removed": ["192.168.1.11"], "kept": []}


@pytest.mark.parametrize("living", ["initial", "unhealthy", "unused"])
def test_the_last_healthy_target_stays_until_a_living_one_is_well(living: str) -> None:
    elb = Elb(_192_168_1_10="healthy", _192_168_2_10=living)
    assert reconcile(Ec2("192.168.2.10"), elb, WATCH, SWEEP) == {
        "registered": [], "removed": [], "kept": ["192.168.1.10"],
    }  # fmt: skip
    elb.states["192.168.2.10"] = "healthy"
    assert reconcile(Ec2("192.168.2.10"), elb, WATCH, SWEEP)["removed"] == ["192.168.1.10"]


def test_no_interface_at_all_takes_no_healthy_target_away() -> None:
    elb = Elb(_192_168_1_10="healthy", _192_168_1_11="unhealthy")
    told = reconcile(Ec2(), elb, WATCH, SWEEP)
    assert told == {"registered": [], "removed": ["192.168.1.11"], "kept": ["192.168.1.10"]}


def test_a_target_that_drains_is_left_alone_and_registered_anew_when_its_interface_lives() -> None:
    elb = Elb(_192_168_1_10="draining", _192_168_2_10="draining", _192_168_3_10="healthy")
    told = reconcile(Ec2("192.168.1.10", "192.168.3.10"), elb, WATCH, SWEEP)
    assert told == {"registered": ["192.168.1.10"], "removed": [], "kept": []}


def test_only_interfaces_of_this_cluster_in_this_network_are_asked_for() -> None:
    ec2 = Ec2()
    reconcile(ec2, Elb(), WATCH, SWEEP)
    assert ec2.filters == [
        {"Name": "description", "Values": ["Amazon EKS us-main"]},
        {"Name": "vpc-id", "Values": [VPC]},
    ]


def test_its_file_is_all_that_a_function_needs() -> None:
    tree = ast.parse(Path(endpoint_targets.__file__).read_text())
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert named <= {*sys.stdlib_module_names, "boto3"}


def _balancer(ec2: t.Any, elb: t.Any) -> tuple[str, str, str]:
    """(VPC, subnet, target group) with a network load balancer that listens."""
    vpc = ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="192.168.1.0/24")["Subnet"]["SubnetId"]
    made = elb.create_load_balancer(Name="api", Type="network", Scheme="internal", Subnets=[subnet])
    group = elb.create_target_group(Name="api", Protocol="TCP", Port=443, VpcId=vpc, TargetType="ip")
    arn = str(group["TargetGroups"][0]["TargetGroupArn"])
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="TCP",
        Port=443,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    return str(vpc), str(subnet), arn


def test_the_handler_follows_interfaces_on_the_embedded_aws(
    embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    ec2, elb = boto3.client("ec2"), boto3.client("elbv2")
    vpc, subnet, arn = _balancer(ec2, elb)
    for name, value in {"CLUSTER": CLUSTER, "TARGET_GROUP_ARN": arn, "PORT": "443"}.items():
        monkeypatch.setenv(name, value)
    text = f"Amazon EKS {CLUSTER}"
    old, noise = (
        ec2.create_network_interface(SubnetId=subnet, Description=said)["NetworkInterface"]
        for said in (text, f"{text}-2")
    )
    told = endpoint_targets.handler(by_eks(vpc, old["PrivateIpAddress"]), None)
    assert told["registered"] == [old["PrivateIpAddress"]]
    assert noise["PrivateIpAddress"] not in told["registered"]
    embedded_aws.clear_journal()
    assert endpoint_targets.handler(SWEEP, None) == {"registered": [], "removed": [], "kept": []}
    assert embedded_aws.writes() == []
    new = ec2.create_network_interface(SubnetId=subnet, Description=text)["NetworkInterface"]
    ec2.delete_network_interface(NetworkInterfaceId=old["NetworkInterfaceId"])
    assert endpoint_targets.handler(SWEEP, None) == {
        "registered": [new["PrivateIpAddress"]], "removed": [old["PrivateIpAddress"]], "kept": [],
    }  # fmt: skip
