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


CAUSES: dict[str, Cause] = {
    "dns-support-off": Cause("dns", "enableDnsSupport of the VPC is off: nothing in it resolves any name"),
    "dns-hostnames-off": Cause(
        "dns", "enableDnsHostnames of the VPC is off: private zones and endpoints' private names do not work"
    ),
    "zone-not-associated": Cause("dns", "a private zone has the name and is not associated with the client's VPC"),
    "record-missing": Cause("dns", "the zone that answers for the name has no address for it"),
    "name-unknown": Cause("dns", "no zone of the region has the name, and the public DNS cannot have it"),
    "alias-leads-nowhere": Cause("dns", "the record is an alias of something that does not stand"),
    "zone-of-others": Cause(
        "dns", "another account keeps the zone that answers; its records cannot be read here", False
    ),
    "endpoint-private-dns-off": Cause(
        "dns", "there is an interface endpoint for the service and its private name is off"
    ),
    "endpoint-not-available": Cause("dns", "the interface endpoint for the service is not available"),
    "no-route": Cause("route", "the route table has no route to the destination"),
    "no-return-route": Cause("route", "the answer finds no way back"),
    "blackhole": Cause("route", "the route leads to something that is gone"),
    "no-public-ip": Cause("route", "the route leads to the internet gateway and the client has no public address"),
    "nat-not-available": Cause("route", "the NAT gateway on the way is not available"),
    "nat-without-way-out": Cause("route", "the NAT gateway's own subnet has no route to an internet gateway"),
    "gateway-detached": Cause("route", "the internet gateway is not attached to the VPC"),
    "no-endpoint-and-no-nat": Cause("route", "no interface endpoint for the service, and no way to its public address"),
    "s3-gateway-missing": Cause(
        "route", "image layers lie in S3: no gateway endpoint for it, and no way to its public address"
    ),
    "gateway-endpoint-not-routed": Cause(
        "route", "the gateway endpoint stands and the subnet's route table does not have it"
    ),
    "peering-not-active": Cause("route", "the peering connection on the way is not active"),
    "address-not-public": Cause("route", "the destination has no public address and the client is on the internet"),
    "not-modelled": Cause(
        "route", "the route goes through something that is not judged here (transit gateway and the like)", False
    ),
    "egress-closed": Cause("security_group", "no group of the client lets it out to there"),
    "ingress-closed": Cause("security_group", "no group of the destination lets the client in"),
    "endpoint-group-closed": Cause("security_group", "no group of the endpoint lets the client in"),
    "balancer-group-closed": Cause("security_group", "no group of the load balancer lets the client in"),
    "acl-closed-out": Cause("network_acl", "the network ACL of the client's subnet stops the request or its answer"),
    "acl-closed-in": Cause(
        "network_acl", "the network ACL of the destination's subnet stops the request or its answer"
    ),
    "nobody-there": Cause("tcp", "no interface has the address"),
    "balancer-not-active": Cause("tcp", "the load balancer does not stand yet"),
    "no-listener": Cause("tcp", "the load balancer does not listen on the port"),
    "no-rule-for-name": Cause("http", "no rule of the listener is for the name, and its default leads to no target"),
    "no-targets": Cause("target", "nothing is registered in the target group"),
    "target-not-reached": Cause("target", "the load balancer cannot reach its targets"),
    "targets-unhealthy": Cause("target", "no target passes its health check"),
}
