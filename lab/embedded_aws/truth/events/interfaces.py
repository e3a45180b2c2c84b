# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Interfaces that a service of AWS makes in the account and takes away again: calls that CloudTrail tells of.

EKS makes those of a cluster's API like this, with its own name as the address that the call came from.
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws import api_events
from lab.embedded_aws.truth.happenings import INTERFACE_GONE, INTERFACE_MADE, on


def shown(interface: t.Any) -> dict[str, t.Any]:
    """An interface as EC2 answers CreateNetworkInterface, in CloudTrail's words."""
    groups = {"items": [{"groupId": group.id, "groupName": group.name} for group in interface.group_set]}
    address = interface.private_ip_address
    return {
        "networkInterfaceId": interface.id, "subnetId": interface.subnet.id, "vpcId": interface.vpc_id,
        "availabilityZone": interface.subnet.availability_zone, "description": interface.description,
        "ownerId": interface.ec2_backend.account_id, "requesterManaged": True, "status": "pending",
        "macAddress": interface.mac_address, "privateIpAddress": address, "sourceDestCheck": True, "groupSet": groups,
        "privateIpAddressesSet": {"item": [{"privateIpAddress": address, "primary": True}]}, "tagSet": {},
    }  # fmt: skip


def made(account: str, region: str, interface: t.Any, by: str) -> None:
    groups = {"items": [{"groupId": group.id} for group in interface.group_set]}
    asked = {"subnetId": interface.subnet.id, "description": interface.description, "groupSet": groups}
    answered = {"networkInterface": shown(interface)}
    api_events.of_service(account, region, "ec2", "CreateNetworkInterface", asked, answered, by)


def gone(account: str, region: str, interface: t.Any, by: str) -> None:
    asked = {"networkInterfaceId": interface.id}
    api_events.of_service(account, region, "ec2", "DeleteNetworkInterface", asked, {"_return": True}, by)


def listen() -> None:
    """Hear of them from now on."""
    on(INTERFACE_MADE)(made)
    on(INTERFACE_GONE)(gone)
