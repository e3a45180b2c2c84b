# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A region as plain data, in AWS's own shapes, and the ways to find one's way in it.

A snapshot may be partial: what is missing counts as not there, and a subnet without a network ACL as open.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._owner import PART

Thing = t.Mapping[str, t.Any]
Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]  # noqa: UP007 - pylint knows no | between classes


class Snapshot(t.TypedDict, total=False):
    """Lists of things as the Describe actions show them, and what is merged into them.

    ``vpcs`` have ``EnableDnsSupport`` and ``EnableDnsHostnames`` (bools, DescribeVpcAttribute); ``prefix_lists`` have
    ``PrefixListId``, ``PrefixListName`` and ``Cidrs``; ``hosted_zones`` are {Id, Name, PrivateZone, VPCs, Records},
    without Records where another account keeps them; ``health_checks`` are those that records name, {Id, IPAddress,
    Port, Type, Healthy}; ``load_balancers`` have ``Listeners``, each with ``Rules``, and
    like ``target_groups`` their ``Attributes``; these have ``Targets`` (TargetHealthDescriptions);
    ``endpoint_services`` have ``AllowedPrincipals``; ``trails`` are those that hear the region, with ``IsLogging`` and
    their selectors.
    """

    region: str
    partition: str
    vpcs: list[Thing]
    subnets: list[Thing]
    route_tables: list[Thing]
    security_groups: list[Thing]
    network_acls: list[Thing]
    network_interfaces: list[Thing]
    nat_gateways: list[Thing]
    internet_gateways: list[Thing]
    vpc_endpoints: list[Thing]
    vpc_peerings: list[Thing]
    prefix_lists: list[Thing]
    hosted_zones: list[Thing]
    health_checks: list[Thing]
    load_balancers: list[Thing]
    target_groups: list[Thing]
    instances: list[Thing]
    endpoint_services: list[Thing]
    eks_clusters: list[Thing]
    trails: list[Thing]


IDS = {
    "vpcs": "VpcId",
    "subnets": "SubnetId",
    "route_tables": "RouteTableId",
    "security_groups": "GroupId",
    "network_acls": "NetworkAclId",
    "network_interfaces": "NetworkInterfaceId",
    "nat_gateways": "NatGatewayId",
    "internet_gateways": "InternetGatewayId",
    "vpc_endpoints": "VpcEndpointId",
    "vpc_peerings": "VpcPeeringConnectionId",
    "prefix_lists": "PrefixListId",
    "hosted_zones": "Id",
    "health_checks": "Id",
    "load_balancers": "LoadBalancerArn",
    "target_groups": "TargetGroupArn",
    "instances": "InstanceId",
    "endpoint_services": "ServiceId",
    "eks_clusters": "name",
    "trails": "TrailARN",
}
"""From kind to the key of its id."""


