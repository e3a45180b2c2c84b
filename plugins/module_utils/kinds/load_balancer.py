# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load balancers: application ones (HTTP) and network ones (TCP, UDP), facing the internet or only the VPC.

A create with the settings of a standing one answers with that one
(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html). A network one has
security groups only if it got some when it was made (.../API_SetSecurityGroups.html), and within a zone its subnet is
taken away before another one comes
(https://docs.aws.amazon.com/elasticloadbalancing/latest/network/availability-zones.html).
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience
from ansible_collections.cloister.aws.plugins.module_utils._elb import (
    IN_USE,
    NamedElbKind,
    attribute_list,
    attributes,
    aws_name,
)
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError, OwnershipError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import NOT_YET, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._once import Once
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_list
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown

ATTRIBUTES = {
    "cross_zone": "load_balancing.cross_zone.enabled",
    "deletion_protection": "deletion_protection.enabled",
    "desync_mitigation": "routing.http.desync_mitigation_mode",
    "drop_invalid_headers": "routing.http.drop_invalid_header_fields.enabled",
    "idle_timeout_seconds": "idle_timeout.timeout_seconds",
}
_LOGS = "access_logs.s3."
_READY = ("active", "active_impaired")
# One that was a target of another is in use until that one has let go of it, five minutes unless said otherwise.
_LEAVING = Patience(IN_USE.codes, seconds=420)


class LoadBalancer(NamedElbKind):
    """A load balancer.

    Fields: ``type``, ``scheme``, ``subnets`` and ``security_groups`` (sorted ids), those of `ATTRIBUTES` that its type
    has, ``access_logs`` (``{bucket, prefix}`` or None); of a network one ``addresses`` (allocation ids by subnet) and
    ``private_link_rules``. ``create`` holds ``zones``, those of the subnets that exist, by id.
    """

    noun = "load balancer"
    made_by = "load_balancers"
    rank = 32
    immutable: t.ClassVar[t.Mapping[str, str]] = dict.fromkeys(
        ("type", "scheme"),
        "list another one beside it under a new name, move its records there, then take this one off the list",
    )
    describe, listed = "describe_load_balancers", "LoadBalancers"
    arn_key, name_key = "LoadBalancerArn", "LoadBalancerName"

    def __init__(self, *args: t.Any) -> None:
        super().__init__(*args)
        self._attributes = Once()

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is, where it stands and how it behaves."""
        raw, said = found.raw, self._said(found)
        logs = {"bucket": said.get(f"{_LOGS}bucket", ""), "prefix": said.get(f"{_LOGS}prefix", "")}
        return {
            "type": raw["Type"],
            "scheme": raw["Scheme"],
            "subnets": sorted(place["SubnetId"] for place in raw["AvailabilityZones"]),
            "addresses": _addresses(raw),
            "security_groups": sorted(raw.get("SecurityGroups") or ()),
            "private_link_rules": raw.get("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "on") != "off",
            "access_logs": logs if said.get(f"{_LOGS}enabled") else None,
            **{name: said.get(key) for name, key in ATTRIBUTES.items()},
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Start it, once its addresses are free: those of a deleted one are held for a minute."""
        addresses = sorted(want.fields.get("addresses", {}).values())
        if addresses:
            what = f"{', '.join(addresses)} to be let go of"
            self.until(what, lambda: not self._users(addresses), seconds=300)
        answer = self.aws.make(
            "elbv2",
            "create_load_balancer",
            Name=aws_name(self.owner.region, want.part),
            Type=want.fields["type"],
            Scheme=want.fields["scheme"],
            SecurityGroups=want.fields["security_groups"],
            Tags=tag_list(tags),
            **_places(want),
        )
        return self.made(answer, self.listed, tags)

    def complete(self, found: Found, want: Want) -> None:
        """Set what a create does not take."""
        self._set_attributes(found, want, want.fields)
        if not want.fields.get("private_link_rules", True):
            self._set_groups(found, want)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Move it, let others in, or make it behave otherwise."""
        if {"subnets", "addresses"} & set(changed):
            self.aws.call("elbv2", "set_subnets", LoadBalancerArn=found.id, **_places(want))
        if {"security_groups", "private_link_rules"} & set(changed):
            self._set_groups(found, want)
        self._set_attributes(found, want, changed)

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse a move that a network one cannot make, and addresses that something else uses."""
        have = self.fields(found) if found else {"addresses": {}}
        if found and want.fields["type"] == "network" == found.raw["Type"]:
            self._vet_move(want, found, have)
        if have["addresses"] == NOT_YET:
            return
        held = have["addresses"].values()
        new = [one for one in want.fields.get("addresses", {}).values() if one not in held and not is_unknown(one)]
        users = self._users(new) if new else {}
        predecessor = f"ELB net/{aws_name(self.owner.region, want.part)}/"
        taken = sorted(f"{one} by {user}" for one, user in users.items() if not user.startswith(predecessor))
        if taken:
            raise OwnershipError(
                f"load balancer {want.part}: Elastic IPs are in use: {', '.join(taken)}; free them, or give it others"
            )

    def _vet_move(self, want: Want, found: Found, have: t.Mapping[str, t.Any]) -> None:
        where = f"load balancer {want.part} ({found.id})"
        if want.fields["security_groups"] and not have["security_groups"]:
            raise ImmutableError(
                f"{where} was made without security groups, and AWS gives a network load balancer none later; list "
                "another one beside it under a new name, move its records there, then take this one off the list"
            )
        zones = {place["SubnetId"]: place["ZoneName"] for place in found.raw["AvailabilityZones"]}
        for subnet in want.fields["subnets"]:
            zone = want.create["zones"].get(subnet)
            other = next((one for one in have["subnets"] if zones[one] == zone and one != subnet), None)
            if other:
                raise ImmutableError(
                    f"{where} stands in {zone} with {other}, which {subnet} cannot replace in one step; take its "
                    "subnet in that zone off the list, run, then list the other one"
                )
            if have["addresses"] == NOT_YET or subnet not in have["subnets"]:
                continue
            before, after = (side.get(subnet) for side in (have["addresses"], want.fields["addresses"]))
            if before != after:
                raise ImmutableError(
                    f"{where} has {before or 'an address of AWS'} in {subnet} and cannot get {after or 'another'} "
                    "while it stands there; take the subnet off the list, run, then list it with the other address"
                )

    def vet_removal(self, found: Found) -> None:
        """Refuse what is protected."""
        if self.fields(found)["deletion_protection"]:
            raise RegionError(
                f"{found.id} is protected from deletion; list it with deletion_protection: false and build the region, "
                "then take it away"
            )

    def settled(self, found: Found) -> bool:
        """Say whether it takes traffic."""
        return bool(found.raw["State"]["Code"] in _READY)

    def settle(self, found: Found) -> None:
        """Wait until it takes traffic, one to three minutes; raise with AWS's reason when it never will."""
        self.until(f"load balancer {found.part} ({found.id})", lambda: self._active(found))

    def delete(self, found: Found) -> None:
        """Delete it with its listeners and wait until it is gone; its interfaces linger a little longer."""
        self.aws.call("elbv2", "delete_load_balancer", LoadBalancerArn=found.id, absent_ok=True, patience=_LEAVING)
        self.until(f"load balancer {found.part} ({found.id}) to be gone", lambda: self._now(found) is None)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the name that AWS gives it, and the zone of that name, as an alias record needs them."""
        return {"dns_name": found.raw["DNSName"], "zone_id": found.raw["CanonicalHostedZoneId"]}

    def _said(self, found: Found) -> dict[str, t.Any]:
        def read() -> dict[str, t.Any]:
            answer = self.aws.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=found.id)
            return attributes(answer["Attributes"])

        return self._attributes.get(found.id, read)

    def _set_attributes(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        values = {key: want.fields[name] for name, key in ATTRIBUTES.items() if name in changed and name in want.fields}
        if "access_logs" in changed:
            values |= _logs(want.fields["access_logs"])
        if values:
            action = "modify_load_balancer_attributes"
            self.aws.call("elbv2", action, LoadBalancerArn=found.id, Attributes=attribute_list(values))

    def _set_groups(self, found: Found, want: Want) -> None:
        said: dict[str, t.Any] = {"SecurityGroups": want.fields["security_groups"]}
        if want.fields["type"] == "network":
            rules = "on" if want.fields["private_link_rules"] else "off"
            said["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = rules
        self.aws.call("elbv2", "set_security_groups", LoadBalancerArn=found.id, **said)

    def _now(self, found: Found) -> t.Mapping[str, t.Any] | None:
        action = "describe_load_balancers"
        answer = self.aws.call("elbv2", action, LoadBalancerArns=[found.id], absent_ok=True)
        return next(iter(answer["LoadBalancers"]), None) if answer else None

    def _active(self, found: Found) -> bool:
        state = (self._now(found) or {}).get("State", {})
        if state.get("Code") == "failed":
            raise RegionError(
                f"{found.id} failed: {state.get('Reason', 'AWS gives no reason')}; take it off the list, run, put "
                "right what AWS says, and list it again"
            )
        return state.get("Code") in _READY

    def _users(self, addresses: t.Sequence[str]) -> dict[str, str]:
        """Return by allocation id what uses each of these addresses, as AWS describes its interface."""
        answer = self.aws.call("ec2", "describe_addresses", AllocationIds=list(addresses))
        held = {one["AllocationId"]: one for one in answer["Addresses"] if one.get("AssociationId")}
        faces = [one["NetworkInterfaceId"] for one in held.values() if one.get("NetworkInterfaceId")]
        action = "describe_network_interfaces"
        listed = self.aws.call("ec2", action, NetworkInterfaceIds=faces, absent_ok=True) if faces else None
        said = {
            one["NetworkInterfaceId"]: one.get("Description") for one in (listed or {}).get("NetworkInterfaces", ())
        }
        return {
            one: str(said.get(raw.get("NetworkInterfaceId")) or raw.get("InstanceId") or raw["AssociationId"])
            for one, raw in held.items()
        }


def _addresses(raw: t.Mapping[str, t.Any]) -> t.Any:
    found = {
        place["SubnetId"]: address["AllocationId"]
        for place in raw["AvailabilityZones"]
        for address in place.get("LoadBalancerAddresses", ())
        if address.get("AllocationId")
    }
    # One that is being made may not tell its addresses yet.
    return NOT_YET if not found and raw["State"]["Code"] == "provisioning" and raw["Type"] == "network" else found


def _places(want: Want) -> dict[str, t.Any]:
    addresses = want.fields.get("addresses")
    if not addresses:
        return {"Subnets": want.fields["subnets"]}
    return {"SubnetMappings": [{"SubnetId": one, "AllocationId": addresses[one]} for one in want.fields["subnets"]]}


def _logs(wanted: t.Mapping[str, str] | None) -> dict[str, t.Any]:
    if wanted is None:
        return {f"{_LOGS}enabled": False}
    return {f"{_LOGS}enabled": True, f"{_LOGS}bucket": wanted["bucket"], f"{_LOGS}prefix": wanted["prefix"]}
