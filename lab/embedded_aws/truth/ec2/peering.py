# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VPC peering connections: requested, accepted, failed when the blocks overlap, deleted.

https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html has the life cycle; deleted and failed
connections stay visible for about two hours.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import (
    Backend,
    Response,
    action,
    after,
    catch_up,
    done,
    new_id,
    now,
    refuse,
    tag_list,
)
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.vpcs import networks
from lab.embedded_aws.truth.ec2.xml import Ec2Result

OPTIONS = (
    "AllowDnsResolutionFromRemoteVpc", "AllowEgressFromLocalClassicLinkToRemoteVpc",
    "AllowEgressFromLocalVpcToRemoteClassicLink",
)  # fmt: skip
DEAD = ("deleted", "failed", "rejected", "expired", "deleting")


@dataclasses.dataclass
class Status:
    code: str
    message: str


@dataclasses.dataclass(eq=False)
class Peering:
    """A peering connection, the same object in both backends when it crosses accounts or regions."""

    ec2_backend: Backend
    vpc: t.Any
    peer_vpc: t.Any
    _status: Status
    id: str = dataclasses.field(default_factory=lambda: new_id("pcx"))
    expires: datetime.datetime = dataclasses.field(default_factory=lambda: now() + datetime.timedelta(days=7))
    requester_options: dict[str, bool] = dataclasses.field(default_factory=lambda: dict.fromkeys(OPTIONS, False))
    accepter_options: dict[str, bool] = dataclasses.field(default_factory=lambda: dict.fromkeys(OPTIONS, False))

    def turn(self, code: str, message: str) -> None:
        self._status = Status(code, message)


def view(peering: Peering) -> dict[str, t.Any]:
    status = peering._status
    active = status.code == "active"
    requester = _side(peering.vpc, peering.requester_options if active else None, known=True)
    accepter = _side(peering.peer_vpc, peering.accepter_options if active else None, known=active)
    return {
        "VpcPeeringConnectionId": peering.id, "Status": {"Code": status.code, "Message": status.message},
        "RequesterVpcInfo": requester, "AccepterVpcInfo": accepter,
        "ExpirationTime": peering.expires if status.code == "pending-acceptance" else None,
        "Tags": tag_list(peering.ec2_backend, peering.id),
    }  # fmt: skip


def _side(vpc: t.Any, options: dict[str, bool] | None, known: bool) -> dict[str, t.Any]:
    """One side; the accepter's blocks and the options are shown only while the connection is active."""
    side: dict[str, t.Any] = {"OwnerId": vpc.owner_id, "VpcId": vpc.id, "Region": vpc.region, "PeeringOptions": options}
    if known:
        side["CidrBlock"] = vpc.cidr_block
        side["CidrBlockSet"] = [{"CidrBlock": str(one)} for one in networks(vpc)]
    return side


def _side_filters(prefix: str, member: str) -> dict[str, str]:
    return {
        f"{prefix}.vpc-id": f"{member}.VpcId",
        f"{prefix}.owner-id": f"{member}.OwnerId",
        f"{prefix}.cidr-block": f"{member}.CidrBlock",
    }


PEERING = register(
    Kind(
        type="vpc-peering-connection", prefix="pcx",
        missing=("InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID"),
        id_key="VpcPeeringConnectionId", objects=lambda backend: backend.vpc_pcxs.values(), view=view,
        filters={
            "vpc-peering-connection-id": "VpcPeeringConnectionId", "status-code": "Status.Code",
            "status-message": "Status.Message", "expiration-time": "ExpirationTime",
            **_side_filters("requester-vpc-info", "RequesterVpcInfo"),
            **_side_filters("accepter-vpc-info", "AccepterVpcInfo"),
        },
    )
)  # fmt: skip


@action
def describe_vpc_peering_connections(response: Response) -> t.Any:
    answer = describe(response, PEERING, "VpcPeeringConnections", "VpcPeeringConnectionIds")
    for one in t.cast("dict[str, t.Any]", answer.result)["VpcPeeringConnections"]:
        # Each side has tags of its own.
        one["Tags"] = tag_list(response.ec2_backend, one["VpcPeeringConnectionId"])
    return answer


