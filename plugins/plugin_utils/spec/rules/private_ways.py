# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the rules about ways to a cluster's API share: where a cluster is, and whom its own group lets in."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._private_api import PORT
from ansible_collections.cloister.aws.plugins.plugin_utils.spec import ranges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, Stack, vpc_of


def of(stack: Stack, variable: str) -> Item:
    """Return a variable of a stack."""
    return Item(stack.name, (variable,), stack.values.get(variable))


def clusters_of(region: Region) -> dict[str, Item]:
    """Return the EKS clusters by name."""
    return {item.name: item for item in region.variables("eks_cluster") if item.name}


def home_of(cluster: Item, region: Region) -> str:
    """Return the VPC in which a cluster's interfaces lie; "" where that is not known."""
    subnets = region.named("network_subnets")
    homes = [vpc_of(subnets[str(one.value)], region) for one in cluster.items("subnets") if str(one.value) in subnets]
    return next((home.name for home in homes if home), "")


def lets_in(cluster: Item, region: Region, groups: t.Collection[str], vpc: str) -> bool:
    """Return whether the cluster's own group lets one of these groups, or any address of a VPC, in to the API."""
    home = region.named("network_vpcs").get(vpc)
    network: t.Any = ranges.parse(home.text("cidr")) if home else None
    for rule in cluster.items("ingress"):
        ports = [str(port.value) for port in rule.items("ports")]
        if rule.text("protocol", "tcp") != "all" and not any(_covers(port) for port in ports):
            continue
        if rule.text("group") in groups or rule.text("vpc") == vpc:
            return True
        for one in rule.items("cidrs"):
            given: t.Any = ranges.parse(one.value)
            if _is_range(given) and _is_range(network) and given.overlaps(network):
                return True
    return False


def _is_range(found: t.Any) -> bool:
    return found is not None and not isinstance(found, ranges.BadRange)


def _covers(ports: str) -> bool:
    first, _dash, last = ports.partition("-")
    return first.isdigit() and int(first) <= PORT <= int(last or first)
