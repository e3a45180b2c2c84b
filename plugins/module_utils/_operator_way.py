# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How people get to the operator host: which machine it is, and whether Systems Manager knows it.

https://docs.aws.amazon.com/systems-manager/latest/userguide/troubleshooting-managed-nodes.html
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError
from ansible_collections.cloister.aws.plugins.module_utils._operator import BASTION, Host
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read import read
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import reach_service
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage

NOUN = "operator host"
SERVICES = ("ssm", "ssmmessages")
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)

Raw = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Way:
    """The way to a host of an owner; Systems Manager is given ``seconds`` to know it."""

    aws: Aws
    owner: Owner
    seconds: float

    def member(self, host: Host, check: bool) -> Member | None:
        """Return the host as a report tells it; None where there is none yet. Raise when nobody can reach it."""
        machine = self._machine(str(host["name"]))
        if machine is None:
            return None
        if host["mode"] != BASTION and not check:
            self._await(machine)
        shows = {"mode": host["mode"], "aws_region": self.aws.region, "cluster": self._cluster(host)}
        stack = str(self.owner.stack)
        return Member(NOUN, str(host["name"]), stack, "keep", machine["InstanceId"], shows=shows, done=True)

    def _machine(self, name: str) -> Raw | None:
        """Return the newest machine of the host's group."""
        filters = [
            *self.owner.filters(),
            {"Name": f"tag:{PART}", "Values": [name]},
            {"Name": "instance-state-name", "Values": ["pending", "running"]},
        ]
        found = self.aws.pages("ec2", "describe_instances", "Reservations", Filters=filters)
        machines = [raw for one in found for raw in one["Instances"]]
        return max(machines, key=lambda raw: raw["LaunchTime"], default=None)

    def _cluster(self, host: Host) -> str:
        return f"{self.owner.region}-{host['cluster']}" if host.get("cluster") else ""

    def _await(self, machine: Raw) -> None:
        end, pauses = time.monotonic() + self.seconds, iter(_PAUSES)
        while not self._known(machine["InstanceId"]):
            if time.monotonic() > end:
                raise DeadlineError(self._why(machine))
            time.sleep(next(pauses, _PAUSES[-1]))

    def _known(self, instance: str) -> bool:
        which = [{"Key": "InstanceIds", "Values": [instance]}]
        rows = self.aws.pages("ssm", "describe_instance_information", "InstanceInformationList", Filters=which)
        return any(row["PingStatus"] == "Online" for row in rows)

    def _why(self, machine: Raw) -> str:
        """Return what keeps the machine from Systems Manager: its way there, or else its role."""
        told = f"{machine['InstanceId']} runs, and Systems Manager does not know it after {self.seconds:.0f} s."
        groups = tuple(group["GroupId"] for group in machine["SecurityGroups"])
        public = machine.get("PublicIpAddress")
        place = Vantage(machine["VpcId"], machine["SubnetId"], groups, machine.get("PrivateIpAddress"), public)
        snapshot = read(self.aws, [machine["VpcId"]])
        for service in SERVICES:
            verdict = reach_service(snapshot, place, service)
            if not verdict.reached and verdict.judged:
                return f"{told} It does not reach {service} ({verdict.cause}): {verdict.said} {verdict.fix}"
        role = (machine.get("IamInstanceProfile") or {}).get("Arn", "no instance profile")
        return (
            f"{told} Its way there is open, so look at its role ({role}), which needs AmazonSSMManagedInstanceCore, "
            "and at its first boot: aws ec2 get-console-output"
        )
