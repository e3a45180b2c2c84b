# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups that believe their load balancer, and groups that are told to look away."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.machine_world import NAME, Network, Pool


class Balanced(Pool):
    """A group whose machines are targets of a network load balancer, and let its health checks in."""

    def __init__(self, client: t.Any, network: Network) -> None:
        super().__init__(client, network)
        self.elb, group = client("elbv2"), network.group(self.vpc)
        inside = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "group-name", "Values": ["default"]}]
        own = self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
        self.ec2.authorize_security_group_ingress(GroupId=own, IpPermissions=inside)
        balancer = self.elb.create_load_balancer(
            Name="edge", Type="network", Scheme="internal", Subnets=self.subnets, SecurityGroups=[group]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        given = {"Protocol": "TCP", "Port": 443, "VpcId": self.vpc, "TargetType": "instance"}
        made = self.elb.create_target_group(Name="edge-https", **given)
        self.targets = made["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": self.targets}]
        self.elb.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=443, DefaultActions=forward)

    def made(self, **given: t.Any) -> list[str]:
        """Two machines of it, in a group that believes its balancer."""
        believes = {"HealthCheckType": "ELB", "DesiredCapacity": 2, "TargetGroupARNs": [self.targets]}
        self.make(**{**believes, **given})
        return self.ids()


@pytest.fixture
def pool(client: t.Any, network: Network) -> Balanced:
    return Balanced(client, network)


def marks(pool: Balanced) -> dict[str, str]:
    return {one["InstanceId"]: one["HealthStatus"] for one in pool.group()["Instances"]}


def test_a_machine_that_its_balancer_finds_unhealthy_is_replaced(aws: EmbeddedAws, pool: Balanced) -> None:
    sick, well = pool.made()
    aws.target_health(sick, healthy=False)
    assert sick not in pool.ids()
    assert well in pool.ids()
    assert len(pool.ids()) == 2
    assert any("ELB system health-check failure" in one["Cause"] for one in pool.activities())


@pytest.mark.parametrize(
    "given", [{"HealthCheckType": "EC2"}, {"HealthCheckGracePeriod": 300}], ids=["EC2 alone", "in its grace period"]
)
def test_other_groups_do_not_believe_it(aws: EmbeddedAws, pool: Balanced, given: dict[str, t.Any]) -> None:
    sick, well = pool.made(**given)
    aws.target_health(sick, healthy=False)
    assert marks(pool) == {sick: "Healthy", well: "Healthy"}


def test_a_machine_that_is_marked_while_it_may_not_be_replaced_goes_afterwards(
    aws: EmbeddedAws, pool: Balanced
) -> None:
    sick, well = pool.made()
    pool.asg.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["ReplaceUnhealthy"])
    aws.target_health(sick, healthy=False)
    assert marks(pool) == {sick: "Unhealthy", well: "Healthy"}
    aws.target_health(sick, healthy=None)
    assert marks(pool)[sick] == "Unhealthy"
    pool.asg.resume_processes(AutoScalingGroupName=NAME, ScalingProcesses=["ReplaceUnhealthy"])
    assert sick not in pool.ids()


def test_a_machine_that_was_unhealthy_while_nobody_looked_stays(aws: EmbeddedAws, pool: Balanced) -> None:
    sick, well = pool.made()
    both = ["HealthCheck", "ReplaceUnhealthy"]
    pool.asg.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=both)
    aws.target_health(sick, healthy=False)
    assert marks(pool) == {sick: "Healthy", well: "Healthy"}
    aws.target_health(sick, healthy=None)
    pool.asg.resume_processes(AutoScalingGroupName=NAME, ScalingProcesses=both)
    assert pool.ids() == [sick, well]


def test_a_machine_that_was_deregistered_by_hand_stays_and_comes_back_only_by_hand(pool: Balanced) -> None:
    out, _ = pool.made()
    elb, target = pool.elb, {"TargetGroupArn": pool.targets, "Targets": [{"Id": out}]}
    elb.deregister_targets(**target)
    assert out in pool.ids()
    seen = elb.describe_target_health(**target)["TargetHealthDescriptions"][0]["TargetHealth"]
    assert seen["State"] in ("draining", "unused")
    elb.register_targets(**target)
    assert elb.describe_target_health(**target)["TargetHealthDescriptions"][0]["TargetHealth"]["State"] == "healthy"
