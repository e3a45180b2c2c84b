# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PrivateLink: from an endpoint through the endpoint service behind it to a network load balancer of another VPC.

https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html: its groups are asked
of who comes this way too, by the client's own address, unless that is turned off.
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation:
targets see the load balancer's address in any case.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.cloister.aws.plugins.module_utils.reachability import balancing, clusters
from ansible_collections.cloister.aws.plugins.module_utils.reachability.groups import Peer, admitting, named
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, Thing
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.way import Left

_STATES = {
    "pendingacceptance": (
        "connection-pending",
        "its connection is pendingAcceptance: nobody has let it in",
        "run the stack that offers the service, or name the endpoint in its accepted_endpoints",
    ),
    "rejected": ("connection-rejected", "its connection was rejected", "delete the endpoint and make it anew"),
}


def endpoint_of(region: Region, interface: Thing) -> tuple[Thing, Thing] | None:
    """Return (endpoint, endpoint service of ours) whose interface it is."""
    identifier = interface.get("NetworkInterfaceId")
    services = {one.get("ServiceName"): one for one in region.all("endpoint_services")}
    for endpoint in region.all("vpc_endpoints"):
        if identifier in (endpoint.get("NetworkInterfaceIds") or ()) and endpoint.get("ServiceName") in services:
            return endpoint, services[endpoint["ServiceName"]]
    return None


def through(region: Region, left: Left, found: tuple[Thing, Thing], name: str, port: int, protocol: str) -> list[Step]:
    """Return what a request meets behind an endpoint: the acceptance, the load balancer, its targets."""
    endpoint, service = found
    steps = [_connection(region, endpoint, service)]
    seen = replace(left, over_private_link=True)
    for arn in service.get("NetworkLoadBalancerArns") or ():
        balancer = region.get("load_balancers", arn)
        if balancer is None:
            said = f"{arn}, which {service.get('ServiceId')} leads to, does not stand"
            return [*steps, broken("balancer-not-active", said, "run the stack that makes it", arn)]
        steps += _enforced(region, left.seen_as, balancer, port, protocol)
        steps += _followed(region, balancer, name, port, protocol)
        steps += balancing.through(region, seen, balancer, name, port, protocol)
    return steps


def _connection(region: Region, endpoint: Thing, service: Thing) -> Step:
    who, to = region.called("vpc_endpoints", endpoint.get("VpcEndpointId")), service.get("ServiceId")
    state = str(endpoint.get("State", "available"))
    if state.lower() == "available":
        return passed("tcp", f"{who} is let in to endpoint service {to}", endpoint.get("VpcEndpointId"), to)
    cause, said, fix = _STATES.get(
        state.lower(), ("connection-not-ready", f"its connection is {state}", "wait until it is available")
    )
    return broken(cause, f"{who} asks endpoint service {to}, and {said}", fix, endpoint.get("VpcEndpointId"), to)


def _enforced(region: Region, peer: Peer, balancer: Thing, port: int, protocol: str) -> list[Step]:
    """What the groups of the load balancer say of the client; a group of another VPC says nothing to them."""
    groups, arn = list(balancer.get("SecurityGroups") or ()), balancer.get("LoadBalancerArn")
    who = region.called("load_balancers", arn)
    if not groups or balancer.get("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic") == "off":
        return [passed("security_group", f"{who} lets in whoever comes over PrivateLink", arn)]
    plain = replace(peer, groups=frozenset())
    letting = admitting(region, groups, "in", plain, port, protocol)
    if letting:
        said = f"{region.called('security_groups', letting)} lets {peer.said} in to {who} over PrivateLink"
        return [passed("security_group", said, letting, arn)]
    said = (
        f"{who} asks its groups of who comes over PrivateLink, and {named(region, groups)} does not let {peer.said} in"
    )
    fix = "set private_link_rules: false on the load balancer, or let the client's range in by an ingress rule"
    return [broken("privatelink-enforcement", said, fix, arn, *groups)]


def _followed(region: Region, balancer: Thing, name: str, port: int, protocol: str) -> list[Step]:
    """Whether the targets are what the API that is asked for has for interfaces."""
    cluster = clusters.named(region, name)
    if cluster is None:
        return []
    arns = [
        str(action["TargetGroupArn"])
        for listener in balancer.get("Listeners") or ()
        if listener.get("Port") == port and protocol in balancing.runs_over(listener)
        for action in listener.get("DefaultActions") or ()
        if action.get("TargetGroupArn")
    ]
    return clusters.followed(region, cluster, arns)
