# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an inventory chose as its way out, counted, and the bills of the choices as a person reads them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _egress_cost as cost
from ansible_collections.cloister.aws.plugins.module_utils._egress_cost import Choice, Prices, Shape, Traffic
from ansible_collections.cloister.aws.plugins.module_utils._endpoint_sets import Defaults, endpoints
from ansible_collections.cloister.aws.plugins.module_utils._network_layout import FLOW_LOGS_DEFAULTS, Inputs, layout

USUAL_SETS = ("ecr", "logs", "secrets")
"""What is compared when the inventory has no endpoints: what a task needs to start."""
NAMES = {"endpoints": "endpoints", "nat": "NAT", "both": "both", "none": "neither"}

Variables = t.Mapping[str, t.Any]


class Chosen(t.NamedTuple):
    """The inventory's choice, and what is compared: where it has none of a sort, the least of that sort."""

    name: str
    shape: Shape


def chosen(stacks: t.Iterable[Variables]) -> Chosen:
    """Return what the variables of a region's stacks come to."""
    all_of = list(stacks)
    gateways, zones = 0, set()
    for stack in all_of:
        if stack.get("network_vpcs"):
            plan = _network(stack)
            gateways += len(plan["nat_gateways"])
            zones |= {subnet["az"] for subnet in plan["subnets"] if subnet["tier"] == "private"}
    standing = sum(_endpoints(stack) for stack in all_of)
    name = {(True, True): "both", (True, False): "endpoints", (False, True): "nat"}.get(
        (standing > 0, gateways > 0), "none"
    )
    usual = _endpoints({"endpoints_sets": USUAL_SETS, "endpoints_subnets": sorted(zones)})
    return Chosen(name, Shape(standing or usual, gateways or 1, len(zones) or 1))


def _network(stack: Variables) -> dict[str, t.Any]:
    given = {key: stack.get(f"network_{key}", []) for key in ("vpcs", "subnets", "subnet_plans", "peerings", "routes")}
    return layout(t.cast(Inputs, {**given, "flow_logs": FLOW_LOGS_DEFAULTS}), {})


def _endpoints(stack: Variables) -> int:
    """Count the interface endpoints of a stack, each once for each subnet it is in."""
    subnets = list(stack.get("endpoints_subnets", ()))
    defaults: Defaults = {
        "vpc": "",
        "subnets": subnets,
        "security_group": "",
        "private_dns": True,
        "trusted_accounts": [],
        "trusted_organization": "",
    }
    made = endpoints(
        stack.get("endpoints_sets", ()),
        stack.get("endpoints_services", ()),
        stack.get("endpoints_except", ()),
        defaults,
        "",
    )
    return sum(len(one["subnets"]) for one in made)


def lines(found: Chosen, traffic: Traffic, aws_region: str, prices: Prices) -> list[str]:
    """Return the bills, item by item, and which is the cheapest."""
    bills = cost.choices(found.shape, traffic, prices)
    told = [
        f"US dollars a month, with {traffic.aws_gb:g} GB to AWS's services and {traffic.internet_gb:g} GB to the world",
        _priced(aws_region, prices),
    ]
    for bill in bills.values():
        told += _bill(bill, bill.name == found.name)
    best, edge = cost.cheapest(bills), cost.break_even_gb(found.shape, prices)
    told.append(f"Cheapest at this traffic: {NAMES[best.name]}, {best.usd:.2f}.")
    told.append(
        "Endpoints are cheaper than NAT at any traffic."
        if edge == 0
        else f"Endpoints are cheaper than NAT above {edge:.0f} GB a month to AWS's services."
    )
    return told


def _bill(bill: Choice, is_chosen: bool) -> list[str]:
    head = f"{NAMES[bill.name]}: {bill.usd:.2f}"
    head += " (the inventory's choice)" if is_chosen else ""
    head += f" (but {bill.lacks})" if bill.lacks else ""
    return [head, *(f"  {item.usd:10.2f}  {item.quantity:g} x {item.price:g}  {item.said}" for item in bill.items)]


def _priced(aws_region: str, prices: Prices) -> str:
    if prices != cost.PRICES:
        return "Prices are those given."
    known = f"List prices as of {cost.PRICED_AS_OF}: {', '.join(cost.SOURCES)}."
    if aws_region in cost.PRICED_IN:
        return known
    return f"{known} They are those of {cost.PRICED_IN[0]}: {aws_region} has its own, which estimate_prices takes."
