# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The second half of a way: into the subnet and the groups of the destination, and through a load balancer."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils.reachability import balancing, private_link
from ansible_collections.cloister.aws.plugins.module_utils.reachability.admission import admit
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import EVERYWHERE, Place
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, within
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.way import Left


def enter(region: Region, left: Left, place: Place, name: str, port: int, protocol: str) -> list[Step]:
    """Return what a request meets where it arrives."""
    if place.interface is None:
        return [_unknown(region, left, place)]
    steps = admit(region, left, place.interface, place.said, port, protocol)
    linked = private_link.endpoint_of(region, place.interface)
    if linked is not None:
        return [*steps, *private_link.through(region, left, linked, name, port, protocol)]
    balancer = balancing.balancer_of(region, place)
    if balancer is not None:
        return [*steps, *balancing.through(region, left, balancer, name, port, protocol)]
    return [*steps, passed("tcp", f"{place.said} stands", place.interface.get("NetworkInterfaceId"))]


def _unknown(region: Region, left: Left, place: Place) -> Step:
    """An address that no known interface has: AWS's or the world's, unless it is one of the region's ranges."""
    if left.into_aws or place.address == EVERYWHERE:
        return passed("tcp", f"{place.said} is beyond the region, which leads there")
    ranges = [one for vpc in region.all("vpcs") for one in region.ranges_of(vpc.get("VpcId"))]
    if left.over_internet or not any(within(place.address, one) for one in ranges):
        return passed("tcp", f"{place.said} is outside of the region, which leads there")
    fix = "correct the address: nothing has it"
    return broken("nobody-there", f"no interface has the address {place.said}", fix)
