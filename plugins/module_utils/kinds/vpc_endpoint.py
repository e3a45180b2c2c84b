# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VPC endpoints: ways to AWS services that never leave AWS.

An interface endpoint is a network interface in each of its subnets with a private name in front; a gateway endpoint
is a route. https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html,
https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _endpoint_policy as endpoint_policy
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._endpoint_services import EndpointServices
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ApiError,
    InputError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import STACK, Owner, tag_dict
from ansible_collections.cloister.aws.plugins.module_utils._service_names import short_name
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown

_STANDING = ("pendingAcceptance", "pending", "available", "rejected", "failed", "expired", "partial")
_ENDED = ("rejected", "failed", "expired", "deleting", "deleted")
# The fields that are lists of ids: name in a create, and how AWS describes them.
_LISTS = {"subnets": "SubnetIds", "security_groups": "SecurityGroupIds", "route_tables": "RouteTableIds"}


class VpcEndpoint(Ec2Kind):
    """A VPC endpoint.

    Fields: ``vpc`` (id), ``service`` (short name where AWS has one), ``type``, ``policy`` (canonical); of an interface
    endpoint ``subnets``, ``security_groups`` (sorted ids) and ``private_dns``; of a gateway endpoint ``route_tables``.
    """

    noun = "VPC endpoint"
    made_by = "endpoints or network"
    rank = 20
    # A renamed endpoint asks for the private name, or the route, that the old one still holds.
    removal_first = True
    immutable: t.ClassVar[t.Mapping[str, str]] = dict.fromkeys(
        ("vpc", "service", "type"), "give the new endpoint another name and take the old one off the list"
    )
    describe, listed, id_key, tag_type = "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "vpc-endpoint"
    live = ("vpc-endpoint-state", _STANDING)

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self._services = EndpointServices(aws)

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it leads to, from where, and who may pass."""
        raw = found.raw
        return {
            "vpc": raw["VpcId"],
            "service": short_name(raw["ServiceName"], self.aws.region),
            "type": raw["VpcEndpointType"].lower(),
            "subnets": sorted(raw.get("SubnetIds", ())),
            "security_groups": sorted(group["GroupId"] for group in raw.get("Groups", ())),
            "route_tables": sorted(raw.get("RouteTableIds", ())),
            "private_dns": bool(raw.get("PrivateDnsEnabled")),
            "policy": endpoint_policy.canonical(raw.get("PolicyDocument")),
        }

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse a service, a zone, a policy or a private name that AWS would refuse later."""
        fields = want.fields
        known = [subnet for subnet in fields.get("subnets", ()) if not is_unknown(subnet)]
        self._vet_room(want.part, [one for one in known if not found or one not in found.raw.get("SubnetIds", ())])
        if is_unknown(fields["service"]):  # one of ours that an apply makes first
            return
        service = self._services.service(fields["service"], fields["type"])
        if fields["policy"] != endpoint_policy.OPEN and not service.get("VpcEndpointPolicySupported", True):
            raise InputError(f"VPC endpoint {want.part}: {fields['service']} takes no endpoint policy; leave it out")
        if fields["type"] == "gateway":
            return
        self._vet_zones(want.part, self._services.zones(known), service)
        # The network stack keeps both attributes on: a plan in which it has yet to do so is no reason to stop.
        if fields["private_dns"] and not is_unknown(fields["vpc"]) and not want.create.get("dns_promised"):
            off = self._services.dns_off(fields["vpc"])
            if off:
                raise InputError(
                    f"VPC endpoint {want.part}: private DNS needs EnableDnsSupport and EnableDnsHostnames, and "
                    f"{fields['vpc']} has {' and '.join(off)} off; set them on the VPC, or private_dns: false here"
                )

    def _vet_zones(self, part: str, zones: t.Mapping[str, str], service: t.Mapping[str, t.Any]) -> None:
        offered = service.get("AvailabilityZones") or sorted(set(zones.values()))
        taken: dict[str, str] = {}
        for subnet, zone in sorted(zones.items()):
            if zone not in offered:
                raise InputError(
                    f"VPC endpoint {part}: {service['ServiceName']} is not offered in {zone} (subnet {subnet}), only "
                    f"in {', '.join(sorted(offered))}; leave that subnet out for this service"
                )
            if zone in taken:
                raise InputError(
                    f"VPC endpoint {part}: subnets {taken[zone]} and {subnet} are both in {zone}; an endpoint takes "
                    "one subnet in each zone, and the whole zone can use it"
                )
            taken[zone] = subnet

    def _vet_room(self, part: str, subnets: t.Sequence[str]) -> None:
        full = sorted(one for one, free in self._services.free_addresses(subnets).items() if not free)
        if full:
            raise InputError(
                f"VPC endpoint {part}: {', '.join(full)} has no free address, and an endpoint takes one in each of its "
                "subnets; free some, or give it another subnet"
            )

    def renames(self, found: Found, want: Want) -> bool:
        """Say whether it leads from the same VPC to the same service under another name."""
        have = self.fields(found)
        return all(have[name] == want.fields[name] for name in self.immutable)

    def foreign(self, want: Want) -> str | None:
        """Return another endpoint that holds the private name, or the route, in the VPC."""
        if is_unknown(want.fields["vpc"]):
            return None
        for raw in self._services.standing(want.fields["vpc"]):
            tags = tag_dict(raw.get("Tags"))
            if self.owner.owns(tags) or raw["State"].lower() in _ENDED or not self._collides(want, raw):
                continue
            if Owner(self.owner.region).owns(tags):
                raise OwnershipError(
                    f"VPC endpoint {want.part}: stack {tags[STACK]} has {raw['VpcEndpointId']} for "
                    f"{want.fields['service']} in that place already; list the service in one of the two stacks"
                )
            return str(raw["VpcEndpointId"])
        return None

    def _collides(self, want: Want, raw: t.Mapping[str, t.Any]) -> bool:
        fields = want.fields
        if (short_name(raw["ServiceName"], self.aws.region), raw["VpcEndpointType"].lower()) != (
            fields["service"],
            fields["type"],
        ):
            return False
        if fields["type"] == "gateway":
            return bool(set(raw.get("RouteTableIds", ())) & set(fields["route_tables"]))
        return bool(fields["private_dns"] and raw.get("PrivateDnsEnabled"))

    def notes(self, wants: t.Iterable[Want]) -> t.Iterator[str]:
        """Yield what a person should know before images are pulled through new endpoints: their layers lie in S3.

        https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
        """
        vpcs = {want.fields["vpc"] for want in wants if want.fields["service"] == "ecr.dkr"}
        for vpc in sorted(vpc for vpc in vpcs if not is_unknown(vpc)):
            names = {short_name(raw["ServiceName"], self.aws.region) for raw in self._services.standing(vpc)}
            if "s3" not in names:
                yield (
                    f"{vpc} has an endpoint for ecr.dkr and none for s3, where image layers lie: pulls go through a "
                    "NAT gateway, paid by the gigabyte, or fail without one; give the network its s3 gateway endpoint"
                )

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Start it; it takes AWS a minute or two to bring an interface endpoint up."""
        fields = want.fields
        params = {name: list(fields[key]) for key, name in _LISTS.items() if key in fields}
        if fields["type"] == "interface":
            params["PrivateDnsEnabled"] = fields["private_dns"]
        if fields["policy"] != endpoint_policy.OPEN:
            params["PolicyDocument"] = fields["policy"]
        answer = self.aws.make(
            "ec2",
            "create_vpc_endpoint",
            VpcEndpointType=fields["type"].capitalize(),
            VpcId=fields["vpc"],
            ServiceName=self._services.service(fields["service"], fields["type"])["ServiceName"],
            TagSpecifications=self.tag_specifications(tags),
            **params,
        )
        return self.made(answer["VpcEndpoint"], tags)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Change it in one call, or two where a subnet gives way to another of the same zone."""
        have = self.fields(found)
        params: dict[str, t.Any] = {}
        for key in [key for key in _LISTS if key in changed]:
            params[f"Add{_LISTS[key]}"] = sorted(set(want.fields[key]) - set(have[key]))
            params[f"Remove{_LISTS[key]}"] = sorted(set(have[key]) - set(want.fields[key]))
        if "private_dns" in changed:
            params["PrivateDnsEnabled"] = want.fields["private_dns"]
        if "policy" in changed:
            is_open = want.fields["policy"] == endpoint_policy.OPEN
            params.update({"ResetPolicy": True} if is_open else {"PolicyDocument": want.fields["policy"]})
        leaving = self._in_the_way(params)
        if leaving:
            params["RemoveSubnetIds"] = sorted(set(params["RemoveSubnetIds"]) - set(leaving))
            self._modify(found, {"RemoveSubnetIds": leaving})
        self._modify(found, params)
        self.settle(found)

    def _in_the_way(self, params: t.Mapping[str, t.Any]) -> list[str]:
        """Return the subnets that leave a zone to another one: two of a zone are DuplicateSubnetsInSameZone."""
        coming, leaving = params.get("AddSubnetIds", ()), params.get("RemoveSubnetIds", ())
        if not coming or not leaving:
            return []
        zones = self._services.zones([*coming, *leaving])
        return [subnet for subnet in leaving if zones.get(subnet) in {zones[other] for other in coming}]

    def _modify(self, found: Found, params: t.Mapping[str, t.Any]) -> None:
        # AWS changes an endpoint only while it is available.
        self.settle(found)
        said: dict[str, t.Any] = {key: value for key, value in params.items() if value or value is False}
        if said:
            self.aws.call("ec2", "modify_vpc_endpoint", VpcEndpointId=found.id, **said)

    def settled(self, found: Found) -> bool:
        """Return whether it was available when it was read."""
        return bool(found.raw["State"].lower() == "available")

    def settle(self, found: Found) -> None:
        """Wait until it is available; name what AWS says when it never will be."""
        service = short_name(found.raw["ServiceName"], self.aws.region)
        asked = {"told": "pending"}

        def available() -> bool:
            raw = self.aws.call("ec2", "describe_vpc_endpoints", VpcEndpointIds=[found.id])["VpcEndpoints"][0]
            asked["told"] = raw["State"]
            if raw["State"].lower() in _ENDED:
                why = raw.get("LastError", {}).get("Message") or raw.get("FailureReason") or "AWS gives no reason"
                raise RegionError(
                    f"{found.id} for {service} is {raw['State']}: {why}; put that right, delete it and run again"
                )
            return bool(raw["State"].lower() == "available")

        try:
            self.until(f"{found.id} for {service} to become available", available)
        except RegionError as exc:
            if asked["told"].lower() == "pendingacceptance":
                raise RegionError(f"{exc}; it is pendingAcceptance: the owner of {service} has to accept it") from exc
            raise

    def delete(self, found: Found) -> None:
        """Delete it and wait until it is gone; its interfaces linger a little longer, which deleting subnets bears."""
        answer = self.aws.call("ec2", "delete_vpc_endpoints", VpcEndpointIds=[found.id], absent_ok=True) or {}
        for item in answer.get("Unsuccessful", ()):
            # This action answers 200 and tells refusals in its body.
            error = item.get("Error", {})
            if not error.get("Code", "").endswith(".NotFound"):
                text = f"DeleteVpcEndpoints({found.id}) was refused: {error.get('Code')}: {error.get('Message')}"
                raise ApiError("DeleteVpcEndpoints", error.get("Code", "Unknown"), text)
        self.until(f"{found.id} to be deleted", lambda: self._gone(found.id), seconds=900)

    def _gone(self, endpoint_id: str) -> bool:
        answer = self.aws.call("ec2", "describe_vpc_endpoints", VpcEndpointIds=[endpoint_id], absent_ok=True) or {}
        return all(raw["State"].lower() == "deleted" for raw in answer.get("VpcEndpoints", ()))

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its service, state and first DNS name, with the zone of that name as an alias record needs it."""
        raw = found.raw
        named = [entry for entry in raw.get("DnsEntries", ()) if entry.get("DnsName")] or [{}]
        return {
            "service": short_name(raw["ServiceName"], self.aws.region),
            "state": raw["State"],
            "dns_name": named[0].get("DnsName", ""),
            "zone_id": named[0].get("HostedZoneId", ""),
        }
