# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a name means to a client in a VPC: zones, private names of endpoints, load balancers, the public DNS.

The longest zone that matches answers, even when it lacks the record (NXDOMAIN):
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html has the two attributes of a VPC.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.cloister.aws.plugins.module_utils._dns import plain
from ansible_collections.cloister.aws.plugins.module_utils.reachability import clusters, zones
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import (
    ANYWHERE,
    Place,
    private_places,
    unused_private_name,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Region,
    Thing,
    network,
    private_addresses,
    public_addresses,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed

LONGEST_CHAIN = 8
# https://www.iana.org/assignments/special-use-domain-names, and `internal`, reserved by ICANN for private use.
NEVER_PUBLIC = ("internal", "local", "lan", "home", "corp", "intranet", "private", "localhost", "test", "invalid")


@dataclass(frozen=True)
class Answer:
    """Where a name leads. ``doubt`` is why it leads to a public address and not to a private one that stands ready:
    it is to blame when the public way fails."""

    places: tuple[Place, ...]
    steps: tuple[Step, ...]
    doubt: Step | None = None


def resolve(region: Region, vpc_id: str | None, name: str) -> Answer:
    """Return what ``name`` (or an address) means in a VPC; outside of any (the internet) where that is None."""
    address = network(name)
    if address is not None and address.num_addresses == 1:
        return Answer((Place(address, region.interface_at(name, vpc_id), name),), ())
    wanted = plain(name)
    vpc = region.get("vpcs", vpc_id) or {}
    if vpc_id and not vpc.get("EnableDnsSupport", True):
        said = f"{region.called('vpcs', vpc_id)} has enableDnsSupport off, so that {wanted} does not resolve in it"
        step = broken("dns-support-off", said, "network_vpcs turns it on: run the stack network", vpc_id)
        return replace(_follow(region, vpc_id, wanted, wanted), steps=(step,))
    return _follow(region, vpc_id, wanted, wanted)


def _follow(region: Region, vpc_id: str | None, name: str, asked: str, depth: int = 0) -> Answer:
    """Follow a name through zones and aliases to addresses."""
    if depth > LONGEST_CHAIN:
        return _failed("record-missing", f"{asked} leads through more than {LONGEST_CHAIN} names", "shorten the chain")
    known = _known(region, vpc_id, name)
    if known:
        return known
    zone = zones.answering(region, vpc_id, name)
    private = private_places(region, vpc_id, name) if vpc_id else None
    if private and (zone is None or len(private.zone) >= len(plain(zone["Name"]))):
        return Answer(private.places, (passed("dns", f"{name} is {private.said}", private.endpoint),))
    doubt = unused_private_name(region, vpc_id, name) if vpc_id else None
    if zone is None:
        return _outside(region, vpc_id, name, doubt)
    return _in_zone(region, vpc_id, zone, name, asked, depth)


def _in_zone(region: Region, vpc_id: str | None, zone: Thing, name: str, asked: str, depth: int) -> Answer:
    said = f"{plain(zone['Name'])} ({zone.get('Id')})"
    if "Records" not in zone:
        return _failed("zone-of-others", f"zone {said} of another account answers for {name}", "ask its owner", said)
    records, told = zones.answered(region, zones.records_of(zone, name))
    if not records:
        fix = f"add it to the records of {plain(zone['Name'])} in dns_zones, or to load_balancers_defined[].records"
        return _failed(
            "record-missing", f"zone {said} answers for {name} and has no address for it", fix, zone.get("Id")
        )
    values = [one.get("Value", "") for record in records for one in record.get("ResourceRecords") or ()]
    found = tuple(
        Place(address, region.interface_at(value, vpc_id), f"{name} = {value}")
        for value in values
        if (address := network(value)) is not None
    )
    step = passed("dns", f"{name} is in zone {said}{told}", zone.get("Id"))
    if found:
        return Answer(found, (step,))
    onward = zones.leads_to(records[0])
    if not onward:
        return _failed(
            "record-missing", f"{name} in zone {said} has no value", "give the record a value", zone.get("Id")
        )
    rest = _follow(region, vpc_id, onward, asked, depth + 1)
    unknown = all(place.address == ANYWHERE.address for place in rest.places)
    if unknown and (".elb." in onward or ".vpce." in onward) and region.name in onward:
        fix = "run the stack that makes what it leads to, or correct the record in dns_zones"
        return _failed("alias-leads-nowhere", f"{name} leads to {onward}, which does not stand", fix, zone.get("Id"))
    return replace(rest, steps=(step, *rest.steps))


def _known(region: Region, vpc_id: str | None, name: str) -> Answer | None:
    """Return what a name of AWS's own leads to: a load balancer's, an endpoint's or an interface's."""
    for balancer in region.all("load_balancers"):
        if plain(str(balancer.get("DNSName") or "")) == name.removeprefix("dualstack."):
            return _balancer(region, balancer, name)
    for interface in region.all("network_interfaces"):
        association = interface.get("Association") or {}
        if name not in (
            plain(str(one)) for one in (interface.get("PrivateDnsName"), association.get("PublicDnsName")) if one
        ):
            continue
        inside = vpc_id is not None and vpc_id in _hears_private(region, interface.get("VpcId"))
        addresses = private_addresses(interface)[:1] if inside else public_addresses(interface)
        places = tuple(Place(network(one), interface, f"{name} = {one}") for one in addresses)
        if places:
            return Answer(places, (passed("dns", f"{name} is an interface", interface.get("NetworkInterfaceId")),))
    return None


def _hears_private(region: Region, vpc_id: t.Any) -> list[t.Any]:
    """Return the VPCs in which a public host name of ``vpc_id`` is its private address: itself, and peers by option.

    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-dns.html
    """
    found = [vpc_id]
    for peering in region.all("vpc_peerings"):
        sides = [peering.get("RequesterVpcInfo") or {}, peering.get("AccepterVpcInfo") or {}]
        for one, other in (sides, sides[::-1]):
            if one.get("VpcId") == vpc_id and (one.get("PeeringOptions") or {}).get("AllowDnsResolutionFromRemoteVpc"):
                found.append(other.get("VpcId"))
    return found


def _balancer(region: Region, balancer: Thing, name: str) -> Answer:
    """A load balancer's name is public; an internal one's leads to private addresses wherever it is asked."""
    arn, public = balancer.get("LoadBalancerArn"), balancer.get("Scheme") == "internet-facing"
    said = region.called("load_balancers", arn)
    places = []
    for interface in region.interfaces_of(balancer):
        for address in public_addresses(interface) if public else private_addresses(interface)[:1]:
            places.append(Place(network(address), interface, f"{said} at {address}", balancer=str(arn)))
    if not places:
        places = [Place(None, None, said, balancer=str(arn))]
    return Answer(tuple(places), (passed("dns", f"{name} is load balancer {said}", arn),))


def _outside(region: Region, vpc_id: str | None, name: str, doubt: Step | None) -> Answer:
    """No zone that counts has it: a zone that would, or the public DNS."""
    hidden = zones.unheard(region, vpc_id, name)
    if hidden and not clusters.at_home(region, vpc_id, name):
        zone, step = hidden
        rest = _in_zone(region, vpc_id, zone, name, name, 1)
        return Answer(rest.places, (step,))
    api = clusters.answer(region, vpc_id, name)
    if api:
        return Answer(api[0], (api[1],))
    if name.rpartition(".")[2] in NEVER_PUBLIC or "." not in name:
        fix = "add a zone with the name to dns_zones, or correct the name"
        return _failed("name-unknown", f"no zone of the region has {name}, and the public DNS cannot have it", fix)
    return Answer((replace(ANYWHERE, said=name),), (passed("dns", f"{name} is left to the public DNS"),), doubt)


def _failed(cause: str, said: str, fix: str, *evidence: t.Any) -> Answer:
    return Answer((), (broken(cause, said, fix, *evidence),))
