"""System 4: how targets follow the interfaces that EKS replaces unasked. Rows 4.13 to 4.17, failures F5 and F6."""

from __future__ import annotations

import copy
import typing as t

import pytest

from tests.integration.systems import private
from tests.integration.systems.built import Built
from tests.unit.module_utils.functions.recorded import NOISE, by_eks


def registrations(one: Built) -> list[dict[str, t.Any]]:
    return [write for write in one.region.lab.writes() if write["action"] == "RegisterTargets" and not write["error"]]


def test_4_13_the_interfaces_are_those_that_eks_describes_so(private_eks: Built) -> None:
    assert set(private.targets(private_eks)) == set(private.interfaces(private_eks))
    assert set(private.targets(private_eks).values()) == {"healthy"}


def test_4_14_a_new_interface_is_a_target_within_one_event(private_eks: Built) -> None:
    before = set(private.interfaces(private_eks))
    try:
        private.move(private_eks, "a", "b")
        assert set(private.interfaces(private_eks)) & before == set()
        assert set(private.interfaces(private_eks)) <= set(private.targets(private_eks))
    finally:
        private.move(private_eks, "a", "b", "c")
    private_eks.region.lab.fire(private.AWS_REGION, private.SWEEP)
    private_eks.region.lab.settle()
    assert private.follows(private_eks)


def test_4_15_a_dead_target_goes_with_the_sweep_of_every_fifteen_minutes(private_eks: Built) -> None:
    rule = private_eks.client("events").describe_rule(Name=private.SWEEP)
    assert rule["ScheduleExpression"] == "rate(15 minutes)"
    dead = {"Id": "192.168.16.250", "Port": 443}
    arn = private.group(private_eks)["TargetGroupArn"]
    private_eks.client("elbv2").register_targets(TargetGroupArn=arn, Targets=[dead])
    private_eks.region.lab.fire(private.AWS_REGION, private.SWEEP)
    private_eks.region.lab.settle()
    assert private.follows(private_eks)


def test_4_15_the_last_healthy_target_stays_though_its_interface_is_gone(private_eks: Built) -> None:
    lab, addresses = private_eks.region.lab, sorted(private.interfaces(private_eks))
    elb, arn = private_eks.client("elbv2"), private.group(private_eks)["TargetGroupArn"]
    old = "192.168.16.251"
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": old, "Port": 443}])
    try:
        lab.target_health(old, healthy=True)
        for address in addresses:
            lab.target_health(address, healthy=False, reason="Target.FailedHealthChecks")
        lab.fire(private.AWS_REGION, private.SWEEP)
        lab.settle()
        assert old in private.targets(private_eks)
    finally:
        for address in addresses:
            lab.target_health(address, healthy=None)
    lab.fire(private.AWS_REGION, private.SWEEP)
    lab.settle()
    lab.target_health(old, healthy=None)
    assert private.follows(private_eks)


@pytest.mark.parametrize("name", NOISE)
def test_f6_4_16_noise_registers_nothing(private_eks: Built, name: str) -> None:
    lab, event = private_eks.region.lab, copy.deepcopy(NOISE[name])
    before = len(registrations(private_eks))
    met = lab.emit(private.AWS_REGION, event)
    lab.settle()
    assert len(registrations(private_eks)) == before
    of_another_cluster = "for the rule, another network's cluster of the same name is the same"
    assert met == [] or event["detail"]["requestParameters"]["description"] == "Amazon EKS us-main", of_another_cluster


def test_f6_4_16_interfaces_that_people_and_nodes_make_reach_no_rule(private_eks: Built) -> None:
    before = len(registrations(private_eks))
    subnet = private_eks.id("eks-private-a", "describe_subnets", "Subnets", "SubnetId")
    made = [
        private_eks.ec2.create_network_interface(SubnetId=subnet, Description=text)["NetworkInterface"]
        for text in ("aws-K8S-i-0123456789abcdef0", private.TEXT)
    ]
    private_eks.region.lab.settle()
    assert len(registrations(private_eks)) == before
    for face in made:
        private_eks.ec2.delete_network_interface(NetworkInterfaceId=face["NetworkInterfaceId"])


def test_4_16_the_rule_lets_through_what_eks_does_for_this_cluster(private_eks: Built) -> None:
    vpc = private_eks.id("eks")
    event = by_eks(vpc, sorted(private.interfaces(private_eks))[0], "private-eks-main")
    assert private_eks.region.lab.emit(private.AWS_REGION, event) == [private.RULE]
    private_eks.region.lab.settle()
    assert private.follows(private_eks)


def test_f5_4_17_without_a_trail_no_target_comes_and_the_verdict_says_so(private_eks: Built) -> None:
    cloudtrail = private_eks.client("cloudtrail")
    (trail,) = cloudtrail.describe_trails()["trailList"]
    cloudtrail.stop_logging(Name=trail["TrailARN"])
    private.move(private_eks, "b", "c")
    found = private_eks.reach(private.operator(private_eks), private.host(private_eks))
    assert (found.stage, found.cause) == ("target", "no-trail"), found.told()
    assert "run the stack audit" in found.fix
    refused = private_eks.region.play("site.yml", "--limit", "private_api")
    cloudtrail.start_logging(Name=trail["TrailARN"])
    private.move(private_eks, "a", "b", "c")
    private_eks.region.lab.fire(private.AWS_REGION, private.SWEEP)
    private_eks.region.lab.settle()
    assert private.follows(private_eks)
    # A run does not go on with a rule that hears nothing.
    assert refused.rc != 0
    assert f"no trail logs those of {private.AWS_REGION}" in " ".join(refused.output.split())
