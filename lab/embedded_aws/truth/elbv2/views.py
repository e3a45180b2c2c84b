# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How AWS shows what exists, in the shapes of its Describe answers."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.elbv2.base import Backend, View, pairs
from lab.embedded_aws.truth.elbv2.state import NETWORK, Listener, LoadBalancer, Rule, TargetGroup, Zone


def load_balancer(balancer: LoadBalancer) -> View:
    shown = {
        "LoadBalancerArn": balancer.arn, "LoadBalancerName": balancer.name, "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": balancer.canonical_hosted_zone_id, "CreatedTime": balancer.created_time,
        "Scheme": balancer.scheme, "VpcId": balancer.vpc_id, "State": {"Code": balancer.state},
        "Type": balancer.type, "AvailabilityZones": [zone(one) for one in balancer.zones],
        "SecurityGroups": balancer.security_groups, "IpAddressType": balancer.ip_address_type,
        "EnablePrefixForIpv6SourceNat": "off" if balancer.type == NETWORK else None,
        "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": balancer.private_link_rules,
    }  # fmt: skip
    return _given(shown)


def zone(one: Zone) -> View:
    """Addresses are shown where the request named them."""
    addresses: list[View] = []
    if one.allocation_id:
        addresses = [{"IpAddress": one.public_address, "AllocationId": one.allocation_id}]
    elif one.asked_address:
        addresses = [{"PrivateIPv4Address": one.asked_address}]
    return {"ZoneName": one.name, "SubnetId": one.subnet_id, "LoadBalancerAddresses": addresses}


def listener(one: Listener) -> View:
    shown = {
        "ListenerArn": one.arn, "LoadBalancerArn": one.balancer.arn, "Port": one.port, "Protocol": one.protocol,
        "Certificates": [{"CertificateArn": one.certificate}] if one.certificate else None,
        "SslPolicy": one.ssl_policy, "DefaultActions": one.default.actions, "AlpnPolicy": one.alpn_policy or None,
        "MutualAuthentication": one.mutual_authentication,
    }  # fmt: skip
    return _given(shown)


def rule(one: Rule) -> View:
    return {
        "RuleArn": one.arn, "Priority": "default" if one.priority is None else str(one.priority),
        "Conditions": one.conditions, "Actions": one.actions, "IsDefault": one.priority is None,
        "Transforms": [],
    }  # fmt: skip


def target_group(group: TargetGroup) -> View:
    shown = {
        "TargetGroupArn": group.arn, "TargetGroupName": group.name, "Protocol": group.protocol, "Port": group.port,
        "VpcId": group.vpc_id, **group.health_check, "LoadBalancerArns": group.load_balancer_arns,
        "TargetType": group.target_type, "ProtocolVersion": group.protocol_version,
        "IpAddressType": group.ip_address_type,
    }  # fmt: skip
    return _given(shown)


def whole_load_balancer(balancer: LoadBalancer) -> View:
    """DescribeLoadBalancers' shape with "Attributes", "Tags" and whole "Listeners"."""
    return {
        **load_balancer(balancer),
        "Attributes": pairs(balancer.attributes),
        "Tags": pairs(balancer.tags),
        "Listeners": [whole_listener(one) for one in balancer.listeners.values()],
    }


def whole_listener(one: Listener) -> View:
    return {
        **listener(one),
        "MoreCertificates": list(one.more_certificates),
        "Attributes": pairs(one.attributes),
        "Tags": pairs(one.tags),
        "Rules": [{**rule(each), "Tags": pairs(each.tags)} for each in one.in_order()],
    }


def whole_target_group(backend: Backend, group: TargetGroup) -> View:
    """DescribeTargetGroups' shape with "Attributes", "Tags" and "Targets" as DescribeTargetHealth shows them."""
    from lab.embedded_aws.truth.elbv2.health import described

    return {
        **target_group(group),
        "Attributes": pairs(group.attributes),
        "Tags": pairs(group.tags),
        "Targets": described(backend, group),
    }


def _given(shown: dict[str, t.Any]) -> View:
    return {key: value for key, value in shown.items() if value is not None}
