# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where subnets lie, and which way they go out."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer

# us-west-2a, us-west-2-lax-1a (local zone), us-west-2-wl1-las-wlz-1 (wavelength):
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
ZONE = re.compile(r"([a-z]|-[a-z]{3}-\d+[a-z]|-wl\d+-[a-z]{3}-wlz-\d+)")
ZONE_ID = re.compile(r"[a-z]{3,4}\d-az\d+")


def rules(region: Region) -> t.Iterator[Problem]:
    """Zones belong to the region; VPCs are there; what goes out through NAT has a public subnet to go through."""
    yield from _zones(region)
    vpcs = sorted(region.named("network_vpcs"))
    for item in (*region.items("network_subnets"), *region.items("network_subnet_plans")):
        if item.get("vpc") and not item.computed:
            yield from refer(item, "vpc", item.get("vpc"), region, "network_vpcs")
        elif vpc_of(item, region) is None and len(vpcs) > 1:
            found = "There are several VPCs, and this does not say which is its."
            yield item.problem("vpc", found, f"vpc: one of {', '.join(vpcs)}")
    for vpc in region.items("network_vpcs"):
        yield from _nat(vpc, region)


def zone_problem(item: Item, region: Region) -> t.Iterator[Problem]:
    """Yield a problem where an item is not the name of a zone of the region."""
    home, zone = region.shared("region_aws_region"), str(item.value)
    if not isinstance(home, str) or (zone.startswith(home) and ZONE.fullmatch(zone[len(home) :])):
        return
    what = (
        "a zone id, which names a different zone in other accounts"
        if ZONE_ID.fullmatch(zone)
        else f"not a zone of {home}"
    )
    yield item.problem(None, f"{shown(zone)} is {what}.", f"the name of a zone of {home}, such as {home}a")


def _zones(region: Region) -> t.Iterator[Problem]:
    for subnet in region.items("network_subnets"):
        if subnet.get("az") and not subnet.computed:
            yield from zone_problem(subnet.child("az"), region)
    for plan in region.items("network_subnet_plans"):
        for zone in plan.items("azs"):
            yield from zone_problem(zone, region)


def _nat(vpc: Item, region: Region) -> t.Iterator[Problem]:
    if vpc.text("nat", "none") == "none" or not region.sound("network_subnets"):
        return
    subnets = region.items("network_subnets")
    inside = [subnet for subnet in subnets if (home := vpc_of(subnet, region)) and home.name == vpc.name]
    public = sorted({subnet.text("az") for subnet in inside if subnet.get("tier") == "public"})
    if not public:
        right = f"a public subnet in VPC {vpc.name}, or nat: none"
        yield vpc.problem("nat", f"A NAT gateway stands in a public subnet, and VPC {vpc.name} has none.", right)
    elif vpc.text("nat_az") and vpc.text("nat_az") not in public:
        found = f"VPC {vpc.name} has no public subnet in {vpc.text('nat_az')} to put the NAT gateway in."
        yield vpc.problem("nat_az", found, f"one of {', '.join(public)}")
