# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every reason why a request does not get further. The slugs are stable: tests, reports and people name them."""

from __future__ import annotations

import typing as t


class Cause(t.NamedTuple):
    """The stage it breaks and what it means; ``judged`` is false where the snapshot cannot tell."""

    stage: str
    meaning: str
    judged: bool = True


_DNS = {
    "dns-support-off": "enableDnsSupport of the VPC is off: nothing in it resolves any name",
    "dns-hostnames-off": "enableDnsHostnames of the VPC is off: private zones and endpoints' names do not count",
    "zone-not-associated": "a private zone has the name and is not associated with the client's VPC",
    "record-missing": "the zone that answers for the name has no address for it",
    "name-unknown": "no zone of the region has the name, and the public DNS cannot have it",
    "alias-leads-nowhere": "the record is an alias of something that does not stand",
    "zone-of-others": "another account keeps the zone that answers; its records cannot be read here",
    "endpoint-private-dns-off": "there is an interface endpoint for the service and its private name is off",
    "endpoint-not-available": "the interface endpoint for the service is not available",
    "cluster-not-active": "the cluster has no interface yet to which its name could lead",
}
_ROUTE = {
    "no-route": "the route table has no route to the destination",
    "no-return-route": "the answer finds no way back",
    "blackhole": "the route leads to something that is gone",
    "no-public-ip": "the route leads to the internet gateway and the client has no public address",
    "nat-not-available": "the NAT gateway on the way is not available",
    "nat-without-way-out": "the NAT gateway's own subnet has no route to an internet gateway",
    "gateway-detached": "the internet gateway is not attached to the VPC",
    "no-endpoint-and-no-nat": "no interface endpoint for the service, and no way to its public address",
    "s3-gateway-missing": "no gateway endpoint for S3, where image layers lie, and no way to its public address",
    "gateway-endpoint-not-routed": "the gateway endpoint stands and the subnet's route table does not have it",
    "peering-not-active": "the peering connection on the way is not active",
    "address-not-public": "the destination has no public address and the client is on the internet",
    "not-modelled": "the route goes through what is not judged here, such as a transit gateway",
}
_SECURITY_GROUP = {
    "egress-closed": "no group of the client lets it out to there",
    "ingress-closed": "no group of the destination lets the client in",
    "endpoint-group-closed": "no group of the endpoint lets the client in",
    "balancer-group-closed": "no group of the load balancer lets the client in",
    "privatelink-enforcement": "the load balancer asks its groups of who comes over PrivateLink, and none lets it in",
}
_NETWORK_ACL = {
    "acl-closed-out": "the network ACL of the client's subnet stops the request or its answer",
    "acl-closed-in": "the network ACL of the destination's subnet stops the request or its answer",
}
_TCP = {
    "nobody-there": "no interface has the address",
    "balancer-not-active": "the load balancer does not stand yet",
    "no-listener": "the load balancer does not listen on the port",
    "connection-pending": "the endpoint asks for a connection, and the service's owner has not let it in",
    "connection-rejected": "the service's owner has rejected the endpoint",
    "connection-not-ready": "the endpoint was let in and is not available yet",
}
_HTTP = {
    "no-rule-for-name": "no rule of the listener is for the name, and its default leads to no target",
}
_TARGET = {
    "no-trail": "no trail logs calls that write, so that no event tells of a cluster's new interfaces",
    "targets-behind": "events tell of a cluster's new interfaces, and none of them is a target",
    "no-targets": "nothing is registered in the target group",
    "target-not-reached": "the load balancer cannot reach its targets",
    "targets-unhealthy": "no target passes its health check",
}
_NOT_JUDGED = ("zone-of-others", "not-modelled")

CAUSES = {
    slug: Cause(stage, meaning, slug not in _NOT_JUDGED)
    for stage, causes in (
        ("dns", _DNS),
        ("route", _ROUTE),
        ("security_group", _SECURITY_GROUP),
        ("network_acl", _NETWORK_ACL),
        ("tcp", _TCP),
        ("http", _HTTP),
        ("target", _TARGET),
    )
    for slug, meaning in causes.items()
}