def network(text: t.Any) -> Network | None:
    """Return a range or an address as a range; None for what is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except (TypeError, ValueError):
        return None


def within(inner: Network | None, outer: Network | None) -> bool:
    """Return whether a range lies whole in another; unknown ones do not."""
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


# RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291
PRIVATE = tuple(
    network(one)
    for one in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)


def is_private(range_: Network | None) -> bool:
    """Return whether a range holds no address of the internet. What is set apart for documentation counts as public."""
    return any(within(range_, one) for one in PRIVATE)


def part_of(thing: Thing) -> str:
    """Return the logical name that a thing of ours carries, or "" for a thing of others."""
    return tags_of(thing).get(PART, "")


def tags_of(thing: Thing) -> dict[str, str]:
    """Return tags, or attributes told likewise, by key."""
    return {str(one.get("Key")): str(one.get("Value") or "") for one in thing.get("Tags") or thing.get("TagSet") or ()}


class Region:
    """A snapshot, looked into by id and by relation."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._lists: dict[str, list[Thing]] = {kind: list(t.cast("t.Any", snapshot).get(kind) or ()) for kind in IDS}
        self._by_id = {
            kind: {thing[key]: thing for thing in self._lists[kind] if thing.get(key)} for kind, key in IDS.items()
        }
        self.name = snapshot.get("region") or ""
        self.partition = snapshot.get("partition") or "aws"

    def all(self, kind: str) -> list[Thing]:
        """Return all things of a kind."""
        return self._lists[kind]

    def get(self, kind: str, identifier: t.Any) -> Thing | None:
        """Return the thing with this id."""
        return self._by_id[kind].get(identifier)

    def called(self, kind: str, identifier: t.Any) -> str:
        """Return how a person knows a thing: its logical name or Name tag, and its id."""
        thing = self.get(kind, identifier) or {}
        tags = tags_of(thing)
        name = tags.get(PART) or thing.get("LoadBalancerName") or thing.get("TargetGroupName") or tags.get("Name")
        short = str(identifier).rpartition(":loadbalancer/")[2].rpartition(":targetgroup/")[2]
        return f"{name} ({short})" if name else short

    def table_of(self, subnet_id: str) -> Thing | None:
        """Return the route table of a subnet: the one it is associated with, or its VPC's main one."""
        for table in self.all("route_tables"):
            if any(one.get("SubnetId") == subnet_id for one in table.get("Associations") or ()):
                return table
        vpc_id = (self.get("subnets", subnet_id) or {}).get("VpcId")
        for table in self.all("route_tables"):
            if table.get("VpcId") == vpc_id and any(one.get("Main") for one in table.get("Associations") or ()):
                return table
        return None

    def acl_of(self, subnet_id: str) -> Thing | None:
        """Return the network ACL of a subnet."""
        for acl in self.all("network_acls"):
            if any(one.get("SubnetId") == subnet_id for one in acl.get("Associations") or ()):
                return acl
        return None

    def ranges_of(self, vpc_id: t.Any) -> list[Network]:
        """Return the IPv4 and IPv6 ranges of a VPC."""
        vpc = self.get("vpcs", vpc_id) or {}
        texts = [vpc.get("CidrBlock")]
        texts += [one.get("CidrBlock") for one in vpc.get("CidrBlockAssociationSet") or ()]
        texts += [one.get("Ipv6CidrBlock") for one in vpc.get("Ipv6CidrBlockAssociationSet") or ()]
        return list(dict.fromkeys(found for found in map(network, texts) if found))

    def interface_at(self, address: str, vpc_id: str | None) -> Thing | None:
        """Return the interface that an address leads to from a VPC: one in it, in a peered one, or a public one."""
        near = [] if vpc_id is None else [vpc_id, *self.peers_of(vpc_id)]
        for vpc in near:
            for interface in self.all("network_interfaces"):
                if interface.get("VpcId") == vpc and address in private_addresses(interface):
                    return interface
        return next((one for one in self.all("network_interfaces") if address in public_addresses(one)), None)

    def peers_of(self, vpc_id: str) -> list[str]:
        """Return the VPCs that are peered with one."""
        found = []
        for peering in self.all("vpc_peerings"):
            sides = [(peering.get(key) or {}).get("VpcId") for key in ("RequesterVpcInfo", "AccepterVpcInfo")]
            found += [str(one) for one in sides if vpc_id in sides and one and one != vpc_id]
        return found

    def interfaces_of(self, balancer: Thing) -> list[Thing]:
        """Return the interfaces of a load balancer; AWS describes them as ``ELB app/<name>/<id>``.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
        """
        suffix = str(balancer.get("LoadBalancerArn") or "").rpartition(":loadbalancer/")[2]
        return [one for one in self.all("network_interfaces") if suffix and one.get("Description") == f"ELB {suffix}"]


def private_addresses(interface: Thing) -> list[str]:
    """Return the private IPv4 addresses of an interface, the primary one first."""
    more = [one.get("PrivateIpAddress") for one in interface.get("PrivateIpAddresses") or ()]
    return list(dict.fromkeys(str(one) for one in [interface.get("PrivateIpAddress"), *more] if one))


def public_addresses(interface: Thing) -> list[str]:
    """Return the public IPv4 addresses that lead to an interface."""
    holders = [interface, *(interface.get("PrivateIpAddresses") or ())]
    found = [(one.get("Association") or {}).get("PublicIp") for one in holders]
    return list(dict.fromkeys(str(one) for one in found if one))


def group_ids(interface: Thing) -> tuple[str, ...]:
    """Return the security groups of an interface."""
    return tuple(one["GroupId"] for one in interface.get("Groups") or () if one.get("GroupId"))
