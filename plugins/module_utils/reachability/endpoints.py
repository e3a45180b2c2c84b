# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Interface endpoints as DNS has them: a hidden private zone in the VPC for the names of the service.

https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html: private DNS needs both DNS
attributes of the VPC. Wildcards as in ``*.dkr.ecr.us-west-2.amazonaws.com`` stand for one label or more.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._dns import plain
from ansible_collections.cloister.aws.plugins.module_utils._service_names import dns_names, short_name
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Network,
    Region,
    Thing,
    network,
    private_addresses,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken
from ansible_collections.cloister.aws.plugins.module_utils.reachability.zones import covers, private_zones_work


@dataclass(frozen=True)
class Place:
    """Where a packet goes: an address, the interface that has it where that is known, and what it is to a person.

    ``address`` is 0.0.0.0/0 for a public address that is not known, None for one that should exist and does not.
    """

    address: Network | None
    interface: Thing | None
    said: str
    prefix_list: str = ""
    service: str = ""
    balancer: str = ""


EVERYWHERE = t.cast("Network", network("0.0.0.0/0"))
ANYWHERE = Place(EVERYWHERE, None, "a public address")


class Private(t.NamedTuple):
    """An endpoint that answers for a name, by which zone, with which addresses."""

    zone: str
    places: tuple[Place, ...]
    endpoint: str
    said: str


def service_names(endpoint: Thing, region: Region) -> list[str]:
    """Return the names of an endpoint's service, as DNS has them when its private DNS is on.

    AWS lists them among ``DnsEntries``; while private DNS is off they follow from the service's name.
    """
    own = f"{endpoint.get('VpcEndpointId')}-"
    shown = [plain(str(one.get("DnsName") or "")) for one in endpoint.get("DnsEntries") or ()]
    private = [name for name in shown if name and own not in name]
    if private:
        return private
    service = short_name(str(endpoint.get("ServiceName") or ""), region.name)
    return dns_names(service, region.name, region.partition)


def matches(pattern: str, name: str) -> bool:
    """Return whether a name is the pattern's, which may begin with ``*.``."""
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def private_places(region: Region, vpc_id: str, name: str) -> Private | None:
    """Return the endpoint whose private name it is in this VPC, where private names work; or by its own name."""
    works = private_zones_work(region.get("vpcs", vpc_id) or {})
    for endpoint in region.all("vpc_endpoints"):
        named = _own_name(endpoint, name)
        if not named and not (works and _offers(region, endpoint, vpc_id, name) and _private_on(endpoint)):
            continue
        zone = next((one.removeprefix("*.") for one in service_names(endpoint, region) if matches(one, name)), name)
        places = _places(region, endpoint)
        said = f"{region.called('vpc_endpoints', endpoint.get('VpcEndpointId'))}, {_at(places)}"
        return Private(zone, places, str(endpoint.get("VpcEndpointId")), said)
    return None


def unused_private_name(region: Region, vpc_id: str, name: str) -> Step | None:
    """Return why an endpoint that stands in the VPC does not answer for a name of its service."""
    for endpoint in region.all("vpc_endpoints"):
        if not _offers(region, endpoint, vpc_id, name):
            continue
        identifier = endpoint.get("VpcEndpointId")
        who, where = region.called("vpc_endpoints", identifier), region.called("vpcs", vpc_id)
        if not endpoint.get("PrivateDnsEnabled"):
            fix = "endpoints_private_dns: true, or private_dns: true at the entry in endpoints_services"
            return broken("endpoint-private-dns-off", f"{who} stands and has its private name off", fix, identifier)
        if not private_zones_work(region.get("vpcs", vpc_id) or {}):
            said = f"{where} has enableDnsHostnames off, so that {name} is not {who} but a public address"
            return broken(
                "dns-hostnames-off", said, "network_vpcs turns it on: run the stack network", vpc_id, identifier
            )
        if not _stands(endpoint):
            said = f"{who} is {endpoint.get('State')}, so that {name} is still a public address"
            return broken("endpoint-not-available", said, "wait until it is available, or make it anew", identifier)
    return None


def _offers(region: Region, endpoint: Thing, vpc_id: str, name: str) -> bool:
    """Whether it is an interface endpoint of this VPC whose service has the name."""
    if endpoint.get("VpcId") != vpc_id or endpoint.get("VpcEndpointType") != "Interface":
        return False
    return any(matches(one, name) for one in service_names(endpoint, region))


def _stands(endpoint: Thing) -> bool:
    return str(endpoint.get("State", "available")).lower() == "available"


def _private_on(endpoint: Thing) -> bool:
    return bool(endpoint.get("PrivateDnsEnabled")) and _stands(endpoint)


def _own_name(endpoint: Thing, name: str) -> bool:
    """Whether it is one of the endpoint's own names, which the public DNS has too."""
    shown = [plain(str(one.get("DnsName") or "")) for one in endpoint.get("DnsEntries") or ()]
    return name in shown and covers("amazonaws.com", name.removesuffix(".cn")) and ".vpce." in name


def _places(region: Region, endpoint: Thing) -> tuple[Place, ...]:
    service = short_name(str(endpoint.get("ServiceName") or ""), region.name)
    found = []
    for identifier in endpoint.get("NetworkInterfaceIds") or ():
        interface = region.get("network_interfaces", identifier) or {}
        for address in private_addresses(interface)[:1]:
            found.append(Place(network(address), interface, f"endpoint {service} at {address}", service=service))
    return tuple(found)


def _at(places: t.Sequence[Place]) -> str:
    return ", ".join(str(place.address).partition("/")[0] for place in places) or "which has no interface"
