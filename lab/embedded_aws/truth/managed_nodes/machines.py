# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines of EC2 that Systems Manager knows, as their role lets them and they reach it.

https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html,
https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html. One that loses its role or its way
is ConnectionLost once somebody looks; AWS takes minutes. Every image is taken to have the agent, as Amazon's do.
"""

from __future__ import annotations

import time
import typing as t

from lab.embedded_aws.machines import awaited
from lab.embedded_aws.truth.managed_nodes import pings

ACTION = "ssm:UpdateInstanceInformation"
SERVICES = ("ssm", "ssmmessages")
AGENT = "3.3.3050.0"


def nodes(account: str, region: str) -> list[pings.Node]:
    """Every running machine that has registered, with whether it still answers; stopped ones are not told of."""
    from moto.ec2.models import ec2_backends

    from lab.embedded_aws.truth.ec2.base import catch_up
    from lab.embedded_aws.truth.ecs.network import look

    backend = ec2_backends[account][region]
    catch_up(backend)
    with look(backend):
        return list(_nodes(backend))


def _nodes(backend: t.Any) -> t.Iterator[pings.Node]:
    from lab.embedded_aws.truth.ec2.base import own, tags_of

    known = own(backend, "managed nodes")
    machines = [one for reservation in backend.reservations.values() for one in reservation.instances]
    for machine in machines:
        if machine.state != "running":
            known.pop(machine.id, None)
            continue
        tags = dict(tags_of(backend, machine.id))
        there = not awaited.missing(machine.id, tags)
        online = there and _lets(backend, machine) and _reaches(backend, machine)
        if online:
            known.setdefault(machine.id, round(time.time(), 3))
        if machine.id in known:
            yield {
                "InstanceId": machine.id, **pings.current.of(machine.id, online),
                "AgentVersion": AGENT, "IsLatestVersion": True,
                "PlatformType": "Linux", "PlatformName": "Amazon Linux", "PlatformVersion": "2023",
                "ResourceType": "EC2Instance", "RegistrationDate": known[machine.id],
                "IPAddress": machine.private_ip, "ComputerName": machine.private_dns_name,
                "SourceId": machine.id, "SourceType": "AWS::EC2::Instance",
                "tags": tags,
            }  # fmt: skip


def _lets(backend: t.Any, machine: t.Any) -> bool:
    from lab.embedded_aws.truth.ecs.grants import allows

    roles = getattr(getattr(machine, "profile", None), "roles", None) or []
    return any(allows(backend, role.arn, ACTION) for role in roles)


def _reaches(backend: t.Any, machine: t.Any) -> bool:
    from lab.embedded_aws.truth.ecs.network import at

    return bool(machine.nics) and all(at(backend, machine.nics[0]).unreached(one) is None for one in SERVICES)
