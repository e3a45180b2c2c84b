# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NAT gateways: the way out for private subnets, with a fixed address.

https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html: one that could not be made goes to
the state ``failed``, says why, and AWS deletes it within about an hour. Such a one is no gateway to us: it is reported
by whoever waits for it, and replaced by the next run. A deleted one holds its address and its interface for a minute.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import OwnershipError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import NOT_YET, Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.elastic_ip import ElasticIp
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet

_STANDING = ("pending", "available")
_LEAVING = ("failed", "deleting")


class NatGateway(Ec2Kind):
    """A public NAT gateway. Fields: ``subnet`` (id), ``elastic_ip`` (allocation id)."""

    noun = "NAT gateway"
    made_by = "network"
    rank = 20
    immutable: t.ClassVar = dict.fromkeys(
        ("subnet", "elastic_ip"),
        "take it off the list, run, and list it again: it is made anew and its Elastic IP stays",
    )
    describe, listed, id_key, tag_type = "describe_nat_gateways", "NatGateways", "NatGatewayId", "natgateway"

    def find(self) -> list[Found]:
        """Return those that stand; those that failed or are going away are not among them."""
        return [found for found in self.all() if found.raw["State"] in _STANDING]

    def all(self) -> list[Found]:
        """Return those of every state that AWS still shows."""
        states = [{"Name": "state", "Values": [*_STANDING, *_LEAVING]}]
        filters = self.owner.filters() + states
        found = [self.found(raw) for raw in self.aws.pages("ec2", self.describe, self.listed, Filter=filters)]
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return where it is and which address it has."""
        return {"subnet": found.raw["SubnetId"], "elastic_ip": _address(found.raw).get("AllocationId", NOT_YET)}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Start it, after its predecessor has let go of the address. botocore's client token makes repeating safe."""
        for found in self.all():
            if found.part == want.part and found.raw["State"] in _LEAVING:
                self.delete(found)
        self.until(f"{want.fields['elastic_ip']} to be let go of", lambda: not self._user(want), seconds=300)
        answer = self.aws.make(
            "ec2",
            "create_nat_gateway",
            SubnetId=want.fields["subnet"],
            AllocationId=want.fields["elastic_ip"],
            ConnectivityType="public",
            TagSpecifications=self.tag_specifications(tags),
        )
        return self.made(answer["NatGateway"], tags)

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse an address that something else uses."""
        if found or is_unknown(want.fields):
            return
        user = self._user(want)
        leaving = [item.id for item in self.all() if item.part == want.part and item.raw["State"] in _LEAVING]
        if user and not leaving:
            raise OwnershipError(
                f"NAT gateway {want.part} cannot be made: its Elastic IP {want.fields['elastic_ip']} is used by "
                f"{user}; free it, or give the gateway another one"
            )

    def settled(self, found: Found) -> bool:
        """Say whether it carries traffic."""
        return bool(found.raw["State"] == "available")

    def settle(self, found: Found) -> None:
        """Wait until it carries traffic; raise with AWS's reason when it never will."""
        self.until(f"NAT gateway {found.part} ({found.id})", lambda: self.settled(self._now(found)))

    def delete(self, found: Found) -> None:
        """Delete it and wait until its interface and its hold on the address are gone."""
        if found.raw["State"] != "deleting":
            self.aws.call("ec2", "delete_nat_gateway", NatGatewayId=found.id, absent_ok=True)
        self.until(f"NAT gateway {found.part} ({found.id}) to be gone", lambda: self._state(found) in ("deleted", None))

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the address by which the world sees what goes out; a new one may not tell it yet."""
        address = _address(found.raw).get("PublicIp")
        return {"public_ip": address} if address else {}

    def _now(self, found: Found) -> Found:
        answer = self.aws.call("ec2", "describe_nat_gateways", NatGatewayIds=[found.id])
        now = self.found(answer["NatGateways"][0])
        refuse_failed(now)
        return now

    def _state(self, found: Found) -> str | None:
        answer = self.aws.call("ec2", "describe_nat_gateways", NatGatewayIds=[found.id], absent_ok=True)
        return answer["NatGateways"][0]["State"] if answer and answer["NatGateways"] else None

    def _user(self, want: Want) -> str | None:
        answer = self.aws.call("ec2", "describe_addresses", AllocationIds=[want.fields["elastic_ip"]])
        address = answer["Addresses"][0]
        if not address.get("AssociationId"):
            return None
        return str(address.get("InstanceId") or address.get("NetworkInterfaceId") or address["AssociationId"])


def refuse_failed(found: Found) -> None:
    """Raise for one that failed, with AWS's reason."""
    if found.raw["State"] == "failed":
        reason = f"{found.raw.get('FailureCode', 'Unknown')}: {found.raw.get('FailureMessage', 'AWS gives no reason')}"
        raise RegionError(f"NAT gateway {found.part} ({found.id}) failed: {reason}; the next run replaces it")


def _address(raw: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    addresses = raw.get("NatGatewayAddresses") or [{}]
    return next((item for item in addresses if item.get("IsPrimary")), addresses[0])


def want(gateway: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for an entry {name, subnet, elastic_ip}."""
    return Want(
        gateway["name"],
        {"subnet": names.id(Subnet, gateway["subnet"]), "elastic_ip": names.id(ElasticIp, gateway["elastic_ip"])},
    )


def wants(entries: t.Collection[t.Mapping[str, t.Any]], names: Names) -> list[Want]:
    """Read all names at once and return the wishes for entries as `want` takes them."""
    if entries:
        names.read(Subnet, ElasticIp)
    return [want(entry, names) for entry in entries]
