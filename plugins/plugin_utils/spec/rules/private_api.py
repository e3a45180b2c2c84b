# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ways to a cluster's API: what each mode needs is there, and the cluster lets it in.

https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._private_api import PORT, name_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, Stack, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import private_link
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import PART, refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.private_ways import (
    clusters_of,
    home_of,
    lets_in,
    of,
)

LONGEST_NAME = 32


def rules(region: Region) -> t.Iterator[Problem]:
    """The cluster, the consumers, and what the mode asks."""
    for stack in region.stacks:
        if "private_api_cluster" not in stack.values:
            continue
        mode, clusters = of(stack, "private_api_mode").value, clusters_of(region)
        cluster = clusters.get(str(of(stack, "private_api_cluster").value))
        yield from _cluster(stack, region, clusters)
        yield from _consumers(stack, region)
        if mode == "privatelink":
            yield from private_link.rules(stack, region, cluster)
        elif mode == "peered":
            yield from _peered(stack, region, cluster)
        elif mode == "ssm_port_forward":
            yield from _port_forward(stack, region, cluster)


def _cluster(stack: Stack, region: Region, clusters: t.Mapping[str, Item]) -> t.Iterator[Problem]:
    item = of(stack, "private_api_cluster")
    name = str(item.value)
    if name not in clusters and all(one.name for one in region.variables("eks_cluster")):
        have = ", ".join(sorted(clusters)) or "those of stacks with the role eks"
        right = did_you_mean(name, clusters) or f"one of {have}"
        yield item.problem(None, f"There is no EKS cluster called {shown(name)}.", right)
    full = f"{region.shared('region_name', '')}-{name_of(name)}"
    if of(stack, "private_api_mode").value == "privatelink" and len(full) > LONGEST_NAME:
        found = f"The load balancer before it would be called {full}, {len(full)} characters long."
        yield item.problem(None, found, f"names of region and cluster that give at most {LONGEST_NAME} in all")


def _consumers(stack: Stack, region: Region) -> t.Iterator[Problem]:
    consumers, seen = of(stack, "private_api_consumers"), set[str]()
    if consumers.value == []:
        right = "[{name: operator, vpc: operator, subnets: [operator-a]}]"
        yield consumers.problem(None, "Nobody is to reach the API.", right)
    for one in consumers.items():
        if one.name and not PART.fullmatch(one.name):
            right = "lowercase letters, digits and hyphens, with a letter or digit at both ends"
            yield one.problem("name", f"{shown(one.name)} cannot be the name of a consumer.", right)
        if one.name in seen:
            yield one.problem("name", f"The consumer {one.name} is there already.", "a name that no other has")
        seen.add(one.name)
        yield from refer(one, "vpc", one.text("vpc"), region, "network_vpcs")
        yield from _places(one, region)


def _places(consumer: Item, region: Region) -> t.Iterator[Problem]:
    subnets = region.named("network_subnets")
    if consumer.get("subnets") == []:
        yield consumer.problem("subnets", "The list is empty.", "subnets: [...]")
    yield from twice(consumer.child("subnets"))
    for item in consumer.items("subnets"):
        yield from refer(item, None, item.value, region, "network_subnets")
        home = vpc_of(subnets[str(item.value)], region) if str(item.value) in subnets else None
        if home and home.name != consumer.text("vpc") and consumer.text("vpc") in region.named("network_vpcs"):
            found = f"{item.value} lies in the VPC {home.name}, and {consumer.name} is in {consumer.text('vpc')}."
            yield item.problem(None, found, f"a subnet of {consumer.text('vpc')}")
    for key in ("security_groups", "client_security_groups"):
        for item in consumer.items(key):
            yield from refer(item, None, item.value, region, "security_groups_defined")


def _peered(stack: Stack, region: Region, cluster: Item | None) -> t.Iterator[Problem]:
    if cluster is not None and cluster.child("endpoint").get("public", False) is True:
        found = "The API is public too, and so its name leads to public addresses outside of the cluster's VPC."
        right = "endpoint: {public: false} in eks_cluster, or another mode"
        yield of(stack, "private_api_mode").problem(None, found, right)
    yield from _routed(stack, region, cluster)


def _port_forward(stack: Stack, region: Region, cluster: Item | None) -> t.Iterator[Problem]:
    hosts = [item for item in region.variables("operator_host") if item.value]
    if cluster is not None and not any(item.text("cluster") == cluster.name for item in hosts):
        found = f"No operator host knows the cluster {cluster.name}, so that there is nothing to go through."
        right = f"a stack with the role operator, and operator_host: {{cluster: {cluster.name}, ...}}"
        yield of(stack, "private_api_mode").problem(None, found, right)
    yield from _routed(stack, region, cluster)


def _routed(stack: Stack, region: Region, cluster: Item | None) -> t.Iterator[Problem]:
    """Packets of consumers arrive: by a peering where that is needed, and let in by the cluster's own group."""
    home = home_of(cluster, region) if cluster else ""
    for one in of(stack, "private_api_consumers").items():
        vpc = one.text("vpc")
        if cluster is None or not home or vpc not in region.named("network_vpcs"):
            continue
        sides = [{peering.text("vpc"), peering.text("peer_vpc")} for peering in region.items("network_peerings")]
        if vpc != home and {vpc, home} not in sides:
            found = f"There is no peering between {vpc} and {home}, where the cluster is."
            yield one.problem("vpc", found, f"{{name: {vpc}-{home}, vpc: {vpc}, peer_vpc: {home}}} in network_peerings")
        groups = {str(group.value) for group in one.items("client_security_groups")}
        if not lets_in(cluster, region, groups, vpc):
            right = f"{{reason: kubectl, vpc: {vpc}, ports: [{PORT}]}} in ingress of eks_cluster"
            yield one.problem("name", f"The cluster lets {one.name} in to no port {PORT}.", right)
