# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wait until Systems Manager knows machines, and say what is in the way of one that it does not come to know.

https://docs.aws.amazon.com/systems-manager/latest/userguide/troubleshooting-managed-nodes.html
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, Owner
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read import read
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import reach_service
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage

SERVICES = ("ssm", "ssmmessages")
MOST_ASKED = 100
"""Machines that one look names: DescribeInstanceInformation's filters take as many values."""
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)

Raw = t.Mapping[str, t.Any]


def running(aws: Aws, filters: t.Sequence[t.Mapping[str, t.Any]]) -> list[Raw]:
    """Return the machines that run or are about to, as DescribeInstances has them."""
    alive = {"Name": "instance-state-name", "Values": ["pending", "running"]}
    found = aws.pages("ec2", "describe_instances", "Reservations", Filters=[*filters, alive])
    return [raw for one in found for raw in one["Instances"]]


def newest(aws: Aws, owner: Owner, pool: str) -> Raw | None:
    """Return the machine of an owner's pool of one: while it is replaced there are two, and the newer one stays."""
    machines = running(aws, [*owner.filters(), {"Name": f"tag:{PART}", "Values": [pool]}])
    return max(machines, key=lambda raw: raw["LaunchTime"], default=None)


def await_managed(aws: Aws, machines: t.Sequence[Raw], seconds: float) -> None:
    """Return when Systems Manager reaches all of them; raise `DeadlineError` after ``seconds``, with why not."""
    end, pauses = time.monotonic() + seconds, iter(_PAUSES)
    missing = list(machines)
    while missing:
        known = _online(aws, [raw["InstanceId"] for raw in missing])
        missing = [raw for raw in missing if raw["InstanceId"] not in known]
        if missing and time.monotonic() > end:
            raise DeadlineError(_why(aws, missing, seconds))
        if missing:
            time.sleep(next(pauses, _PAUSES[-1]))


def _online(aws: Aws, ids: t.Sequence[str]) -> set[str]:
    known: set[str] = set()
    for first in range(0, len(ids), MOST_ASKED):
        which = [{"Key": "InstanceIds", "Values": list(ids[first : first + MOST_ASKED])}]
        rows = aws.pages("ssm", "describe_instance_information", "InstanceInformationList", Filters=which)
        known |= {row["InstanceId"] for row in rows if row["PingStatus"] == "Online"}
    return known


def _why(aws: Aws, missing: t.Sequence[Raw], seconds: float) -> str:
    """Return what keeps the first of them from Systems Manager: its way there, or else its role."""
    machine = missing[0]
    told = f"{machine['InstanceId']} runs, and Systems Manager does not know it after {seconds:.0f} s."
    if others := [raw["InstanceId"] for raw in missing[1:]]:
        told = f"{told} Nor does it know {', '.join(others)}."
    groups = tuple(group["GroupId"] for group in machine["SecurityGroups"])
    public = machine.get("PublicIpAddress")
    place = Vantage(machine["VpcId"], machine["SubnetId"], groups, machine.get("PrivateIpAddress"), public)
    snapshot = read(aws, [machine["VpcId"]])
    for service in SERVICES:
        verdict = reach_service(snapshot, place, service)
        if not verdict.reached and verdict.judged:
            return f"{told} It does not reach {service} ({verdict.cause}): {verdict.said} {verdict.fix}"
    role = (machine.get("IamInstanceProfile") or {}).get("Arn", "no instance profile")
    return (
        f"{told} Its way there is open, so look at its role ({role}), which needs AmazonSSMManagedInstanceCore, "
        "and at its first boot: aws ec2 get-console-output"
    )
