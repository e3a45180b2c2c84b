# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What lets a request in to an interface: its groups, the ACL of its subnet, a way back for the answer."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils.reachability import routes
from ansible_collections.cloister.aws.plugins.module_utils.reachability.acls import both_ways
from ansible_collections.cloister.aws.plugins.module_utils.reachability.groups import Peer, admitting, named
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, Thing, group_ids
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.way import Left


def admit(region: Region, left: Left, interface: Thing, said: str, port: int, protocol: str) -> list[Step]:
    """Return what groups, ACL and routes of an interface say of a request that comes in."""
    subnet_id, steps = str(interface.get("SubnetId")), []
    if left.over_internet:
        steps.append(_back_to_internet(region, subnet_id, left.seen_as))
    steps.append(_groups(region, interface, left.seen_as, said, port, protocol))
    if subnet_id != left.subnet_id:
        step = both_ways(region, subnet_id, False, left.seen_as.address, protocol, port, left.ephemeral)
        steps += [step] if step else []
    return steps


def _back_to_internet(region: Region, subnet_id: str, peer: Peer) -> Step:
    where = region.called("subnets", subnet_id)
    if routes.default_gateway(region, subnet_id, peer.address) is not None:
        return passed("route", f"{where} has a route to an internet gateway, by which the answer leaves", subnet_id)
    said = f"{where} has no route to an internet gateway: the answer to {peer.said} does not get back"
    return broken("no-return-route", said, "give the subnet tier: public in network_subnets", subnet_id)


def _groups(region: Region, interface: Thing, peer: Peer, said: str, port: int, protocol: str) -> Step:
    identifier, groups = interface.get("NetworkInterfaceId"), group_ids(interface)
    kind = str(interface.get("InterfaceType") or "")
    if kind == "nat_gateway":
        text = f"{said} is a NAT gateway, which lets nobody in"
        return broken("ingress-closed", text, "use another name: a NAT gateway is no entrance", identifier)
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
    if not groups and kind == "network_load_balancer":
        return passed("security_group", f"{said} has no security group, which lets all in", identifier)
    found = admitting(region, groups, "in", peer, port, protocol)
    if found:
        text = f"{region.called('security_groups', found)} lets {peer.said} in to port {port}/{protocol}"
        return passed("security_group", text, found, identifier)
    cause = "ingress-closed"
    if kind == "vpc_endpoint":
        cause = "endpoint-group-closed"
    elif str(interface.get("Description") or "").startswith("ELB "):
        cause = "balancer-group-closed"
    text = f"{named(region, groups)} of {said} does not let {peer.said} in to port {port}/{protocol}"
    fix = "run the stack endpoints: its group lets the VPC in to 443" if kind == "vpc_endpoint" else ""
    return broken(cause, text, fix or "add an ingress rule in security_groups_defined", *groups, identifier)
