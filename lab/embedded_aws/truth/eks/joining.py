# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether machines become nodes of a cluster, and whether pods find room on them.

https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#worker-node-fail and
https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
"""

from __future__ import annotations

import ipaddress
import typing as t

from lab.embedded_aws.truth.ecs import grants
from lab.embedded_aws.truth.ecs import network as places
from lab.embedded_aws.truth.eks.base import ec2_of
from lab.embedded_aws.truth.eks.cluster import Cluster
from lab.embedded_aws.truth.eks.nodegroup import Nodegroup

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils.reachability import flow

# What kubelet, the container network and the pull of their images ask of AWS.
SERVICES = ("ec2", "ecr.api", "ecr.dkr", "s3")
ACTIONS = ("ec2:DescribeInstances", "ecr:GetAuthorizationToken")
NETWORK_ACTION, NETWORK_ACCOUNT = "ec2:AssignPrivateIpAddresses", "aws-node"
# An address of AWS's where a public endpoint might be.
PUBLIC_API = "52.94.0.10"


def has_network(cluster: Cluster) -> bool:
    """Whether nodes get a container network: the add-on, or what the cluster was born with."""
    addon = cluster.addons.get("vpc-cni")
    if addon is not None:
        return addon.state in ("ACTIVE", "UPDATING")
    return cluster.self_managed_addons and "vpc-cni" not in cluster.bare


def room_for(cluster: Cluster, namespace: str) -> bool:
    """Whether a deployment's pods find a node without taints, or a Fargate profile for their namespace."""
    on_fargate = any(
        one.status == "ACTIVE" and any(selector["namespace"] == namespace for selector in one.selectors)
        for one in cluster.fargate_profiles.values()
    )
    return on_fargate or any(one.schedulable and one.ready for one in cluster.nodegroups.values())


def why_not(group: Nodegroup, machine: t.Any) -> str | None:
    """What keeps a machine from becoming a ready node, None when nothing does."""
    cluster = group.cluster
    if not has_network(cluster):
        return "container runtime network not ready: cni plugin not initialized"
    if cluster.by_api and group.role not in cluster.access_entries:
        return f"the role {group.role} has no access entry"
    lacking = [one for one in ACTIONS if not grants.allows(cluster.backend, group.role, one)]
    if lacking:
        return f"the role {group.role} may not {lacking[0]}"
    if not _network_may(cluster, group):
        return f"neither the role {group.role} nor the add-on vpc-cni's may {NETWORK_ACTION}"
    return _not_reached(cluster, machine)


def _network_may(cluster: Cluster, group: Nodegroup) -> bool:
    addon = cluster.addons.get("vpc-cni")
    given = [one.role for one in cluster.associations.values() if one.account == NETWORK_ACCOUNT]
    given += [addon.role] if addon is not None and addon.role else []
    return any(grants.allows(cluster.backend, one, NETWORK_ACTION) for one in given or [group.role])


def _not_reached(cluster: Cluster, machine: t.Any) -> str | None:
    place = places.at(cluster.backend, machine.nics[0])
    for service in SERVICES:
        lost = place.unreached(service)
        if lost is not None:
            return lost.post
    if cluster.network["endpointPrivateAccess"]:
        return _private_api(cluster, place)
    verdict = flow.reach(place.snapshot, place.vantage, PUBLIC_API, 443)
    if not verdict.reached:
        return f"the cluster's public endpoint is not reached: {verdict.said}"
    return _let_in(cluster, machine)


def _private_api(cluster: Cluster, place: places.Place) -> str | None:
    """One of the control plane's interfaces is enough; its name is resolved by the VPC's own resolver."""
    vpc = next(one for one in place.snapshot["vpcs"] if one["VpcId"] == cluster.vpc)
    if not (vpc["EnableDnsSupport"] and vpc["EnableDnsHostnames"]):
        return "the cluster's private endpoint has no address in this VPC: its DNS attributes are off"
    enis = ec2_of(cluster.backend).enis
    addresses = [enis[one].private_ip_address for one in cluster.interfaces if one in enis]
    said = "the cluster has no interfaces"
    for address in addresses:
        verdict = flow.reach(place.snapshot, place.vantage, address, 443)
        if verdict.reached:
            return None
        said = verdict.said
    return f"the cluster's private endpoint is not reached: {said}"


def _let_in(cluster: Cluster, machine: t.Any) -> str | None:
    """A public endpoint may be open to some ranges alone, which must hold the address that nodes come from."""
    blocks = [ipaddress.ip_network(one) for one in cluster.network["publicAccessCidrs"]]
    ec2 = ec2_of(cluster.backend)
    seen = [machine.public_ip] if machine.public_ip else [
        one.public_ip for one in ec2.addresses if one.eni is not None and one.eni.vpc_id == cluster.vpc
    ]  # fmt: skip
    if any(ipaddress.ip_address(one) in block for one in seen for block in blocks):
        return None
    if any(block.prefixlen == 0 for block in blocks):
        return None
    return f"the public endpoint is open to {', '.join(cluster.network['publicAccessCidrs'])} alone"
