# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A region of the embedded AWS as the snapshot that is judged, from what is there and without a request.

It equals what `reachability.read` reads over the API, except that zones of other accounts come with their records:
the embedded AWS knows them.
"""

from __future__ import annotations

import sys
import typing as t

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils.reachability.shapes import (
    checks_named,
    referenced,
    tidy,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Snapshot

Backend = t.Any  # moto's EC2Backend of one account and region
Things = list[dict[str, t.Any]]

# Kind of the snapshot -> prefix of the ids in the table of EC2's kinds.
PREFIXES = {
    "subnets": "subnet",
    "route_tables": "rtb",
    "security_groups": "sg",
    "network_interfaces": "eni",
    "nat_gateways": "nat",
    "internet_gateways": "igw",
    "vpc_endpoints": "vpce",
    "vpc_peerings": "pcx",
    "instances": "i",
}


def snapshot(account: str, region: str) -> Snapshot:
    """The region as it is now."""
    from lab.embedded_aws.truth import apply

    apply("ec2")
    apply("route53")
    from moto.ec2.models import ec2_backends

    from lab.embedded_aws.truth.ec2.base import catch_up
    from lab.embedded_aws.truth.ec2.kinds import KINDS

    backend = ec2_backends[account][region]
    catch_up(backend)
    found: dict[str, Things] = {
        kind: [KINDS[prefix].view(thing) for thing in list(KINDS[prefix].objects(backend))]
        for kind, prefix in PREFIXES.items()
    }
    found["vpcs"] = _vpcs(backend)
    found["network_acls"] = [_acl(one) for one in backend.network_acls.values()]
    found["prefix_lists"] = _prefix_lists(backend, referenced(found))
    found["hosted_zones"] = _zones(backend)
    found["health_checks"] = _health_checks(backend, checks_named(found["hosted_zones"]))
    found["endpoint_services"] = _endpoint_services(backend)
    found["eks_clusters"], found["trails"] = _clusters(account, region), _trails(account, region)
    return tidy({"region": region, "partition": backend.partition, **found, **_balancing(account, region)})


def _vpcs(backend: Backend) -> Things:
    from lab.embedded_aws.truth.ec2.vpcs import ATTRIBUTES, VPC

    names = ("EnableDnsSupport", "EnableDnsHostnames")
    return [
        {**VPC.view(vpc), **{name: getattr(vpc, ATTRIBUTES[name]) in (True, "true") for name in names}}
        for vpc in backend.vpcs.values()
    ]


def _acl(acl: t.Any) -> dict[str, t.Any]:
    from lab.embedded_aws.truth.ec2.base import tag_list

    return {
        "NetworkAclId": acl.id, "VpcId": acl.vpc_id, "IsDefault": acl.default in (True, "true"),
        "Associations": [
            {"NetworkAclAssociationId": one.id, "NetworkAclId": acl.id, "SubnetId": one.subnet_id}
            for one in acl.associations
        ],
        "Entries": [_entry(one) for one in acl.network_acl_entries],
        "Tags": tag_list(acl.ec2_backend, acl.id),
    }  # fmt: skip


def _entry(entry: t.Any) -> dict[str, t.Any]:
    span = {"From": entry.port_range_from, "To": entry.port_range_to}
    return {
        "RuleNumber": int(entry.rule_number), "Protocol": str(entry.protocol), "RuleAction": entry.rule_action,
        "Egress": entry.egress in (True, "true"), "CidrBlock": entry.cidr_block,
        "Ipv6CidrBlock": entry.ipv6_cidr_block, "IcmpTypeCode": entry.icmp_type_code,
        "PortRange": {key: int(value) for key, value in span.items() if value is not None},
    }  # fmt: skip


def _prefix_lists(backend: Backend, named: set[str]) -> Things:
    lists = [one for one in backend.managed_prefix_lists.values() if one.id in named]
    return [
        {
            "PrefixListId": one.id,
            "PrefixListName": one.prefix_list_name,
            "Cidrs": [entry["Cidr"] for entry in (list(one.entries.values()) or [[]])[-1]],
        }
        for one in lists
    ]


def _zones(backend: Backend) -> Things:
    """Zones of this account, and those of others that one of its VPCs hears."""
    from lab.embedded_aws.truth.route53.associations import every_zone
    from lab.embedded_aws.truth.route53.records import view
    from lab.embedded_aws.truth.route53.zones import vpc_view

    found = []
    for account, zone in every_zone(backend.partition):
        heard = any(one["vpc_id"] in backend.vpcs for one in zone.vpcs)
        if account == backend.account_id or heard:
            found.append({
                "Id": zone.resource_id, "Name": zone.name, "PrivateZone": bool(zone.private_zone),
                "VPCs": [vpc_view(one) for one in zone.vpcs], "Records": [view(one) for one in zone.rrsets],
            })  # fmt: skip
    return found


def _health_checks(backend: Backend, named: set[str]) -> Things:
    """Those of this account that records name, and what they find."""
    from moto.route53.models import route53_backends

    checks = route53_backends[backend.account_id][backend.partition].health_checks
    found = [checks[one] for one in sorted(named) if one in checks]
    return [{"Id": one.id, **one.config, "Healthy": one.healthy()} for one in found]


def _endpoint_services(backend: Backend) -> Things:
    from lab.embedded_aws.truth.ec2.base import tag_list

    return [
        {
            "ServiceId": one.id, "ServiceName": one.service_name, "AcceptanceRequired": bool(one.acceptance_required),
            "NetworkLoadBalancerArns": list(one.network_load_balancer_arns or ()),
            "AllowedPrincipals": list(one.principals), "Tags": tag_list(backend, one.id),
        }
        for one in backend.configurations.values()
    ]  # fmt: skip


def _clusters(account: str, region: str) -> Things:
    if "moto.eks.models" not in sys.modules:
        return []
    from moto.eks.models import eks_backends

    from lab.embedded_aws.truth.eks.cluster import view

    return [view(one) for one in eks_backends[account][region].clusters.values()]


def _trails(account: str, region: str) -> Things:
    """Trails of the region, and of others if they log all regions."""
    if "moto.cloudtrail.models" not in sys.modules:
        return []
    from moto.cloudtrail.models import cloudtrail_backends

    from lab.embedded_aws.truth.cloudtrail.trails import selectors

    found = [one for backend in cloudtrail_backends[account].values() for one in backend.trails.values()]
    return [
        {
            "TrailARN": one.arn, "Name": one.trail_name, "IsMultiRegionTrail": bool(one.is_multi_region),
            "IsLogging": bool(one.status.is_logging), "EventSelectors": selectors(one),
        }
        for one in found
        if one.is_multi_region or one.region_name == region
    ]  # fmt: skip


def _balancing(account: str, region: str) -> dict[str, Things]:
    """Load balancers and target groups whole, once anything asked for their service."""
    if "moto.elbv2.models" not in sys.modules:
        return {"load_balancers": [], "target_groups": []}
    from moto.elbv2.models import elbv2_backends

    from lab.embedded_aws.truth.ecs.network import look_at_targets
    from lab.embedded_aws.truth.elbv2 import views

    backend = elbv2_backends[account][region]
    with look_at_targets(account, region):
        return {
            "load_balancers": [views.whole_load_balancer(one) for one in backend.load_balancers.values()],
            "target_groups": [views.whole_target_group(backend, one) for one in backend.target_groups.values()],
        }
