# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A pool of proxies behind a network load balancer, in a group that believes it, for tests."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._balanced_fleet import Machine, read
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.pool_world import World, pool

GROUPS = ("edge-https", "edge-http")


class Edge(World):
    """A pool of proxies behind a network load balancer with two listeners."""

    def __init__(self, aws: Aws, lab: EmbeddedAws, scratch: Path, machines: int = 3) -> None:
        super().__init__(aws, lab, scratch)
        inside = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
        aws.call("ec2", "authorize_security_group_ingress", GroupId=self.groups["node"], IpPermissions=inside)
        self.balancer = aws.make(
            "elbv2", "create_load_balancer", Name="us-edge", Type="network", Scheme="internal",
            Subnets=list(self.subnets.values()), SecurityGroups=[self.groups["other"]],
            Tags=tag_list(Owner("us", "edge").tags_for("edge")),
        )["LoadBalancers"][0]["LoadBalancerArn"]  # fmt: skip
        self.targets = {name: self.lead(name, port) for name, port in zip(GROUPS, (443, 80), strict=True)}
        entry = pool("proxy", size={"min": 0, "max": 4, "desired": machines}, target_groups=list(GROUPS),
                     health_check={"type": "elb", "grace_seconds": 0})  # fmt: skip
        self.make(entry)
        self.settle(entry)
        self.ends(unhealthy=False)

    def lead(self, name: str, port: int) -> str:
        made = self.aws.make(
            "elbv2", "create_target_group", Name=f"us-{name}", Protocol="TCP", Port=port, VpcId=self.vpc,
            TargetType="instance", Tags=tag_list(Owner("us", "edge").tags_for(name)),
        )  # fmt: skip
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        action = [{"Type": "forward", "TargetGroupArn": arn}]
        where = {"LoadBalancerArn": self.balancer, "Protocol": "TCP", "Port": port}
        self.aws.make("elbv2", "create_listener", DefaultActions=action, **where)
        return arn

    def ends(self, unhealthy: bool) -> None:
        """Say whether target groups end connections of machines that turn unhealthy."""
        key = "target_health_state.unhealthy.connection_termination.enabled"
        for arn in self.targets.values():
            said = [{"Key": key, "Value": str(unhealthy).lower()}]
            self.aws.call("elbv2", "modify_target_group_attributes", TargetGroupArn=arn, Attributes=said)

    @property
    def ids(self) -> list[str]:
        return sorted(one["InstanceId"] for one in self.machines("proxy"))

    def seen(self, node: str) -> Machine:
        return read(self.aws, "us", [node]).machines[node]

    def states(self, node: str) -> set[str]:
        return {one.name for one in self.seen(node).states.values()}

    def actions(self) -> list[str]:
        return [one["action"] for one in self.lab.writes()]
