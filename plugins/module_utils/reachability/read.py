# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read a region of a real account into a snapshot: each kind described once, all kinds side by side."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read_balancers import (
    load_balancers,
    target_groups,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read_clusters import eks_clusters, trails
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read_zones import health_checks, hosted_zones
from ansible_collections.cloister.aws.plugins.module_utils.reachability.shapes import (
    MEMBERS,
    checks_named,
    referenced,
    tidy,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Snapshot

Things = list[dict[str, t.Any]]
Vpcs = t.Optional[t.Collection[str]]  # noqa: UP045 - pylint knows no | between classes

# Kind -> action, key of the answer, and the filter by VPC.
DESCRIBED = {
    "vpcs": ("describe_vpcs", "Vpcs", "vpc-id"),
    "subnets": ("describe_subnets", "Subnets", "vpc-id"),
    "route_tables": ("describe_route_tables", "RouteTables", "vpc-id"),
    "security_groups": ("describe_security_groups", "SecurityGroups", "vpc-id"),
    "network_acls": ("describe_network_acls", "NetworkAcls", "vpc-id"),
    "network_interfaces": ("describe_network_interfaces", "NetworkInterfaces", "vpc-id"),
    "nat_gateways": ("describe_nat_gateways", "NatGateways", "vpc-id"),
    "internet_gateways": ("describe_internet_gateways", "InternetGateways", "attachment.vpc-id"),
    "vpc_endpoints": ("describe_vpc_endpoints", "VpcEndpoints", "vpc-id"),
    "vpc_peerings": ("describe_vpc_peering_connections", "VpcPeeringConnections", ""),
}
KINDS = tuple(MEMBERS)
NAMED = ("prefix_lists", "health_checks")
"""What is read by the ids that others name."""
NETWORK_KINDS = tuple(kind for kind in KINDS if kind not in ("eks_clusters", "trails"))
"""What a way from one place to another needs, unless it is to the API of a cluster."""


def read(
    aws: Aws, vpc_ids: Vpcs = None, owner: Owner | None = None, kinds: t.Collection[str] = NETWORK_KINDS
) -> Snapshot:
    """Return the region as it is: whole, or what is in ``vpc_ids``, or in the VPCs that ``owner`` owns.

    ``kinds`` are the lists of `Snapshot` that are wanted. Zones and peerings are the account's, whatever the VPCs.
    """
    if owner is not None:
        vpc_ids = [vpc["VpcId"] for vpc in aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=owner.filters())]
    wanted = [kind for kind in KINDS if kind in kinds and kind not in NAMED]
    found: dict[str, t.Any] = dict(zip(wanted, each(lambda kind: _read(aws, kind, vpc_ids), wanted), strict=True))
    if "prefix_lists" in kinds:
        found["prefix_lists"] = _prefix_lists(aws, found)
    if "health_checks" in kinds:
        found["health_checks"] = health_checks(aws, checks_named(found.get("hosted_zones", ())))
    return tidy({"region": aws.region, "partition": aws.partition, **found})


def _read(aws: Aws, kind: str, vpc_ids: Vpcs) -> Things:
    if kind in DESCRIBED:
        found = _described(aws, kind, vpc_ids)
        return each(lambda vpc: _with_dns(aws, vpc), found) if kind == "vpcs" else found
    if kind == "hosted_zones":
        return hosted_zones(aws, vpc_ids)
    if kind == "instances":
        return _instances(aws, vpc_ids)
    others = {"endpoint_services": _endpoint_services, "eks_clusters": eks_clusters, "trails": trails}
    if kind in others:
        return others[kind](aws)
    return load_balancers(aws, vpc_ids) if kind == "load_balancers" else target_groups(aws, vpc_ids)


def _described(aws: Aws, kind: str, vpc_ids: Vpcs) -> Things:
    action, key, name = DESCRIBED[kind]
    if vpc_ids is None or not name:
        return aws.pages("ec2", action, key)
    if not vpc_ids:
        return []
    return aws.pages("ec2", action, key, **_filters(action, name, vpc_ids))


def _filters(action: str, name: str, vpc_ids: t.Collection[str]) -> dict[str, t.Any]:
    # DescribeNatGateways alone spells it Filter.
    spelled = "Filter" if action == "describe_nat_gateways" else "Filters"
    return {spelled: [{"Name": name, "Values": sorted(vpc_ids)}]}


def _with_dns(aws: Aws, vpc: dict[str, t.Any]) -> dict[str, t.Any]:
    """A VPC with its two DNS attributes, which AWS tells one by one."""

    def on(name: str) -> bool:
        attribute = name[0].lower() + name[1:]
        answer = aws.call("ec2", "describe_vpc_attribute", VpcId=vpc["VpcId"], Attribute=attribute)
        return bool(answer[name]["Value"])

    names = ("EnableDnsSupport", "EnableDnsHostnames")
    return {**vpc, **dict(zip(names, each(on, names), strict=True))}


def _instances(aws: Aws, vpc_ids: Vpcs) -> Things:
    if vpc_ids is not None and not vpc_ids:
        return []
    filters = _filters("describe_instances", "vpc-id", vpc_ids) if vpc_ids else {}
    reservations = aws.pages("ec2", "describe_instances", "Reservations", **filters)
    return [instance for reservation in reservations for instance in reservation.get("Instances", ())]


def _endpoint_services(aws: Aws) -> Things:
    """What the account offers to others over PrivateLink, and to whom."""
    offered = aws.pages("ec2", "describe_vpc_endpoint_service_configurations", "ServiceConfigurations")

    def whole(service: dict[str, t.Any]) -> dict[str, t.Any]:
        action, identifier = "describe_vpc_endpoint_service_permissions", service["ServiceId"]
        allowed = aws.pages("ec2", action, "AllowedPrincipals", ServiceId=identifier)
        return {**service, "AllowedPrincipals": [one["Principal"] for one in allowed]}

    return each(whole, offered)


def _prefix_lists(aws: Aws, found: t.Mapping[str, t.Any]) -> Things:
    """The prefix lists that routes and rules name, with their ranges."""
    named = referenced(found)
    if not named:
        return []
    lists = aws.pages("ec2", "describe_managed_prefix_lists", "PrefixLists", PrefixListIds=sorted(named))

    def whole(listed: dict[str, t.Any]) -> dict[str, t.Any]:
        identifier = listed["PrefixListId"]
        entries = aws.pages("ec2", "get_managed_prefix_list_entries", "Entries", PrefixListId=identifier)
        return {**listed, "Cidrs": [one["Cidr"] for one in entries]}

    return each(whole, lists)
