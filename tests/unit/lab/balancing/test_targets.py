# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
Balancing = t.Any
Forward = t.Callable[[str], dict[str, t.Any]]


@pytest.fixture
def address(balancing: Balancing) -> str:
    """An address that an interface in the VPC holds."""
    made = balancing.ec2.create_network_interface(SubnetId=balancing.subnets[0])
    return str(made["NetworkInterface"]["PrivateIpAddress"])


@pytest.fixture
def group(balancing: Balancing, forward: Forward) -> str:
    """A target group that a listener leads to."""
    arn = balancing.group()
    balancing.listener(balancing.balancer()["LoadBalancerArn"], forward(arn))
    return str(arn)


def register(balancing: Balancing, group: str, *ids: str, **more: t.Any) -> None:
    targets = [{"Id": one, **more} for one in ids]
    balancing.elb.register_targets(TargetGroupArn=group, Targets=targets)


def instance(balancing: Balancing) -> str:
    images = balancing.ec2.describe_images(Owners=["amazon"], MaxResults=5)["Images"]
    run = {"ImageId": images[0]["ImageId"], "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    made = balancing.ec2.run_instances(**run, SubnetId=balancing.subnets[0])
    return str(made["Instances"][0]["InstanceId"])


def test_a_target_is_unused_until_a_listener_leads_to_it(balancing: Balancing, address: str, forward: Forward) -> None:
    arn = balancing.group()
    register(balancing, arn, address)
    assert balancing.health(arn) == [(address, "unused", "Target.NotInUse")]
    balancing.listener(balancing.balancer()["LoadBalancerArn"], forward(arn))
    assert balancing.health(arn) == [(address, "healthy", "")]


def test_first_checks_take_their_time(aws: EmbeddedAws, balancing: Balancing, group: str, address: str) -> None:
    aws.delays(target_health=60)
    register(balancing, group, address)
    assert balancing.health(group) == [(address, "initial", "Elb.InitialHealthChecking")]
    aws.skip(60)
    assert balancing.health(group) == [(address, "healthy", "")]


def test_a_test_says_what_the_checks_find(aws: EmbeddedAws, balancing: Balancing, group: str, address: str) -> None:
    register(balancing, group, address)
    aws.target_health(address, 8080, reason="Target.ResponseCodeMismatch", description="Health checks failed: [502]")
    row = balancing.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"][0]
    assert row["TargetHealth"] == {
        "State": "unhealthy", "Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed: [502]",
    }  # fmt: skip
    aws.target_health(address, 8080, healthy=None)
    assert balancing.health(group) == [(address, "healthy", "")]


def test_checks_that_ask_for_a_page_which_is_not_there_find_that(
    aws: EmbeddedAws, balancing: Balancing, group: str, address: str
) -> None:
    register(balancing, group, address)
    aws.target_health("/typo", reason="Target.ResponseCodeMismatch")
    assert balancing.health(group) == [(address, "healthy", "")]
    balancing.elb.modify_target_group(TargetGroupArn=group, HealthCheckPath="/typo")
    assert balancing.health(group) == [(address, "unhealthy", "Target.ResponseCodeMismatch")]


def test_an_address_that_nobody_holds_times_out(balancing: Balancing, group: str) -> None:
    register(balancing, group, "10.0.1.200")
    assert balancing.health(group) == [("10.0.1.200", "unhealthy", "Target.Timeout")]


def test_a_target_that_leaves_drains_first(aws: EmbeddedAws, balancing: Balancing, group: str, address: str) -> None:
    aws.delays(target_drain=60)
    register(balancing, group, address)
    balancing.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": address}])
    assert balancing.health(group) == [(address, "draining", "Target.DeregistrationInProgress")]
    aws.skip(60)
    assert balancing.health(group) == []
    assert balancing.health(group, Targets=[{"Id": address}]) == [(address, "unused", "Target.NotRegistered")]


def test_one_that_need_not_drain_is_gone_at_once(
    aws: EmbeddedAws, balancing: Balancing, group: str, address: str
) -> None:
    aws.delays(target_drain=30)
    at_once = [{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]
    balancing.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=at_once)
    register(balancing, group, address)
    balancing.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": address}])
    assert balancing.health(group) == []


def test_one_address_is_a_target_at_several_ports(balancing: Balancing, group: str, address: str) -> None:
    register(balancing, group, address)
    register(balancing, group, address, Port=9000)
    assert len(balancing.health(group)) == 2
    balancing.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": address, "Port": 9000}])
    rows = balancing.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [row["Target"] for row in rows] == [{"Id": address, "Port": 8080, "AvailabilityZone": "us-west-2a"}]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"Id": "10.1.0.5"}, "outside the VPC"),
        ({"Id": "172.16.5.5"}, "outside the VPC"),
        ({"Id": "10.1.0.5", "AvailabilityZone": "us-west-9z"}, "is not valid"),
        ({"Id": "10.0.1.5", "AvailabilityZone": "all"}, "cannot have its Availability Zone overridden"),
        ({"Id": "203.0.113.9", "AvailabilityZone": "all"}, "not a valid IPv4 address from one of the allowed ranges"),
        ({"Id": "somewhere.example.com"}, "not a valid IPv4 address"),
        ({"Id": "10.0.1.5", "Port": 70000}, "less than or equal to 65535"),
    ],
)
def test_addresses_are_private_and_say_where_they_are(
    balancing: Balancing, refused: Refused, group: str, target: dict[str, t.Any], words: str
) -> None:
    with refused("ValidationError", words):
        balancing.elb.register_targets(TargetGroupArn=group, Targets=[target])