@action
def create_vpc_peering_connection(response: Response) -> t.Any:
    backend = response.ec2_backend
    given = tags.requested(response, "vpc-peering-connection")
    vpc = find(backend, response._get_param("VpcId"))
    peer = _peer(response)
    for one in backend.vpc_pcxs.values():
        if {one.vpc.id, one.peer_vpc.id} == {vpc.id, peer.id} and one._status.code not in DEAD:
            refuse(
                "VpcPeeringConnectionAlreadyExists",
                f"A VPC peering connection between the VPCs already exists: {one.id}",
            )
    response.error_on_dryrun()
    start = Status("initiating-request", f"Initiating Request to {peer.owner_id}")
    peering = Peering(backend, vpc, peer, start)
    backend.vpc_pcxs[peering.id] = peer.ec2_backend.vpc_pcxs[peering.id] = peering
    tags.put(backend, peering.id, given)
    shown = view(peering)
    after(backend, "vpc_peering", lambda: _requested(peering))
    return Ec2Result({"VpcPeeringConnection": shown})


def _peer(response: Response) -> t.Any:
    from moto.ec2.models import ec2_backends

    account = response._get_param("PeerOwnerId") or response.current_account
    region = response._get_param("PeerRegion") or response.region
    return find(ec2_backends[account][region], response._get_param("PeerVpcId"))


def _requested(peering: Peering) -> None:
    if any(one.overlaps(other) for one in networks(peering.vpc) for other in networks(peering.peer_vpc)):
        peering.turn("failed", "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range")
    elif peering._status.code == "initiating-request":
        peering.turn("pending-acceptance", f"Pending Acceptance by {peering.peer_vpc.owner_id}")


@action
def accept_vpc_peering_connection(response: Response) -> t.Any:
    peering = _answered(response, "accept")
    peering.turn("active", "Active")
    return Ec2Result({"VpcPeeringConnection": view(peering)})


@action
def reject_vpc_peering_connection(response: Response) -> t.Any:
    _answered(response, "reject").turn("rejected", f"Rejected by {response.current_account}")
    return done()


def _answered(response: Response, verb: str) -> Peering:
    """The connection this account and region may accept or reject."""
    backend = response.ec2_backend
    catch_up(backend)
    peering: Peering = find(backend, response._get_param("VpcPeeringConnectionId"))
    if peering.peer_vpc.owner_id != response.current_account:
        refuse("OperationNotPermitted", f"User {response.current_account} cannot {verb} peering {peering.id}")
    if peering.peer_vpc.region != response.region:
        refuse(
            "OperationNotPermitted",
            f"Incorrect region ({response.region}) specified for this request.VPC peering connection {peering.id} "
            f"must be accepted in region {peering.peer_vpc.region}",
        )
    if peering._status.code != "pending-acceptance":
        refuse("InvalidStateTransition", f"Invalid state transition for {peering.id}, attempted to transition from "
               f"{peering._status.code} to active")  # fmt: skip
    return peering


@action
def delete_vpc_peering_connection(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    peering = find(backend, response._get_param("VpcPeeringConnectionId"))
    if peering._status.code in DEAD:
        refuse(
            "InvalidStateTransition",
            f"Invalid state transition for {peering.id}, attempted to transition from {peering._status.code} "
            "to deleting",
        )
    peering.turn("deleted", f"Deleted by {response.current_account}")
    return done()


@action
def modify_vpc_peering_connection_options(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    peering: Peering = find(backend, response._get_param("VpcPeeringConnectionId"))
    if peering._status.code != "active":
        refuse(
            "OperationNotPermitted",
            f"Peering {peering.id} is not active. Peering options can be added only to active peerings.",
        )
    answer = {}
    sides = (
        ("Requester", peering.vpc, peering.requester_options),
        ("Accepter", peering.peer_vpc, peering.accepter_options),
    )
    for side, vpc, options in sides:
        wanted = response._get_param(f"{side}PeeringConnectionOptions")
        if not wanted:
            continue
        if vpc.owner_id != response.current_account or vpc.region != response.region:
            refuse(
                "OperationNotPermitted",
                f"User {response.current_account} cannot modify {side.lower()} options of {peering.id}",
            )
        options.update({key: bool(value) for key, value in wanted.items() if key in OPTIONS})
        answer[f"{side}PeeringConnectionOptions"] = dict(options)
    return Ec2Result(answer)
