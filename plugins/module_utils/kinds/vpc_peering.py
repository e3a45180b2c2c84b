# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VPC peerings: two VPCs that reach each other by private addresses, one hop and no further.

Both VPCs ours: requested and accepted in one go. The other VPC not ours (another account, another region, another
inventory): requested, and its owner accepts; until then the routes stand ready and lead nowhere
(https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html). A request not accepted expires after a week.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import NOT_YET, Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc

_SIDES = {"requester": "RequesterVpcInfo", "accepter": "AccepterVpcInfo"}
_LIVE = ("initiating-request", "pending-acceptance", "provisioning", "active")


class VpcPeering(Ec2Kind):
    """A peering. Fields: ``vpc``, ``peer_vpc`` (ids), ``accepted``, ``requester_dns``, ``accepter_dns``.

    The last two say whether names in that side's VPC resolve to private addresses for the other side.
    """

    noun = "VPC peering"
    made_by = "network"
    rank = 20
    immutable: t.ClassVar = dict.fromkeys(("vpc", "peer_vpc"), "give the new peering another name")
    describe, listed, id_key, tag_type = (
        "describe_vpc_peering_connections",
        "VpcPeeringConnections",
        "VpcPeeringConnectionId",
        "vpc-peering-connection",
    )
    live = ("status-code", _LIVE)

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return both ends and the name options, which exist only while it is active."""
        active = found.raw["Status"]["Code"] == "active"
        return {
            "vpc": found.raw["RequesterVpcInfo"]["VpcId"],
            "peer_vpc": found.raw["AccepterVpcInfo"]["VpcId"],
            "accepted": active,
            **{f"{side}_dns": _dns(found.raw[info]) if active else NOT_YET for side, info in _SIDES.items()},
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Request it."""
        answer = self.aws.make(
            "ec2",
            "create_vpc_peering_connection",
            VpcId=want.fields["vpc"],
            PeerVpcId=want.fields["peer_vpc"],
            TagSpecifications=self.tag_specifications(tags),
            **want.create,
        )
        return self.made(answer["VpcPeeringConnection"], tags)

    def complete(self, found: Found, want: Want) -> None:
        """Accept it when both ends are ours, then let names resolve across."""
        self.update(found, want, want.fields)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Accept it if that is ours to do, and set the name options of the sides that are ours."""
        if "accepted" in changed:
            self.settle(found)
            if not self._reached(found, "active"):
                self.aws.call("ec2", "accept_vpc_peering_connection", VpcPeeringConnectionId=found.id)
            self.until(f"VPC peering {found.part} to be active", lambda: self._reached(found, "active"), 120)
        elif not self._reached(found, "active"):
            return
        options: dict[str, t.Any] = {
            f"{side.capitalize()}PeeringConnectionOptions": {
                "AllowDnsResolutionFromRemoteVpc": want.fields[f"{side}_dns"]
            }
            for side in _SIDES
            if f"{side}_dns" in want.fields
        }
        self.aws.call("ec2", "modify_vpc_peering_connection_options", VpcPeeringConnectionId=found.id, **options)

    def settled(self, found: Found) -> bool:
        """Say whether the request has arrived."""
        return found.raw["Status"]["Code"] in _LIVE[1:]

    def settle(self, found: Found) -> None:
        """Wait until the request has arrived; raise AWS's reason when it never will."""
        self.until(f"VPC peering {found.part} ({found.id})", lambda: self._reached(found, *_LIVE[1:]), 60)

    def delete(self, found: Found) -> None:
        """Delete it, whatever state the other side left it in."""
        self.aws.call("ec2", "delete_vpc_peering_connection", VpcPeeringConnectionId=found.id, absent_ok=True)

    def foreign(self, want: Want) -> str | None:
        """Return a peering of the same two VPCs, requested by either; AWS allows one."""
        ends = (want.fields["vpc"], want.fields["peer_vpc"])
        if is_unknown(ends):
            return None
        for requester, accepter in (ends, ends[::-1]):
            filters = [
                {"Name": "requester-vpc-info.vpc-id", "Values": [requester]},
                {"Name": "accepter-vpc-info.vpc-id", "Values": [accepter]},
                {"Name": "status-code", "Values": list(_LIVE)},
            ]
            for raw in self.aws.pages("ec2", self.describe, self.listed, Filters=filters):
                return str(raw[self.id_key])
        return None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return AWS's word for its state, such as ``pending-acceptance``, and whom it waits for."""
        accepter = found.raw["AccepterVpcInfo"]
        return {
            "status": found.raw["Status"]["Code"],
            "peer_account_id": accepter.get("OwnerId"),
            "peer_region": accepter.get("Region"),
        }

    def _reached(self, found: Found, *states: str) -> bool:
        answer = self.aws.call("ec2", self.describe, VpcPeeringConnectionIds=[found.id])
        status = answer["VpcPeeringConnections"][0]["Status"]
        if status["Code"] not in _LIVE:
            raise RegionError(
                f"VPC peering {found.part} ({found.id}) is {status['Code']}: {status.get('Message', '')}; "
                "ranges that overlap and VPCs that do not exist end so"
            )
        return status["Code"] in states


def want(peering: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for {name, vpc, peer_vpc | peer_vpc_id, peer_account_id, peer_region, dns_resolution}."""
    fields: dict[str, t.Any] = {"vpc": names.id(Vpc, peering["vpc"]), "requester_dns": peering["dns_resolution"]}
    if peering["peer_vpc"]:
        ours = {"peer_vpc": names.id(Vpc, peering["peer_vpc"]), "accepted": True}
        return Want(peering["name"], {**fields, **ours, "accepter_dns": peering["dns_resolution"]})
    said = {"PeerOwnerId": peering["peer_account_id"], "PeerRegion": peering["peer_region"]}
    create = {key: value for key, value in said.items() if value}
    return Want(peering["name"], {**fields, "peer_vpc": peering["peer_vpc_id"]}, create)


def waiting(members: t.Iterable[Member], peerings: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Say which of ``peerings`` somebody else has yet to accept."""
    foreign = {peering["name"] for peering in peerings if peering["peer_vpc_id"]}
    return [
        f"VPC peering {member.part} waits for its other side: account {member.shows['peer_account_id']} "
        f"accepts {member.id} in {member.shows['peer_region']} within a week, or it expires"
        for member in members
        if member.part in foreign and member.shows.get("status") in _LIVE[:2]
    ]


def _dns(info: t.Mapping[str, t.Any]) -> bool:
    return bool(info.get("PeeringOptions", {}).get("AllowDnsResolutionFromRemoteVpc", False))
