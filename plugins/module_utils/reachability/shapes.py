# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which members of AWS's answers are judged. Two snapshots of one region are equal, whoever read them."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import IDS, Snapshot, Thing

MEMBERS = {
    "vpcs": "VpcId CidrBlock CidrBlockAssociationSet Ipv6CidrBlockAssociationSet OwnerId IsDefault Tags "
    "EnableDnsSupport EnableDnsHostnames",
    "subnets": "SubnetId VpcId CidrBlock Ipv6CidrBlockAssociationSet AvailabilityZone Tags",
    "route_tables": "RouteTableId VpcId Routes Associations Tags",
    "security_groups": "GroupId GroupName VpcId IpPermissions IpPermissionsEgress Tags",
    "network_acls": "NetworkAclId VpcId IsDefault Entries Associations Tags",
    "network_interfaces": "NetworkInterfaceId VpcId SubnetId Description InterfaceType PrivateIpAddress "
    "PrivateIpAddresses PrivateDnsName Ipv6Addresses Association Attachment Groups RequesterId TagSet",
    "nat_gateways": "NatGatewayId VpcId SubnetId State FailureCode FailureMessage ConnectivityType "
    "NatGatewayAddresses Tags",
    "internet_gateways": "InternetGatewayId Attachments Tags",
    "vpc_endpoints": "VpcEndpointId VpcEndpointType VpcId ServiceName State PrivateDnsEnabled DnsEntries Groups "
    "NetworkInterfaceIds SubnetIds RouteTableIds Tags",
    "vpc_peerings": "VpcPeeringConnectionId RequesterVpcInfo AccepterVpcInfo Status Tags",
    "prefix_lists": "PrefixListId PrefixListName Cidrs",
    "hosted_zones": "Id Name PrivateZone VPCs Records",
    "health_checks": "Id IPAddress Port Type Healthy",
    "load_balancers": "LoadBalancerArn LoadBalancerName DNSName Scheme Type VpcId State IpAddressType SecurityGroups "
    "AvailabilityZones Attributes Tags Listeners EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
    "target_groups": "TargetGroupArn TargetGroupName TargetType Protocol Port VpcId HealthCheckPort HealthCheckPath "
    "HealthCheckProtocol HealthCheckEnabled Matcher LoadBalancerArns Attributes Tags Targets",
    "instances": "InstanceId VpcId SubnetId State Tags",
    "endpoint_services": "ServiceId ServiceName AcceptanceRequired NetworkLoadBalancerArns AllowedPrincipals Tags",
    "eks_clusters": "name arn endpoint status resourcesVpcConfig",
    "trails": "TrailARN Name IsMultiRegionTrail IsLogging EventSelectors AdvancedEventSelectors",
}
_NESTED = {
    "Listeners": ["ListenerArn", "Port", "Protocol", "Certificates", "SslPolicy", "DefaultActions", "Rules"],
    "Rules": ["RuleArn", "Priority", "Conditions", "Actions", "IsDefault"],
}
# Where the order means something, it is kept: priorities of rules are numbers, names of an endpoint are AWS's order.
_ORDERED = ("DnsEntries", "Rules", "PrivateIpAddresses", "DefaultActions", "Actions")
_GONE = ("deleted", "failed", "rejected", "expired", "terminated")
# An endpoint that was rejected still stands, and its names still lead to it.
_STANDING = {"vpc_endpoints": ("rejected",)}


def tidy(snapshot: t.Mapping[str, t.Any]) -> Snapshot:
    """Return a snapshot with what is judged alone: no empty members, nothing that is gone, in order of ids."""
    kept: dict[str, t.Any] = {key: snapshot[key] for key in ("region", "partition") if snapshot.get(key)}
    for kind, members in MEMBERS.items():
        if snapshot.get(kind) is None:
            continue
        names = members.split()
        things = [{name: thing[name] for name in names if name in thing} for thing in snapshot[kind]]
        gone = {*_GONE} - {*_STANDING.get(kind, ())}
        clean = [_clean(thing) for thing in things if _state(thing) not in gone]
        kept[kind] = sorted(clean, key=lambda thing: str(thing.get(IDS[kind])))
    return t.cast("Snapshot", kept)


def referenced(found: t.Mapping[str, t.Iterable[Thing]]) -> set[str]:
    """Return the prefix lists that route tables and security groups name."""
    routes = [route for table in found.get("route_tables", ()) for route in table.get("Routes") or ()]
    rules = [
        rule
        for group in found.get("security_groups", ())
        for key in ("IpPermissions", "IpPermissionsEgress")
        for rule in group.get(key) or ()
    ]
    names = [route.get("DestinationPrefixListId") for route in routes]
    names += [one.get("PrefixListId") for rule in rules for one in rule.get("PrefixListIds") or ()]
    return {str(name) for name in names if name}


def checks_named(zones: t.Iterable[Thing]) -> set[str]:
    """Return the health checks that records of zones name."""
    records = [record for zone in zones for record in zone.get("Records") or ()]
    return {str(record["HealthCheckId"]) for record in records if record.get("HealthCheckId")}


def _state(thing: t.Mapping[str, t.Any]) -> str:
    state = thing.get("Status") or thing.get("State")
    said = (state.get("Code") or state.get("Name")) if isinstance(state, dict) else state
    return str(said or "").lower()


def _clean(value: t.Any, key: str = "") -> t.Any:
    """Return a value without empty members; lists whose order says nothing are put in order."""
    if isinstance(value, dict):
        cleaned = {name: _clean(item, name) for name, item in value.items()}
        return {name: item for name, item in cleaned.items() if item or isinstance(item, (bool, int, float))}
    if isinstance(value, (list, tuple)):
        kept = _NESTED.get(key)
        items = [_clean({name: item[name] for name in kept if name in item} if kept else item) for item in value]
        if key in _ORDERED or len(items) < 2:
            return items
        texts = all(isinstance(item, str) for item in items)
        return sorted(items) if texts else sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str))
    return value
