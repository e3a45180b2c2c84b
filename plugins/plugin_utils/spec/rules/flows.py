# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Flows that are declared: named once, with two ends that this inventory has."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability import ends
from ansible_collections.cloister.aws.plugins.module_utils.reachability.ends import End
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import PART, refer

# The kind of an end -> the list or the dict that has its names, and what a person calls one.
LISTED = {
    "pool": ("pools_defined", "pool"),
    "service": ("ecs_services", "ECS service"),
    "node-group": ("eks_node_groups", "node group"),
    "database": ("database_instances", "database"),
    "load-balancer": ("load_balancers_defined", "load balancer"),
    "subnet": ("network_subnets", "subnet"),
}
SINGLE = {"operator": ("operator_host", "operator host"), "cluster": ("eks_cluster", "EKS cluster")}


def rules(region: Region) -> t.Iterator[Problem]:
    """Names, ports and ends of the flows, which are said once for all stacks."""
    holder, seen = region.shared_item("region_flows"), set()
    for flow in holder.items() if holder else ():
        if flow.name and not PART.fullmatch(flow.name):
            right = "lowercase letters, digits and hyphens, with a letter or digit at both ends"
            yield flow.problem("name", f"{shown(flow.name)} cannot be the name of a flow.", right)
        if flow.name in seen:
            yield flow.problem("name", f"The flow {flow.name} is there already.", "a name that no other flow has")
        seen |= {flow.name} - {""}
        port = flow.get("port")
        if isinstance(port, int) and not 0 < port < 65536:
            yield flow.problem("port", f"{port} is no port.", "from 1 to 65535")
        yield from _ends(flow, region)


def _ends(flow: Item, region: Region) -> t.Iterator[Problem]:
    start, end = ends.source(flow.text("from")), ends.destination(flow.text("to"))
    if flow.text("from") and start is None:
        yield flow.problem("from", f"No request comes from {shown(flow.text('from'))}.", ends.FROM)
    if flow.text("to") and end is None:
        yield flow.problem("to", f"No request goes to {shown(flow.text('to'))}.", ends.TO)
    for key, one in (("from", start), ("to", end)):
        if one:
            yield from _known(flow, key, one, region)
    port = flow.get("port")
    if start and end and isinstance(port, int):
        for found in ends.clashes(start, end, port):
            yield flow.problem("to", f"{found[0].upper()}{found[1:]}.", "port: 443, and a source in a VPC")


def _known(flow: Item, key: str, end: End, region: Region) -> t.Iterator[Problem]:
    """A name that is not there, where the inventory has the stack that would have it: part of a region may be built."""
    if end.kind in LISTED and any(region.variables(LISTED[end.kind][0])):
        variable, noun = LISTED[end.kind]
        yield from refer(flow, key, end.name, region, variable, noun)
    for group in end.groups if any(region.variables("security_groups_defined")) else ():
        yield from refer(flow, key, group, region, "security_groups_defined")
    if end.kind in SINGLE:
        variable, noun = SINGLE[end.kind]
        # The name of an operator host has a default.
        known = {item.text("name", "operator") for item in region.variables(variable) if item.value}
        if known and end.name not in known:
            right = did_you_mean(end.name, known) or f"one of {', '.join(sorted(known))}"
            yield flow.problem(key, f"There is no {noun} called {shown(end.name)}.", right)
