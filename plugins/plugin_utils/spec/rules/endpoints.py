# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Interface endpoints: one network interface in a zone, all in one VPC, each service once.

https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._endpoint_sets import endpoints
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, Stack, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import account_problems


def rules(region: Region) -> t.Iterator[Problem]:
    """The subnets are there, in the VPC, one to a zone; nothing is asked for twice."""
    for holder in region.variables("endpoints_vpc"):
        if any(stack.name == holder.stack and stack.values.get("endpoints_sets") for stack in region.stacks):
            yield from refer(holder, None, holder.value, region, "network_vpcs")
    for holder in region.variables("endpoints_subnets"):
        yield from _subnets(holder, region)
    for service in region.items("endpoints_services"):
        yield from _subnets(service.child("subnets"), region)
    for variable in ("endpoints_sets", "endpoints_except"):
        for holder in region.variables(variable):
            yield from twice(holder)
    for account in region.items("endpoints_trusted_accounts"):
        yield from account_problems(account)
    yield from _services(region)


def _subnets(holder: Item, region: Region) -> t.Iterator[Problem]:
    known = region.named("network_subnets")
    home = next((item.value for item in region.variables("endpoints_vpc") if item.stack == holder.stack), None)
    zones: dict[str, Item] = {}
    for item in holder.items():
        yield from refer(item, None, item.value, region, "network_subnets")
        subnet = known.get(str(item.value))
        if subnet is None:
            continue
        zone, vpc = subnet.text("az"), vpc_of(subnet, region)
        if zone and zone in zones:
            found = (
                f"{item.value} lies in {zone}, as {zones[zone].value} does; an endpoint has one interface in a zone."
            )
            yield item.problem(None, found, f"one subnet of {zone}")
        zones.setdefault(zone, item)
        if vpc is not None and home and vpc.name != home:
            found = f"{item.value} lies in VPC {vpc.name}, and the endpoints are for VPC {home}."
            yield item.problem(None, found, f"subnets of VPC {home}, or another endpoints_vpc")


def wanted(stack: Stack) -> list[dict[str, t.Any]]:
    """Return the endpoints of a stack; raise `InputError` for an exception that takes nothing away."""
    values = stack.values
    return endpoints(
        values.get("endpoints_sets", []),
        values.get("endpoints_services", []),
        values.get("endpoints_except", []),
        {
            "vpc": values.get("endpoints_vpc", ""),
            "subnets": values.get("endpoints_subnets", []),
            "security_group": "",
            "private_dns": True,
            "trusted_accounts": values.get("endpoints_trusted_accounts", []),
            "trusted_organization": values.get("endpoints_trusted_organization", ""),
        },
        values.get("endpoints_suffix", ""),
    )


def _services(region: Region) -> t.Iterator[Problem]:
    seen: dict[str, str] = {}
    for stack in region.stacks:
        if not _sound(stack):
            continue
        holder = Item(stack.name, ("endpoints_sets",), stack.values.get("endpoints_sets"))
        try:
            names = [endpoint["name"] for endpoint in wanted(stack)]
        except InputError as exc:
            yield Item(stack.name, ("endpoints_except",), None).problem(None, f"{exc}.", "services of these sets")
            continue
        if names and not stack.values.get("endpoints_subnets"):
            found = "Endpoints need subnets to have their interfaces in, and there are none."
            yield Item(stack.name, ("endpoints_subnets",), None).problem(None, found, "one private subnet in each zone")
        for name in names:
            if seen.get(name, stack.name) != stack.name:
                found = f"Stack {seen[name]} has an endpoint {name} too."
                yield holder.problem(None, found, "endpoints_suffix, to tell the endpoints of two stacks apart")
                break
        seen.update(dict.fromkeys(names, stack.name))


def _sound(stack: Stack) -> bool:
    """Whether the lists hold what they should, so that they can be worked with."""
    texts = ("endpoints_sets", "endpoints_except", "endpoints_subnets", "endpoints_trusted_accounts")
    services = stack.values.get("endpoints_services", [])
    return (
        all(
            isinstance(stack.values.get(name, []), list) and all(isinstance(i, str) for i in stack.values.get(name, []))
            for name in texts
        )
        and isinstance(services, list)
        and all(isinstance(service, dict) and isinstance(service.get("service"), str) for service in services)
        and all(isinstance(stack.values.get(f"endpoints_{name}", ""), str) for name in ("vpc", "suffix"))
    )


def twice(holder: Item) -> t.Iterator[Problem]:
    """Yield a problem for each text that a list holds a second time."""
    seen: set[str] = set()
    for item in holder.items():
        if str(item.value) in seen:
            yield item.problem(None, f"{item.value} is listed twice.", "each once")
        seen.add(str(item.value))
