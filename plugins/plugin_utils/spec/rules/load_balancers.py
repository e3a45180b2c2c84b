# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load balancers: where they stand, who may talk to them, and which names lead to them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _dns
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.answers import answers
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.target_groups import between

BALANCERS = "load_balancers_defined"
# What is not its default where a balancer of the other type cannot have it.
WEB_ONLY = {"idle_timeout_seconds": 60, "drop_invalid_headers": True, "desync_mitigation": "defensive"}
NETWORK_ONLY: dict[str, t.Any] = {"cross_zone": False, "private_link_rules": True, "addresses": {}}


def rules(region: Region) -> t.Iterator[Problem]:
    """Each stands in subnets that fit, has groups of its VPC and names that are free."""
    home, taken = str(region.shared("region_name", "")), _taken(region)
    allocated: dict[str, Item] = {}
    for balancer in region.items(BALANCERS):
        if f"{home}-{balancer.name}".startswith("internal-"):
            found = f"It would be called {home}-{balancer.name}, and AWS keeps names that start with internal-."
            yield balancer.problem("name", found, "another region_name")
        yield from _places(balancer, region)
        yield from _addresses(balancer, allocated)
        yield from _groups(balancer, region)
        yield from _behaviour(balancer)
        yield from _records(balancer, region, taken)


def is_network(balancer: Item) -> bool:
    """Return whether it is a network load balancer."""
    return balancer.text("type", "application") == "network"


def is_public(balancer: Item) -> bool:
    """Return whether the internet can reach it."""
    return balancer.text("scheme", "internal") == "internet-facing"


def subnets_of(balancer: Item) -> list[Item]:
    """Return the places it stands in: of each one the value, or the key, is the name of a subnet."""
    addresses = balancer.child("addresses")
    if is_network(balancer) and isinstance(addresses.value, t.Mapping) and addresses.value:
        return [Item(addresses.stack, (*addresses.path, str(key)), str(key)) for key in addresses.value]
    return list(balancer.items("subnets"))


def vpc_name(balancer: Item, region: Region) -> str:
    """Return the name of the VPC that its first known subnet lies in; empty when that cannot be told."""
    known = region.named("network_subnets")
    places = (known[str(one.value)] for one in subnets_of(balancer) if str(one.value) in known)
    vpc = next((vpc_of(place, region) for place in places), None)
    return vpc.name if vpc else ""


def _places(balancer: Item, region: Region) -> t.Iterator[Problem]:
    known, home = region.named("network_subnets"), vpc_name(balancer, region)
    places, zones = subnets_of(balancer), dict[str, str]()
    for place in places:
        name = str(place.value)
        yield from refer(place, None, name, region, "network_subnets")
        subnet = known.get(name)
        if subnet is None:
            continue
        zone, vpc = subnet.text("az"), vpc_of(subnet, region)
        if zone in zones:
            found = f"{name} lies in {zone}, as {zones[zone]} does."
            yield place.problem(None, found, f"one subnet of {zone}")
        zones.setdefault(zone, name)
        if vpc and vpc.name != home:
            yield place.problem(None, f"{name} lies in VPC {vpc.name}, others in {home}.", f"subnets of VPC {home}")
        if is_public(balancer) and subnet.text("tier") not in ("", "public"):
            found = f"Nothing of the internet comes to {name}, a {subnet.text('tier')} subnet."
            yield place.problem(None, found, "public subnets, or scheme: internal")
    if balancer.get("subnets", []) == [] and not places:
        yield balancer.problem("subnets", "It stands nowhere.", "subnets: one in each zone")
    elif len(places) == 1 and not is_network(balancer) and isinstance(balancer.get("subnets"), list):
        found = "An application load balancer stands in at least two zones."
        yield balancer.problem("subnets", found, "two subnets or more")


