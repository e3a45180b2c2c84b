# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Look for nodes in several AWS regions and accounts at once; a place that does not answer is never left out unsaid."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._account import caller, guard
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._clients import Clients, Connection
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, RegionError
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes import listing
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Node, Place

SESSION = "cloister-nodes"
# Of what AWS tells of each machine this much is read: botocore takes its time over every member that it knows.
READ = {
    ("ec2", "Instance"): (
        *("InstanceId", "ImageId", "InstanceType", "Architecture", "LaunchTime", "Placement", "Platform", "State"),
        *("PrivateDnsName", "PrivateIpAddress", "PublicIpAddress", "SubnetId", "VpcId", "Tags"),
    ),
    ("ssm", "InstanceInformation"): (
        *("InstanceId", "PingStatus", "LastPingDateTime", "AgentVersion", "PlatformType", "PlatformName"),
        *("PlatformVersion", "ResourceType", "IPAddress", "ComputerName"),
    ),
}


class Found(t.NamedTuple):
    """The nodes of all places that answered, and what kept the others from it."""

    nodes: list[Node]
    failures: list[str]


def look(places: t.Sequence[Place], wanted: listing.Wanted) -> Found:
    """List the nodes of all places, side by side.

    Raise `InputError` for credentials of an account that is not allowed, before anything is listed anywhere, and
    `RegionError` when no place at all answers.
    """
    clients = Clients(reads=READ)
    owners: dict[Place, Place] = {}
    for place in places:
        owners.setdefault(place.credentials, place)
    entered = dict(zip(owners, side_by_side(lambda place: _enter(place, clients), list(owners.values())), strict=True))
    for refused in entered.values():
        if isinstance(refused, InputError):
            raise refused

    def listed(place: Place) -> list[Node]:
        way = entered[place.credentials]
        if isinstance(way, Exception):
            raise way
        connection, account = way
        aws = Aws(
            Connection(place.aws_region, profile=connection.profile, arguments=connection.arguments), among=clients
        )
        return listing.nodes(aws, place, account, wanted)

    results = side_by_side(listed, places)
    failures = [
        f"{place}: {_told(one)}" for place, one in zip(places, results, strict=True) if isinstance(one, Exception)
    ]
    if len(failures) == len(places):
        raise RegionError("; ".join(dict.fromkeys(failures)) or "There is no place to look for nodes in")
    return Found([node for one in results if not isinstance(one, Exception) for node in one], failures)


def _told(error: Exception) -> str:
    if not isinstance(error, RegionError):
        raise error
    return str(error)


def _enter(place: Place, clients: Clients) -> tuple[Connection, str]:
    """Return how AWS is called with a place's credentials, and whose they are."""
    connection = Connection(place.aws_region, profile=place.profile or None)
    if place.role_arn:
        connection = _assumed(Aws(connection, among=clients), place)
    found = caller(Aws(connection, among=clients))
    if place.allowed_account_ids:
        guard(found, place.allowed_account_ids)
    return connection, found.account


def _assumed(aws: Aws, place: Place) -> Connection:
    """Return a connection with the keys of the place's role: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    said: dict[str, t.Any] = {"RoleArn": place.role_arn, "RoleSessionName": SESSION}
    if place.external_id:
        said["ExternalId"] = place.external_id
    keys = aws.call("sts", "assume_role", **said)["Credentials"]
    arguments = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    return Connection(place.aws_region, profile=place.profile or None, arguments=arguments)
