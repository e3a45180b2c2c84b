# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a region asks of AWS before its first write: the zones it names, and how many of what is limited."""

from __future__ import annotations

import typing as t
from collections import Counter

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.addresses import vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.security_groups import size


def needs(region: Region) -> dict[str, t.Any]:
    """Return what `region_preflight` compares with AWS, in the form of its option ``needs``."""
    subnets = list(region.items("network_subnets"))
    own_vpcs = [name for name in region.named("network_vpcs") if name not in region.adopted("VPC")]
    gateways = _gateways(region)
    return {
        "zones": sorted({subnet.text("az") for subnet in subnets if subnet.text("az")}),
        "vpcs": len(own_vpcs),
        "nat_gateways_by_zone": dict(sorted(gateways.items())),
        "elastic_ips": sum(gateways.values()),
        "security_groups": len(list(region.items("security_groups_defined"))),
        "rules_per_security_group": max(
            (
                sum(size(rule) for rule in group.items(direction))
                for group in region.items("security_groups_defined")
                for direction in ("ingress", "egress")
            ),
            default=0,
        ),
    }


def _gateways(region: Region) -> Counter[str]:
    """Count NAT gateways by zone: one in the first public subnet of a VPC, or one in each zone with private subnets."""
    found: Counter[str] = Counter()
    for vpc in region.items("network_vpcs"):
        inside = [
            subnet
            for subnet in region.items("network_subnets")
            if (home := vpc_of(subnet, region)) and home.name == vpc.name
        ]
        public = [subnet.text("az") for subnet in inside if subnet.get("tier") == "public"]
        if vpc.get("nat") == "single":
            found.update(public[:1])
        if vpc.get("nat") == "per_az":
            found.update({subnet.text("az") for subnet in inside if subnet.get("tier") == "private"} & set(public))
    return found