def _addresses(balancer: Item, allocated: dict[str, Item]) -> t.Iterator[Problem]:
    addresses = balancer.child("addresses")
    if not is_network(balancer) or not isinstance(addresses.value, t.Mapping) or not addresses.value:
        return
    if balancer.get("subnets"):
        found = "With addresses, the subnets are said there already."
        yield balancer.problem("subnets", found, "either subnets or addresses")
    if not is_public(balancer):
        found = "An internal load balancer has no public addresses."
        yield balancer.problem("addresses", found, "scheme: internet-facing, or subnets instead")
    for subnet, name in addresses.value.items():
        if isinstance(name, str) and name in allocated:
            found = f"{allocated[name].spelled} has the Elastic IP {name} already."
            yield addresses.problem(str(subnet), found, "an address of its own for each place")
        elif isinstance(name, str):
            allocated[name] = addresses.child(subnet)
        else:
            yield addresses.problem(str(subnet), f"{shown(name)} is no name.", "the name of an Elastic IP, edge-a")


def _groups(balancer: Item, region: Region) -> t.Iterator[Problem]:
    known, home = region.named("security_groups_defined"), vpc_name(balancer, region)
    if balancer.get("security_groups", []) == []:
        found = "It has no security group, and a network one could never get any later."
        yield balancer.problem("security_groups", found, "at least one")
    for item in balancer.items("security_groups"):
        yield from refer(item, None, item.value, region, "security_groups_defined")
        group = known.get(str(item.value))
        default = region.shared("security_groups_vpc") or region.shared("region_vpc", "main")
        vpc = (group.text("vpc") or str(default)) if group else home
        if home and vpc != home:
            yield item.problem(
                None, f"{item.value} is of VPC {vpc}, the load balancer of {home}.", f"a group of {home}"
            )


def _behaviour(balancer: Item) -> t.Iterator[Problem]:
    never, other = (WEB_ONLY, "application") if is_network(balancer) else (NETWORK_ONLY, "network")
    for key in [key for key, usual in never.items() if balancer.get(key, usual) != usual]:
        yield balancer.problem(key, f"Only {other} load balancers have {key}.", f"no {key}, or type: {other}")
    if not is_network(balancer):
        yield from between(balancer, "idle_timeout_seconds", 1, 4000, "time that a connection may be silent")


Taken = dict[tuple[str, str], Item]


def _taken(region: Region) -> Taken:
    """Return what zones say already where an address would stand, by zone and full name."""
    zones = list(region.items("dns_zones"))
    listed = [(zone.text("part") or zone.name, record) for zone in zones for record in zone.items("records")]
    listed += [(record.text("zone"), record) for record in region.items("dns_records")]
    taken: Taken = {}
    for zone, record in listed:
        if record.text("type", "A") in ("A", "CNAME"):
            taken.setdefault((zone, _full(record, _domain(zone, region))), record)
    return taken


def _records(balancer: Item, region: Region, taken: Taken) -> t.Iterator[Problem]:
    parts = {zone.text("part") or zone.name for zone in region.items("dns_zones")} | {*region.adopted("hosted zone")}
    for record in balancer.items("records"):
        zone, name = record.text("zone"), record.text("name")
        if zone and zone not in parts and region.sound("dns_zones"):
            right = did_you_mean(zone, parts) or f"one of {', '.join(sorted(parts)) or 'none, as there are no zones'}"
            yield record.problem("zone", f"There is no hosted zone called {shown(zone)}.", right)
        full = _full(record, _domain(zone, region))
        if name and not full:
            found = f"{shown(name)} is no name in zone {zone}."
            yield record.problem("name", found, "a name in the zone: api, or @ for the zone itself")
        elif (zone, full) in taken:
            found = f"The name {name} is said already: {taken[zone, full].spelled}."
            yield record.problem("name", found, "a name that leads to one place")
        taken.setdefault((zone, full), balancer)
        yield from answers(record, "A", region, balancers=True)


def _domain(part: str, region: Region) -> str:
    zones = region.items("dns_zones")
    return next((_dns.plain(zone.name) for zone in zones if part in (zone.text("part"), zone.name)), "")


def _full(record: Item, domain: str) -> str:
    """Return the full name of a record; empty for what is none."""
    try:
        return _dns.full_name(record.text("name"), domain) if domain else record.text("name")
    except InputError:
        return ""
