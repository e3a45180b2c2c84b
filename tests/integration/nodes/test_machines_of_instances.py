# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""With Docker: machines come, are replaced and go as Auto Scaling's instances do, and are left by nobody."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws, NotRunningError
from lab.nodes import network
from lab.nodes.docker import docker
from tests.clients import Clients
from tests.with_docker import need_docker

REGION = "us-west-2"
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
LONGEST_SECONDS = 180


class Group:
    """One machine with a role in an Auto Scaling group, and who brings it its container."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.ec2, self.asg = map(Clients(aws.environment), ("ec2", "autoscaling"))
        self.cidr = next(cidr for n in range(200, 250) if not network.taken(cidr := f"10.{n}.0.0/16"))
        environment = {**os.environ, **aws.environment}
        self.follower = subprocess.Popen([sys.executable, "-m", "lab.nodes", "follow"], env=environment)

    def begin(self) -> None:
        self.vpc = self.ec2.create_vpc(CidrBlock=self.cidr)["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=self.cidr)["Subnet"]["SubnetId"]
        data = {"ImageId": IMAGE, "InstanceType": "t3.micro"}
        self.ec2.create_launch_template(LaunchTemplateName="proxy", LaunchTemplateData=data)
        self.asg.create_auto_scaling_group(
            AutoScalingGroupName="proxy", LaunchTemplate={"LaunchTemplateName": "proxy"}, VPCZoneIdentifier=subnet,
            MinSize=1, MaxSize=1, Tags=[{"Key": "cloister:role", "Value": "proxy", "PropagateAtLaunch": True}],
        )  # fmt: skip

    def machine(self, other_than: str = "") -> dict[str, t.Any]:
        """The one machine, once there is another than that."""
        end = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < end:
            found = [one for one in self.aws.machines() if one["instance_id"] != other_than]
            if found:
                return found[0]
            time.sleep(0.2)
        raise AssertionError(f"no machine in {LONGEST_SECONDS} s")


@pytest.fixture
def group() -> t.Iterator[Group]:
    need_docker("machines behind instances")
    made = Group(EmbeddedAws.start())
    yield made
    made.follower.terminate()
    assert made.follower.wait(60) == 0
    with contextlib.suppress(NotRunningError):
        made.aws.stop()


def test_a_machine_is_its_instance_and_is_replaced_and_gone_with_it(group: Group) -> None:
    group.begin()
    first = group.machine()
    (instance,) = group.aws.instances()
    assert (first["instance_id"], first["address"]) == (instance["id"], instance["address"])
    assert docker("exec", first["container"], "systemctl", "is-active", "ssh") == "active"

    group.ec2.terminate_instances(InstanceIds=[first["instance_id"]])
    second = group.machine(other_than=first["instance_id"])
    assert [one["instance_id"] for one in group.aws.machines()] == [second["instance_id"]]
    assert docker("ps", "--all", "--quiet", f"--filter=name=^{first['container']}$") == ""

    group.aws.stop()
    assert group.follower.wait(60) == 0
    assert docker("ps", "--all", "--quiet", f"--filter=name=^{second['container']}$") == ""
    assert docker("network", "ls", "--quiet", f"--filter=name=^cloister-{group.vpc}$") == ""
