# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Managed nodes: machines that Systems Manager knows, as their role lets them and they reach it.

https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html,
https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html. One that loses its role or its way
is ConnectionLost once somebody looks; AWS takes minutes. Every image is taken to have the agent, as Amazon's do.
"""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.truth.patching import refuser

Response = t.Any  # moto's SimpleSystemManagerResponse
Node = dict[str, t.Any]

refuse = refuser("ssm")
ACTION = "ssm:UpdateInstanceInformation"
SERVICES = ("ssm", "ssmmessages")
FILTERS = {"InstanceIds": "InstanceId", "PingStatus": "PingStatus", "PlatformTypes": "PlatformType"}


def describe_instance_information(self: Response) -> str:
    given = json.loads(self.body) if self.body else {}
    found = list(nodes(self.current_account, self.region))
    for one in given.get("Filters") or []:
        key = FILTERS.get(one["Key"])
        if key is None:
            refuse("InvalidInstanceInformationFilterValue", f"The filter {one['Key']} is not known")
        found = [node for node in found if node[key] in one["Values"]]
    return json.dumps({"InstanceInformationList": found})


def nodes(account: str, region: str) -> t.Iterator[Node]:
    """Every running machine that has registered, with whether it still answers."""
    from moto.ec2.models import ec2_backends

    from lab.embedded_aws.truth.ec2.base import catch_up, own

    backend = ec2_backends[account][region]
    catch_up(backend)
    known = own(backend, "managed nodes")
    machines = [one for reservation in backend.reservations.values() for one in reservation.instances]
    for machine in machines:
        if machine.state != "running":
            known.pop(machine.id, None)
            continue
        online = _lets(backend, machine) and _reaches(backend, machine)
        if online:
            known[machine.id] = True
        if machine.id in known:
            yield {
                "InstanceId": machine.id, "PingStatus": "Online" if online else "ConnectionLost",
                "PlatformType": "Linux", "PlatformName": "Amazon Linux", "PlatformVersion": "2023",
                "ResourceType": "EC2Instance", "IPAddress": machine.private_ip, "AgentVersion": "3.3.3050.0",
            }  # fmt: skip


def _lets(backend: t.Any, machine: t.Any) -> bool:
    from lab.embedded_aws.truth.ecs.grants import allows

    roles = getattr(getattr(machine, "profile", None), "roles", None) or []
    return any(allows(backend, role.arn, ACTION) for role in roles)


def _reaches(backend: t.Any, machine: t.Any) -> bool:
    from lab.embedded_aws.truth.ecs.network import at

    return bool(machine.nics) and all(at(backend, machine.nics[0]).unreached(one) is None for one in SERVICES)


def apply() -> None:
    from moto.ssm.responses import SimpleSystemManagerResponse

    SimpleSystemManagerResponse.describe_instance_information = describe_instance_information