def test_an_address_of_a_peer_is_taken_with_all_zones(balancing: Balancing, group: str) -> None:
    register(balancing, group, "10.1.0.5", AvailabilityZone="all")
    assert balancing.health(group) == [("10.1.0.5", "healthy", "")]


def test_instances_exist_and_run(balancing: Balancing, refused: Refused, forward: Forward) -> None:
    arn = balancing.group("machines", TargetType="instance")
    balancing.listener(balancing.balancer()["LoadBalancerArn"], forward(arn))
    with refused("InvalidTarget", "i-0123456789abcdef0"):
        register(balancing, arn, "i-0123456789abcdef0")
    machine = instance(balancing)
    register(balancing, arn, machine)
    assert balancing.health(arn) == [(machine, "healthy", "")]
    balancing.ec2.terminate_instances(InstanceIds=[machine])
    assert balancing.health(arn) == []
    stopped = instance(balancing)
    register(balancing, arn, stopped)
    balancing.ec2.stop_instances(InstanceIds=[stopped])
    assert balancing.health(arn) == [(stopped, "unused", "Target.InvalidState")]
    with refused("InvalidTarget", "not in a running state"):
        register(balancing, arn, stopped)


def test_an_application_load_balancer_is_a_target_where_it_listens(
    balancing: Balancing, refused: Refused, fixed: dict[str, t.Any]
) -> None:
    arn = balancing.group("inner", Protocol="TCP", Port=80, TargetType="alb")
    balancer = balancing.balancer(Scheme="internal")["LoadBalancerArn"]
    with refused("ValidationError", "at least one listener that matches the target group port"):
        register(balancing, arn, balancer)
    listener = balancing.listener(balancer, fixed)
    register(balancing, arn, balancer)
    with refused("TooManyTargets"):
        other = balancing.balancer("other", Scheme="internal")["LoadBalancerArn"]
        balancing.listener(other, fixed)
        register(balancing, arn, other)
    with refused("ResourceInUse", "Listener port '80' is in use by registered target"):
        balancing.elb.delete_listener(ListenerArn=listener)
    with refused("ResourceInUse"):
        balancing.elb.delete_load_balancer(LoadBalancerArn=balancer)
    balancing.elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": balancer}])
    balancing.elb.delete_load_balancer(LoadBalancerArn=balancer)


def test_only_application_load_balancers_of_the_vpc_are_targets(balancing: Balancing, refused: Refused) -> None:
    arn = balancing.group("inner", Protocol="TCP", Port=80, TargetType="alb")
    with refused("InvalidTarget"):
        register(balancing, arn, balancing.network_balancer()["LoadBalancerArn"])


def test_targets_need_a_group(balancing: Balancing, refused: Refused) -> None:
    gone = balancing.group()
    balancing.elb.delete_target_group(TargetGroupArn=gone)
    with refused("TargetGroupNotFound"):
        register(balancing, gone, "10.0.1.5")
    with refused("TargetGroupNotFound"):
        balancing.elb.describe_target_health(TargetGroupArn=gone)
