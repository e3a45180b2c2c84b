# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Interface endpoints: one network interface in a zone, all in one VPC.

https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.addresses import vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer


def rules(region: Region) -> t.Iterator[Problem]:
    """The subnets are there, in one VPC, one to a zone; nothing is asked for twice."""
    known = region.named("network_subnets")
    for holder in region.variables("endpoints_subnets"):
        zones: dict[str, str] = {}
        homes: dict[str, str] = {}
        for item in holder.items():
            yield from refer(item, None, item.value, region, "network_subnets")
            subnet = known.get(str(item.value))
            if subnet is None:
                continue
            zone, vpc = str(subnet.get("az", "")), vpc_of(subnet, region)
            if zone and zone in zones:
                found = f"{item.value} lies in {zone}, as {zones[zone]} does; an endpoint has one interface in a zone."
                yield item.problem(None, found, f"one subnet of {zone}")
            zones.setdefault(zone, str(item.value))
            if vpc is not None and homes and vpc.name not in homes:
                found = f"{item.value} lies in VPC {vpc.name}, {next(iter(homes.values()))} in VPC {next(iter(homes))}."
                yield item.problem(None, found, "subnets of one VPC")
            if vpc is not None:
                homes.setdefault(vpc.name, str(item.value))
    for variable in ("endpoints_sets",):
        for holder in region.variables(variable):
            yield from twice(holder)


def twice(holder: Item) -> t.Iterator[Problem]:
    """Yield a problem for each text that a list holds a second time."""
    seen: set[str] = set()
    for item in holder.items():
        if str(item.value) in seen:
            yield item.problem(None, f"{item.value} is listed twice.", "each once")
        seen.add(str(item.value))
