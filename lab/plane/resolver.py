# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each network's resolver answers, as dnsmasq has it: zones that count there, aliases as addresses.

Which zone counts is judged where flows are judged too, in reachability/names.py and zones.py.
"""

from __future__ import annotations

import dataclasses
import typing as t

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils._dns import plain
from ansible_collections.cloister.aws.plugins.module_utils.reachability import names, zones
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import Place
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Thing

from lab.plane.container import FOLDER
from lab.plane.places import name_server
from lab.plane.world import World

ALIAS_TTL_SECONDS = 60
# Docker's own resolver: it knows containers by name, and asks this machine's for the rest.
ONWARD = "127.0.0.11"
ANY_LABEL = "any-label"


@dataclasses.dataclass(frozen=True)
class Resolver:
    """One dnsmasq: its configuration, and its names, which it reads anew when it is told to."""

    key: str
    config: str
    hosts: str


def resolvers(
    world: World, internet: str, elsewhere: t.Mapping[str, list[str]], withdrawn: set[str], hurry: float
) -> list[Resolver]:
    """A resolver for each VPC that has one, and one for the lab's internet.

    `withdrawn` are addresses of load balancers in zones where none of their targets is healthy.
    """
    found = [_resolver(world, None, name_server(internet), elsewhere, withdrawn, hurry)]
    for identifier, cidr in world.vpcs.items():
        if (world.region.get("vpcs", identifier) or {}).get("EnableDnsSupport", True):
            found.append(_resolver(world, identifier, name_server(cidr), elsewhere, withdrawn, hurry))
    return found


def addresses(
    world: World, vpc_id: str | None, name: str, elsewhere: t.Mapping[str, list[str]], withdrawn: set[str]
) -> list[str]:
    """The addresses of a name in a VPC, or in the internet; none when it does not resolve there."""
    answer = names.resolve(world.region, vpc_id, name)
    if any(not step.ok for step in answer.steps):
        return []
    # A load balancer's own name leaves out what it withdrew; a record with the same addresses does not.
    held = [place for place in answer.places if not place.balancer or _single(place) not in withdrawn]
    return list(dict.fromkeys(one for place in held or answer.places for one in _of(place, elsewhere)))


def _of(place: Place, elsewhere: t.Mapping[str, list[str]]) -> list[str]:
    single = _single(place)
    return [single] if single else list(elsewhere.get(place.said, ()))


def _single(place: Place) -> str:
    """The IPv4 address of a place, "" where it is a range or none at all."""
    address = place.address
    one = address is not None and address.version == 4 and address.num_addresses == 1
    return str(address.network_address) if address is not None and one else ""


def _resolver(
    world: World,
    vpc_id: str | None,
    address: str,
    elsewhere: t.Mapping[str, list[str]],
    withdrawn: set[str],
    hurry: float,
) -> Resolver:
    key = vpc_id or "internet"
    wildcards, hosts = [], []
    for name in _names(world, vpc_id, elsewhere):
        asked = name.replace("*", ANY_LABEL, 1) if name.startswith("*.") else name
        found = elsewhere.get(name) or addresses(world, vpc_id, asked, elsewhere, withdrawn)
        if name.startswith("*."):
            # A configuration holds what stands for many names; files of names hold single ones.
            wildcards += [f"address=/{name}/{one}" for one in found]
        else:
            hosts += [f"{one} {name}" for one in found]
    own = sorted({plain(zone["Name"]) for zone in world.region.all("hosted_zones") if _counts(zone, world, vpc_id)})
    lines = [
        "port=53", f"listen-address={address}", "bind-interfaces", "except-interface=lo", "no-hosts", "no-resolv",
        "user=root", "cache-size=0", f"local-ttl={max(1, round(ALIAS_TTL_SECONDS / hurry))}",
        f"pid-file={FOLDER}/names/{key}.pid", f"addn-hosts={FOLDER}/names/{key}.hosts", f"server={ONWARD}",
        *(f"local=/{one}/" for one in own), *(f"local=/{one}/" for one in names.NEVER_PUBLIC), *wildcards,
    ]  # fmt: skip
    return Resolver(key, "\n".join(lines) + "\n", "\n".join(hosts) + "\n")


def _counts(zone: Thing, world: World, vpc_id: str | None) -> bool:
    """Whether nobody else is asked for what is in a zone."""
    if not zone.get("PrivateZone"):
        return True
    vpc = world.region.get("vpcs", vpc_id) or {}
    return vpc_id is not None and vpc_id in zones.vpcs_of(zone) and zones.private_zones_work(vpc)


def _names(world: World, vpc_id: str | None, elsewhere: t.Mapping[str, list[str]]) -> list[str]:
    """All names that may mean something."""
    region = world.region
    found = [
        plain(record["Name"])
        for zone in region.all("hosted_zones")
        for record in zone.get("Records") or ()
        if record.get("Type") in zones.ADDRESS_TYPES
    ]
    found += [plain(str(one["DNSName"])) for one in region.all("load_balancers") if one.get("DNSName")]
    for interface in region.all("network_interfaces"):
        association = interface.get("Association") or {}
        own = [association.get("PublicDnsName"), interface.get("PrivateDnsName") if vpc_id else None]
        found += [plain(str(one)) for one in own if one]
    return sorted({*found, *elsewhere})
