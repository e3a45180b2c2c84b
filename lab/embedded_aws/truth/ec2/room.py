# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether AWS has room for a machine: offered in the zone, within the vCPU quota, and there at this moment.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.capacity import current as capacity
from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2 import instance_types
from lab.embedded_aws.truth.ec2.base import Backend, refuse

USING = ("pending", "running", "stopping", "shutting-down")


def alive(backend: Backend) -> list[t.Any]:
    """Every machine that takes room."""
    return [one for reservation in backend.reservations.values() for one in reservation.instances if one.state in USING]


def check_offered(backend: Backend, kind: str, zone: str) -> None:
    """Refuse a type that the zone has not."""
    zones = instance_types.zones_of(backend, kind)
    if zone in zones:
        return
    choice = f" or choosing {', '.join(zones)}" if zones else ""
    refuse(
        "Unsupported",
        f"Your requested instance type ({kind}) is not supported in your requested Availability Zone ({zone}). "
        f"Please retry your request by not specifying an Availability Zone{choice}.",
    )


def fitting(backend: Backend, kind: str, zone: str, spot: bool, most: int, least: int) -> int:
    """How many of `most` machines fit; refuses when fewer than `least` do."""
    allowed = min(most, _within_quota(backend, kind, spot))
    if allowed < least:
        _refuse_quota(kind, spot)
    present = sum(1 for one in alive(backend) if one.instance_type == kind and one.availability_zone == zone)
    there = next((number for number in range(allowed) if not capacity.has_room(kind, zone, present + number)), allowed)
    if there < least:
        _refuse_room(backend, kind, zone, spot)
    return there


def _within_quota(backend: Backend, kind: str, spot: bool) -> int:
    """How many more machines of a type the account's vCPU quota allows."""
    name = instance_types.bucket(kind, spot)
    if name is None or name not in limits.most:
        return 1_000_000
    used = sum(
        instance_types.vcpus(one.instance_type)
        for one in alive(backend)
        if instance_types.bucket(one.instance_type, one.lifecycle == "spot") == name
    )
    return int(max(0, limits.most[name] - used) // instance_types.vcpus(kind))


def _refuse_quota(kind: str, spot: bool) -> t.NoReturn:
    if spot:
        refuse("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
    most = limits.most[instance_types.bucket(kind, spot) or ""]
    refuse(
        "VcpuLimitExceeded",
        f"You have requested more vCPU capacity than your current vCPU limit of {most} allows for the instance bucket "
        "that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to "
        "request an adjustment to this limit.",
    )


def _refuse_room(backend: Backend, kind: str, zone: str, spot: bool) -> t.NoReturn:
    others = [one for one in instance_types.zones_of(backend, kind) if one != zone]
    choice = f" or choosing {', '.join(others)}" if others else ""
    if spot:
        refuse("InsufficientInstanceCapacity", "There is no Spot capacity available that matches your request.")
    refuse(
        "InsufficientInstanceCapacity",
        f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({zone}). Our "
        f"system will be working on provisioning additional capacity. You can currently get {kind} capacity by not "
        f"specifying an Availability Zone in your request{choice}.",
    )
