# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node: what Systems Manager and EC2 say of one machine, joined.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_InstanceInformation.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
"""

from __future__ import annotations

import datetime
import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, REGION, ROLE, ROLE_NAME, STACK

Raw = t.Mapping[str, t.Any]

ONLINE = "Online"
STALE = "Stale"
UNMANAGED = "Unmanaged"
EC2, HYBRID = "EC2Instance", "ManagedInstance"
# A role or pool becomes half of a group's name, and whoever may set tags may write anything there.
_PART = re.compile(r"[a-z0-9]([a-z0-9-]{0,126}[a-z0-9])?")


class Node(t.TypedDict):
    """A node, as the inventory keeps it in its cache and gives it as the variable ``node``.

    ``ping``: what Systems Manager says of its agent (Online, ConnectionLost, Inactive); Stale when that is too long
    ago; Unmanaged when EC2 has the machine and Systems Manager does not know it; else EC2's word for a machine that
    does not run. ``last_ping`` and ``launched`` are times of ISO 8601. What is not known is an empty text.
    """

    id: str
    resource_type: str
    ping: str
    last_ping: str
    platform: str
    os: str
    os_version: str
    agent_version: str
    computer_name: str
    private_ip: str
    public_ip: str
    private_dns: str
    state: str
    account: str
    aws_region: str
    zone: str
    vpc: str
    subnet: str
    instance_type: str
    architecture: str
    image: str
    launched: str
    tags: dict[str, str]
    region: str
    stack: str
    pool: str
    role: str
    profile: str
    role_arn: str
    external_id: str


class Place(t.NamedTuple):
    """Where nodes are looked for: an AWS region, with the credentials of an account."""

    aws_region: str
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    allowed_account_ids: tuple[str, ...] = ()

    @property
    def credentials(self) -> Place:
        """Return what tells accounts apart: the place without its region."""
        return self._replace(aws_region="")

    def __str__(self) -> str:
        whose = self.role_arn or (f"profile {self.profile}" if self.profile else "")
        return f"{self.aws_region} ({whose})" if whose else self.aws_region


def node(known: Raw | None, machine: Raw | None, tags: t.Mapping[str, str], place: Place, account: str) -> Node:
    """Join what Systems Manager says (``known``) and what EC2 says (``machine``); one of them may be missing."""
    row, ec2 = known or {}, machine or {}
    state = str((ec2.get("State") or {}).get("Name", ""))
    return {
        "id": str(row.get("InstanceId") or ec2["InstanceId"]),
        "resource_type": str(row.get("ResourceType") or EC2),
        "ping": str(row.get("PingStatus") or (UNMANAGED if state == "running" else state.capitalize())),
        "last_ping": _time(row.get("LastPingDateTime")),
        "platform": str(row.get("PlatformType") or ("Windows" if ec2.get("Platform") else "")),
        "os": str(row.get("PlatformName") or ""),
        "os_version": str(row.get("PlatformVersion") or ""),
        "agent_version": str(row.get("AgentVersion") or ""),
        "computer_name": str(row.get("ComputerName") or ""),
        "private_ip": str(ec2.get("PrivateIpAddress") or row.get("IPAddress") or ""),
        "public_ip": str(ec2.get("PublicIpAddress") or ""),
        "private_dns": str(ec2.get("PrivateDnsName") or ""),
        "state": state,
        "account": account,
        "aws_region": place.aws_region,
        "zone": str((ec2.get("Placement") or {}).get("AvailabilityZone", "")),
        "vpc": str(ec2.get("VpcId") or ""),
        "subnet": str(ec2.get("SubnetId") or ""),
        "instance_type": str(ec2.get("InstanceType") or ""),
        "architecture": str(ec2.get("Architecture") or ""),
        "image": str(ec2.get("ImageId") or ""),
        "launched": _time(ec2.get("LaunchTime")),
        "tags": dict(tags),
        "region": tags.get(REGION, ""),
        "stack": tags.get(STACK, ""),
        "pool": _matching(_PART, tags.get(PART, "")),
        "role": _matching(ROLE_NAME, tags.get(ROLE, "")),
        "profile": place.profile,
        "role_arn": place.role_arn,
        "external_id": place.external_id,
    }


def judged(one: Node, stale_minutes: int, now: datetime.datetime) -> Node:
    """Return a node, as Stale when it is Online and was last heard more than so many minutes ago; 0 judges nothing."""
    if not stale_minutes or one["ping"] != ONLINE or not one["last_ping"]:
        return one
    silent = now - datetime.datetime.fromisoformat(one["last_ping"])
    return {**one, "ping": STALE} if silent > datetime.timedelta(minutes=stale_minutes) else one


def groups_of(one: Node) -> list[str]:
    """Return the groups of a node that is online, beside the one of all: by its role and by its pool."""
    groups = [f"role_{one['role']}"] if one["role"] else []
    return [*groups, f"pool_{one['pool'].replace('-', '_')}"] if one["pool"] else groups


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _time(said: t.Any) -> str:
    """Return a time as AWS sent it, seconds since 1970 or ISO 8601, as a text in UTC."""
    try:
        when = datetime.datetime.fromtimestamp(float(said), datetime.UTC)
    except (TypeError, ValueError):
        try:
            when = datetime.datetime.fromisoformat(str(said)).astimezone(datetime.UTC)
        except ValueError:
            return ""
    return when.isoformat(timespec="seconds")
